"""What an outside calendar may be: its limits, the time that is looked at, when it is tried again.

Nobody's title, place or name of it is ever kept: only when something is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from booking.engine.intervals import Interval, union

LARGEST_BYTES: Final = 2 * 1024 * 1024
MOST_EVENTS: Final = 5_000
MOST_OCCURRENCES: Final = 10_000
MOST_CALENDARS: Final = 5
LOOKED_BACK: Final = timedelta(days=1)
LOOKED_AHEAD: Final = timedelta(days=400)
FETCHED_EVERY: Final = timedelta(minutes=30)
BACK_OFF: Final = tuple(timedelta(minutes=each) for each in (5, 15, 60, 240, 720, 1440))
TOLD_AFTER: Final = 5
BUSY_ELSEWHERE: Final = "busy elsewhere"
_FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BusyChanges:
    """What of the known busy time goes, and what comes; both sorted."""

    gone: tuple[Interval, ...]
    come: tuple[Interval, ...]


def looked_at(now: datetime) -> Interval:
    """Say which time an outside calendar is read for: from a day ago to 400 days ahead."""
    return Interval(now - LOOKED_BACK, now + LOOKED_AHEAD)


def busy_times(
    spans: Iterable[tuple[datetime, datetime]], *, now: datetime
) -> tuple[Interval, ...]:
    """Merge what events take into busy time, of those alone that touch the time looked at.

    An event keeps its own ends beyond that time, so that what is kept of it does not change
    from day to day. One that ends when it starts, or before, takes no time.
    """
    within = looked_at(now)
    kept = ((max(start, _FIRST), min(end, _LAST)) for start, end in spans)
    taken = (Interval(start, end) for start, end in kept if start < end)
    return union(each for each in taken if each.overlaps(within))


def busy_changes(
    known: Iterable[Interval], found: Iterable[Interval], *, now: datetime
) -> BusyChanges:
    """Compare the known busy time with what was found now; what was over before stays known."""
    since = looked_at(now).start
    before = {each for each in known if each.end > since}
    after = set(found)

    def in_order(spans: set[Interval]) -> tuple[Interval, ...]:
        return tuple(sorted(spans, key=lambda each: (each.start, each.end)))

    return BusyChanges(gone=in_order(before - after), come=in_order(after - before))


def next_try(now: datetime, *, failures: int) -> datetime:
    """Say when a calendar is fetched next, after so many failures in a row; 0 is a success."""
    if not failures:
        return now + FETCHED_EVERY
    return now + BACK_OFF[min(failures, len(BACK_OFF)) - 1]
