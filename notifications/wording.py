"""Times in words, as a reader's calendar and mail say them, in the reader's language."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.engine.attendance import check_in_window, missed_at
from booking.engine.intervals import Interval
from booking.engine.wording import MINUTES_A_DAY
from notifications.language import Language


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of that IANA name; UTC where it is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def span_words(starts_at: datetime, ends_at: datetime, zone: str, language: Language) -> str:
    """Word a stretch of time on the zone's wall clock, with the zone and its offset.

    The date stands once where both ends share it, both offsets where they differ.
    """
    there = zone_of(zone)
    start, end = starts_at.astimezone(there), ends_at.astimezone(there)
    return language.say(
        "{start} to {end} ({zone})",
        start=instant_words(start, language),
        end=f"{end:%H:%M}" if start.date() == end.date() else instant_words(end, language),
        zone="UTC" if there.key == "UTC" else f"{there.key}, {_offsets(start, end, language)}",
    )


def instant_words(local: datetime, language: Language) -> str:
    """Word an instant on its own wall clock: Tuesday 1 December 2026, 09:00."""
    return f"{language.day(local)}, {local:%H:%M}"


def at_words(at: datetime, zone: str, language: Language) -> str:
    """Word an instant on the zone's wall clock, with the zone."""
    there = zone_of(zone)
    return f"{instant_words(at.astimezone(there), language)} ({there.key})"


def check_in_words(booked: Interval, grace_minutes: int, zone: str, language: Language) -> str:
    """Word from when to when check-in is needed, on the zone's wall clock."""
    there = zone_of(zone)
    first = check_in_window(booked).start.astimezone(there)
    last = missed_at(booked, grace_minutes=grace_minutes).astimezone(there)
    return language.say(
        "needed between {first} and {last}", first=f"{first:%H:%M}", last=f"{last:%H:%M}"
    )


def both_spans(
    starts_at: datetime, ends_at: datetime, zone: str, reader_zone: str, language: Language
) -> str:
    """Word a stretch of time on the facility's clock, and on the reader's where that differs."""
    there = span_words(starts_at, ends_at, zone, language)
    if same_clock(starts_at, ends_at, zone, reader_zone):
        return there
    here = span_words(starts_at, ends_at, reader_zone, language)
    return language.say("{there}; your time: {here}", there=there, here=here)


def same_clock(starts_at: datetime, ends_at: datetime, zone: str, other: str) -> bool:
    """Say whether both zones' clocks show the same at both ends."""
    ours, theirs = zone_of(zone), zone_of(other)
    return all(
        at.astimezone(ours).utcoffset() == at.astimezone(theirs).utcoffset()
        for at in (starts_at, ends_at)
    )


def length_words(minutes: int, language: Language) -> str:
    """Word a length of time: 4 h, 1 h 30 min, 45 min; whole days as 1 day, 3 days."""
    if minutes and not minutes % MINUTES_A_DAY:
        return language.count("{number} day", "{number} days", minutes // MINUTES_A_DAY)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest)
    return " ".join(parts) or "0 min"


def _offsets(start: datetime, end: datetime, language: Language) -> str:
    first, last = _offset(start), _offset(end)
    if first == last:
        return first
    return language.say("{first}, then {last}", first=first, last=last)


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
