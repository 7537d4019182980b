"""OSG topology: a JSON list of computing and storage services, one draft an active one."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from booking.engine.catalogue_files.drafts import (
    FileUnreadable,
    ResourceDraft,
    Row,
    RowRefused,
    once_each,
    one_line,
    plain,
    unstorable,
)

SOURCE: Final = "osg"
FindCountry = Callable[[str], str | None]

# The first service of this table that a resource has says what kind it is.
KINDS: Final[Mapping[str, str]] = {
    "CE": "compute cluster",
    "Execution Endpoint": "compute nodes",
    "Submit Node": "job access point",
    "Connect": "job access point",
    "Pelican origin": "data origin",
    "XRootD origin server": "data origin",
    "Pelican cache": "data cache",
    "XRootD cache server": "data cache",
    "Squid": "web cache",
    "EOS": "data storage",
    "SRMv1": "data storage",
    "SRMv2": "data storage",
    "SRMv2.disk": "data storage",
    "SRMv2.tape": "tape storage",
    "XRootD component": "data storage",
    "WebDAV": "data storage",
    "WebDAV.tape": "tape storage",
    "GridFtp": "data transfer",
    "FTS": "data transfer",
    "net.perfSONAR.Bandwidth": "network measurement",
    "net.perfSONAR.Latency": "network measurement",
}


def read(text: str, *, find_country: FindCountry) -> tuple[Row, ...]:
    """Read every entry as a draft, or as a reason why not; the first is row 1.

    Raises: FileUnreadable if it is not JSON, or no list of resources.
    """
    entries = _entries(text)
    rows = [_row(at, entry, find_country) for at, entry in enumerate(entries, start=1)]
    return tuple(once_each(rows))


def loaded(text: str) -> Any:
    """Read JSON.

    Raises: FileUnreadable with the place of the fault.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FileUnreadable(
            f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(
            "This JSON holds a number too long or lists too deep to read: shorten them."
        ) from error


def _entries(text: str) -> list[Any]:
    found = loaded(text)
    entries = found.get("resources") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise FileUnreadable(
            "An OSG file is a JSON list of resources, or an object whose `resources` is one."
        )
    return entries


def _row(at: int, entry: Any, find_country: FindCountry) -> Row:
    if not isinstance(entry, dict):
        return RowRefused(at, "It is not an object: write {...} with a `resource` and `services`.")
    name = _line(entry, "resource", 300)
    country = _country(entry, find_country)
    reason = _reason(entry, name, country) or unstorable(entry)
    if reason:
        return RowRefused(at, reason, name)
    return ResourceDraft(
        row=at,
        source=SOURCE,
        key=name,
        values=_fields(entry, name, country or ""),
        imported={"entry": entry},
    )


def _reason(entry: Mapping[str, Any], name: str, country: str | None) -> str | None:
    services = entry.get("services")
    if not name:
        return "It has no name: fill in `resource`."
    if entry.get("active") is False or entry.get("disabled") is True:
        return "It is not active: only active resources are taken."
    if not isinstance(services, list) or not all(isinstance(each, str) for each in services):
        return "Its `services` are not a list of texts: write them as one."
    if not services:
        return "It names no services: fill in `services`."
    if country is None:
        return f"Its country, {entry['country']!r}, is not known: write the ISO code."
    return None


def _country(entry: Mapping[str, Any], find_country: FindCountry) -> str | None:
    """Find the country's code: empty where none is given, None where it is not known."""
    given = entry.get("country")
    if given is None or given == "":
        return ""
    return find_country(given) if isinstance(given, str) else None


def _fields(entry: Mapping[str, Any], name: str, country: str) -> dict[str, Any]:
    services = [one_line(each, 120) for each in entry["services"]]
    places = [_line(entry, each, 200) for each in ("site", "facility", "city")]
    return {
        "name": name,
        "kind": next((KINDS[each] for each in KINDS if each in services), services[0]),
        "description": plain(str(entry.get("description") or ""), 100_000),
        "technique": one_line(", ".join(services), 1000),
        "access_by": "virtual",
        "location": ", ".join(dict.fromkeys(each for each in places if each)),
        "country": country,
    }


def _line(entry: Mapping[str, Any], field: str, longest: int) -> str:
    value = entry.get(field)
    return one_line(value, longest) if isinstance(value, str) else ""
