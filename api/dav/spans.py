"""When calendar components happen, and whether that touches a span (RFC 4791, 9.9)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

import recurring_ical_events
from icalendar import Calendar, Component
from icalendar.prop import vBroken

from booking.engine.intervals import Interval

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
MOST_OCCURRENCES: Final = 5000
DAY: Final = timedelta(days=1)
RECURRING: Final = ("VEVENT", "VTODO", "VJOURNAL")
_REPEATS: Final = ("RRULE", "RDATE", "RECURRENCE-ID")
# What the expander raises for rules that make no sense; such an object counts as happening once.
_SENSELESS: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)


def instant(value: date | datetime) -> datetime:
    """Return the instant of an iCalendar value; floating times and dates are read as UTC."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    try:
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)
    except OverflowError:
        return LATEST if value.year > EARLIEST.year else EARLIEST


def value_of(component: Component, name: str) -> date | datetime | timedelta | None:
    """Return a time or duration of a component, None where it is not there or unreadable."""
    value = component.get(name)
    if isinstance(value, list):
        value = value[0]
    if value is None or isinstance(value, vBroken):
        return None
    found: date | datetime | timedelta | None = getattr(value, "dt", None)
    return found


def _at(component: Component, name: str) -> datetime | None:
    value = value_of(component, name)
    return instant(value) if isinstance(value, date) else None


def touches(component: Component, span: Interval) -> bool:
    """Say whether one occurrence touches the span."""
    try:
        match component.name:
            case "VTODO":
                return _task_touches(component, span)
            case "VJOURNAL":
                return _note_touches(component, span)
            case _:
                start, end = bounds(component)
                return _overlaps(start, end, span)
    except OverflowError:
        return False


def bounds(component: Component) -> tuple[datetime, datetime]:
    """Return when an event starts and ends; the same instant twice where it takes no time.

    A component without a start happens at the earliest instant there is.
    """
    given = value_of(component, "DTSTART")
    start = instant(given) if isinstance(given, date) else EARLIEST
    end, lasts = _at(component, "DTEND"), value_of(component, "DURATION")
    if end is None and isinstance(lasts, timedelta):
        end = start + lasts
    if end is None:
        end = start if isinstance(given, datetime) or given is None else start + DAY
    return start, max(start, end)


def _overlaps(start: datetime, end: datetime, span: Interval) -> bool:
    if start == end:
        return span.start <= start < span.end
    return start < span.end and span.start < end


def _task_touches(task: Component, span: Interval) -> bool:
    start, due = _at(task, "DTSTART"), _at(task, "DUE")
    lasts = value_of(task, "DURATION")
    if start is not None and isinstance(lasts, timedelta):
        due = start + lasts
    if start is not None and due is not None:
        return (span.start < due or span.start <= start) and (span.end > start or span.end >= due)
    if start is not None:
        return span.start <= start < span.end
    if due is not None:
        return span.start < due <= span.end
    return _task_was_touched(task, span)


def _task_was_touched(task: Component, span: Interval) -> bool:
    """Judge a task without dates by when it was made and done."""
    done, made = _at(task, "COMPLETED"), _at(task, "CREATED")
    if done is not None and made is not None:
        return (span.start <= made or span.start <= done) and (span.end >= made or span.end >= done)
    if done is not None:
        return span.start <= done <= span.end
    return made is None or span.end > made


def _note_touches(note: Component, span: Interval) -> bool:
    given = value_of(note, "DTSTART")
    if not isinstance(given, date):
        return False
    start = instant(given)
    end = start if isinstance(given, datetime) else start + DAY
    return _overlaps(start, end, span)


def repeats(calendar: Calendar, name: str) -> bool:
    """Say whether any component of that name happens more than once, or replaces a time."""
    return name in RECURRING and any(
        key in each for each in calendar.walk(name) for key in _REPEATS
    )


def occurrences(calendar: Calendar, name: str, span: Interval) -> Iterator[Component]:
    """Yield what touches the span of the components of that name, each time it happens.

    At most `MOST_OCCURRENCES` are looked at, in order of time where they repeat.
    """
    if repeats(calendar, name):
        try:
            yield from (each for each in _expanded(calendar, name, span) if touches(each, span))
        except _SENSELESS:
            pass
        else:
            return
    yield from (each for each in calendar.walk(name) if touches(each, span))


def rings(calendar: Calendar, span: Interval) -> bool:
    """Say whether an alarm goes off within the span."""
    try:
        query = recurring_ical_events.of(calendar, components=["VALARM"])
        return bool(query.between(span.start, span.end))
    except _SENSELESS:
        return False


def _expanded(calendar: Calendar, name: str, span: Interval) -> Iterator[Component]:
    query = recurring_ical_events.of(calendar, components=[name])
    for each in islice(query.after(span.start - DAY), MOST_OCCURRENCES):
        if _starts_after(each, span):
            return
        yield each


def _starts_after(component: Component, span: Interval) -> bool:
    started = _at(component, "DTSTART") or _at(component, "DUE")
    return started is not None and started > span.end + DAY
