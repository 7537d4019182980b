"""Instants, intervals and amounts in plain words, for the sentences that rules give."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final

from booking.engine.intervals import Interval, in_utc

MOST_LISTED: Final = 3
MINUTES_A_DAY: Final = 1440
_AT: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d"
_SAME_DAY: Final = re.compile(rf"({_AT})-(\d\d:\d\d) UTC", re.ASCII)
_DAYS: Final = re.compile(rf"({_AT}) to ({_AT}) UTC", re.ASCII)
_INSTANT: Final = re.compile(rf"({_AT}) UTC", re.ASCII)


def at_words(at: datetime) -> str:
    """Word an instant to the minute, in UTC."""
    return f"{in_utc(at):%Y-%m-%d %H:%M} UTC"


def as_text(at: datetime) -> str:
    """Write an instant as JSON and HTML do: ISO 8601 in UTC, with a Z."""
    return in_utc(at).isoformat().replace("+00:00", "Z")


def in_words(interval: Interval) -> str:
    """Word an interval to the minute, in UTC; the date once where both ends share it."""
    start, end = interval.start, interval.end
    if start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M} UTC"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def with_times(
    sentence: str,
    *,
    interval: Callable[[datetime, datetime], str],
    instant: Callable[[datetime], str],
) -> str:
    """Return a rule's sentence with its times in other words, as of a reader's clock."""

    def reworded(found: re.Match[str]) -> str:
        on = "" if "-" in found[2] else found[1].partition(" ")[0] + " "
        return interval(_read(found[1]), _read(on + found[2]))

    for pattern in (_SAME_DAY, _DAYS):
        sentence = pattern.sub(reworded, sentence)
    return _INSTANT.sub(lambda found: instant(_read(found[1])), sentence)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def listed(intervals: Iterable[Interval]) -> str:
    """Word the first three intervals, and count those left out."""
    every = tuple(intervals)
    words = ", ".join(in_words(each) for each in every[:MOST_LISTED])
    left_out = len(every) - MOST_LISTED
    return f"{words} and {left_out} more times" if left_out > 0 else words


def counted(number: int, thing: str) -> str:
    """Word a count of things: 1 unit, 2 units."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def day_in_words(on: date) -> str:
    """Word a day without its weekday: 23 Nov 2026."""
    return f"{on.day} {on:%b %Y}"


def decimal(number: int, places: int) -> str:
    """Word a whole number of the last place as a decimal without trailing zeros."""
    whole, rest = divmod(number, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".") if rest else str(whole)


def credits_in_words(thousandths: int) -> str:
    """Word thousandths of a credit as a number of credits; less than a hundredth is dropped."""
    return decimal(thousandths // 10, 2)


def length_in_words(minutes: int) -> str:
    """Word a length of time: 4 h, 1 h 30 min, 45 min; whole days as 1 day, 3 days."""
    if minutes and not minutes % MINUTES_A_DAY:
        return counted(minutes // MINUTES_A_DAY, "day")
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest)) or "0 min"
