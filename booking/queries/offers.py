"""Reads of what the resources of facilities offer a round."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.availability import Held, offered
from booking.engine.intervals import MINUTE, Interval, subtract
from booking.engine.lifecycle import HOLDING, ResourceState
from booking.engine.opening import WeeklyHours, open_windows
from booking.models import Booking, Closure, Facility, OpeningHours, Resource

WIDEST_BUFFER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a resource offers a round: units, and half-open windows in steps of the round."""

    resource: Resource
    capacity: int
    windows: tuple[tuple[int, int], ...]
    step_minutes: int

    @property
    def credit_thousandths(self) -> int:
        """Capacity times rate times hours, in thousandths of a credit; a part is dropped."""
        minutes = sum(end - start for start, end in self.windows) * self.step_minutes
        return self.capacity * self.resource.rate_thousandths * minutes // 60

    def open_from(self, origin: datetime) -> tuple[Interval, ...]:
        """The windows as intervals, where `origin` begins the first step."""
        step = self.step_minutes * MINUTE
        return tuple(Interval(origin + a * step, origin + b * step) for a, b in self.windows)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Hours, closures and bookings of several facilities, as they are stored."""

    hours: Mapping[tuple[UUID, UUID | None], list[WeeklyHours]]
    closures: Mapping[tuple[UUID, UUID | None], list[Interval]]
    bookings: Mapping[UUID, list[Booking]]


def offers(
    session: Session,
    facility_ids: Collection[UUID],
    *,
    access: Interval,
    step_minutes: int,
    only: Collection[UUID] | None = None,
) -> tuple[Offer, ...]:
    """Return what each published resource, of those in `only` if given, offers, by id.

    In the access period, opening hours less closures and what is held with its buffers, cut
    to whole steps from the period's start. Resources with nothing to offer are left out.
    """
    resources = published_resources(session, facility_ids, only=only)
    zones = {
        each.id: each.zone
        for each in session.exec(select(Facility).where(col(Facility.id).in_(facility_ids)))
    }
    calendar = _calendar(session, facility_ids, access)
    by_facility = {
        facility_id: open_windows(
            calendar.hours.get((facility_id, None), ()), zone=zone, within=access
        )
        for facility_id, zone in zones.items()
    }
    found = []
    for resource in resources:
        own = calendar.hours.get((resource.facility_id, resource.id))
        windows = by_facility[resource.facility_id]
        if own:
            windows = open_windows(own, zone=zones[resource.facility_id], within=access)
        offer = _offer(resource, windows, calendar, access, step_minutes)
        if offer.windows:
            found.append(offer)
    return tuple(found)


def published_resources(
    session: Session, facility_ids: Collection[UUID], *, only: Collection[UUID] | None = None
) -> tuple[Resource, ...]:
    """Return the published resources of the facilities, by id; of those in `only`, if given."""
    query = select(Resource).where(
        col(Resource.facility_id).in_(sorted(facility_ids)),
        Resource.state == ResourceState.PUBLISHED,
    )
    if only is not None:
        query = query.where(col(Resource.id).in_(sorted(only)))
    return tuple(session.exec(query.order_by(col(Resource.id))))


def lock_resources(session: Session, resource_ids: Collection[UUID]) -> dict[UUID, Resource]:
    """Return the resources as they stand now, locked in the order of their ids."""
    rows = session.exec(
        select(Resource)
        .where(col(Resource.id).in_(sorted(resource_ids)))
        .order_by(col(Resource.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {each.id: each for each in rows}


def _calendar(session: Session, facility_ids: Collection[UUID], access: Interval) -> _Calendar:
    hours: dict[tuple[UUID, UUID | None], list[WeeklyHours]] = defaultdict(list)
    for row in session.exec(
        select(OpeningHours).where(col(OpeningHours.facility_id).in_(sorted(facility_ids)))
    ):
        hours[row.facility_id, row.resource_id].append(
            WeeklyHours(row.weekday, row.opens, row.closes)
        )
    closures: dict[tuple[UUID, UUID | None], list[Interval]] = defaultdict(list)
    for closure in closures_during(session, facility_ids, access):
        interval = Interval(closure.starts_at, closure.ends_at)
        closures[closure.facility_id, closure.resource_id].append(interval)
    widened = access.widened(before=WIDEST_BUFFER, after=WIDEST_BUFFER)
    return _Calendar(hours, closures, bookings_during(session, facility_ids, widened))


def closures_during(
    session: Session, facility_ids: Collection[UUID], during: Interval
) -> tuple[Closure, ...]:
    """Return the closures at the facilities that share time with the interval."""
    return tuple(
        session.exec(
            select(Closure).where(
                col(Closure.facility_id).in_(sorted(facility_ids)),
                Closure.starts_at < during.end,
                Closure.ends_at > during.start,
            )
        )
    )


def bookings_during(
    session: Session, facility_ids: Collection[UUID], during: Interval
) -> dict[UUID, list[Booking]]:
    """Return the bookings that hold time of the facilities in the interval, by resource."""
    rows = session.exec(
        select(Booking)
        .join(Resource, col(Resource.id) == Booking.resource_id)
        .where(
            col(Resource.facility_id).in_(sorted(facility_ids)),
            col(Booking.status).in_(HOLDING),
            Booking.starts_at < during.end,
            Booking.ends_at > during.start,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    )
    found: dict[UUID, list[Booking]] = defaultdict(list)
    for booking in rows:
        found[booking.resource_id].append(booking)
    return found


def _offer(
    resource: Resource,
    windows: tuple[Interval, ...],
    calendar: _Calendar,
    access: Interval,
    step_minutes: int,
) -> Offer:
    closed = (
        *calendar.closures.get((resource.facility_id, None), ()),
        *calendar.closures.get((resource.facility_id, resource.id), ()),
    )
    # Between two bookings lie the clean-up of the one and the set-up of the other.
    gap = (resource.buffer_before_minutes + resource.buffer_after_minutes) * MINUTE
    held = [
        Held(Interval(each.starts_at, each.ends_at).widened(before=gap, after=gap), each.quantity)
        for each in calendar.bookings.get(resource.id, ())
    ]
    capacity, free = offered(subtract(windows, closed), held, resource.capacity)
    steps = (_in_steps(each, access.start, step_minutes) for each in free)
    whole = tuple((first, last) for first, last in steps if first < last)
    return Offer(resource, capacity, whole, step_minutes)


def _in_steps(window: Interval, origin: datetime, step_minutes: int) -> tuple[int, int]:
    step = step_minutes * MINUTE
    return -((origin - window.start) // step), (window.end - origin) // step
