"""Times in words, as a reader's calendar and mail say them."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.engine.attendance import check_in_window, missed_at
from booking.engine.intervals import Interval

_DAY: Final = "%A {day} %B %Y"


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that IANA name; UTC where it is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def span_words(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Word a stretch of time on the zone's wall clock, with the zone and its offset.

    The date stands once where both ends share it, both offsets where they differ.
    """
    there = zone_of(zone)
    start, end = starts_at.astimezone(there), ends_at.astimezone(there)
    until = f"{end:%H:%M}" if start.date() == end.date() else instant_words(end)
    named = "UTC" if there.key == "UTC" else f"{there.key}, {_offsets(start, end)}"
    return f"{instant_words(start)} to {until} ({named})"


def instant_words(local: datetime) -> str:
    """Word an instant on its own wall clock: Tuesday 1 December 2026, 09:00."""
    return f"{local:{_DAY.format(day=local.day)}}, {local:%H:%M}"


def at_words(at: datetime, zone: str) -> str:
    """Word an instant on the zone's wall clock, with the zone."""
    there = zone_of(zone)
    return f"{instant_words(at.astimezone(there))} ({there.key})"


def check_in_words(booked: Interval, grace_minutes: int, zone: str) -> str:
    """Word from when to when check-in is needed, on the zone's wall clock."""
    there = zone_of(zone)
    first = check_in_window(booked).start.astimezone(there)
    last = missed_at(booked, grace_minutes=grace_minutes).astimezone(there)
    return f"needed between {first:%H:%M} and {last:%H:%M}"


def same_clock(starts_at: datetime, ends_at: datetime, zone: str, other: str) -> bool:
    """Say whether both zones' clocks show the same at both ends."""
    ours, theirs = zone_of(zone), zone_of(other)
    return all(
        at.astimezone(ours).utcoffset() == at.astimezone(theirs).utcoffset()
        for at in (starts_at, ends_at)
    )


def _offsets(start: datetime, end: datetime) -> str:
    first, last = _offset(start), _offset(end)
    return first if first == last else f"{first}, then {last}"


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
