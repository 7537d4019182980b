"""What is offered can be booked, and what is not is refused: over nights on which clocks jump.

The model counts minutes: a place opens with the first minute at which its wall clock has
reached the hour, and closes with the last that shows the hour; if none does, after the last
before it.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.permissions import Actor
from booking.errors import RulesBroken
from booking.models import Facility, OpeningHours, Project, Resource
from booking.queries.availability import free_slots
from booking.queries.catalogue import Search
from booking.queries.people import actor_of
from booking.queries.slot_batches import TimeWish
from booking.services.bookings import NewBooking, book
from tests.builders import (
    a_booking,
    a_closure,
    a_facility,
    a_person,
    a_project,
    a_resource,
    added,
)
from tests.scenes import DOMAIN

MINUTE = timedelta(minutes=1)
HOURS_AROUND = 30
ALL_OF_IT = 2 * HOURS_AROUND * 60
MOST_SLOTS = 1000

JUMPS = {
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 3, 15, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2027, 2, 7, 2, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2027, 3, 14, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2020, 9, 26, 14, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2021, 4, 3, 14, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2019, 2, 17, 2, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2027, 10, 31, 1, tzinfo=UTC)),
}
CALM = {
    ("Asia/Kathmandu", datetime(2026, 12, 31, 18, 15, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2028, 2, 28, 18, 30, tzinfo=UTC)),
    ("Africa/Nairobi", datetime(2028, 2, 29, 21, tzinfo=UTC)),
}
NIGHTS = sorted(JUMPS | CALM)

quarters = st.integers(0, 95).map(lambda count: time(count // 4, count % 4 * 15))
spans = st.tuples(st.integers(0, ALL_OF_IT - 1), st.integers(15, 600))


@dataclass(frozen=True, slots=True)
class World:
    """One resource around one night, and who books it; minutes count from `start`."""

    zone: str
    start: datetime
    now: datetime
    facility: Facility
    resource: Resource
    project: Project
    actor: Actor

    def at(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def minute(self, at: datetime) -> int:
        return (at - self.start) // MINUTE


def a_world(session: Session, zone: str, night: datetime, **resource: Any) -> World:
    facility, member = a_facility(session, zone=zone), a_person(session)
    project = a_project(session, member)
    return World(
        zone=zone,
        start=night - timedelta(hours=HOURS_AROUND),
        now=night - timedelta(days=5),
        facility=facility,
        resource=a_resource(session, facility.id, **resource),
        project=project,
        actor=actor_of(session, member.id),
    )


def hours_near(world: World) -> st.SearchStrategy[list[tuple[int, time, time]]]:
    """Draw weekly hours, most of them with a wall-clock time near that of the night's jump."""
    middle, place = HOURS_AROUND * 60, ZoneInfo(world.zone)
    near = [world.at(middle + 15 * each).astimezone(place).time() for each in range(-5, 6)]
    times = st.one_of(st.sampled_from(near), quarters)
    week = st.lists(st.tuples(st.integers(0, 6), times, times), min_size=1, max_size=8)
    every_day = st.tuples(times, times).map(lambda each: [(day, *each) for day in range(7)])
    return st.one_of(every_day, week)


