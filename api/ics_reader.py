"""A program of its own that reads calendar files: what it cannot end in time is ended for it.

It is started by api/busy_files.py and takes one order after another: a line of JSON, then as many
bytes of a calendar as the line says. It answers each with a line of JSON: `spans`, the start and
end of all that takes time, or `problem`, a sentence. Times with a zone are in UTC; those without,
and whole days, are wall-clock times for the asker to place.
"""

import json
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

import recurring_ical_events
from icalendar import Calendar

MEMORY: Final = 1024 * 1024 * 1024
DAY: Final = timedelta(days=1)
LONGEST_STEP: Final = 64
SHOWN: Final = 60
FREE: Final = frozenset({"FREE"})
TIMING: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "FREEBUSY"}
)
REPEATING: Final = ("RRULE", "RDATE")
EVENTS: Final = frozenset({"VEVENT", "VFREEBUSY"})
# Some write the seconds of old local times without the hours: +5328 for +005328.
_SHORT_OFFSET: Final = re.compile(
    r"^(TZOFFSET(?:FROM|TO):[+-])((?:2[4-9]|[3-5]\d)[0-5]\d)(?=\s*$)", re.IGNORECASE | re.MULTILINE
)

Wall = date | datetime
Part = Any  # a component: icalendar types its values as any of thirty kinds


class Unreadable(Exception):  # noqa: N818
    """The calendar cannot be read; the sentence says what is wrong, and on which line."""


