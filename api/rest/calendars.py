"""A resource's calendar: what is booked, closed and open."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import CurrentActor, Instant, Now, ReadSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.resources import facts_at, interval_of
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import ClosureKind
from booking.queries.timetable import week_of

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)
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


@router.get("/resources/{resource_id}/calendar", responses=problems(401, 404))
def resource_calendar(
    session: ReadSession,
    actor: CurrentActor,
    now: Now,
    resource_id: UUID,
    start: Instant,
    end: Instant,
) -> Calendar:
    """Return what is booked, closed and open within at most 400 days."""
    found = facts_at(session, resource_id, actor)
    within = interval_of(start, end, longest=LONGEST_CALENDAR, at="/query/end")
    times = week_of(session, found, viewer=actor, within=within, now=now)
    return Calendar(
        bookings=[
            CalendarBooking(
                **_ends(each.interval),
                quantity=each.quantity,
                status=each.status,
                id=each.id,
                title=each.title,
            )
            for each in times.bookings
        ],
        closures=[
            CalendarClosure(
                **_ends(each.interval), id=each.id, kind=ClosureKind(each.kind), reason=each.reason
            )
            for each in times.closures
        ],
        open=[Span(**_ends(each)) for each in times.open_windows],
        rounds=[
            CalendarRound(**_ends(each.access), name=each.name, until=each.until)
            for each in times.rounds
        ],
    )


def _ends(interval: Interval) -> dict[str, Any]:
    return {"starts_at": interval.start, "ends_at": interval.end}
