"""Export a facility's catalogue in any of the formats that others read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.catalogue_files import harvest, own_json, uniquip
from booking.engine.catalogue_rules import FACILITY_FIELDS, RESOURCE_FIELDS
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import Action, Actor, Scope
from booking.models import Facility, Resource
from booking.queries import catalogue as reads
from booking.services.catalogue import found_facility
from booking.services.permits import permit


class ExportFormat(StrEnum):
    """What an export may be."""

    UNIQUIP = "uniquip"
    JSON = "json"
    DATACITE = "datacite"
    DCAT = "dcat"


def export_catalogue(
    session: Session, *, actor: Actor, facility_id: UUID, form: ExportFormat, base_url: str
) -> str:
    """Return the facility's resources as text, imported ones in the order they came.

    JSON holds every resource; UNIQUIP leaves retired ones out; DataCite and DCAT hold what
    is published.
    """
    permit(actor, Action.CATALOGUE_EXPORT, Scope(facility_id=facility_id))
    place = found_facility(session, facility_id)
    rows = reads.resources_of(session, facility_id)
    hours = reads.hours_of_each(session, facility_id)
    if form is ExportFormat.JSON:
        entries = [_entry(each, hours.get(each.id, ())) for each in rows]
        return own_json.write(_facility(place, hours.get(None, ())), entries)
    if form is ExportFormat.UNIQUIP:
        kept = [each for each in rows if each.state is not ResourceState.RETIRED]
        return uniquip.write(_entry(each, ()) for each in kept)
    published = [each for each in rows if each.state is ResourceState.PUBLISHED]
    linked = [_linked(each, base_url) for each in published]
    about = {**_facility(place, ()), "url": f"{base_url}/facilities/{place.slug}"}
    write = harvest.datacite if form is ExportFormat.DATACITE else harvest.dcat
    return write(about, linked)


def _facility(place: Facility, hours: Sequence[WeeklyHours]) -> dict[str, Any]:
    fields = {name: getattr(place, name) for name in FACILITY_FIELDS}
    return {"slug": place.slug, **fields, own_json.HOURS: own_json.hours_to_json(hours)}


def _entry(row: Resource, hours: Sequence[WeeklyHours]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in RESOURCE_FIELDS},
        "state": row.state,
        "source": row.source,
        "source_key": row.source_key,
        "imported": row.imported,
        "imported_position": row.imported_position,
        own_json.HOURS: own_json.hours_to_json(hours),
    }


def _linked(row: Resource, base_url: str) -> dict[str, Any]:
    return {
        **_entry(row, ()),
        "url": f"{base_url}/resources/{row.id}",
        "created_on": row.created_at.date().isoformat(),
        "updated_on": row.updated_at.date().isoformat(),
    }
