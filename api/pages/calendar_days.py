"""The days, weeks and hours of a calendar page, as instants of a zone: right on DST nights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from booking.engine.intervals import Interval
from booking.engine.opening import day_start, monday_of

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
HOUR_SECONDS: Final = 3600
EARLIEST: Final = date(1990, 1, 1)
LATEST: Final = date(2200, 1, 1)


class View(StrEnum):
    """How much a calendar shows, and how."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Day:
    """A day by a zone's clock, in seconds since 1970; 23 and 25 hours are days too."""

    on: date
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a day, or what a jump of the clock leaves of it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour of the clock across several days; `again` where the clock shows it twice.

    A day on which the clock does not show it has None.
    """

    hour: int
    again: bool
    days: tuple[Hour | None, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a calendar shows, and those of the period before and after."""

    view: View
    zone: str
    days: tuple[Day, ...]
    before: date
    after: date

    @property
    def first(self) -> date:
        """The first day."""
        return self.days[0].on

    @property
    def last(self) -> date:
        """The last day."""
        return self.days[-1].on

    @property
    def within(self) -> Interval:
        """The time that is shown."""
        first, last = self.days[0].start, self.days[-1].end
        return Interval(at(first), at(last))

    @property
    def weeks(self) -> tuple[tuple[Day | None, ...], ...]:
        """The days by week, Monday first; None stands for days of other months."""
        blanks: list[Day | None] = [None] * self.first.weekday()
        days = [*blanks, *self.days]
        days += [None] * (-len(days) % 7)
        return tuple(tuple(days[number : number + 7]) for number in range(0, len(days), 7))


def at(seconds: int) -> datetime:
    """Return the instant so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def period_of(view: View, on: date, zone: str) -> Period:
    """Return the week or month around a day, by a zone's clock."""
    on = min(max(on, EARLIEST), LATEST)
    if view is View.WEEK:
        first = monday_of(on)
        after, before = first + WEEK, first - WEEK
    else:
        first = on.replace(day=1)
        after = (first + 31 * DAY).replace(day=1)
        before = (first - DAY).replace(day=1)
    return Period(view, zone, _days(first, after, zone), before, after)


def _days(first: date, after: date, zone: str) -> tuple[Day, ...]:
    """List the days from `first` up to `after`; one that a zone skipped is no day."""
    dates = [first + number * DAY for number in range((after - first).days + 1)]
    starts = [int(day_start(each, zone).timestamp()) for each in dates]
    return tuple(
        Day(on, start, end)
        for on, start, end in zip(dates, starts, starts[1:], strict=False)
        if start < end
    )


def hour_rows(days: Sequence[Day], zone: str) -> tuple[HourRow, ...]:
    """Cut days into the hours that their clock shows, an hour a row."""
    cut = [_hours(each, ZoneInfo(zone)) for each in days]
    keys = sorted({key for each in cut for key in each})
    return tuple(
        HourRow(hour, bool(again), tuple(each.get((hour, again)) for each in cut))
        for hour, again in keys
    )


def _hours(day: Day, place: ZoneInfo) -> dict[tuple[int, int], Hour]:
    """Return the hours of a day by what the clock shows and how often it did before."""
    found: dict[tuple[int, int], Hour] = {}
    start = day.start
    while start < day.end:
        there = at(start).astimezone(place)
        end = min(start + HOUR_SECONDS - there.minute * 60 - there.second, day.end)
        again = sum(hour == there.hour for hour, _ in found)
        found[there.hour, again] = Hour(start, end)
        start = end
    return found


def offset_words(days: Iterable[Day], zone: str, other: str) -> str:
    """Say how far another zone's clock is ahead; empty where both agree, or where it changes."""
    ahead = {_ahead(each, zone, other) for each in days}
    if ahead == {0} or len(ahead) != 1:
        return ""
    minutes = ahead.pop()
    hours, rest = divmod(abs(minutes), 60)
    length = f"{hours} h" + (f" {rest} min" if rest else "") if hours else f"{rest} min"
    return f"{length} {'ahead' if minutes > 0 else 'behind'}"


def _ahead(day: Day, zone: str, other: str) -> int:
    noon = at((day.start + day.end) // 2)
    here, there = (noon.astimezone(ZoneInfo(each)).utcoffset() for each in (zone, other))
    return int(((there or timedelta()) - (here or timedelta())).total_seconds()) // 60
