"""How much past use lowers an organisation's points in a round, and its place in line."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.quotas import PPM
from booking.engine.usage_decay import DecayRules, factor_millionths, kind_shares
from booking.models import PolicyVersion, Round
from booking.queries.ledger import hourly_credits_by_kind, usage_by_organisation
from booking.queries.organisations import organisation_ids
from booking.queries.requests import frozen_fair_share
from booking.queries.snapshots import snapshot_factor


def fair_share_millionths(
    session: Session,
    *,
    found: Round,
    policy: PolicyVersion,
    facility_ids: Collection[UUID],
    organisation_id: UUID,
) -> int:
    """Return `fair_share_at` for the organisation, frozen as of the call's opening.

    The round's snapshot holds it; for an organisation that came later its first request in
    the round fixes it for all of them.
    """
    taken = snapshot_factor(session, found.id, organisation_id)
    if taken is not None:
        return taken
    earlier = frozen_fair_share(session, found.id, organisation_id)
    if earlier is not None:
        return earlier
    return fair_share_at(
        session,
        at=found.call_opens_at,
        half_life_days=policy.half_life_days,
        cap_share_ppm=policy.cap_share_ppm,
        facility_ids=facility_ids,
        organisation_id=organisation_id,
    )


def fair_share_at(
    session: Session,
    *,
    at: datetime,
    half_life_days: int,
    cap_share_ppm: int | None,
    facility_ids: Collection[UUID],
    organisation_id: UUID,
) -> int:
    """Return s_o of equity.md for the organisation as of an instant, in millionths.

    Use is the largest, over kinds, of decayed credits over what all units of the kind are
    worth in one half-life; the entitlement is the cap's share (10 % without a cap).
    """
    found = fair_shares_at(
        session,
        at=at,
        half_life_days=half_life_days,
        cap_share_ppm=cap_share_ppm,
        facility_ids=facility_ids,
        organisations=[organisation_id],
    )
    return found[organisation_id]


def fair_shares_at(
    session: Session,
    *,
    at: datetime,
    half_life_days: int,
    cap_share_ppm: int | None,
    facility_ids: Collection[UUID],
    organisations: Collection[UUID] | None = None,
) -> dict[UUID, int]:
    """Return `fair_share_at` for many organisations, or for all there are.

    Cost: two queries, and one more for all organisations.
    """
    wanted = organisation_ids(session) if organisations is None else tuple(organisations)
    rules = DecayRules(half_life_days, cap_share_ppm)
    hourly = hourly_credits_by_kind(session, facility_ids)
    usage = usage_by_organisation(
        session, facility_ids=facility_ids, before=at, organisations=organisations
    )
    factors = dict.fromkeys(wanted, PPM)
    for each in wanted:
        if each in usage:
            shares = kind_shares(usage[each], hourly, on=at.date(), half_life_days=half_life_days)
            factors[each] = factor_millionths(shares, rules)
    return factors
