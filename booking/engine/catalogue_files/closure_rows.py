"""CSV of closures: `resource,starts_at,ends_at,reason,severity`, and the like of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from booking.engine.catalogue_files.drafts import FileUnreadable, RowRefused, one_line, plain
from booking.engine.catalogue_files.records import Record, read_table
from booking.engine.intervals import in_utc
from booking.engine.vocabulary import ClosureKind

# Our own name of a column first, then how lists of downtime name it.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "resource": ("resource", "resource_name", "resourcename", "instrument", "equipment"),
    "starts_at": ("starts_at", "start", "starts", "start_time", "starttime", "begin", "from"),
    "ends_at": ("ends_at", "end", "ends", "end_time", "endtime", "until", "to"),
    "reason": ("reason", "description", "summary", "comment"),
    "severity": ("severity", "kind"),
}
NEEDED: Final = {"starts_at": "begins", "ends_at": "ends"}
# The words of downtime lists, beside our own.
SEVERITIES: Final[Mapping[str, ClosureKind]] = {
    "": ClosureKind.MAINTENANCE,
    **{each.value: each for each in ClosureKind},
    "severe": ClosureKind.OUTAGE,
    "full": ClosureKind.OUTAGE,
    "down": ClosureKind.OUTAGE,
    "moderate": ClosureKind.MAINTENANCE,
    "partial": ClosureKind.MAINTENANCE,
}
CLOSING: Final = tuple(each for each in SEVERITIES if each)
# The resource can be used all the same, at least by and by.
CLOSES_NOTHING: Final = frozenset(
    {
        "intermittent",
        "intermittent outage",
        "no significant outage",
        "no significant outage expected",
        "none",
        "at risk",
        "warning",
        "degraded",
        "minor",
    }
)
_IN_BRACKETS: Final = re.compile(r"\s*\([^)]*\)\s*\Z")
_UTC_WORD: Final = re.compile(r"\s*\b(UTC|GMT)\Z", re.IGNORECASE)
_MONTH_FIRST: Final = ("%b %d, %Y %H:%M %z", "%B %d, %Y %H:%M %z")
_SPELT: Final = frozenset(
    spelling
    for names in COLUMNS.values()
    for name in names
    for spelling in (name, name.replace("_", " "), name.replace("_", "-"))
)


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


@dataclass(frozen=True, slots=True)
class RowSkipped:
    """One row that is in order and closes nothing, and why."""

    row: int
    reason: str
    name: str = ""


ClosureRow = ClosureDraft | RowSkipped | RowRefused


def read(text: str, *, zone: str) -> tuple[ClosureRow, ...]:
    """Read every row as a draft, or as all reasons why not.

    A time without an offset is one on the clock of `zone`.

    Raises: FileUnreadable if the first row names none of the columns, or not both times.
    """
    table = read_table(text, known=_SPELT)
    places = _places(table.header)
    for name, does in NEEDED.items():
        if name not in places:
            raise FileUnreadable(
                f"No column says when a closure {does}: name one of them {name} in the first row."
            )
    return tuple(_row(each, places, zone) for each in table.records)


def _places(header: tuple[str, ...]) -> dict[str, int]:
    """Find where each column stands; our own name of it goes before others."""
    names = [re.sub(r"[\s-]+", "_", each.strip().lower()) for each in header]
    return {
        column: next(names.index(each) for each in known if each in names)
        for column, known in COLUMNS.items()
        if any(each in names for each in known)
    }


def _row(record: Record, places: Mapping[str, int], zone: str) -> ClosureRow:
    if record.fault:
        return RowRefused(record.row, record.fault)
    row = {column: record.cells[at].strip() for column, at in places.items()}
    name = one_line(row.get("resource", ""), 300)
    severity = _IN_BRACKETS.sub("", one_line(row.get("severity", ""), 100)).lower()
    if severity in CLOSES_NOTHING:
        reason = (
            f"Its severity, {row['severity']!r}, leaves the resource usable, so nothing is closed. "
            "If it must close, write outage."
        )
        return RowSkipped(record.row, reason, name)
    faults: list[str] = []
    starts_at, ends_at = (_instant(row, each, zone, faults) for each in NEEDED)
    kind = SEVERITIES.get(severity)
    if kind is None:
        faults.append(
            f"Its severity, {row['severity']!r}, is not known: choose from {', '.join(CLOSING)}, "
            f"or, where nothing is closed, from {', '.join(sorted(CLOSES_NOTHING))}."
        )
    if kind is None or starts_at is None or ends_at is None:
        return RowRefused(record.row, " ".join(faults), name)
    reason = plain(row.get("reason", ""), 10_000)
    return ClosureDraft(record.row, name, starts_at, ends_at, reason, kind)


def _instant(row: Mapping[str, str], column: str, zone: str, faults: list[str]) -> datetime | None:
    """Read a date-time, by the zone's clock where it has no offset; None adds to `faults`."""
    written = row.get(column, "")
    at = _read(_UTC_WORD.sub("+00:00", written))
    if at is None:
        here, with_offset = examples(zone)
        faults.append(
            f"Its {column}, {written[:40]!r}, is no date-time: write it by the facility's clock, "
            f"such as {here}, or with an offset, such as {with_offset}."
        )
        return None
    try:
        return in_utc(at) if at.tzinfo else _by_the_clock(at, column, zone, faults)
    except OverflowError:
        faults.append(f"Its {column}, {written!r}, lies beyond the calendar: check its year.")
        return None


def _by_the_clock(wall: datetime, column: str, zone: str, faults: list[str]) -> datetime | None:
    """Find when the zone's clock shows `wall`; None, and a fault, unless it does so once.

    Raises: OverflowError beyond the calendar.
    """
    first, last = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    at = in_utc(first)
    if first.utcoffset() == last.utcoffset():
        return at
    if at < in_utc(last):
        mend = f"write {first.isoformat()} for the first time or {last.isoformat()} for the second"
        faults.append(f"Its {column}, {wall}, comes twice on the clock of {zone}: {mend}.")
        return None
    mend = f"write its offset too, such as {at.astimezone(ZoneInfo(zone)).isoformat()}"
    faults.append(f"Its {column}, {wall}, is skipped by the clock of {zone}: {mend}.")
    return None


def examples(zone: str) -> tuple[str, str]:
    """Give one time by the zone's clock as a file may hold it: without and with its offset."""
    at = datetime(2026, 12, 1, 9, tzinfo=ZoneInfo(zone))
    return f"{at:%Y-%m-%dT%H:%M}", at.isoformat()


def _read(written: str) -> datetime | None:
    # Figures alone are a date to Python, but a slip here.
    if not written or written.isdigit():
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return _month_first(written)


def _month_first(written: str) -> datetime | None:
    """Read the way of downtime lists: Apr 20, 2026 15:00 +0000."""
    if not written[:1].isalpha():
        return None
    for form in _MONTH_FIRST:
        try:
            return datetime.strptime(written, form)  # noqa: DTZ007 - each form has its offset
        except ValueError:
            continue
    return None
