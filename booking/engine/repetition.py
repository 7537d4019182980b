"""Repeat a time on a wall clock: the same hours by day or by week, whatever summer time does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from booking.engine.intervals import Interval
from booking.engine.opening import instant_of, monday_of, to_local
from booking.engine.violations import Violation

MOST_DATES: Final = 200
DAYS_A_WEEK: Final = 7
DAY: Final = timedelta(days=1)
NAMES: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


class Every(StrEnum):
    """What a repetition counts in."""

    DAY = "day"
    WEEK = "week"


class RepetitionCode(StrEnum):
    """Why a repetition makes no sense, or a date of it; part of the API, never renamed."""

    COUNT_OR_UNTIL = "count_or_until"
    WEEKDAYS_BY_DAY = "weekdays_by_day"
    NOT_A_WEEKDAY = "not_a_weekday"
    UNTIL_BEFORE_START = "until_before_start"
    TOO_MANY_DATES = "too_many_dates"
    NO_SUCH_TIME = "no_such_time"


@dataclass(frozen=True, slots=True)
class Repetition:
    """Every so many days or weeks, so many times or until a day, that day included.

    `weekdays` are those of each week, Monday 0; none is that of the first date. Weeks begin
    on Monday. Exactly one of `count` and `until` is to be given.
    """

    every: Every
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    count: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a repetition; its ends coincide where the clock skips all of it."""

    on: date
    starts_at: datetime
    ends_at: datetime

    @property
    def interval(self) -> Interval | None:
        """The time of it; None if the clock skips it."""
        return Interval(self.starts_at, self.ends_at) if self.starts_at < self.ends_at else None


def repetition_faults(
    first: Interval, repetition: Repetition, *, zone: str
) -> tuple[Violation, ...]:
    """List what is wrong with a repetition; one of 200 dates is in order."""
    on = to_local(first.start, zone).date()
    checks = (_end_fault(repetition, on), _weekday_fault(repetition, on))
    found = tuple(each for each in checks if each is not None)
    if found:
        return found
    dates = list(islice(_dates(on, repetition), MOST_DATES + 1))
    if len(dates) <= MOST_DATES:
        return ()
    reason = f"A series has at most {MOST_DATES} dates; end it on {dates[-2]} or before."
    pointer = "/repeats/until" if repetition.count is None else "/repeats/count"
    return (Violation(RepetitionCode.TOO_MANY_DATES, reason, pointer),)


def occurrences(first: Interval, repetition: Repetition, *, zone: str) -> tuple[Occurrence, ...]:
    """Give every date of a repetition that has no faults, the first one as it stands.

    The others begin and end when the clock first shows the same times, as many days apart.
    """
    start, end = (to_local(each, zone).replace(tzinfo=None) for each in (first.start, first.end))

    def on(day: date) -> Occurrence:
        shift = day - start.date()
        if not shift:
            return Occurrence(day, first.start, first.end)
        return Occurrence(day, instant_of(start + shift, zone), instant_of(end + shift, zone))

    return tuple(on(day) for day in islice(_dates(start.date(), repetition), MOST_DATES))


def skipped_by_the_clock(occurrence: Occurrence) -> Violation | None:
    """Require a time that the clock shows."""
    if occurrence.interval is not None:
        return None
    return Violation(
        RepetitionCode.NO_SUCH_TIME,
        f"The clock skips that time on {occurrence.on}, when it goes forward; "
        "choose another time for that date.",
        "/starts_at",
    )


def _dates(first: date, repetition: Repetition) -> Iterator[date]:
    """Give the dates in order, without an end where neither count nor until sets one."""
    dates = _by_day if repetition.every is Every.DAY else _by_week
    for number, day in enumerate(dates(first, repetition)):
        if number == repetition.count:
            return
        if repetition.until is not None and day > repetition.until:
            return
        yield day


def _by_day(first: date, repetition: Repetition) -> Iterator[date]:
    while True:
        yield first
        first += repetition.interval * DAY


def _by_week(first: date, repetition: Repetition) -> Iterator[date]:
    weekdays = sorted(repetition.weekdays or {first.weekday()})
    monday = monday_of(first)
    while True:
        days = (monday + weekday * DAY for weekday in weekdays)
        yield from (day for day in days if day >= first)
        monday += repetition.interval * DAYS_A_WEEK * DAY


def _end_fault(repetition: Repetition, first: date) -> Violation | None:
    if (repetition.count is None) == (repetition.until is None):
        reason = "Say either how many dates there are or until when: give count or until."
        return Violation(RepetitionCode.COUNT_OR_UNTIL, reason, "/repeats")
    if repetition.until is None or repetition.until >= first:
        return None
    reason = f"The series ends before its first date, {first}; give a later day."
    return Violation(RepetitionCode.UNTIL_BEFORE_START, reason, "/repeats/until")


def _weekday_fault(repetition: Repetition, first: date) -> Violation | None:
    weekdays = repetition.weekdays
    if repetition.every is Every.DAY and weekdays:
        reason = "Weekdays are for what repeats by the week; leave them out, or say every week."
        return Violation(RepetitionCode.WEEKDAYS_BY_DAY, reason, "/repeats/weekdays")
    if not weekdays or first.weekday() in weekdays:
        return None
    reason = (
        f"The first date, {first}, is a {NAMES[first.weekday()]}, which is not among the "
        "weekdays; add it, or start on one of them."
    )
    return Violation(RepetitionCode.NOT_A_WEEKDAY, reason, "/repeats/weekdays")
