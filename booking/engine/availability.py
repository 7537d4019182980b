"""Free time of a resource: opening hours less closures and what is held, and slots in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from booking.engine.intervals import Interval, in_utc, steps, subtract, union

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """A quantity of a resource that somebody has for an interval, its buffers included."""

    interval: Interval
    quantity: int


def busy_time(holds: Iterable[Held], *, capacity: int, quantity: int) -> tuple[Interval, ...]:
    """Find when fewer than `quantity` of the `capacity` units are free; merged, sorted.

    Only what holds take away: a quantity above the capacity is not busy time.
    """
    levels = steps((held.interval, held.quantity) for held in holds)
    return union(
        Interval(start, end)
        for (start, level), (end, _) in pairwise(levels)
        if level > capacity - quantity
    )


def free_time(
    open_windows: Iterable[Interval],
    closures: Iterable[Interval],
    holds: Iterable[Held],
    *,
    capacity: int,
    quantity: int,
    before: timedelta,
    after: timedelta,
) -> tuple[Interval, ...]:
    """Find the time in which a new booking of `quantity` units may lie, merged and sorted.

    Any part of it may be booked: at least `quantity` units are free all the time, also
    during the new booking's own buffers, `before` and `after` it. Its buffers may lie
    outside opening hours and within closures. None if `quantity` is above `capacity`.
    """
    if quantity > capacity:
        return ()
    busy = busy_time(holds, capacity=capacity, quantity=quantity)
    # The new booking's clean-up falls before what is held, its set-up after.
    kept_clear = (each.widened(before=after, after=before) for each in busy)
    return subtract(open_windows, (*closures, *kept_clear))


def on_grid(at: datetime, grid_minutes: int) -> bool:
    """Say whether the instant is a whole multiple of the grid after 1970-01-01 00:00 UTC."""
    return not (in_utc(at) - EPOCH) % timedelta(minutes=grid_minutes)


def grid_floor(at: datetime, grid_minutes: int) -> datetime:
    """Find the last grid instant not after `at`."""
    at = in_utc(at)
    return at - (at - EPOCH) % timedelta(minutes=grid_minutes)


def grid_ceiling(at: datetime, grid_minutes: int) -> datetime:
    """Find the first grid instant not before `at`."""
    floor = grid_floor(at, grid_minutes)
    return floor if floor == at else floor + timedelta(minutes=grid_minutes)


def slots(
    free: Iterable[Interval], *, minutes: int, grid_minutes: int, first: datetime | None = None
) -> Iterator[Interval]:
    """Yield each slot of `minutes` that starts on the grid and fits in the free time.

    Slots come by start and overlap one another where they are longer than the grid. The
    grid is counted from 1970-01-01 00:00 UTC. None starts before `first`.
    Raises: ValueError if the length or the grid is not at least a minute.
    """
    if minutes < 1 or grid_minutes < 1:
        raise ValueError("A slot and the grid are each at least 1 minute long.")
    length, step = timedelta(minutes=minutes), timedelta(minutes=grid_minutes)
    for window in union(free):
        earliest = window.start if first is None else max(window.start, in_utc(first))
        start = grid_ceiling(earliest, grid_minutes)
        while start + length <= window.end:
            yield Interval(start, start + length)
            start += step


def offered(
    open_windows: Iterable[Interval], holds: Iterable[Held], capacity: int
) -> tuple[int, tuple[Interval, ...]]:
    """Choose what a resource offers a round: one capacity, and when it is free throughout.

    Of the capacities 1 to `capacity` the one with the most unit-minutes; ties to the
    larger. Nothing free gives (`capacity`, no windows). Windows are merged and sorted.
    """
    windows, held = union(open_windows), tuple(holds)
    best: tuple[int, tuple[Interval, ...]] = (capacity, ())
    most = 0
    # Only where the load changes can the windows change, so few capacities need a look.
    for level in _levels(held, capacity):
        free = subtract(windows, busy_time(held, capacity=capacity, quantity=level))
        amount = level * sum(each.minutes for each in free)
        if amount > most:
            best, most = (level, free), amount
    return best


def _levels(holds: tuple[Held, ...], capacity: int) -> list[int]:
    """List the capacities worth trying, largest first: what is left at each load."""
    loads = {level for _, level in steps((held.interval, held.quantity) for held in holds)}
    return sorted({capacity - load for load in loads | {0} if load < capacity}, reverse=True)
