"""What the demonstration's facilities offer: the real OSG catalogue, and sample instruments.

OSG names no capacities, time zones or codes: zones are taken from country and longitude, and
the compute clusters that take part in the round get an assumed number of nodes.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.opening import WeeklyHours
from booking.engine.permissions import SYSTEM
from booking.queries.catalogue import resources_of
from booking.reference.countries import country_code
from booking.services import catalogue
from booking.services.catalogue_import import ImportFormat, import_catalogue
from booking.services.opening_hours import set_opening_hours

LABORATORIES: Final = ("savanna-imaging", "delta-diffraction", "andes-sequencing")
WEEKDAYS: Final = range(5)
ZONES: Final = {
    "AU": "Australia/Melbourne",
    "BE": "Europe/Brussels",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CH": "Europe/Zurich",
    "CN": "Asia/Shanghai",
    "CZ": "Europe/Prague",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "IN": "Asia/Kolkata",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul",
    "LB": "Asia/Beirut",
    "LV": "Europe/Riga",
    "MX": "America/Mexico_City",
    "NL": "Europe/Amsterdam",
    "PR": "America/Puerto_Rico",
    "RU": "Europe/Moscow",
    "SG": "Asia/Singapore",
    "TW": "Asia/Taipei",
    "ZA": "Africa/Johannesburg",
}
US_ZONES: Final = (
    (-115.0, "America/Los_Angeles"),
    (-100.0, "America/Denver"),
    (-86.0, "America/Chicago"),
)


def _data(name: str) -> Any:
    text = files("api.demonstration").joinpath(f"data/{name}").read_text("utf-8")
    return json.loads(text)


def add_instruments(session: Session, *, now: datetime) -> tuple[UUID, ...]:
    """Add the sample facilities with their instruments; the ids in the file's order."""
    return tuple(_add_laboratory(session, each, now=now) for each in _data("instruments.json"))


def _add_laboratory(session: Session, file: dict[str, Any], *, now: datetime) -> UUID:
    place = file["facility"]
    facility = catalogue.create_facility(
        session,
        actor=SYSTEM,
        now=now,
        slug=place["slug"],
        name=place["name"],
        country=place["country"],
        zone=place["zone"],
    )
    if place["slug"] in LABORATORIES:
        hours = [WeeklyHours(day, time(8), time(18)) for day in WEEKDAYS]
        set_opening_hours(session, actor=SYSTEM, now=now, facility_id=facility.id, hours=hours)
    without_slug = {key: value for key, value in place.items() if key != "slug"}
    content = json.dumps(file | {"facility": without_slug}).encode()
    _import(session, facility.id, content, ImportFormat.JSON, now=now)
    return facility.id


def add_osg(session: Session, *, now: datetime) -> tuple[UUID, ...]:
    """Add every active OSG resource, a facility for each of theirs; ids in the file's order."""
    return tuple(_add_site(session, name, entries, now=now) for name, entries in _sites().items())


def _sites() -> dict[str, list[dict[str, Any]]]:
    sites: dict[str, list[dict[str, Any]]] = {}
    for entry in _data("osg_resources.json"):
        sites.setdefault(entry["facility"], []).append(entry)
    return sites


def _add_site(session: Session, name: str, entries: list[dict[str, Any]], *, now: datetime) -> UUID:
    country = _country(entries)
    facility = catalogue.create_facility(
        session,
        actor=SYSTEM,
        now=now,
        slug=f"osg-{slug_of(name)}",
        name=name,
        country=country,
        zone=_zone(country, entries),
    )
    _import(session, facility.id, json.dumps(entries).encode(), ImportFormat.OSG, now=now)
    return facility.id


def _import(
    session: Session, facility_id: UUID, content: bytes, form: ImportFormat, *, now: datetime
) -> None:
    import_catalogue(
        session, actor=SYSTEM, now=now, facility_id=facility_id, content=content, form=form
    )


def slug_of(name: str) -> str:
    """Return a name as an address: `Université X` becomes `universit-x`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")


def _country(entries: list[dict[str, Any]]) -> str:
    """Return the code of the country most of a site's entries name; OSG's own is the US."""
    named = Counter(code for each in entries if (code := country_code(each["country"] or "")))
    return named.most_common(1)[0][0] if named else "US"


def _zone(country: str, entries: list[dict[str, Any]]) -> str:
    if country in ZONES:
        return ZONES[country]
    longitude = next((each["lon"] for each in entries if each["lon"] is not None), 0.0)
    western = (zone for limit, zone in US_ZONES if longitude < limit)
    return next(western, "America/New_York")


def give_nodes(session: Session, facility_id: UUID, *, now: datetime) -> Iterator[UUID]:
    """Assume a number of nodes for a site's compute clusters, and yield the clusters' ids."""
    for number, row in enumerate(_clusters(session, facility_id)):
        catalogue.edit_resource(
            session,
            actor=SYSTEM,
            now=now,
            resource_id=row.id,
            changes={"capacity": 4 << (number % 3), "unit_label": "node", "grid_minutes": 60},
        )
        yield row.id


def _clusters(session: Session, facility_id: UUID) -> list[Any]:
    rows = resources_of(session, facility_id)
    return sorted((row for row in rows if row.kind == "compute cluster"), key=lambda row: row.name)
