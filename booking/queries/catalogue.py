"""Reads about facilities and resources: one, many, and search by text."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, true
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import NOWHERE, Action, Actor, Scope, may
from booking.engine.vocabulary import AccessBy
from booking.models import Facility, OpeningHours, Resource
from booking.queries.paging import Page, id_of, page_of, read_cursor

MOST_WORDS: Final = 10
_ORDER: Final[Any] = func.lower(Resource.name)
_OF_FACILITY: Final = frozenset({"facility_slug", "facility_name", "zone"})


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """A resource with what a reader needs to know of its facility.

    `country` is where the resource stands; `zone` is the facility's.
    """

    id: UUID
    facility_id: UUID
    facility_slug: str
    facility_name: str
    zone: str
    country: str
    name: str
    kind: str
    description: str
    technique: str
    capacity: int
    unit_label: str
    rate_thousandths: int
    rates: list[dict[str, Any]]
    grid_minutes: int
    minimum_minutes: int | None
    maximum_minutes: int | None
    lead_minutes: int
    horizon_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    cancel_by_minutes: int | None
    concurrent_per_project: int | None
    concurrent_per_organisation: int | None
    no_show_grace_minutes: int | None
    approval_days: int | None
    mode: BookingMode
    access_by: AccessBy
    qualification_needed: bool
    persistent_identifier: str
    manufacturer: str
    model: str
    measured_variables: list[str]
    location: str
    contact_name: str
    contact_email: str
    contact_url: str
    web_address: str
    state: ResourceState
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A resource with what decides when it may be booked; `key` is its name as sorted."""

    key: str
    id: UUID
    facility_id: UUID
    facility_slug: str
    zone: str
    name: str
    kind: str
    state: ResourceState
    mode: BookingMode
    capacity: int
    grid_minutes: int
    minimum_minutes: int | None
    maximum_minutes: int | None
    lead_minutes: int
    horizon_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int


@dataclass(frozen=True, slots=True)
class Search:
    """What a person looks for; whatever is empty or None does not narrow.

    `q` is words that must all occur, in any order and case.
    """

    q: str = ""
    kind: str = ""
    technique: str = ""
    country: str = ""
    facility: str = ""
    state: ResourceState | None = None


_CANDIDATE: Final[tuple[Any, ...]] = tuple(
    {"key": _ORDER, "facility_slug": Facility.slug, "zone": Facility.zone}.get(
        each.name, getattr(Resource, each.name, None)
    )
    for each in fields(Candidate)
)


def facility(session: Session, facility_id: UUID) -> Facility | None:
    """Return the facility with that id."""
    return session.get(Facility, facility_id)


def facility_by_slug(session: Session, slug: str) -> Facility | None:
    """Return the facility with that slug."""
    return session.exec(select(Facility).where(Facility.slug == slug)).one_or_none()


def facility_slugs(session: Session) -> tuple[str, ...]:
    """Return the slugs of all facilities, in order."""
    return tuple(session.exec(select(Facility.slug).order_by(col(Facility.slug))))


def find_facility(session: Session, slug_or_id: str) -> Facility | None:
    """Return the facility with that slug, or else with that id."""
    found = facility_by_slug(session, slug_or_id)
    if found is not None:
        return found
    try:
        return facility(session, UUID(slug_or_id))
    except ValueError:
        return None


def facilities(session: Session, *, limit: int, cursor: str | None = None) -> Page[Facility]:
    """Return a page of the facilities, by name."""
    query = select(Facility).order_by(col(Facility.name), col(Facility.slug)).limit(limit + 1)
    if after := read_cursor(cursor, parts=2):
        name, slug = (str(each) for each in after)
        past = and_(col(Facility.name) == name, col(Facility.slug) > slug)
        query = query.where(or_(col(Facility.name) > name, past))
    rows = session.exec(query).all()
    return page_of(rows, limit=limit, key=lambda each: (each.name, each.slug))


