"""When resources are open, taken and free; any number of them costs the same few queries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from booking.engine.availability import Held, free_time, slots
from booking.engine.booking_facts import ReservingRound
from booking.engine.intervals import MINUTE, Interval, subtract
from booking.engine.lifecycle import HOLDING, RESERVING, BookingMode, ResourceState
from booking.engine.opening import WeeklyHours, open_windows
from booking.engine.permissions import Actor
from booking.models import Booking, Closure, OpeningHours, Round, RoundFacility
from booking.queries.catalogue import Candidate, ResourceFacts, Search, candidates, facts_of
from booking.queries.paging import Page, id_of, instant_of, page_of, read_cursor
from booking.queries.slot_batches import TimeWish, starts_in
from booking.queries.slots_for_project import Team, starts_for

DAY: Final = timedelta(days=1)
FIRST_BATCH: Final = 20
BATCH: Final = 500
BATCH_FOR_TEAM: Final = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Availability:
    """What takes time of one resource within an interval.

    `holds` include the resource's buffers; `rounds` are those that share out its time.
    """

    open_windows: tuple[Interval, ...]
    closures: tuple[Interval, ...]
    holds: tuple[Held, ...]
    rounds: tuple[ReservingRound, ...]


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A free slot of a resource; its quantity is free throughout."""

    resource: Candidate
    slot: Interval


