"""CSV as it really comes: records of cells, where one broken row spoils no other."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from booking.engine.catalogue_files.drafts import FileUnreadable

DELIMITERS: Final = (",", ";", "\t", "|")
MOST_LINES_A_RECORD: Final = 500
# A cell of figures and phone signs alone, such as +44 20 7946 0000, calculates nothing.
_FORMULA: Final = re.compile(r"'*(?:[=@\t\r]|[+-](?![\d\s().+-]*\Z))")


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one row; `fault` is why they cannot be told apart."""

    row: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A header as it came, and the records after it; blank lines count as rows."""

    header: tuple[str, ...]
    records: tuple[Record, ...]


def read_table(text: str, *, known: frozenset[str]) -> Table:
    """Read CSV whose first row names columns, `known` in lower case among them.

    The delimiter is the one that makes the most known columns: comma, semicolon, tab or
    bar, ties to the earlier. Cells that were escaped against formulas are given plain.
    Raises: FileUnreadable if the first row names no known column.
    """
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    at = next((number for number, line in enumerate(lines) if line.strip()), None)
    if at is None:
        raise FileUnreadable("The file is empty: it needs a first row that names the columns.")
    headers = ((each, *_record(lines, at, each)) for each in DELIMITERS)
    delimiter, header, used = max(headers, key=lambda each: _count(each[1] or (), known))
    if not _count(header or (), known):
        raise FileUnreadable(
            "The first row names no column that is known here: it should hold some of "
            f"{', '.join(sorted(known))}, separated by commas."
        )
    header = header or ()
    records = _records(lines, at + used, delimiter, width=len(header), row=at + 2)
    return Table(tuple(unescaped(each) for each in header), tuple(records))


def write_table(rows: Iterable[Iterable[str]]) -> str:
    """Write CSV with commas and CRLF; cells that a spreadsheet would run are escaped."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([escaped(cell) for cell in row] for row in rows)
    return text.getvalue()


def escaped(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    """Undo `escaped`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _count(header: Iterable[str], known: frozenset[str]) -> int:
    return len({each.strip().lower() for each in header} & known)


def _records(
    lines: list[str], at: int, delimiter: str, *, width: int, row: int
) -> Iterator[Record]:
    while at < len(lines):
        cells, used = _record(lines, at, delimiter)
        if used > 1 and (cells is None or len(cells) != width):
            # An open quote has swallowed what follows: give up this line alone.
            cells, used = None, 1
        if cells is None or any(each.strip() for each in cells):
            yield _judged(row, cells, width)
        elif cells:
            yield Record(row, (), "The row is empty: delete it.")
        at, row = at + used, row + 1


def _judged(row: int, cells: tuple[str, ...] | None, width: int) -> Record:
    if cells is None:
        fault = 'Its quotes do not close: write each " inside a cell twice.'
        return Record(row, (), fault)
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) != width:
        fault = (
            f"It has {len(cells)} cells where the first row has {width}: "
            "look for a missing quote, comma or line break."
        )
        return Record(row, cells, fault)
    return Record(row, tuple(unescaped(each) for each in cells))


def _record(lines: list[str], at: int, delimiter: str) -> tuple[tuple[str, ...] | None, int]:
    """Read the record that starts on a line: its cells, None if broken, and its lines."""
    some = lines[at : at + MOST_LINES_A_RECORD]  # to skip to it anew each time is quadratic
    reader = csv.reader(some, delimiter=delimiter, strict=True)
    try:
        cells = tuple(next(reader))
    except (csv.Error, StopIteration):
        return None, max(reader.line_num, 1)
    return cells, reader.line_num
