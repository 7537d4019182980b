"""What a project may still have at a facility in a period, by its policy, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING
from booking.engine.quotas import PPM
from booking.models import Booking, Project, Resource
from booking.queries.offers import offers
from booking.queries.policies import PolicyFacts

THOUSAND = 1000
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class GroupQuota:
    """What is reserved for a group in the period, in credits, and when it opens to others."""

    key: str
    name: str
    reserved_credits: float
    taken_credits: float
    left_credits: float
    opens_to_any_group_at: datetime
    opens_to_everyone_at: datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """Offered credits, the cap of one organisation and what is left of it, by group.

    Credits are unit-hours at rate 1; a cap of None is no cap.
    """

    offered_credits: float
    cap_credits: float | None
    used_credits: float
    left_credits: float | None
    groups: tuple[GroupQuota, ...]


def quota(
    session: Session,
    *,
    facility_id: UUID,
    organisation_id: UUID,
    rules: PolicyFacts,
    period: Interval,
) -> Quota:
    """Reckon shares and cap of a policy over what the facility has in the period.

    What is booked already counts as offered: it is part of what there is to share.
    """
    free = sum(
        each.credit_thousandths
        for each in offers(session, [facility_id], access=period, step_minutes=1)
    )
    booked = _booked(session, facility_id, period)
    offered = free / THOUSAND + sum(amount for _, _, amount in booked)
    used = sum(amount for whose, _, amount in booked if whose == organisation_id)
    cap_ppm = rules.version.cap_share_ppm
    cap = None if cap_ppm is None else offered * cap_ppm / PPM
    first = timedelta(days=rules.version.release_first_days)
    every = timedelta(days=rules.version.release_all_days)
    groups = []
    for each in rules.groups:
        reserved = offered * each.reserved_share_ppm / PPM
        taken = sum(amount for _, key, amount in booked if key == each.key)
        groups.append(
            GroupQuota(
                key=each.key,
                name=each.name,
                reserved_credits=reserved,
                taken_credits=taken,
                left_credits=max(0.0, reserved - taken),
                opens_to_any_group_at=period.start - first,
                opens_to_everyone_at=period.start - every,
            )
        )
    left = None if cap is None else max(0.0, cap - used)
    return Quota(offered, cap, used, left, tuple(groups))


def _booked(session: Session, facility_id: UUID, period: Interval) -> list[tuple[UUID, str, float]]:
    """List what is held in the period: whose, credited to which group, how many credits."""
    rows = session.exec(
        select(Booking, Project.organisation_id, Resource.rate_thousandths)
        .join(Resource, col(Resource.id) == Booking.resource_id)
        .join(Project, col(Project.id) == Booking.project_id)
        .where(
            Resource.facility_id == facility_id,
            col(Booking.status).in_(HOLDING),
            Booking.starts_at < period.end,
            Booking.ends_at > period.start,
        )
    )
    found = []
    for booking, organisation_id, rate_thousandths in rows:
        inside = min(booking.ends_at, period.end) - max(booking.starts_at, period.start)
        hours = inside.total_seconds() / SECONDS_AN_HOUR
        amount = hours * booking.quantity * rate_thousandths / THOUSAND
        found.append((organisation_id, booking.group_key, amount))
    return found