def answer(content: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    """Read one calendar: its spans, or its problem."""
    try:
        return {"spans": spans(content, asked)}
    except Unreadable as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": "The calendar takes too much memory to read; give a smaller one."}


def spans(content: bytes, asked: dict[str, Any]) -> list[tuple[str, str]]:
    """List what takes time, each once, sorted.

    Raises: Unreadable.
    """
    text = _decoded(content)
    lines = _event_lines(text, asked["most_events"])
    found: set[tuple[str, str]] = set()
    for calendar, places in _calendars(text, lines):
        for group in _groups(calendar, places):
            for span in _each_span(calendar, group, places, asked):
                found.add(span)
                if len(found) > asked["most_occurrences"]:
                    raise Unreadable(
                        f"The calendar has more than {asked['most_occurrences']:,} occurrences "
                        f"in the time that is looked at; the event on line {places[id(group[0])]} "
                        "goes beyond them. Give a calendar with fewer."
                    )
    return sorted(found)


def _decoded(content: bytes) -> str:
    """Decode UTF-8; else Latin-1, which fits all, since only times are read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if first.upper() != "BEGIN:VCALENDAR":
        begins = f"begins with {first[:SHOWN]!r}" if first else "is empty"
        raise Unreadable(
            f"This is no calendar: it {begins}, and a calendar begins with BEGIN:VCALENDAR. Give "
            "the .ics file, or the address of the .ics file itself."
        )
    return text


def _event_lines(text: str, most: int) -> list[int]:
    """Find on which line each event begins, and that all that begins also ends."""
    open_ones: list[tuple[str, int]] = []
    starts: list[int] = []
    for line, words in enumerate(text.split("\n"), start=1):
        edge, _, name = words.strip().upper().partition(":")
        if edge == "BEGIN":
            open_ones.append((name, line))
            starts += [line] * (name in EVENTS)
        elif edge == "END" and (not open_ones or open_ones.pop()[0] != name):
            raise Unreadable(
                f"Line {line} ends a {name[:SHOWN]} that was not begun; export the calendar again."
            )
    if open_ones:
        name, line = open_ones[-1]
        raise Unreadable(
            f"The {name[:SHOWN]} that begins on line {line} has no end; the file seems cut "
            "short, so export the calendar again."
        )
    if len(starts) > most:
        raise Unreadable(
            f"The calendar has {len(starts):,} events and at most {most:,} are read; give one "
            "with fewer, such as one without past years."
        )
    return starts


def _calendars(text: str, lines: list[int]) -> Iterator[tuple[Part, dict[int, int]]]:
    """Parse the text; beside each calendar the line of each of its events, by identity."""
    try:
        every = Calendar.from_ical(_SHORT_OFFSET.sub(r"\g<1>00\2", text), multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        said = " ".join(str(error).split())[: 2 * SHOWN]
        raise Unreadable(
            f"The calendar cannot be read ({said}); export it again, or give another."
        ) from error
    left = iter(lines)
    for calendar in every:
        places = {id(each): next(left, 0) for each in _timed(calendar)}
        yield calendar, places


def _timed(calendar: Part) -> list[Part]:
    return [each for each in calendar.walk() if each.name in EVENTS]


def _groups(calendar: Part, places: dict[int, int]) -> Iterable[list[Part]]:
    """Put together the events that are one: a repeating one, and its changed occurrences."""
    groups: dict[Any, list[Part]] = {}
    for each in _timed(calendar):
        _check_times(each, places[id(each)])
        uid = each.get("UID")
        groups.setdefault(id(each) if uid is None else (each.name, str(uid)), []).append(each)
    return groups.values()


def _check_times(event: Part, line: int) -> None:
    broken = next((name for name, _ in event.errors if str(name).upper() in TIMING), None)
    if broken is not None:
        raise Unreadable(
            f"The event that begins on line {line} has a {broken} that cannot be read; mend that "
            "event, or take it out."
        )
    if event.name == "VEVENT" and "DTSTART" not in event:
        raise Unreadable(
            f"The event that begins on line {line} has no DTSTART, so nobody can tell when it is; "
            "mend that event, or take it out."
        )


def _each_span(
    calendar: Part, group: list[Part], places: dict[int, int], asked: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    uid = str(group[0].get("UID", "")).strip()
    if uid.endswith(asked["own"]) or uid in asked["own_uids"]:
        return
    line = places[id(group[0])]
    try:
        if group[0].name == "VFREEBUSY":
            yield from _free_busy(group)
        else:
            yield from _events(calendar, group, asked)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        said = " ".join(str(error).split())[: 2 * SHOWN]
        raise Unreadable(
            f"The event that begins on line {line} makes no sense ({said}); mend that event, or "
            "take it out."
        ) from error


def _free_busy(group: list[Part]) -> Iterator[tuple[str, str]]:
    for each in group:
        given = each.get("FREEBUSY", [])
        for period in given if isinstance(given, list) else [given]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() not in FREE:
                start, end = period.dt
                yield _worded(start), _worded(start + end if isinstance(end, timedelta) else end)


def _events(calendar: Part, group: list[Part], asked: dict[str, Any]) -> Iterator[tuple[str, str]]:
    own = Calendar()
    if "X-WR-TIMEZONE" in calendar:
        own["X-WR-TIMEZONE"] = calendar["X-WR-TIMEZONE"]
    own.subcomponents = list(group)
    query = recurring_ical_events.of(own)
    repeats = any(name in each for each in group for name in REPEATING)
    for start, end in _steps(asked, first=1 if repeats else 1000):
        for each in query.between(start, end):
            if _takes_time(each):
                yield _worded(each["DTSTART"].dt), _worded(_end_of(each))


def _steps(asked: dict[str, Any], *, first: int) -> Iterator[tuple[datetime, datetime]]:
    """Cut the time looked at into growing steps of days, so that what is too much shows early.

    A day of margin on either side holds whatever zone the wall-clock times are in.
    """
    at = datetime.fromisoformat(asked["start"]) - DAY
    last, days = datetime.fromisoformat(asked["end"]) + DAY, first
    while at < last:
        step = min(at + days * DAY, last)
        yield at, step
        at, days = step, min(2 * days, LONGEST_STEP)


def _takes_time(event: Part) -> bool:
    """Leave out what is marked as free, and what is cancelled."""
    transparent = str(event.get("TRANSP", "")).strip().upper() == "TRANSPARENT"
    return not transparent and str(event.get("STATUS", "")).strip().upper() != "CANCELLED"


def _end_of(event: Part) -> Wall:
    """Find where it ends: a day without an end is that day, an instant without one no time."""
    start: Wall = event["DTSTART"].dt
    if "DTEND" in event:
        return _like(event["DTEND"].dt, start)
    if "DURATION" in event:
        return start + _length(event["DURATION"].dt)
    return start if isinstance(start, datetime) else start + DAY


def _like(end: Wall, start: Wall) -> Wall:
    """Give an end that is a day beside a start that is a time the midnight that it means."""
    if isinstance(start, datetime) and not isinstance(end, datetime):
        return datetime.combine(end, time(), tzinfo=start.tzinfo)
    return end


def _length(given: Any) -> timedelta:
    if not isinstance(given, timedelta):
        raise TypeError("its DURATION is no length of time")
    return given


def _worded(at: Wall) -> str:
    """Write a time: with a zone in UTC, without one as the wall clock, a day as its midnight."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time()).isoformat()
    return at.isoformat() if at.tzinfo is None else at.astimezone(UTC).isoformat()


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Answer order after order until there are no more."""
    for line in iter(orders.readline, b""):
        asked = json.loads(line)
        content = orders.read(asked["bytes"])
        answers.write(json.dumps(answer(content, asked)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serve(sys.stdin.buffer, sys.stdout.buffer)
