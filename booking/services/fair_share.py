"""How much past use lowers an organisation's points in a round, and its place in line."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.quotas import PPM, decayed, fair_share_factor
from booking.models import PolicyVersion, Round
from booking.queries.ledger import hourly_credits_by_kind, usage_by_kind
from booking.queries.requests import frozen_fair_share

HOURS_A_DAY: Final = 24
ENTITLEMENT_WITHOUT_CAP_PPM: Final = 100_000


def fair_share_millionths(
    session: Session,
    *,
    found: Round,
    policy: PolicyVersion,
    facility_ids: Collection[UUID],
    organisation_id: UUID,
) -> int:
    """Return `fair_share_at` for the organisation, frozen as of the call's opening.

    The first request of an organisation in a round fixes the factor for all of them.
    """
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
    usage = usage_by_kind(session, organisation_id, facility_ids=facility_ids, before=at)
    hourly = hourly_credits_by_kind(session, facility_ids)
    half_life_hours = half_life_days * HOURS_A_DAY
    used = Decimal(0)
    for kind, entries in usage.items():
        spent = decayed(entries, on=at.date(), half_life_days=half_life_days)
        if hourly.get(kind):
            used = max(used, spent / (hourly[kind] * half_life_hours))
    entitled = Decimal(cap_share_ppm or ENTITLEMENT_WITHOUT_CAP_PPM) / PPM
    return int(fair_share_factor(used, entitled) * PPM)
