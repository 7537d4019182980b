"""UNIQUIP, the UK's equipment data standard: CSV in, drafts out, and back without loss."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from booking.engine.catalogue_files.drafts import (
    ResourceDraft,
    Row,
    RowRefused,
    once_each,
    one_line,
    plain,
    unstorable,
    web_address,
)
from booking.engine.catalogue_files.records import Record, read_table, write_table

SOURCE: Final = "uniquip"
COLUMNS: Final = (
    "Type",
    "Name",
    "Description",
    "Related Facility ID",
    "Technique",
    "Location",
    "Contact Name",
    "Contact Telephone",
    "Contact URL",
    "Contact Email",
    "Secondary Contact Name",
    "Secondary Contact Telephone",
    "Secondary Contact URL",
    "Secondary Contact Email",
    "ID",
    "Photo",
    "Department",
    "Site Location",
    "Building",
    "Service Level",
    "Web Address",
)
KNOWN: Final = frozenset(each.lower() for each in COLUMNS)
# What tells two items of one name apart where the file has no IDs.
NATURAL_KEY: Final = ("related facility id", "department", "site location", "building", "location")
PLACE: Final = ("location", "building", "site location", "department")
UNKNOWN: Final = frozenset({"unknown", "n/a", "none", "tbc", "?"})
# Which column shows which field, for what was changed here after it came in.
COLUMN_OF: Final[Mapping[str, str]] = {
    "kind": "Type",
    "name": "Name",
    "description": "Description",
    "technique": "Technique",
    "location": "Location",
    "contact_name": "Contact Name",
    "contact_url": "Contact URL",
    "contact_email": "Contact Email",
    "web_address": "Web Address",
}
Cells = Sequence[tuple[str, str]]


def read(text: str) -> tuple[Row, ...]:
    """Read every row as a draft, or as a reason why not.

    Raises: FileUnreadable if the first row names no UNIQUIP column.
    """
    table = read_table(text, known=KNOWN)
    return tuple(once_each([_row(each, table.header) for each in table.records]))


def write(entries: Iterable[Mapping[str, Any]]) -> str:
    """Write resources as UNIQUIP: imported ones as they came, with their own columns.

    `entries` are resources as in our own JSON, in order.
    """
    rows = [_cells_of(each) for each in entries]
    columns = list(dict.fromkeys(name for row in rows for name, _ in _numbered(row)))
    if not columns:
        columns = [(name, 0) for name in COLUMNS]
    cells = [dict(_numbered(row)) for row in rows]
    header = [name for name, _ in columns]
    return write_table([header, *([row.get(each, "") for each in columns] for row in cells)])


def fields_of(cells: Cells) -> dict[str, str]:
    """Turn a row's cells into fields of a resource; the name is empty if there is none."""
    row = _by_column(cells)
    technique = one_line(row.get("technique", ""), 1000)
    description = plain(row.get("description", ""), 100_000)
    places = [one_line(row.get(each, ""), 200) for each in PLACE]
    name = one_line(row.get("name", ""), 300)
    if "name" not in row or not name:
        name = one_line(description or technique, 100)
    return {
        "name": name,
        "kind": one_line(row.get("type", "") or technique, 120) or "equipment",
        "description": description,
        "technique": technique,
        "location": ", ".join(dict.fromkeys(each for each in places if each)),
        "contact_name": one_line(row.get("contact name", ""), 300),
        "contact_email": one_line(row.get("contact email", ""), 254),
        "contact_url": web_address(row.get("contact url", "")),
        "web_address": web_address(row.get("web address", "")),
    }


def _row(record: Record, header: tuple[str, ...]) -> Row:
    if record.fault:
        name = record.cells[0] if record.cells else ""
        return RowRefused(record.row, record.fault, one_line(name, 100))
    cells = list(zip(header, record.cells, strict=True))
    fields = fields_of(cells)
    imported = {"cells": [list(each) for each in cells]}
    reason = _unnamed(fields["name"]) or unstorable(imported)
    if reason:
        return RowRefused(record.row, reason, one_line(fields["name"], 100))
    return ResourceDraft(
        row=record.row,
        source=SOURCE,
        key=_key(_by_column(cells), fields["name"]),
        values=fields,
        imported=imported,
    )


def _unnamed(name: str) -> str | None:
    if not name:
        return "It has neither a name nor a description: give it a name."
    if name.lower() in UNKNOWN:
        return f"Its item is written as {name}: give it a name."
    return None


def _key(row: Mapping[str, str], name: str) -> str:
    """Name the item: by its ID, else by its name and where it stands."""
    given = one_line(row.get("id", ""), 290)
    if given and given.lower() not in UNKNOWN:
        return f"id:{given}"
    parts = [name, *(one_line(row.get(each, ""), 1000) for each in NATURAL_KEY)]
    return f"row:{hashlib.sha256(chr(31).join(parts).casefold().encode()).hexdigest()}"


def _by_column(cells: Cells) -> dict[str, str]:
    """Map lower-case column names to cells; of a column that comes twice, the first filled."""
    row: dict[str, str] = {}
    for name, cell in cells:
        column = name.strip().lower()
        row[column] = row.get(column) or cell
    return row


def _numbered(cells: Cells) -> list[tuple[tuple[str, int], str]]:
    """Tell columns of one name apart by their number of appearance."""
    seen: dict[str, int] = {}
    numbered = []
    for name, cell in cells:
        numbered.append(((name, seen.get(name, 0)), cell))
        seen[name] = seen.get(name, 0) + 1
    return numbered


def _cells_of(entry: Mapping[str, Any]) -> Cells:
    came = [(str(name), str(cell)) for name, cell in entry["imported"].get("cells", [])]
    if not came:
        return _fresh_cells(entry)
    before = fields_of(came)
    changed = {
        column: str(entry[field])
        for field, column in COLUMN_OF.items()
        if entry[field] != before[field]
    }
    return _overlaid(came, changed)


def _overlaid(came: Cells, changed: Mapping[str, str]) -> Cells:
    left = dict(changed)
    cells = []
    for name, cell in came:
        column = next((each for each in left if each.lower() == name.strip().lower()), None)
        cells.append((name, cell if column is None else left.pop(column)))
    return [*cells, *left.items()]


def _fresh_cells(entry: Mapping[str, Any]) -> Cells:
    shown = {column: str(entry[field]) for field, column in COLUMN_OF.items()}
    shown["ID"] = str(entry["source_key"])
    return [(column, shown.get(column, "")) for column in COLUMNS]
