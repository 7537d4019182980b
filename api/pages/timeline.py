"""A resource's week as pictures and words: one bar a day, and the free time beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from booking.engine.availability import free_time, grid_ceiling, grid_floor
from booking.engine.booking_facts import ReservingRound
from booking.engine.intervals import MINUTE, Interval, intersect, peak, steps, subtract
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.opening import day_start
from booking.queries.availability import Availability
from booking.queries.catalogue import ResourceFacts

DAYS: Final = 7
HEIGHT: Final = 24
FREE, KEPT, TAKEN = "is-free", "is-kept", "is-taken"
HOURS_MARKED: Final = (6, 12, 18)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a day's picture; `x` and `width` are minutes since midnight."""

    look: str
    x: int
    width: int
    y: int = 0
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Day:
    """One day by the facility's clock; `minutes` is its length, `words` what the bar shows."""

    on: date
    minutes: int
    bars: tuple[Bar, ...]
    marks: tuple[int, ...]
    words: str


@dataclass(frozen=True, slots=True)
class FreeSpan:
    """Time that may be booked, and how many units are free throughout."""

    interval: Interval
    units: int


@dataclass(frozen=True, slots=True)
class Week:
    """What a page shows of a resource's week; `free` is for the quantity asked for."""

    monday: date
    days: tuple[Day, ...]
    free: tuple[FreeSpan, ...]
    rounds: tuple[ReservingRound, ...]


def span_of(monday: date, zone: str) -> Interval:
    """Return a week by a zone's clock."""
    return Interval(day_start(monday, zone), day_start(monday + timedelta(days=DAYS), zone))


def bookable(found: ResourceFacts, now: datetime) -> Interval | None:
    """Return when a booking may start, by lead time and horizon; None where none may be made."""
    if found.state is not ResourceState.PUBLISHED or found.mode is BookingMode.ROUND_ONLY:
        return None
    first = now + found.lead_minutes * MINUTE
    last = now + timedelta(days=found.horizon_days)
    longest = (found.maximum_minutes or found.minimum_minutes or found.grid_minutes) * MINUTE
    return Interval(first, last + longest) if first < last else None


def week(
    found: ResourceFacts, times: Availability, *, monday: date, now: datetime, quantity: int
) -> Week:
    """Draw the week of a resource that begins on `monday`."""
    reserving = tuple(each for each in times.rounds if now < each.until)
    free = _free(found, times, reserving, quantity=quantity, now=now)
    one = free if quantity == 1 else _free(found, times, reserving, quantity=1, now=now)
    mondays = [monday + timedelta(days=number) for number in range(DAYS)]
    return Week(
        monday,
        tuple(_day(found, times, reserving, one, each) for each in mondays),
        tuple(FreeSpan(each, _units(found, times, each)) for each in free),
        reserving,
    )


def _free(
    found: ResourceFacts,
    times: Availability,
    reserving: Sequence[ReservingRound],
    *,
    quantity: int,
    now: datetime,
) -> tuple[Interval, ...]:
    within = bookable(found, now)
    if within is None:
        return ()
    free = free_time(
        times.open_windows,
        times.closures,
        times.holds,
        capacity=found.capacity,
        quantity=quantity,
        before=found.buffer_before_minutes * MINUTE,
        after=found.buffer_after_minutes * MINUTE,
    )
    shortest = found.minimum_minutes or found.grid_minutes
    left = intersect(subtract(free, (each.access for each in reserving)), [within])
    return tuple(each for each in _on_grid(left, found.grid_minutes) if each.minutes >= shortest)


def _on_grid(spans: Iterable[Interval], grid_minutes: int) -> list[Interval]:
    """Draw spans in to the grid on which bookings start and end."""
    ends = (
        (grid_ceiling(each.start, grid_minutes), grid_floor(each.end, grid_minutes))
        for each in spans
    )
    return [Interval(start, end) for start, end in ends if start < end]


def _units(found: ResourceFacts, times: Availability, span: Interval) -> int:
    taken = peak(
        (common, held.quantity)
        for held in times.holds
        for common in intersect([held.interval], [span])
    )
    return found.capacity - taken


def _day(
    found: ResourceFacts,
    times: Availability,
    reserving: Sequence[ReservingRound],
    free: Sequence[Interval],
    on: date,
) -> Day:
    start = day_start(on, found.zone)
    whole = Interval(start, day_start(on + timedelta(days=1), found.zone))
    free_here = intersect(free, [whole])
    kept = intersect(
        subtract(times.open_windows, times.closures), [each.access for each in reserving]
    )
    bars = (
        *_bars(FREE, free_here, start),
        *_bars(KEPT, intersect(kept, [whole]), start),
        *_taken(found, times, whole),
    )
    marks = tuple((_at(on, time(hour), found.zone) - start) // MINUTE for hour in HOURS_MARKED)
    return Day(on, whole.minutes, bars, marks, _words(free_here, found.zone, whole))


def _bars(look: str, spans: Iterable[Interval], start: datetime) -> list[Bar]:
    return [Bar(look, (each.start - start) // MINUTE, each.minutes) for each in spans]


def _taken(found: ResourceFacts, times: Availability, whole: Interval) -> list[Bar]:
    """Draw what is held as columns, as high as the part of the units that is taken."""
    held = [
        (common, each.quantity)
        for each in times.holds
        for common in intersect([each.interval], [whole])
    ]
    return [
        _column(Interval(at, until), min(level, found.capacity), found.capacity, whole.start)
        for (at, level), (until, _) in pairwise(steps(held))
        if level
    ]


def _column(span: Interval, level: int, capacity: int, start: datetime) -> Bar:
    height = max(HEIGHT * level // capacity, 1)
    return Bar(TAKEN, (span.start - start) // MINUTE, span.minutes, HEIGHT - height, height)


def _words(free: Sequence[Interval], zone: str, whole: Interval) -> str:
    if not free:
        return "nothing free to book"
    if list(free) == [whole]:
        return "free all day"
    return "free " + ", ".join(
        f"{_clock(each.start, zone)} to {_clock(each.end, zone, end=True)}" for each in free
    )


def _clock(at: datetime, zone: str, *, end: bool = False) -> str:
    shown = f"{at.astimezone(ZoneInfo(zone)):%H:%M}"
    return "24:00" if end and shown == "00:00" else shown


def _at(on: date, clock: time, zone: str) -> datetime:
    return datetime.combine(on, clock, ZoneInfo(zone)).astimezone(UTC)
