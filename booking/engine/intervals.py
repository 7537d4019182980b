"""Half-open intervals of time in UTC, and the arithmetic of sets of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

MINUTE: Final = timedelta(minutes=1)


def in_utc(at: datetime) -> datetime:
    """Turn an aware instant into UTC.

    Raises: ValueError if `at` has no time zone.
    """
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone: add an offset, such as Z or +01:00.")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The time from `start` up to, not including, `end`; never empty.

    Instants of other zones are turned into UTC.
    Raises: ValueError if an instant has no zone, or the end is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Turn both ends into UTC and refuse what is empty."""
        start, end = in_utc(self.start), in_utc(self.end)
        if end <= start:
            raise ValueError(
                f"An interval ends after it starts: {end.isoformat()} is not after "
                f"{start.isoformat()}."
            )
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)

    @property
    def minutes(self) -> int:
        """Whole minutes inside; a part of a minute is dropped."""
        return (self.end - self.start) // MINUTE

    def overlaps(self, other: "Interval") -> bool:
        """Say whether the two share any time; touching is not sharing."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        """Say whether all of `other` lies within."""
        return self.start <= other.start and other.end <= self.end

    def widened(self, *, before: timedelta, after: timedelta) -> "Interval":
        """Grow by `before` at the start and `after` at the end."""
        return Interval(self.start - before, self.end + after)


def overlaps(a: Interval, b: Interval) -> bool:
    """Say whether the two share any time; touching is not sharing."""
    return a.overlaps(b)


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Merge into sorted intervals that neither overlap nor touch."""
    merged: list[Interval] = []
    for each in sorted(intervals):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return tuple(merged)


def intersect(a: Iterable[Interval], b: Iterable[Interval]) -> tuple[Interval, ...]:
    """Keep the time that is in both; the result is sorted and merged."""
    left, right = union(a), union(b)
    common: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i].start, right[j].start)
        end = min(left[i].end, right[j].end)
        if start < end:
            common.append(Interval(start, end))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(intervals: Iterable[Interval], minus: Iterable[Interval]) -> tuple[Interval, ...]:
    """Keep the time of `intervals` that is not in `minus`; sorted and merged."""
    taken = union(minus)
    kept: list[Interval] = []
    first = 0
    for each in union(intervals):
        while first < len(taken) and taken[first].end <= each.start:
            first += 1
        at, k = each.start, first
        while k < len(taken) and taken[k].start < each.end:
            if at < taken[k].start:
                kept.append(Interval(at, taken[k].start))
            at = max(at, taken[k].end)
            k += 1
        if at < each.end:
            kept.append(Interval(at, each.end))
    return tuple(kept)


def steps(loads: Iterable[tuple[Interval, int]]) -> tuple[tuple[datetime, int], ...]:
    """Give the instants at which the summed load changes, each with the load from then on.

    Sorted; the load before the first instant, and from the last one on, is 0.
    """
    change: dict[datetime, int] = {}
    for interval, quantity in loads:
        change[interval.start] = change.get(interval.start, 0) + quantity
        change[interval.end] = change.get(interval.end, 0) - quantity
    instants = sorted(change)
    levels = accumulate(change[at] for at in instants)
    return tuple(zip(instants, levels, strict=True))


def peak(loads: Iterable[tuple[Interval, int]]) -> int:
    """Find the largest summed load at any instant; 0 where there is none."""
    return max((level for _, level in steps(loads)), default=0)
