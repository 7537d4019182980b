"""What the time of a resource is: free, taken, kept for a round, or not to be had."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, Generic, NamedTuple, TypeVar

from booking.engine.lifecycle import BookingMode, ResourceState
from booking.queries.month import Closed, Kept, Line, Span, Taken, Times

DAY_SECONDS: Final = 86_400
T = TypeVar("T", bound=Sequence[Any])


class Look(StrEnum):
    """What stands in a calendar; the word is the class of its colour."""

    FREE = "free"
    TAKEN = "taken"
    KEPT = "kept"
    CLOSED = "closed"
    SHUT = "shut"


class Piece(NamedTuple):
    """A part of a resource's time; `units` are those free throughout, `of` what takes it."""

    start: int
    end: int
    look: Look
    units: int
    of: Taken | Closed | Kept | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A resource's period in pieces by start, without gaps; `free` are the bookable spans."""

    times: Times
    pieces: tuple[Piece, ...]
    free: tuple[Span, ...]


def draw(times: Times, *, within: Span, now: datetime, quantity: int = 1) -> Drawn:
    """Say of every moment of a period what it is."""
    free = free_spans(times, now=now, quantity=quantity)
    cuts = _cuts(times, within, free)
    return Drawn(times, tuple(_pieces(times, cuts, free)), tuple(_inside(free, [within])))


def free_spans(times: Times, *, now: datetime, quantity: int = 1) -> list[Span]:
    """List when so many units may be booked, as the rules of booking let; on the grid."""
    line = times.line
    span = _bookable(line, int(now.timestamp()))
    if span is None or quantity > line.capacity:
        return []
    before, after = line.buffer_before_minutes * 60, line.buffer_after_minutes * 60
    # Bookings keep their buffers, and so will the one to come: it stays as far from full times.
    busy = [
        (start - after, end + before)
        for start, end, level in levels(times.taken, before, after)
        if level > line.capacity - quantity
    ]
    shut = [(each.start, each.end) for each in times.closed]
    kept = [(each.start, each.end) for each in times.kept]
    left = _inside(_without(times.open, merged([*busy, *shut, *kept])), [span])
    grid, shortest = line.grid_minutes * 60, (line.minimum_minutes or line.grid_minutes) * 60
    drawn_in = ((-(-start // grid) * grid, end // grid * grid) for start, end in left)
    return [(start, end) for start, end in drawn_in if end - start >= shortest]


def _bookable(line: Line, now: int) -> Span | None:
    """Return when bookings may lie by lead time and horizon; None where none may be made."""
    if line.state is not ResourceState.PUBLISHED or line.mode is BookingMode.ROUND_ONLY:
        return None
    longest = line.maximum_minutes or line.minimum_minutes or line.grid_minutes
    first = now + line.lead_minutes * 60
    last = now + line.horizon_days * DAY_SECONDS + longest * 60
    return (first, last) if first < last else None


def levels(
    taken: Iterable[Taken], before: int = 0, after: int = 0
) -> Iterator[tuple[int, int, int]]:
    """Yield the spans in which anything is taken with the units taken; by start.

    Each is taken `before` seconds earlier and `after` seconds longer.
    """
    change: dict[int, int] = {}
    for each in taken:
        start, end = each.start - before, each.end + after
        change[start] = change.get(start, 0) + each.quantity
        change[end] = change.get(end, 0) - each.quantity
    level = 0
    for start, end in pairwise(sorted(change)):
        level += change[start]
        if level:
            yield start, end, level


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sort spans, and join those that overlap or touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _without(spans: Iterable[Span], minus: Sequence[Span]) -> Iterator[Span]:
    """Yield what merged spans leave of others; both by start."""
    first = 0
    for start, end in spans:
        while first < len(minus) and minus[first][1] <= start:
            first += 1
        at, number = start, first
        while number < len(minus) and minus[number][0] < end:
            if at < minus[number][0]:
                yield at, minus[number][0]
            at = max(at, minus[number][1])
            number += 1
        if at < end:
            yield at, end


def _inside(spans: Iterable[Span], within: Sequence[Span]) -> list[Span]:
    """Keep what lies in any of a few spans."""
    return [
        (max(start, first), min(end, last))
        for first, last in within
        for start, end in spans
        if start < last and first < end
    ]


def _cuts(times: Times, within: Span, free: Iterable[Span]) -> list[int]:
    """List the instants of a period at which anything may change."""
    spans = [*times.open, *free]
    spans += [(each.start, each.end) for each in times.taken]
    spans += [(each.start, each.end) for each in times.closed]
    spans += [(each.start, each.end) for each in times.kept]
    first, last = within
    inner = {each for start, end in spans for each in (start, end) if first < each < last}
    return [first, *sorted(inner), last]


def _pieces(times: Times, cuts: Sequence[int], free: Sequence[Span]) -> Iterator[Piece]:
    """Yield a piece from cut to cut; neighbours that are the same are one."""
    held: Piece | None = None
    for each in _each_piece(times, cuts, free):
        if held is not None and held[2:] == each[2:]:
            held = held._replace(end=each.end)
            continue
        if held is not None:
            yield held
        held = each
    if held is not None:
        yield held


def _each_piece(times: Times, cuts: Sequence[int], free: Sequence[Span]) -> Iterator[Piece]:
    taken = _Running(times.taken)
    closed = _Running(times.closed)
    kept = _Running(times.kept)
    open_ = _Running(times.open)
    bookable = _Running(free)
    capacity = times.line.capacity
    for start, end in pairwise(cuts):
        holds = taken.at(start)
        units = max(capacity - sum(each.quantity for each in holds), 0)
        if bookable.at(start):
            yield Piece(start, end, Look.FREE, units, None)
        elif holds:
            yield Piece(start, end, Look.TAKEN, units, holds[0] if capacity == 1 else None)
        elif shut := closed.at(start):
            yield Piece(start, end, Look.CLOSED, 0, shut[0])
        elif open_.at(start) and (reserved := kept.at(start)):
            yield Piece(start, end, Look.KEPT, 0, reserved[0])
        else:
            yield Piece(start, end, Look.SHUT, 0, None)


class _Running(Generic[T]):
    """Which of some spans, by start, run at an instant; asked for rising instants."""

    def __init__(self, spans: Sequence[T]) -> None:
        self.spans = spans
        self.next = 0
        self.running: list[T] = []

    def at(self, instant: int) -> list[T]:
        """Return those that run."""
        while self.next < len(self.spans) and self.spans[self.next][0] <= instant:
            self.running.append(self.spans[self.next])
            self.next += 1
        self.running = [each for each in self.running if each[1] > instant]
        return self.running
