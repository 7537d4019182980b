"""Organisations as they stand, all at once, and as they stood when a round's call opened."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.eligibility import OrganisationFacts
from booking.models import (
    Booking,
    Organisation,
    OrganisationFact,
    OrganisationSnapshot,
    Project,
    Round,
)
from booking.queries.declared_facts import facts_from
from booking.queries.kept import Kept
from booking.queries.organisations import began_before

MOST_KEPT: Final = 500
MOST_LISTED: Final = 50
_KEPT: Final[Kept[tuple[UUID, datetime], Mapping[str, int]]] = Kept(MOST_KEPT)


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """How an organisation stood when a round's call opened: its groups by key, its factor.

    Only the verified ones were counted.
    """

    round_slug: str
    round_name: str
    taken_at: datetime
    verified: tuple[str, ...]
    unverified: tuple[str, ...]
    fair_share_millionths: int


def organisations_as_of(session: Session, *, on: date) -> dict[UUID, OrganisationFacts]:
    """Return what is known of every organisation that is not suspended on a day, by id.

    Cost: three queries, whatever their number.
    """
    rows = session.exec(
        select(Organisation)
        .where(col(Organisation.suspended_at).is_(None))
        .order_by(col(Organisation.id))
    ).all()
    declared: dict[UUID, list[OrganisationFact]] = defaultdict(list)
    for each in session.exec(
        select(OrganisationFact).order_by(
            col(OrganisationFact.name), col(OrganisationFact.as_of), col(OrganisationFact.id)
        )
    ):
        declared[each.organisation_id].append(each)
    known = _known_users(session, on)
    return {
        row.id: facts_from(
            declared[row.id],
            country=row.country,
            kind=row.kind,
            on=on,
            past_bookings=int(row.id in known),
        )
        for row in rows
    }


def _known_users(session: Session, on: date) -> frozenset[UUID]:
    """Return the organisations with a booking that began before the day."""
    return frozenset(
        session.exec(
            select(Project.organisation_id)
            .join(Booking, col(Booking.project_id) == Project.id)
            .where(began_before(on))
            .distinct()
        )
    )


def snapshot_factor(session: Session, round_id: UUID, organisation_id: UUID) -> int | None:
    """Return the organisation's fair-share factor as it stood when the call opened."""
    found = session.get(OrganisationSnapshot, (round_id, organisation_id))
    return None if found is None else found.fair_share_millionths


def snapshots_of(session: Session, organisation_id: UUID) -> tuple[SnapshotLine, ...]:
    """Return how an organisation stood in the snapshots of rounds, the newest first."""
    rows = session.exec(
        select(OrganisationSnapshot, Round)
        .join(Round, col(Round.id) == OrganisationSnapshot.round_id)
        .where(OrganisationSnapshot.organisation_id == organisation_id)
        .order_by(col(OrganisationSnapshot.taken_at).desc(), col(Round.slug))
        .limit(MOST_LISTED)
    )
    return tuple(
        SnapshotLine(
            round_slug=found.slug,
            round_name=found.name,
            taken_at=row.taken_at,
            verified=_keys(row, verified=True),
            unverified=_keys(row, verified=False),
            fair_share_millionths=row.fair_share_millionths,
        )
        for row, found in rows
    )


def _keys(row: OrganisationSnapshot, *, verified: bool) -> tuple[str, ...]:
    return tuple(
        each["group"] for each in row.memberships if each["member"] and each["verified"] == verified
    )


def snapshot_taken_at(session: Session, round_id: UUID) -> datetime | None:
    """Return when the snapshot of a round was taken; None where there is none."""
    return session.exec(
        select(OrganisationSnapshot.taken_at)
        .where(OrganisationSnapshot.round_id == round_id)
        .limit(1)
    ).first()


def verified_members(session: Session, round_id: UUID) -> Mapping[str, int]:
    """Count each group's verified organisations in the round's snapshot, by the group's key.

    A snapshot never changes, so a process keeps the answer.
    """
    taken_at = snapshot_taken_at(session, round_id)
    if taken_at is None:
        return {}
    kept = _KEPT.get((round_id, taken_at))
    if kept is None:
        kept = _counted(session, round_id)
        _KEPT.keep((round_id, taken_at), kept)
    return kept


def _counted(session: Session, round_id: UUID) -> Mapping[str, int]:
    found: dict[str, int] = defaultdict(int)
    for memberships in session.exec(
        select(OrganisationSnapshot.memberships).where(OrganisationSnapshot.round_id == round_id)
    ):
        for each in memberships:
            found[each["group"]] += each["member"] and each["verified"]
    return dict(found)
