"""Resources: search, one, create, edit, publish and retire, hours and calendar."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.deps import (
    CurrentActor,
    Cursor,
    Instant,
    Limit,
    Line,
    Name,
    Now,
    Prose,
    ReadSession,
    SignedIn,
    WriteSession,
)
from api.etags import IfMatch, check_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.facilities import WeekIn, WeekOut, facility_at, week
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.permissions import Actor
from booking.engine.violations import Violation
from booking.engine.vocabulary import AccessBy
from booking.errors import Malformed, NotFound
from booking.queries import catalogue as reads
from booking.queries.availability import free_resources
from booking.queries.catalogue import ResourceFacts, Search
from booking.queries.slot_batches import TimeWish
from booking.services import catalogue
from booking.services.opening_hours import set_opening_hours

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)
LONGEST_SEARCH = timedelta(days=92)
USUAL_SEARCH = timedelta(days=7)
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200
MOST = 2_000_000_000
LIMITS = frozenset(
    {
        "minimum_minutes",
        "maximum_minutes",
        "cancel_by_minutes",
        "concurrent_per_project",
        "concurrent_per_organisation",
        "no_show_grace_minutes",
        "approval_days",
    }
)
Count = Annotated[int, Field(ge=0, le=MOST)]
Filter = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f]*$")]


class ResourceFields(BaseModel):
    """What may be said of a resource; what is left out has its default, or stays."""

    model_config = ConfigDict(extra="forbid")

    description: Prose | None = None
    technique: Line | None = None
    unit_label: Line | None = None
    rate_thousandths: Count | None = None
    rates: list[dict[str, str | int]] | None = Field(default=None, max_length=50)
    grid_minutes: Count | None = None
    minimum_minutes: Count | None = None
    maximum_minutes: Count | None = None
    lead_minutes: Count | None = None
    horizon_days: Count | None = None
    buffer_before_minutes: Count | None = None
    buffer_after_minutes: Count | None = None
    cancel_by_minutes: Count | None = None
    concurrent_per_project: Count | None = Field(
        default=None,
        description="Bookings that a project may have to come at a time; null is no limit",
    )
    concurrent_per_organisation: Count | None = Field(
        default=None,
        description="Bookings that all projects of an organisation may have to come at a time",
    )
    no_show_grace_minutes: Count | None = Field(
        default=None,
        description="A booking nobody checked in to so long after its start is missed; "
        "null where nobody needs to check in",
    )
    approval_days: Count | None = Field(
        default=None,
        description="A booking that waits for approval lapses after so many days, "
        "and at its start in any case",
    )
    access_by: AccessBy | None = None
    qualification_needed: bool | None = None
    persistent_identifier: Line | None = None
    manufacturer: Line | None = None
    model: Line | None = None
    measured_variables: list[Line] | None = Field(default=None, max_length=200)
    location: Line | None = None
    country: Annotated[str, Field(max_length=2)] | None = None
    contact_name: Line | None = None
    contact_email: Line | None = None
    contact_url: Line | None = None
    web_address: Line | None = None


class ResourceIn(ResourceFields):
    """A new resource; `facility` is a slug or id."""

    facility: Annotated[str, Field(min_length=1, max_length=80)]
    name: Name
    kind: Annotated[Name, Field(max_length=120)]
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    mode: BookingMode = BookingMode.INSTANT
    state: ResourceState = ResourceState.DRAFT


class ResourceChange(ResourceFields):
    """What changes of a resource; `minimum_minutes` and the like may be null for no limit."""

    name: Name | None = None
    kind: Annotated[Name, Field(max_length=120)] | None = None
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    mode: BookingMode | None = None
    state: ResourceState | None = None


class ResourceOut(BaseModel):
    """A resource; who to contact is shown to those who are signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    facility_id: UUID
    facility: str = Field(validation_alias="facility_slug")
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
    contact_name: str | None
    contact_email: str | None
    contact_url: str
    web_address: str
    state: ResourceState
    created_at: datetime
    updated_at: datetime


class ResourceList(BaseModel):
    """A page of resources."""

    items: list[ResourceOut]
    next: str | None


async def search_filters(
    q: Filter = "",
    kind: Filter = "",
    technique: Filter = "",
    country: Filter = "",
    facility: Filter = "",
) -> Search:
    """Read the filters that searches share."""
    return Search(q=q, kind=kind, technique=technique, country=country, facility=facility)


Filters = Annotated[Search, Depends(search_filters)]
Minutes = Annotated[int | None, Query(ge=1, le=527_040)]
Quantity = Annotated[int, Query(ge=1, le=1_000_000)]


def interval_of(start: datetime, end: datetime, *, longest: timedelta, at: str) -> Interval:
    """Return the interval asked for.

    Raises: Malformed if it is empty, too long, or far off; `at` names its end.
    """
    reason = ""
    if end <= start:
        reason = "The end is not after the start: swap them, or choose a later end."
    elif end - start > longest:
        reason = f"At most {longest.days} days can be asked for at once: choose an earlier end."
    elif start.year < EARLIEST_YEAR or end.year > LATEST_YEAR:
        reason = f"Ask for a time between the years {EARLIEST_YEAR} and {LATEST_YEAR}."
    if reason:
        raise Malformed(reason, [Violation("interval", reason, at)])
    return Interval(start, end)


