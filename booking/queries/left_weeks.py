"""What the resources of a facility still offer on-line, week by week."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.intervals import Interval, intersect
from booking.engine.lifecycle import BookingMode
from booking.engine.online_quotas import credits_of
from booking.engine.opening import weeks_touching
from booking.models import Booking, Facility, Resource
from booking.queries.offered_weeks import Site, offered_weeks
from booking.queries.offers import bookings_during, published_resources

WeekOfResource = tuple[date, UUID]


def left_by_week(
    session: Session, facility_id: UUID, *, within: Interval
) -> dict[WeekOfResource, int]:
    """Return the credits, in thousandths, that nobody holds in each week of each resource.

    Of published resources that are booked on-line, and of the time in `within`; by Monday
    and resource. Cost: a few queries, however many weeks.
    """
    site = _site(session, facility_id)
    weeks = weeks_touching(within, site.zone)
    offered = offered_weeks(session, {site: weeks})
    held = bookings_during(session, [facility_id], within)
    found: dict[WeekOfResource, int] = {}
    for resource in published_resources(session, [facility_id]):
        if resource.mode is BookingMode.ROUND_ONLY:
            continue
        for week in weeks:
            windows = offered[facility_id, week.monday].windows_of(resource.id)
            time = intersect(windows, [within])
            found[week.monday, resource.id] = _left(resource, time, held.get(resource.id, ()))
    return found


def _left(resource: Resource, time: tuple[Interval, ...], held: Iterable[Booking]) -> int:
    units = sum(each.minutes for each in time) * resource.capacity
    for each in held:
        inside = intersect(time, [Interval(each.starts_at, each.ends_at)])
        units -= sum(part.minutes for part in inside) * each.quantity
    return credits_of(max(units, 0), quantity=1, rate_thousandths=resource.rate_thousandths)


def _site(session: Session, facility_id: UUID) -> Site:
    row = session.exec(
        select(Facility.zone, Facility.offer_version).where(col(Facility.id) == facility_id)
    ).one()
    return Site(facility_id, row[0], row[1])