def resource(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource with that id, whatever its state."""
    return session.get(Resource, resource_id)


def resource_for_change(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource as it is now, and let nobody else change it meanwhile."""
    query = select(Resource).where(Resource.id == resource_id)
    return session.exec(
        query.with_for_update().execution_options(populate_existing=True)
    ).one_or_none()


def resource_facts(session: Session, resource_id: UUID, *, viewer: Actor) -> ResourceFacts | None:
    """Return the resource, if the viewer may know of it; a retired one too."""
    query = select(Resource, Facility).where(
        col(Facility.id) == col(Resource.facility_id),
        col(Resource.id) == resource_id,
        or_(col(Resource.state) == ResourceState.RETIRED, visible(viewer)),
    )
    found = session.exec(query).one_or_none()
    return None if found is None else _facts(*found)


def facts_of(session: Session, resource_ids: Collection[UUID]) -> dict[UUID, ResourceFacts]:
    """Return the facts of each resource, whatever its state, by id."""
    query = select(Resource, Facility).where(
        col(Facility.id) == col(Resource.facility_id), col(Resource.id).in_(resource_ids)
    )
    return {found.id: _facts(found, place) for found, place in session.exec(query)}


def search_resources(
    session: Session, *, viewer: Actor, search: Search, limit: int, cursor: str | None = None
) -> Page[ResourceFacts]:
    """Return a page of what is found, by name; retired resources are never among it."""
    after = read_cursor(cursor, parts=2)
    rows = batch_of(session, viewer=viewer, search=search, size=limit + 1, after=after)
    page = page_of(rows, limit=limit, key=lambda each: (each[0], str(each[1].id)))
    return Page(tuple(found for _, found in page.items), page.next)


def batch_of(
    session: Session, *, viewer: Actor, search: Search, size: int, after: Sequence[Any] | None
) -> list[tuple[str, ResourceFacts]]:
    """Return the next `size` found after a sort key, each with its own: its name as sorted."""
    query = _sorted(select(_ORDER, Resource, Facility), viewer, search, size)
    if after:
        query = query.where(_past(after, with_itself=False))
    return [(name, _facts(found, place)) for name, found, place in session.exec(query)]


def candidates(
    session: Session, *, viewer: Actor, search: Search, size: int, since: Sequence[Any] | None
) -> list[Candidate]:
    """Return the next `size` found from a sort key on, as far as a search for slots needs them."""
    query = _sorted(select(*_CANDIDATE), viewer, search, size)
    if since:
        query = query.where(_past(since, with_itself=True))
    return [Candidate(*row) for row in session.connection().execute(query)]


def _sorted(query: Any, viewer: Actor, search: Search, size: int) -> Any:
    return (
        query.where(col(Facility.id) == col(Resource.facility_id), *_narrowed(viewer, search))
        .order_by(_ORDER, col(Resource.id))
        .limit(size)
    )


def _past(key: Sequence[Any], *, with_itself: bool) -> ColumnElement[bool]:
    name, found_id = str(key[0]), id_of(key[1])
    own = col(Resource.id) >= found_id if with_itself else col(Resource.id) > found_id
    return or_(name < _ORDER, and_(name == _ORDER, own))


def kinds(session: Session, *, viewer: Actor) -> list[tuple[str, int]]:
    """Return every kind of resource with how many the viewer may find, by kind."""
    query = (
        select(Resource.kind, func.count())
        .where(visible(viewer))
        .group_by(Resource.kind)
        .order_by(Resource.kind)
    )
    return [(kind, count) for kind, count in session.exec(query)]


def one_of_each_kind(session: Session, *, viewer: Actor, most: int) -> list[ResourceFacts]:
    """Return the first by name of every kind: what is used on site first, then by kind."""
    place = func.row_number().over(partition_by=Resource.kind, order_by=(_ORDER, col(Resource.id)))
    numbered = sa_select(col(Resource.id).label("id"), place.label("place"))
    first = numbered.where(visible(viewer)).subquery()
    on_site = case((col(Resource.access_by) == AccessBy.PHYSICAL, 0), else_=1)
    query = (
        select(Resource, Facility)
        .join(first, and_(first.c.id == col(Resource.id), first.c.place == 1))
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .order_by(on_site, func.lower(Resource.kind), col(Resource.kind))
        .limit(most)
    )
    return [_facts(found, facility) for found, facility in session.exec(query)]


def countries(session: Session, *, viewer: Actor) -> list[tuple[str, int]]:
    """Return every country with how many resources the viewer may find, by code."""
    place = _country()
    query = (
        select(place, func.count())
        .where(col(Facility.id) == col(Resource.facility_id), visible(viewer))
        .group_by(place)
        .order_by(place)
    )
    return [(country, count) for country, count in session.exec(query)]


def resources_of(session: Session, facility_id: UUID) -> Sequence[Resource]:
    """Return all of a facility's resources: imported ones as the file had them, then by name."""
    return session.exec(
        select(Resource)
        .where(Resource.facility_id == facility_id)
        .order_by(
            col(Resource.imported_position).is_(None),
            col(Resource.imported_position),
            col(Resource.name),
            col(Resource.id),
        )
    ).all()


def opening_hours(
    session: Session, facility_id: UUID, *, resource_id: UUID | None = None
) -> Sequence[OpeningHours]:
    """Return the facility's own hours, or those of one of its resources, in order."""
    return session.exec(
        select(OpeningHours)
        .where(
            OpeningHours.facility_id == facility_id,
            OpeningHours.resource_id == resource_id,
        )
        .order_by(col(OpeningHours.weekday), col(OpeningHours.opens), col(OpeningHours.closes))
    ).all()


def hours_of_each(session: Session, facility_id: UUID) -> dict[UUID | None, list[WeeklyHours]]:
    """Return the hours of the facility, under None, and of each resource that has its own."""
    rows = session.exec(select(OpeningHours).where(OpeningHours.facility_id == facility_id))
    hours: dict[UUID | None, list[WeeklyHours]] = {}
    for each in rows:
        weekly = WeeklyHours(each.weekday, each.opens, each.closes)
        hours.setdefault(each.resource_id, []).append(weekly)
    return hours


def visible(viewer: Actor) -> ColumnElement[bool]:
    """Keep published resources, and the drafts that the viewer may see."""
    published = col(Resource.state) == ResourceState.PUBLISHED
    draft = col(Resource.state) == ResourceState.DRAFT
    if may(viewer, Action.CATALOGUE_SEE_DRAFTS, NOWHERE):
        return or_(published, draft)
    at = places_of(viewer, Action.CATALOGUE_SEE_DRAFTS)
    return or_(published, and_(draft, col(Resource.facility_id).in_(at))) if at else published


def places_of(viewer: Actor, action: Action) -> frozenset[UUID]:
    """Return the facilities at which a role lets the viewer do this."""
    held = {each.facility_id for each in viewer.grants if each.facility_id is not None}
    return frozenset(each for each in held if may(viewer, action, Scope(facility_id=each)))


def _narrowed(viewer: Actor, search: Search) -> list[ColumnElement[bool]]:
    wanted = [visible(viewer), *(_word_occurs(word) for word in search.q.split()[:MOST_WORDS])]
    if search.kind:
        wanted.append(func.lower(Resource.kind) == func.lower(search.kind.strip()))
    if search.technique:
        wanted.append(_contains(col(Resource.technique), search.technique.strip()))
    if search.country:
        wanted.append(_country() == search.country.strip().upper())
    if search.facility:
        wanted.append(col(Facility.slug) == search.facility.strip())
    if search.state is not None:
        wanted.append(col(Resource.state) == search.state)
    return wanted


def _country() -> ColumnElement[str]:
    return func.coalesce(func.nullif(Resource.country, ""), Facility.country)


def _word_occurs(word: str) -> ColumnElement[bool]:
    columns = (
        Resource.name,
        Resource.kind,
        Resource.technique,
        Resource.description,
        Resource.manufacturer,
        Resource.model,
        Facility.name,
    )
    listed = cast(col(Resource.measured_variables), String)
    # SQLite keeps what is not ASCII in JSON as \u escapes.
    spelt = json.dumps(word)[1:-1]
    return or_(
        *(_contains(col(each), word) for each in columns),
        _contains(listed, word),
        _contains(listed, spelt) if spelt != word else ~true(),
    )


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    """Find the text anywhere, in any case; SQLite alone knows no case beyond ASCII."""
    spellings = {text} if text.isascii() else {text, text.lower(), text.upper(), text.title()}
    return or_(*(column.icontains(each, autoescape=True) for each in sorted(spellings)))


def _facts(found: Resource, place: Facility) -> ResourceFacts:
    own = {
        each.name: getattr(found, each.name)
        for each in fields(ResourceFacts)
        if each.name not in _OF_FACILITY
    }
    own["country"] = found.country or place.country
    return ResourceFacts(**own, facility_slug=place.slug, facility_name=place.name, zone=place.zone)
