"""Busy calendars: outside calendars of a person, or of a resource, that say what is taken."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlmodel import Session

from api.busy_calendars import refresh, subscribed, uploaded
from api.deps import AppDatabase, AppSettings, ClaimLast, Instant, Line, Now, ReadSession, SignedIn
from api.deps import WriteSession as Writing
from api.idempotency import IdempotentRoute
from api.outside import Outside, outside_of
from api.problems import problems
from api.rest.facilities import FILE_BODY, file_content
from booking.engine.outside_addresses import LONGEST_URL
from booking.engine.permissions import Action, Actor
from booking.errors import NotFound
from booking.queries import busy_calendars as reads
from booking.queries.busy_calendars import Owner
from booking.services import busy_calendars as services
from booking.services.busy_calendars import LONGEST_NAME, Answer

MOST_CONFLICTS: Final = 100
SEEN: Final = problems(401, 403, 404)
MADE: Final = problems(401, 403, 404, 409)
router = APIRouter(tags=["busy calendars"], route_class=IdempotentRoute)
Fetcher = Annotated[Outside, Depends(outside_of)]
Content = Annotated[bytes, Depends(file_content)]
Called = Annotated[Line, Query(max_length=LONGEST_NAME)]


class NewBusyCalendar(BaseModel):
    """An outside calendar to follow; `url` begins with https://, http:// or webcal://."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, StringConstraints(max_length=LONGEST_NAME)] = ""
    url: Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_URL)]


class BusyCalendarOut(BaseModel):
    """A busy calendar.

    `url` is null for an uploaded file. `problem` says why the last try failed, empty where it did
    not; what was read last still counts. `busy_times` counts those that are not over.
    """

    id: UUID
    name: str
    url: str | None
    created_at: Instant
    read_at: Instant | None
    next_try_at: Instant | None
    failures: int
    problem: str
    busy_times: int


class BusyCalendarList(BaseModel):
    """All busy calendars of one person; there is one page."""

    items: list[BusyCalendarOut]
    next: str | None = None


class ConflictOut(BaseModel):
    """A booking that stands in time which a busy calendar says is taken."""

    model_config = ConfigDict(from_attributes=True)

    booking_id: UUID
    starts_at: Instant
    ends_at: Instant


class ResourceBusyCalendars(BusyCalendarList):
    """All busy calendars of a resource, and the first 100 bookings that they run into."""

    conflicts: list[ConflictOut]


@router.get("/me/busy-calendars", responses=SEEN)
def list_my_busy_calendars(session: ReadSession, actor: SignedIn, now: Now) -> BusyCalendarList:
    """Return the person's busy calendars, by when they were added."""
    return BusyCalendarList(items=_listed(session, _mine(session, actor, Action.PROFILE_SEE), now))


@router.post("/me/busy-calendars", status_code=201, responses=MADE)
def follow_my_calendar(
    new: NewBusyCalendar,
    database: AppDatabase,
    settings: AppSettings,
    outside: Fetcher,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
) -> BusyCalendarOut:
    """Follow an outside calendar: its events are the person's busy time from now on."""
    with database.reading() as session:
        owner = _mine(session, actor, Action.PROFILE_EDIT)
        services.room_for_another(session, owner)
    answer = subscribed(database, outside, url=new.url, owner=owner, settings=settings, now=now)
    with database.writing() as session:
        claim(session)
        return _added(session, actor, owner, new.name, answer, now)


@router.post(
    "/me/busy-calendars/file",
    status_code=201,
    responses=problems(401, 403, 404, 409, 413),
    openapi_extra=FILE_BODY,
)
def upload_my_calendar(
    database: AppDatabase,
    settings: AppSettings,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
    content: Content,
    name: Called = "",
) -> BusyCalendarOut:
    """Upload a calendar file: its events are the person's busy time."""
    with database.reading() as session:
        owner = _mine(session, actor, Action.PROFILE_EDIT)
    answer = uploaded(database, content, owner=owner, settings=settings, now=now)
    with database.writing() as session:
        claim(session)
        return _added(session, actor, owner, name, answer, now)


@router.post("/me/busy-calendars/{calendar_id}/refresh", responses=MADE)
def refresh_my_calendar(
    calendar_id: UUID,
    database: AppDatabase,
    settings: AppSettings,
    outside: Fetcher,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
) -> BusyCalendarOut:
    """Fetch a calendar now; where that fails, `problem` says why."""
    with database.writing() as session:
        owner = _mine(session, actor, Action.PROFILE_EDIT)
        asked = services.to_refresh(session, actor=actor, owner=owner, calendar_id=calendar_id)
    row = refresh(database, outside, asked=asked, settings=settings, now=now, with_last=claim)
    return _refreshed(database, row, now)


