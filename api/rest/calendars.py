"""Calendars of a resource and of a facility: what is booked, closed and open."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel
from sqlmodel import Session

from api.deps import CurrentActor, Cursor, Instant, Limit, Now, ReadSession
from api.problems import problems
from api.rest.resources import LONGEST_SEARCH, interval_of
from api.short_ways import Asked, ShortRoute, json_response, short_way
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.engine.vocabulary import ClosureKind
from booking.errors import NotFound
from booking.queries.timetable import timetable_of, timetables_of

router = APIRouter(tags=["catalogue"], route_class=ShortRoute)
LONGEST_CALENDAR = timedelta(days=400)


class Span(BaseModel):
    """An interval, from `starts_at` up to, not including, `ends_at`."""

    starts_at: datetime
    ends_at: datetime


class CalendarBooking(Span):
    """Taken time; `id` and `title` are null for those who may not know them."""

    quantity: int
    status: BookingStatus
    id: UUID | None
    title: str | None


class CalendarClosure(Span):
    """Closed time."""

    id: UUID
    kind: ClosureKind
    reason: str


class CalendarRound(Span):
    """Time that a round shares out; what it leaves is free to book from `until`."""

    name: str
    until: datetime


class Calendar(BaseModel):
    """What happens on a resource, by time."""

    bookings: list[CalendarBooking]
    closures: list[CalendarClosure]
    open: list[Span]
    rounds: list[CalendarRound]


class ResourceCalendar(BaseModel):
    """What happens on one of a facility's resources."""

    resource_id: UUID
    resource_name: str
    calendar: Calendar


class CalendarList(BaseModel):
    """A page of calendars."""

    items: list[ResourceCalendar]
    next: str | None


class _OfResource(BaseModel):
    """What a calendar of a resource is asked for."""

    resource_id: UUID
    start: Instant
    end: Instant


def _shortly(asked: Asked) -> Response | None:
    given = asked.address(_OfResource)
    if given is None:
        return None
    with asked.looking() as (session, actor):
        return _calendar(session, actor, asked.now, given)


def _calendar(session: Session, viewer: Actor, now: datetime, given: _OfResource) -> Response:
    within = interval_of(given.start, given.end, longest=LONGEST_CALENDAR, at="/query/end")
    found = timetable_of(session, given.resource_id, viewer=viewer, within=within, now=now)
    if found is None:
        raise NotFound("There is no such resource; look in the list of resources.")
    return json_response(found)


@router.get(
    "/resources/{resource_id}/calendar", response_model=Calendar, responses=problems(401, 404)
)
@short_way(_shortly)
def resource_calendar(
    session: ReadSession,
    actor: CurrentActor,
    now: Now,
    resource_id: UUID,
    start: Instant,
    end: Instant,
) -> Response:
    """Return what is booked, closed and open within at most 400 days."""
    return _calendar(
        session, actor, now, _OfResource(resource_id=resource_id, start=start, end=end)
    )


@router.get(
    "/facilities/{facility}/calendar", response_model=CalendarList, responses=problems(401, 404)
)
def facility_calendar(
    session: ReadSession,
    actor: CurrentActor,
    now: Now,
    facility: Annotated[str, Path(max_length=200)],
    start: Instant,
    end: Instant,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Return the calendars of a page of a facility's resources, by name; at most 92 days."""
    within = interval_of(start, end, longest=LONGEST_SEARCH, at="/query/end")
    page = timetables_of(
        session,
        facility,
        viewer=actor,
        within=within,
        now=now,
        limit=limit,
        cursor=cursor,
    )
    if page is None:
        raise NotFound("There is no such facility; look in the list of facilities.")
    return json_response({"items": page.items, "next": page.next})
