"""CSV of closures: `resource,starts_at,ends_at,reason,severity`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from booking.engine.catalogue_files.drafts import RowRefused, one_line, plain
from booking.engine.catalogue_files.records import Record, read_table
from booking.engine.intervals import in_utc
from booking.engine.vocabulary import ClosureKind

COLUMNS: Final = frozenset({"resource", "starts_at", "ends_at", "reason", "severity"})
NEEDED: Final = ("starts_at", "ends_at")
# The words of downtime lists, beside our own.
SEVERITIES: Final[Mapping[str, ClosureKind]] = {
    "": ClosureKind.MAINTENANCE,
    **{each.value: each for each in ClosureKind},
    "severe": ClosureKind.OUTAGE,
    "full": ClosureKind.OUTAGE,
    "intermittent outage": ClosureKind.OUTAGE,
    "moderate": ClosureKind.MAINTENANCE,
    "partial": ClosureKind.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class ClosureDraft:
    """One row; `resource` is a name or id as it came, empty for the whole facility.

    The end may lie before the start: the rules of closures say so.
    """

    row: int
    resource: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    kind: ClosureKind


def read(text: str) -> tuple[ClosureDraft | RowRefused, ...]:
    """Read every row as a draft, or as a reason why not.

    Raises: FileUnreadable if the first row names none of the columns.
    """
    table = read_table(text, known=COLUMNS)
    return tuple(_row(each, table.header) for each in table.records)


def _row(record: Record, header: tuple[str, ...]) -> ClosureDraft | RowRefused:
    if record.fault:
        return RowRefused(record.row, record.fault)
    row = {
        name.strip().lower(): cell.strip() for name, cell in zip(header, record.cells, strict=True)
    }
    name = one_line(row.get("resource", ""), 300)
    kind = SEVERITIES.get(row.get("severity", "").lower())
    try:
        starts_at, ends_at = (_instant(row, each) for each in NEEDED)
    except ValueError as error:
        return RowRefused(record.row, str(error), name)
    if kind is None:
        choices = ", ".join(each for each in SEVERITIES if each)
        reason = f"Its severity, {row['severity']!r}, is not known: choose from {choices}."
        return RowRefused(record.row, reason, name)
    reason = plain(row.get("reason", ""), 10_000)
    return ClosureDraft(record.row, name, starts_at, ends_at, reason, kind)


def _instant(row: Mapping[str, str], column: str) -> datetime:
    written = row.get(column, "")
    try:
        # Figures alone are a date to Python, but a slip here.
        at = datetime.fromisoformat("" if written.isdigit() else written)
        return in_utc(at)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"Its {column}, {written!r}, is no date-time with an offset: write it such as "
            "2026-12-01T09:00:00+01:00 or 2026-12-01T08:00:00Z."
        ) from error