def availability_of(
    session: Session, resources: Sequence[ResourceFacts], *, within: Interval, now: datetime
) -> dict[UUID, Availability]:
    """Return what takes time of each resource, by resource id.

    Cost: four queries, however many resources.
    """
    hours = hours_of(session, resources)
    closures = closures_of(session, resources, within)
    holds = _holds(session, resources, within)
    rounds = rounds_of(session, resources, within, now)
    return {
        each.id: Availability(
            open_windows=windows_of(hours, each, within),
            closures=tuple(
                Interval(row.starts_at, row.ends_at) for row in closures if _shuts(row, each)
            ),
            holds=holds[each.id],
            rounds=rounds[each.facility_id],
        )
        for each in resources
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a search looks for: where, when, who asks, and for which team."""

    viewer: Actor
    search: Search
    wish: TimeWish
    now: datetime
    team: Team | None

    def starts(
        self, session: Session, batch: Sequence[Candidate]
    ) -> Iterator[tuple[Candidate, Iterator[int]]]:
        """Yield each resource of a batch with the starts of its slots."""
        if self.team is None:
            return starts_in(session, batch, self.wish, self.now)
        return starts_for(session, batch, self.wish, self.team, self.now)


def free_slots(
    session: Session,
    *,
    viewer: Actor,
    search: Search,
    wish: TimeWish,
    now: datetime,
    limit: int,
    cursor: str | None = None,
    team: Team | None = None,
) -> Page[FreeSlot]:
    """Return a page of free slots that may be booked, by resource and then by start.

    With a `team` it is only what its project may book, by every rule.
    """
    after = read_cursor(cursor, parts=3)
    asked = _Asked(viewer, search, wish, now, team)
    resume = after and (id_of(after[1]), instant_of(after[2]).timestamp())
    found: list[tuple[Candidate, int]] = []
    for each, starts in _every(session, asked, after and after[:2]):
        # The cursor's own resource may have later slots: it comes again.
        later = (at for at in starts if not resume or each.id != resume[0] or at > resume[1])
        found += ((each, at) for at in islice(later, limit + 1 - len(found)))
        if len(found) > limit:
            break
    page = page_of(
        found,
        limit=limit,
        key=lambda one: (one[0].key, str(one[0].id), _at(one[1]).isoformat()),
    )
    return Page(tuple(_slot(each, at, wish) for each, at in page.items), page.next)


def free_resources(
    session: Session,
    *,
    viewer: Actor,
    search: Search,
    wish: TimeWish,
    now: datetime,
    limit: int,
    cursor: str | None = None,
    team: Team | None = None,
) -> Page[ResourceFacts]:
    """Return a page of what is found and has a free slot as wished, by name.

    With a `team` it is a slot that its project may book, by every rule.
    """
    after = read_cursor(cursor, parts=2)
    resume = after and id_of(after[1])
    asked = _Asked(viewer, search, wish, now, team)
    free = (
        each
        for each, starts in _every(session, asked, after)
        if each.id != resume and next(starts, None) is not None
    )
    kept = list(islice(free, limit + 1))
    page = page_of(kept, limit=limit, key=lambda each: (each.key, str(each.id)))
    facts = facts_of(session, [each.id for each in page.items])
    return Page(tuple(facts[each.id] for each in page.items), page.next)


def all_longer(
    session: Session, *, viewer: Actor, search: Search, wish: TimeWish
) -> tuple[Candidate, int] | None:
    """Return what is found with the shortest booking, where the wish is below every one's.

    With its length in minutes. None where some booking is as short, or too much is found.
    """
    found = candidates(session, viewer=viewer, search=search, size=BATCH + 1, since=None)
    direct = [
        (wish.shortest_at(each), each)
        for each in found
        if each.state is ResourceState.PUBLISHED and each.mode is not BookingMode.ROUND_ONLY
    ]
    if wish.minutes is None or not direct or len(found) > BATCH:
        return None
    minutes, shortest = min(direct, key=lambda each: each[0])
    return (shortest, minutes) if wish.minutes < minutes else None


def _every(
    session: Session, asked: _Asked, since: Sequence[Any] | None
) -> Iterator[tuple[Candidate, Iterator[int]]]:
    """Yield every resource from a sort key on, with the starts of its free slots.

    The first batch is small, since most often a few resources fill the page.
    """
    size = FIRST_BATCH
    while batch := candidates(
        session, viewer=asked.viewer, search=asked.search, size=size + 1, since=since
    ):
        yield from asked.starts(session, batch[:size])
        if len(batch) <= size:
            return
        since = batch[-1].key, str(batch[-1].id)
        size = BATCH if asked.team is None else BATCH_FOR_TEAM


def _slot(found: Candidate, at: int, wish: TimeWish) -> FreeSlot:
    start = _at(at)
    return FreeSlot(found, Interval(start, start + wish.minutes_at(found) * MINUTE))


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def slots_in(
    found: ResourceFacts, times: Availability, wish: TimeWish, now: datetime
) -> Iterable[Interval]:
    """Yield the slots of a resource that the wish fits and its rules of booking let, by start."""
    minutes = wish.minutes_at(found)
    if not wish.bookable_at(found):
        return
    free = free_time(
        times.open_windows,
        times.closures,
        times.holds,
        capacity=found.capacity,
        quantity=wish.quantity,
        before=found.buffer_before_minutes * MINUTE,
        after=found.buffer_after_minutes * MINUTE,
    )
    left = subtract(free, (each.access for each in times.rounds if now < each.until))
    first = max(now + found.lead_minutes * MINUTE, wish.within.start)
    last = now + timedelta(days=found.horizon_days)
    for slot in slots(left, minutes=minutes, grid_minutes=found.grid_minutes, first=first):
        if slot.start > last:
            return
        yield slot


def hours_of(session: Session, resources: Sequence[ResourceFacts]) -> dict[UUID, list[WeeklyHours]]:
    """Return hours by the id of the facility or of the resource that has its own."""
    rows = session.exec(
        select(OpeningHours).where(
            or_(
                col(OpeningHours.resource_id).in_([each.id for each in resources]),
                and_(
                    col(OpeningHours.resource_id).is_(None),
                    col(OpeningHours.facility_id).in_({each.facility_id for each in resources}),
                ),
            )
        )
    )
    hours: dict[UUID, list[WeeklyHours]] = defaultdict(list)
    for each in rows:
        weekly = WeeklyHours(each.weekday, each.opens, each.closes)
        hours[each.resource_id or each.facility_id].append(weekly)
    return hours


def windows_of(
    hours: Mapping[UUID, Sequence[WeeklyHours]], found: ResourceFacts, within: Interval
) -> tuple[Interval, ...]:
    """Return when a resource is open within an interval, by `hours_of`."""
    weekly = hours.get(found.id) or hours.get(found.facility_id) or ()
    return open_windows(weekly, zone=found.zone, within=within)


def closures_of(
    session: Session, resources: Sequence[ResourceFacts], within: Interval
) -> Sequence[Closure]:
    """Return the closures that take time of any of the resources, by start."""
    return session.exec(
        select(Closure)
        .where(
            col(Closure.facility_id).in_({each.facility_id for each in resources}),
            or_(
                col(Closure.resource_id).is_(None),
                col(Closure.resource_id).in_([each.id for each in resources]),
            ),
            Closure.starts_at < within.end,
            Closure.ends_at > within.start,
        )
        .order_by(col(Closure.starts_at), col(Closure.id))
    ).all()


def _shuts(row: Closure, found: ResourceFacts) -> bool:
    return row.facility_id == found.facility_id and row.resource_id in {None, found.id}


def _holds(
    session: Session, resources: Sequence[ResourceFacts], within: Interval
) -> dict[UUID, tuple[Held, ...]]:
    # What lies outside may reach in with its own buffers and the new booking's.
    margin = max(
        (2 * (each.buffer_before_minutes + each.buffer_after_minutes) for each in resources),
        default=0,
    )
    around = within.widened(before=margin * MINUTE, after=margin * MINUTE)
    rows = session.exec(
        select(Booking.resource_id, Booking.starts_at, Booking.ends_at, Booking.quantity).where(
            col(Booking.resource_id).in_([each.id for each in resources]),
            col(Booking.status).in_(HOLDING),
            Booking.starts_at < around.end,
            Booking.ends_at > around.start,
        )
    )
    taken = _grouped(rows, key=lambda row: row[0])
    return {
        each.id: tuple(
            Held(
                Interval(starts_at, ends_at).widened(
                    before=each.buffer_before_minutes * MINUTE,
                    after=each.buffer_after_minutes * MINUTE,
                ),
                quantity,
            )
            for _, starts_at, ends_at, quantity in taken[each.id]
        )
        for each in resources
    }


def rounds_of(
    session: Session, resources: Sequence[ResourceFacts], within: Interval, now: datetime
) -> dict[UUID, tuple[ReservingRound, ...]]:
    """Return the rounds that share out time within the interval, by facility."""
    rows = session.exec(
        select(RoundFacility.facility_id, Round).where(
            col(Round.id) == col(RoundFacility.round_id),
            col(RoundFacility.facility_id).in_({each.facility_id for each in resources}),
            col(RoundFacility.published_at).is_(None),
            col(Round.state).in_(RESERVING),
            Round.access_starts_at < within.end,
            Round.access_ends_at > within.start,
        )
    )
    found = _grouped(rows, key=lambda row: row[0])
    return {
        each.facility_id: tuple(_reserving(row, now) for _, row in found[each.facility_id])
        for each in resources
    }


def _reserving(row: Round, now: datetime) -> ReservingRound:
    """Word a round as what it reserves, up to the end of the day of its decision.

    A round that is late keeps its time; it is then expected by the end of today.
    """
    day = max(row.decision_on, now.date())
    access = Interval(row.access_starts_at, row.access_ends_at)
    return ReservingRound(row.name, access, datetime.combine(day, time(), tzinfo=UTC) + DAY)


def _grouped(rows: Iterable[T], *, key: Callable[[T], UUID]) -> dict[UUID, list[T]]:
    grouped: dict[UUID, list[T]] = defaultdict(list)
    for each in rows:
        grouped[key(each)].append(each)
    return grouped
