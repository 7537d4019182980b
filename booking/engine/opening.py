"""Weekly wall-clock hours of a zone as UTC windows: the only code that knows summer time.

How the wall clock becomes UTC when it jumps:

- A time the clock skips (forward, in spring) is taken as the instant of the jump, so
  that nothing opens or closes before the clock could show it.
- A time the clock shows twice (back, in autumn) opens at its first showing and closes at
  its last.

A whole day that a zone skipped (Apia, 30 December 2011) therefore has no hours.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from booking.engine.intervals import Interval, in_utc, intersect, union

DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY
SECOND: Final = timedelta(seconds=1)
SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Open each week from `opens` to `closes` by the facility's wall clock.

    `weekday` is that of opening, Monday 0. `closes` at 00:00 is midnight at the day's
    end; any other `closes` not after `opens` is on the next day.
    Raises: ValueError for another weekday, times with a zone, or parts of a minute.
    """

    weekday: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        """Refuse what is not a weekday or not a wall-clock minute."""
        if not 0 <= self.weekday <= SUNDAY:
            raise ValueError(f"A weekday is 0 (Monday) to 6 (Sunday), not {self.weekday}.")
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("Opening hours are wall-clock times: give them without a zone.")
        if any(each.second or each.microsecond for each in (self.opens, self.closes)):
            raise ValueError("Opening hours are whole minutes: leave the seconds out.")


def open_windows(
    hours: Iterable[WeeklyHours], *, zone: str, within: Interval
) -> tuple[Interval, ...]:
    """Turn weekly hours into the UTC windows inside `within`, merged and sorted.

    No hours at all means always open. Jumps of the clock are met as the module says.
    Raises: zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    weekly = tuple(hours)
    if not weekly:
        return (within,)
    place = ZoneInfo(zone)
    return intersect(union(_each_window(weekly, place, within)), [within])


def to_local(at: datetime, zone: str) -> datetime:
    """Show an instant by the zone's wall clock."""
    return in_utc(at).astimezone(ZoneInfo(zone))


def instant_of(wall: datetime, zone: str) -> datetime:
    """Find when the zone's wall clock first shows `wall`, a date-time without a zone.

    A time that the clock skips gives the instant of the jump.
    """
    return _instant(wall, ZoneInfo(zone), fold=0)


def day_start(on: date, zone: str) -> datetime:
    """Find the first instant of a day by the zone's clock.

    Where the clock skips midnight, or the whole day, it is the instant of the jump.
    """
    return _instant(datetime.combine(on, time()), ZoneInfo(zone), fold=0)


def local_day(on: date, zone: str) -> Interval | None:
    """Find the whole of a day by the zone's clock; None for a day that the zone skipped.

    Raises: OverflowError within two days of the ends of the calendar.
    """
    start, end = day_start(on, zone), day_start(on + DAY, zone)
    return Interval(start, end) if start < end else None


def _each_window(
    weekly: tuple[WeeklyHours, ...], place: ZoneInfo, within: Interval
) -> Iterator[Interval]:
    # Two days of margin: hours may cross midnight, and Apia once skipped a whole day.
    day = within.start.astimezone(place).date() - 2 * DAY
    last = within.end.astimezone(place).date() + DAY
    while day <= last:
        for hours in weekly:
            if hours.weekday == day.weekday():
                yield from _window(hours, day, place)
        day += DAY


def _window(hours: WeeklyHours, day: date, place: ZoneInfo) -> Iterator[Interval]:
    crosses = hours.closes <= hours.opens
    closing_day = day + DAY if crosses else day
    start = _instant(datetime.combine(day, hours.opens), place, fold=0)
    end = _instant(datetime.combine(closing_day, hours.closes), place, fold=1)
    if start < end:
        yield Interval(start, end)


def _instant(wall: datetime, place: ZoneInfo, *, fold: int) -> datetime:
    """Find when the wall clock shows `wall`: fold 0 its first showing, fold 1 its last.

    A time that is skipped gives the instant of the jump.
    """
    at = wall.replace(tzinfo=place, fold=fold).astimezone(UTC)
    if at.astimezone(place).replace(tzinfo=None) == wall:
        return at
    # For a skipped time fold 0 reckons with the offset before the jump, fold 1 with the
    # one after; the jump lies between the two instants.
    early, late = sorted(wall.replace(tzinfo=place, fold=f).astimezone(UTC) for f in (0, 1))
    return _jump(early, late, place)


def _jump(early: datetime, late: datetime, place: ZoneInfo) -> datetime:
    """Find, to the second, the first instant with the offset that holds at `late`."""
    after = late.astimezone(place).utcoffset()

    def has_jumped(seconds: int) -> bool:
        return (early + seconds * SECOND).astimezone(place).utcoffset() == after

    return early + bisect_left(range((late - early) // SECOND), True, key=has_jumped) * SECOND


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a zone's clock, from the first instant of its Monday to that of the next."""

    monday: date
    interval: Interval


def monday_of(day: date) -> date:
    """Find the Monday of a day's week."""
    return day - day.weekday() * DAY


def weeks_touching(within: Interval, zone: str) -> tuple[Week, ...]:
    """List the weeks of the zone's clock that share time with `within`, in order.

    Raises: zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    place = ZoneInfo(zone)
    # A week of margin on either side: what the clock skips may lie on a Sunday night.
    monday = monday_of(within.start.astimezone(place).date()) - WEEK
    found = []
    while (start := _midnight(monday, place)) < within.end:
        week = Week(monday, Interval(start, _midnight(monday + WEEK, place)))
        if week.interval.overlaps(within):
            found.append(week)
        monday += WEEK
    return tuple(found)


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return _instant(datetime.combine(day, time()), place, fold=0)
