"""One resource's open, closed and taken time, as a calendar shows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.booking_facts import ReservingRound
from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING, BookingStatus
from booking.engine.permissions import Action, Actor, Scope, may
from booking.models import Booking, Project
from booking.queries.availability import closures_of, hours_of, rounds_of, windows_of
from booking.queries.catalogue import ResourceFacts


@dataclass(frozen=True, slots=True)
class ClosedTime:
    """A closure of a resource or of its whole facility."""

    id: UUID
    interval: Interval
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakenTime:
    """A booking as anybody may see it; `id` and `title` are None for those who may not know."""

    interval: Interval
    quantity: int
    status: BookingStatus
    id: UUID | None
    title: str | None


@dataclass(frozen=True, slots=True)
class TimeTable:
    """What happens on a resource within an interval, by time."""

    open_windows: tuple[Interval, ...]
    closures: tuple[ClosedTime, ...]
    bookings: tuple[TakenTime, ...]
    rounds: tuple[ReservingRound, ...]


def week_of(
    session: Session, found: ResourceFacts, *, viewer: Actor, within: Interval, now: datetime
) -> TimeTable:
    """Return a resource's timetable within an interval, a week or any other."""
    closures = closures_of(session, [found], within)
    return TimeTable(
        open_windows=windows_of(hours_of(session, [found]), found, within),
        closures=tuple(
            ClosedTime(each.id, Interval(each.starts_at, each.ends_at), each.kind, each.reason)
            for each in closures
        ),
        bookings=_taken(session, found, viewer, within),
        rounds=rounds_of(session, [found], within, now)[found.facility_id],
    )


def _taken(
    session: Session, found: ResourceFacts, viewer: Actor, within: Interval
) -> tuple[TakenTime, ...]:
    rows = session.exec(
        select(Booking, Project.organisation_id)
        .where(
            col(Project.id) == col(Booking.project_id),
            Booking.resource_id == found.id,
            col(Booking.status).in_(HOLDING),
            Booking.starts_at < within.end,
            Booking.ends_at > within.start,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    )
    return tuple(_shown(row, found, viewer, organisation_id) for row, organisation_id in rows)


def _shown(row: Booking, found: ResourceFacts, viewer: Actor, organisation_id: UUID) -> TakenTime:
    scope = Scope(found.facility_id, organisation_id, row.project_id, row.person_id)
    open_to = may(viewer, Action.BOOKING_SEE, scope)
    return TakenTime(
        interval=Interval(row.starts_at, row.ends_at),
        quantity=row.quantity,
        status=row.status,
        id=row.id if open_to else None,
        title=row.title if open_to else None,
    )
