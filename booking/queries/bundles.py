"""Reads of what a round's bundle holds beside its problem and result: what was promised."""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.wording import as_text
from booking.models import EquityGroup, OrganisationSnapshot, PolicyVersion, Round, RoundResult
from booking.queries.policies import policy
from booking.queries.snapshots import verified_members


def described(found: Round, stored: RoundResult) -> dict[str, Any]:
    """Return what a bundle says of a round and of the result it holds."""
    return {
        "id": str(found.id),
        "slug": found.slug,
        "name": found.name,
        "seed_hash": found.seed_hash,
        "policy_version_id": None if (key := found.policy_version_id) is None else str(key),
        "quality_threshold": found.quality_threshold,
        "call_opened_at": as_text(found.call_opens_at),
        "result_number": stored.number,
        "result_note": stored.note,
        "allocated_at": stored.allocated_at.isoformat(),
    }


def promised(session: Session, found: Round) -> dict[str, Any]:
    """Return the policy and the snapshot that ruled a round, with every number in them.

    Raises: ValueError for a round that was never opened.
    """
    rules = policy(session, found.policy_version_id) if found.policy_version_id else None
    if rules is None:
        raise ValueError(f"The round {found.slug} has no policy version.")
    return {
        "policy": _policy(rules.version) | {"groups": [_group(each) for each in rules.groups]},
        "snapshot": _snapshot(session, found.id),
    }


def _policy(row: PolicyVersion) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "facility_id": str(row.facility_id),
        "number": row.number,
        "published_at": as_text(row.published_at),
        "ladder": row.ladder,
        "cap_share_ppm": row.cap_share_ppm,
        "release_first_days": row.release_first_days,
        "release_all_days": row.release_all_days,
        "half_life_days": row.half_life_days,
        "grace_days": row.grace_days,
        "reserved_ppm": row.reserved_ppm,
        "strict": row.strict,
        "country_lists": row.country_lists,
        "note": row.note,
    }


def _group(row: EquityGroup) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "rule": row.rule,
        "weight": row.weight,
        "reserved_share_ppm": row.reserved_share_ppm,
    }


def _snapshot(session: Session, round_id: UUID) -> dict[str, Any]:
    rows = session.exec(
        select(OrganisationSnapshot)
        .where(OrganisationSnapshot.round_id == round_id)
        .order_by(col(OrganisationSnapshot.organisation_id))
    ).all()
    return {
        "taken_at": as_text(rows[0].taken_at) if rows else None,
        "verified_members": dict(verified_members(session, round_id)),
        "fair_share_millionths": {
            str(row.organisation_id): row.fair_share_millionths for row in rows
        },
    }
