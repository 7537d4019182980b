"""A resource's period by day, and its week as the cells of a table of hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from api.pages.calendar_days import Day, Hour, HourRow
from api.pages.calendar_spans import Drawn, Look, Piece, levels
from booking.queries.month import Taken


@dataclass(frozen=True, slots=True)
class DayShown:
    """One day of a resource: pieces and bookings cut to it; amounts in seconds.

    `free` is the time in which something may be booked, from `first` on; `taken` and
    `offered` count units as well.
    """

    day: Day
    pieces: tuple[Piece, ...]
    bookings: tuple[Taken, ...]
    free: int
    first: int | None
    taken: int
    offered: int

    @property
    def look(self) -> Look:
        """What the day is: free if any of it is, else what most of it is."""
        if self.free:
            return Look.FREE
        lasting: dict[Look, int] = {}
        for each in self.pieces:
            if each.look is not SHUT:
                lasting[each.look] = lasting.get(each.look, 0) + each.end - each.start
        return max(lasting, key=lambda look: lasting[look], default=SHUT)

    @property
    def is_idle(self) -> bool:
        """Whether nothing can be booked, and nothing else happens, all day."""
        return not self.bookings and all(each.look is SHUT for each in self.pieces)

    @property
    def named(self) -> tuple[Taken, ...]:
        """The bookings whose names the viewer may see."""
        return tuple(each for each in self.bookings if each.id is not None)

    @property
    def taken_percent(self) -> int:
        """The part of what is offered that is taken, up to a hundred."""
        return min(100, round(100 * self.taken / self.offered)) if self.offered else 0


SHUT: Final = Look.SHUT


class Cell(NamedTuple):
    """A cell of a table of hours: what it shows, over how many rows; no pieces, no such hour."""

    start: int
    rows: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class CellRow:
    """A row of a table of hours; a cell of None is covered by one above."""

    hour: HourRow
    start: int
    cells: tuple[Cell | None, ...]


def runs(days: Sequence[DayShown]) -> list[tuple[DayShown, ...]]:
    """Group idle days that follow each other; every other day stands alone."""
    found: list[tuple[DayShown, ...]] = []
    for each in days:
        if found and each.is_idle and found[-1][-1].is_idle:
            found[-1] += (each,)
        else:
            found.append((each,))
    return found


def by_day(drawn: Drawn, days: Sequence[Day]) -> tuple[DayShown, ...]:
    """Cut what happens on a resource into days."""
    times = drawn.times
    pieces = _cut(drawn.pieces, days)
    taken = _cut(times.taken, days)
    opened = _cut(times.open, days)
    free = _cut(drawn.free, days)
    capacity = times.line.capacity
    return tuple(
        DayShown(
            day=day,
            pieces=tuple(pieces[number]),
            bookings=tuple(taken[number]),
            free=sum(each[1] - each[0] for each in free[number]),
            first=free[number][0][0] if free[number] else None,
            taken=sum((end - start) * level for start, end, level in levels(taken[number])),
            offered=capacity * sum(each[1] - each[0] for each in opened[number]),
        )
        for number, day in enumerate(days)
    )


def _cut(spans: Sequence[Any], days: Sequence[Day]) -> list[list[Any]]:
    """Cut spans to the days they touch, a list a day."""
    found: list[list[Any]] = [[] for _ in days]
    first = 0
    for each in spans:
        start, end = each[0], each[1]
        while first < len(days) and days[first].end <= start:
            first += 1
        number = first
        while number < len(days) and days[number].start < end:
            day = days[number]
            found[number].append(_clipped(each, max(start, day.start), min(end, day.end)))
            number += 1
    return found


def _clipped(span: Any, start: int, end: int) -> Any:
    if (span[0], span[1]) == (start, end):
        return span
    rest = (start, end, *span[2:])
    return span._make(rest) if hasattr(span, "_make") else rest


def cell_rows(drawn: Drawn, rows: Sequence[HourRow]) -> tuple[CellRow, ...]:
    """Lay a resource's week out as hours by days; what goes on stands in one high cell.

    Rows that are shut on every day, first and last ones, are left out.
    """
    table = [[_in_hour(drawn.pieces, hour) for hour in row.days] for row in rows]
    shown = _from_first_to_last([any(_matters(each) for each in line) for line in table])
    rows, table = rows[shown], table[shown]
    grid = drawn.times.line.grid_minutes * 60
    return tuple(
        CellRow(
            row,
            _start_of(row),
            tuple(_cell(table, number, day, hour, grid) for day, hour in enumerate(row.days)),
        )
        for number, row in enumerate(rows)
    )


def _in_hour(pieces: Sequence[Piece], hour: Hour | None) -> tuple[Piece, ...] | None:
    if hour is None:
        return None
    return tuple(each for each in pieces if each.start < hour.end and hour.start < each.end)


def _matters(pieces: Sequence[Piece] | None) -> bool:
    return any(each.look is not SHUT for each in pieces or ())


def _from_first_to_last(matters: Sequence[bool]) -> slice:
    if True not in matters:
        return slice(0, len(matters))
    return slice(matters.index(True), len(matters) - matters[::-1].index(True))


def _start_of(row: HourRow) -> int:
    return next(each.start for each in row.days if each is not None)


def _cell(
    table: Sequence[Sequence[Any]], number: int, day: int, hour: Hour | None, grid: int
) -> Cell | None:
    pieces = table[number][day]
    if hour is None:
        return Cell(0, 1, ())
    if number and _goes_on(table[number - 1][day], pieces):
        return None
    last = number
    while last + 1 < len(table) and _goes_on(pieces, table[last + 1][day]):
        last += 1
    shown = tuple(_from_the_hour(each, hour, grid) for each in pieces)
    return Cell(hour.start, last + 1 - number, shown)


def _from_the_hour(piece: Piece, hour: Hour, grid: int) -> Piece:
    """Let free time begin in its own hour, on the grid, for that is what is offered there."""
    if piece.look is not Look.FREE or piece.start >= hour.start:
        return piece
    start = -(-hour.start // grid) * grid
    return piece._replace(start=start) if start < piece.end else piece


def _goes_on(above: Sequence[Piece] | None, below: Sequence[Piece] | None) -> bool:
    """Say whether two hours show the same one thing; every free hour can be chosen alone."""
    if above is None or below is None or len(above) != 1 or len(below) != 1:
        return False
    return above[0] == below[0] and above[0].look is not Look.FREE
