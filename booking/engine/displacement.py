"""Which bookings a closure falls upon: those that give way to it, and those that stay."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final
from uuid import UUID

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import ClosureKind

# What is in use or done stays; it is listed, for a person to look after.
STAYING: Final = frozenset({BookingStatus.IN_USE, BookingStatus.COMPLETED})
LONGEST_REASON: Final = 500
WHY_CLOSED: Final[Mapping[ClosureKind, str]] = {
    ClosureKind.HOLIDAY: "Closed for a holiday",
    ClosureKind.MAINTENANCE: "Closed for maintenance",
    ClosureKind.OUTAGE: "Out of service",
}


@dataclass(frozen=True, slots=True)
class ClosedSpan:
    """When a closure shuts a resource, or a whole facility where it names none."""

    closure_id: UUID
    resource_id: UUID | None
    interval: Interval


class ClosedTimes:
    """The spans of one facility's closures, to be asked about any number of bookings.

    Cost: a bisection a question.
    """

    def __init__(self, spans: Iterable[ClosedSpan]) -> None:
        """Sort the spans by what they shut, and by start."""
        found: dict[UUID | None, list[ClosedSpan]] = defaultdict(list)
        for each in sorted(spans, key=lambda span: (span.interval, span.closure_id)):
            found[each.resource_id].append(each)
        self._spans = dict(found)
        self._reaches = {
            key: list(accumulate((each.interval.end for each in spans), max))
            for key, spans in found.items()
        }

    def first_over(self, resource_id: UUID, interval: Interval) -> ClosedSpan | None:
        """Find the earliest span that shuts the resource within the interval."""
        over = (self._first(key, interval) for key in (resource_id, None))
        return min(
            (each for each in over if each is not None),
            key=lambda each: (each.interval.start, each.closure_id),
            default=None,
        )

    def _first(self, key: UUID | None, interval: Interval) -> ClosedSpan | None:
        # Where the farthest end so far passes the start, that span itself ends after it.
        at = bisect_right(self._reaches.get(key, []), interval.start)
        if at == len(self._spans.get(key, [])):
            return None
        span = self._spans[key][at]
        return span if span.interval.overlaps(interval) else None


def still_to_come(starts_at: datetime, ends_at: datetime, now: datetime) -> Interval | None:
    """Give the part of a closure that is not over: what is past displaces nobody."""
    return Interval(max(starts_at, now), ends_at) if ends_at > now else None


def why_closed(kind: ClosureKind, reason: str) -> str:
    """Word why a booking had to give way."""
    words = " ".join(reason.split())
    cut = words if len(words) <= LONGEST_REASON else f"{words[: LONGEST_REASON - 1]}…"
    return f"{WHY_CLOSED[kind]}: {cut}" if cut else f"{WHY_CLOSED[kind]}."
