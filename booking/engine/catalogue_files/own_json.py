"""Our own JSON, `benchshare-catalogue/1`: every field of a facility and its resources."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from booking.engine.catalogue_files.drafts import (
    FileUnreadable,
    ResourceDraft,
    Row,
    RowRefused,
    once_each,
    one_line,
    unstorable,
)
from booking.engine.catalogue_files.osg import loaded
from booking.engine.catalogue_rules import (
    FACILITY_FIELDS,
    RESOURCE_FIELDS,
    CatalogueCode,
    Choice,
    Field,
    Listed,
    Text,
    Whole,
    field_faults,
    length_faults,
)
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import WeeklyHours
from booking.engine.violations import Violation

FORMAT: Final = "benchshare-catalogue/1"
SOURCE: Final = "json"
MOST_ROWS: Final = 50_000
HOURS: Final = "opening_hours"
# What an entry says beside the fields that anybody may edit.
ORIGIN: Final[Mapping[str, Field]] = {
    "state": Choice(ResourceState),
    "source": Text(20, needed=True),
    "source_key": Text(300, needed=True),
    "imported_position": Whole(0, 2_000_000_000, optional=True),
    HOURS: Listed(dict),
}
HOUR_FIELDS: Final = ("weekday", "opens", "closes")


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of ours: the facility's fields, if it has any, and a draft or reason a row."""

    facility: Mapping[str, Any]
    hours: tuple[WeeklyHours, ...] | None
    rows: tuple[Row, ...]


def read(text: str) -> OwnFile:
    """Read a file; the first resource is row 1.

    Raises: FileUnreadable if it is not JSON, not of this format, or its facility is wrong.
    """
    found = loaded(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FileUnreadable(f'The file should be an object with "format": "{FORMAT}".')
    unknown = sorted(set(found) - {"format", "facility", "resources"})
    if unknown:
        raise FileUnreadable(f"/{unknown[0]} is no member of this format: take it out.")
    entries = found.get("resources", [])
    if not isinstance(entries, list):
        raise FileUnreadable("/resources should be a list of objects.")
    facility, hours = _facility(found.get("facility", {}))
    rows = [_row(at, entry) for at, entry in enumerate(entries, start=1)]
    return OwnFile(facility, hours, tuple(once_each(rows)))


def write(facility: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> str:
    """Write a facility and its resources; `read` gives back the same."""
    found = {"format": FORMAT, "facility": dict(facility), "resources": [dict(e) for e in entries]}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def hours_to_json(hours: Iterable[WeeklyHours]) -> list[dict[str, Any]]:
    """Write weekly hours as `{weekday, opens, closes}`, in order."""
    return [
        {"weekday": each.weekday, "opens": f"{each.opens:%H:%M}", "closes": f"{each.closes:%H:%M}"}
        for each in sorted(hours, key=lambda each: (each.weekday, each.opens, each.closes))
    ]


def hours_from_json(entries: Iterable[Mapping[str, Any]]) -> tuple[WeeklyHours, ...]:
    """Read weekly hours.

    Raises: ValueError with a sentence for people.
    """
    return tuple(_hours(each) for each in entries)


def _hours(entry: Mapping[str, Any]) -> WeeklyHours:
    if set(entry) != set(HOUR_FIELDS) or not isinstance(entry["weekday"], int):
        raise ValueError(
            'Opening hours are written {"weekday": 0, "opens": "09:00", "closes": "17:00"}; '
            "Monday is 0."
        )
    opens, closes = (time.fromisoformat(str(entry[each])) for each in HOUR_FIELDS[1:])
    return WeeklyHours(entry["weekday"], opens, closes)


def _facility(entry: Any) -> tuple[Mapping[str, Any], tuple[WeeklyHours, ...] | None]:
    if not isinstance(entry, dict):
        raise FileUnreadable("/facility should be an object.")
    fields = {**FACILITY_FIELDS, "slug": Text(80, needed=True), HOURS: Listed(dict)}
    faults = field_faults(fields, entry, at="/facility")
    reason = faults[0].reason if faults else unstorable(entry)
    if reason:
        raise FileUnreadable(reason)
    values = {name: value for name, value in entry.items() if name != HOURS}
    try:
        return values, hours_from_json(entry[HOURS]) if HOURS in entry else None
    except ValueError as error:
        raise FileUnreadable(f"/facility/{HOURS}: {error}") from error


def _row(at: int, entry: Any) -> Row:
    if not isinstance(entry, dict):
        return RowRefused(at, f"/resources/{at - 1} should be an object.")
    name = one_line(str(entry.get("name", "")), 100)
    faults = _faults(at, entry)
    reason = " ".join(each.reason for each in faults) or unstorable(entry)
    if reason:
        return RowRefused(at, reason, name)
    try:
        hours = hours_from_json(entry[HOURS]) if HOURS in entry else None
    except ValueError as error:
        return RowRefused(at, f"/resources/{at - 1}/{HOURS}: {error}", name)
    return _draft(at, entry, hours)


def _draft(
    at: int, entry: Mapping[str, Any], hours: tuple[WeeklyHours, ...] | None
) -> ResourceDraft:
    extra = ("imported", "imported_position")
    values = {
        name: value for name, value in entry.items() if name in RESOURCE_FIELDS or name in extra
    }
    return ResourceDraft(
        row=at,
        source=str(entry.get("source", SOURCE)),
        key=str(entry.get("source_key", one_line(entry["name"], 300).casefold()[:300])),
        values=values,
        state=entry.get("state"),
        hours=hours,
    )


def _faults(at: int, entry: Mapping[str, Any]) -> tuple[Violation, ...]:
    pointer = f"/resources/{at - 1}"
    known = {name: value for name, value in entry.items() if name != "imported"}
    faults = field_faults({**RESOURCE_FIELDS, **ORIGIN}, known, at=pointer)
    missing = tuple(
        Violation(CatalogueCode.FIELD_INVALID, f"{pointer}/{each} is needed.", f"{pointer}/{each}")
        for each in ("name", "kind")
        if each not in entry
    )
    if not isinstance(entry.get("imported", {}), dict):
        reason = f"{pointer}/imported should be an object."
        missing += (Violation(CatalogueCode.FIELD_INVALID, reason, f"{pointer}/imported"),)
    return missing + (faults or _length_faults(entry))


def _length_faults(entry: Mapping[str, Any]) -> tuple[Violation, ...]:
    return length_faults(
        grid_minutes=entry.get("grid_minutes", 15),
        minimum_minutes=entry.get("minimum_minutes"),
        maximum_minutes=entry.get("maximum_minutes"),
    )