def facts_at(session: Session, resource_id: UUID, viewer: Actor) -> ResourceFacts:
    """Return the resource, if the viewer may know of it.

    Raises: NotFound.
    """
    found = reads.resource_facts(session, resource_id, viewer=viewer)
    if found is None:
        raise NotFound("There is no such resource; look in the list of resources.")
    return found


def shown(found: ResourceFacts, viewer: Actor) -> ResourceOut:
    """Return the resource as the viewer may see it."""
    out = ResourceOut.model_validate(found)
    if viewer.person_id is None:
        out.contact_name = out.contact_email = None
    return out


@router.get("/resources", responses=problems(401))
def list_resources(
    session: ReadSession,
    actor: CurrentActor,
    now: Now,
    filters: Filters,
    state: ResourceState | None = None,
    free_from: Instant | None = None,
    free_until: Instant | None = None,
    minutes: Minutes = None,
    quantity: Quantity = 1,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ResourceList:
    """Search resources, also by when they are free; retired ones are left out.

    A search by time looks for one free slot of `minutes` between `free_from` (now) and
    `free_until` (7 days later).
    """
    search = Search(
        q=filters.q,
        kind=filters.kind,
        technique=filters.technique,
        country=filters.country,
        facility=filters.facility,
        state=state,
    )
    if free_from is None and free_until is None and minutes is None and quantity == 1:
        page = reads.search_resources(
            session, viewer=actor, search=search, limit=limit, cursor=cursor
        )
    else:
        start = max(free_from or now, now)
        end = free_until or start + USUAL_SEARCH
        within = interval_of(start, end, longest=LONGEST_SEARCH, at="/query/free_until")
        page = free_resources(
            session,
            viewer=actor,
            search=search,
            wish=TimeWish(within, minutes, quantity),
            now=now,
            limit=limit,
            cursor=cursor,
        )
    return ResourceList(items=[shown(each, actor) for each in page.items], next=page.next)


@router.post("/resources", status_code=201, responses=problems(401, 403, 404, 409))
def create_resource(
    session: WriteSession, actor: SignedIn, now: Now, body: ResourceIn
) -> ResourceOut:
    """Create a resource, published at once if `state` says so."""
    row = catalogue.create_resource(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, body.facility).id,
        name=body.name,
        kind=body.kind,
        state=body.state,
        values=body.model_dump(exclude_none=True, exclude={"facility", "name", "kind", "state"}),
    )
    return shown(reads.facts_of(session, [row.id])[row.id], actor)


@router.get("/resources/{resource_id}", responses=problems(401, 404))
def get_resource(
    session: ReadSession, actor: CurrentActor, resource_id: UUID, response: Response
) -> ResourceOut:
    """Return one resource; a retired one too."""
    found = shown(facts_at(session, resource_id, actor), actor)
    set_etag(response, found)
    return found


@router.patch("/resources/{resource_id}", responses=problems(401, 403, 404, 409, 412))
def edit_resource(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    resource_id: UUID,
    body: ResourceChange,
    response: Response,
    if_match: IfMatch = None,
) -> ResourceOut:
    """Change a resource; `state` publishes or retires it."""
    before = shown(facts_at(session, resource_id, actor), actor)
    check_match(if_match, before)
    catalogue.edit_resource(
        session, actor=actor, now=now, resource_id=resource_id, changes=_changes(body)
    )
    if body.state is not None and body.state is not before.state:
        catalogue.move_resource(
            session, actor=actor, now=now, resource_id=resource_id, state=body.state
        )
    found = shown(reads.facts_of(session, [resource_id])[resource_id], actor)
    set_etag(response, found)
    return found


def _changes(body: ResourceChange) -> dict[str, Any]:
    """Return what is given; null takes a limit away, and elsewhere leaves the field."""
    given = body.model_dump(exclude_unset=True, exclude={"state"})
    return {name: value for name, value in given.items() if value is not None or name in LIMITS}


@router.get("/resources/{resource_id}/opening-hours", responses=problems(401, 404))
def resource_hours(session: ReadSession, actor: CurrentActor, resource_id: UUID) -> WeekOut:
    """Return the resource's own opening hours; none means those of its facility."""
    found = facts_at(session, resource_id, actor)
    return week(reads.opening_hours(session, found.facility_id, resource_id=found.id))


@router.put("/resources/{resource_id}/opening-hours", responses=problems(401, 403, 404, 409))
def set_resource_hours(
    session: WriteSession, actor: SignedIn, now: Now, resource_id: UUID, body: WeekIn
) -> WeekOut:
    """Replace the resource's own opening hours; none means those of its facility."""
    found = facts_at(session, resource_id, actor)
    hours = set_opening_hours(
        session,
        actor=actor,
        now=now,
        facility_id=found.facility_id,
        resource_id=found.id,
        hours=[each.weekly() for each in body.hours],
    )
    return week(hours)