@router.delete("/me/busy-calendars/{calendar_id}", status_code=204, responses=MADE)
def remove_my_calendar(calendar_id: UUID, session: Writing, actor: SignedIn, now: Now) -> None:
    """Remove a busy calendar; its time is free again."""
    owner = _mine(session, actor, Action.PROFILE_EDIT)
    services.remove(session, actor=actor, now=now, owner=owner, calendar_id=calendar_id)


@router.get("/resources/{resource_id}/busy-calendars", responses=SEEN)
def list_busy_calendars_of(
    resource_id: UUID, session: ReadSession, actor: SignedIn, now: Now
) -> ResourceBusyCalendars:
    """Return a resource's busy calendars, and the bookings that they run into."""
    owner = services.calendars_at(session, actor=actor, resource_id=resource_id)
    found = reads.conflicts(session, resource_id, now=now, limit=MOST_CONFLICTS)
    return ResourceBusyCalendars(
        items=_listed(session, owner, now),
        conflicts=[ConflictOut.model_validate(each) for each in found],
    )


@router.post("/resources/{resource_id}/busy-calendars", status_code=201, responses=MADE)
def follow_calendar_of(
    resource_id: UUID,
    new: NewBusyCalendar,
    database: AppDatabase,
    settings: AppSettings,
    outside: Fetcher,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
) -> BusyCalendarOut:
    """Follow an outside calendar: its events close the resource, and displace no booking."""
    with database.reading() as session:
        owner = services.calendars_at(session, actor=actor, resource_id=resource_id)
        services.room_for_another(session, owner)
    answer = subscribed(database, outside, url=new.url, owner=owner, settings=settings, now=now)
    with database.writing() as session:
        claim(session)
        return _added(session, actor, owner, new.name, answer, now)


@router.post(
    "/resources/{resource_id}/busy-calendars/file",
    status_code=201,
    responses=problems(401, 403, 404, 409, 413),
    openapi_extra=FILE_BODY,
)
def upload_calendar_of(
    resource_id: UUID,
    database: AppDatabase,
    settings: AppSettings,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
    content: Content,
    name: Called = "",
) -> BusyCalendarOut:
    """Upload a calendar file: its events close the resource, and displace no booking."""
    with database.reading() as session:
        owner = services.calendars_at(session, actor=actor, resource_id=resource_id)
    answer = uploaded(database, content, owner=owner, settings=settings, now=now)
    with database.writing() as session:
        claim(session)
        return _added(session, actor, owner, name, answer, now)


@router.post("/resources/{resource_id}/busy-calendars/{calendar_id}/refresh", responses=MADE)
def refresh_calendar_of(
    resource_id: UUID,
    calendar_id: UUID,
    database: AppDatabase,
    settings: AppSettings,
    outside: Fetcher,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
) -> BusyCalendarOut:
    """Fetch a calendar now; where that fails, `problem` says why."""
    with database.writing() as session:
        owner = services.calendars_at(session, actor=actor, resource_id=resource_id)
        asked = services.to_refresh(session, actor=actor, owner=owner, calendar_id=calendar_id)
    row = refresh(database, outside, asked=asked, settings=settings, now=now, with_last=claim)
    return _refreshed(database, row, now)


@router.delete(
    "/resources/{resource_id}/busy-calendars/{calendar_id}", status_code=204, responses=MADE
)
def remove_calendar_of(
    resource_id: UUID, calendar_id: UUID, session: Writing, actor: SignedIn, now: Now
) -> None:
    """Remove a busy calendar; its time to come is free again."""
    owner = services.calendars_at(session, actor=actor, resource_id=resource_id)
    services.remove(session, actor=actor, now=now, owner=owner, calendar_id=calendar_id)


def _mine(session: Session, actor: Actor, action: Action) -> Owner:
    if actor.person_id is None:
        raise NotFound("Sign in as a person first.")
    return services.own_calendars(session, actor=actor, action=action, person_id=actor.person_id)


def _listed(session: Session, owner: Owner, now: Now) -> list[BusyCalendarOut]:
    return [_out(session, each, now) for each in reads.calendars_of(session, owner)]


def _added(
    session: Session, actor: Actor, owner: Owner, name: str, answer: Answer, now: Now
) -> BusyCalendarOut:
    row = services.add(session, actor=actor, now=now, owner=owner, name=name, answer=answer)
    return _out(session, row, now)


def _refreshed(database: AppDatabase, row: Any, now: Now) -> BusyCalendarOut:
    if row is None:
        raise NotFound("This busy calendar was removed a moment ago.")
    with database.reading() as session:
        return _out(session, row, now)


def _out(session: Session, row: Any, now: Now) -> BusyCalendarOut:
    return BusyCalendarOut(
        id=row.id,
        name=row.name,
        url=row.url,
        created_at=row.created_at,
        read_at=row.fetched_at,
        next_try_at=row.due_at,
        failures=row.failures,
        problem=row.problem,
        busy_times=reads.count_known(session, row, now=now),
    )