def furnish(session: Session, world: World, data: st.DataObject) -> tuple[set[int], set[int]]:
    """Draw hours, closures and bookings; return the minutes that are open, and those free."""
    hours = data.draw(hours_near(world), "hours")
    for weekday, opens, closes in hours:
        row = OpeningHours(
            facility_id=world.facility.id, weekday=weekday, opens=opens, closes=closes
        )
        added(session, row)
    is_open = open_minutes(world, hours)
    free = set(range(-ALL_OF_IT, 2 * ALL_OF_IT))
    for start, length in data.draw(st.lists(spans, max_size=2), "closures"):
        ends = world.at(start + length)
        a_closure(session, world.facility.id, world.at(start), ends)
        free -= set(range(start, start + length))
    taken = data.draw(st.one_of(st.none(), spans), "booked")
    if taken is not None:
        start, length = (each // 15 * 15 for each in taken)
        ends = world.at(start + length)
        a_booking(session, world.resource, world.project, world.at(start), ends)
        apart = world.resource.buffer_before_minutes + world.resource.buffer_after_minutes
        free -= set(range(start - apart, start + length + apart))
    return is_open, free


def open_minutes(world: World, hours: list[tuple[int, time, time]]) -> set[int]:
    """Count the open minutes by looking at the wall clock of each."""
    place, margin = ZoneInfo(world.zone), 3 * 1440
    count = range(-margin, ALL_OF_IT + margin)
    walls = [world.at(each).astimezone(place).replace(tzinfo=None) for each in count]
    latest_yet = list(accumulate(walls, max))
    earliest_to_come = list(accumulate(reversed(walls), min))[::-1]
    last_shown = {wall: number for number, wall in zip(count, walls, strict=True)}
    found: set[int] = set()
    day = walls[0].date() + timedelta(days=1)
    while day < walls[-1].date() - timedelta(days=1):
        for weekday, opens, closes in hours:
            if weekday == day.weekday():
                first, last = wall_span(day, opens, closes)
                begins = count[bisect_left(latest_yet, first)]
                skipped = count[bisect_left(earliest_to_come, last)]
                ends = last_shown.get(last, skipped)
                found |= set(range(begins, ends))
        day += timedelta(days=1)
    return found


def wall_span(day: date, opens: time, closes: time) -> tuple[datetime, datetime]:
    closing_day = day + timedelta(days=closes <= opens)
    return datetime.combine(day, opens), datetime.combine(closing_day, closes)


def offered(session: Session, world: World, minutes: int) -> set[int]:
    """Ask for every free slot, and return the minutes at which they start."""
    page = free_slots(
        session,
        viewer=world.actor,
        search=Search(facility=world.facility.slug),
        wish=TimeWish(Interval(world.start, world.at(ALL_OF_IT)), minutes=minutes),
        now=world.now,
        limit=MOST_SLOTS,
    )
    assert page.next is None
    return {world.minute(each.slot.start) for each in page.items}


def refusal_codes(session: Session, world: World, start: int, minutes: int) -> set[str]:
    """Book, undo it, and return why it was refused; nothing if it was not."""
    new = NewBooking(
        resource_id=world.resource.id,
        project_id=world.project.id,
        starts_at=world.at(start),
        ends_at=world.at(start + minutes),
    )
    trial = session.begin_nested()
    try:
        book(session, actor=world.actor, now=world.now, domain=DOMAIN, new=new)
    except RulesBroken as refused:
        return {each.code for each in refused.violations}
    else:
        return set()
    finally:
        trial.rollback()
        session.expire_all()


@pytest.mark.parametrize(("zone", "night"), sorted(JUMPS))
def test_nights__of_the_list__are_those_of_a_jump(zone: str, night: datetime) -> None:
    before, after = ((night + each * MINUTE).astimezone(ZoneInfo(zone)) for each in (-1, 0))
    assert before.utcoffset() != after.utcoffset()


@given(
    night=st.sampled_from(NIGHTS),
    grid=st.sampled_from([5, 15, 30, 60]),
    steps=st.integers(1, 20),
    buffers=st.sampled_from([(0, 0), (15, 0), (0, 30), (10, 20)]),
    data=st.data(),
)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_what_is_offered_is_what_is_open_and_not_busy_and_can_be_booked(
    session: Session,
    night: tuple[str, datetime],
    grid: int,
    steps: int,
    buffers: tuple[int, int],
    data: st.DataObject,
) -> None:
    undone = session.begin_nested()
    before, after = buffers
    world = a_world(
        session,
        *night,
        grid_minutes=grid,
        buffer_before_minutes=before,
        buffer_after_minutes=after,
    )
    is_open, free = furnish(session, world, data)
    minutes = steps * grid

    def fits(start: int) -> bool:
        wanted = range(start, start + minutes)
        return is_open.issuperset(wanted) and free.issuperset(wanted)

    phase = world.minute(datetime.fromtimestamp(0, UTC)) % grid
    starts = range(phase, ALL_OF_IT - minutes + 1, grid)
    slots = offered(session, world, minutes)
    assert slots == {start for start in starts if fits(start)}
    edges = [start for start in starts if (start in slots) != (start + grid in slots)]
    for start in data.draw(st.permutations(edges), "edges")[:3]:
        for tried in (start, start + grid):
            codes = refusal_codes(session, world, tried, minutes)
            assert ("closed" in codes) != is_open.issuperset(range(tried, tried + minutes))
            assert bool(codes) != fits(tried)
    undone.rollback()
    session.expunge_all()
