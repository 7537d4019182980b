"""What a facility decides about bookings, how they are used, and its day on one sheet."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from api.deps import Cursor, Day, Limit, Line, Name, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.bookings import BookingOut, shown_booking
from api.rest.facilities import facility_at
from booking.engine.attendance import use_in_words
from booking.engine.opening import local_day, to_local
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CheckInBy
from booking.errors import Malformed, NotFound
from booking.queries.attendance import SheetLine, SheetPart, day_sheet, usage_of
from booking.queries.bookings import BookingSeen, booking_seen, pending_seen
from booking.services import booking_restoring, booking_use
from booking.services.permits import permit

router = APIRouter(tags=["bookings"], route_class=IdempotentRoute)
EARLIEST_YEAR: Final = 1970
LATEST_YEAR: Final = 2200


class CheckInIn(BaseModel):
    """How a check-in reached us; by a button or an operator where it is not said."""

    model_config = ConfigDict(extra="forbid")

    via: CheckInBy | None = None


class CheckOutIn(BaseModel):
    """What is to be noted of the use."""

    model_config = ConfigDict(extra="forbid")

    note: Line = ""


class NoShowIn(BaseModel):
    """What its people are told beside; it may be left out."""

    model_config = ConfigDict(extra="forbid")

    reason: Line = ""


class RejectionIn(BaseModel):
    """Why a booking is refused."""

    model_config = ConfigDict(extra="forbid")

    reason: Name


class NoteIn(BaseModel):
    """What the facility has to say of a use."""

    model_config = ConfigDict(extra="forbid")

    note: Line


class UsageOut(BaseModel):
    """How a booking was used; `used_minutes` is null until somebody has checked out."""

    model_config = ConfigDict(from_attributes=True)

    booking_id: UUID
    checked_in_at: datetime
    checked_in_by: UUID | None
    via: CheckInBy
    checked_out_at: datetime | None
    checked_out_by: UUID | None
    booked_minutes: int
    used_minutes: int | None
    note: str


class UsageInWords(UsageOut):
    """How a booking was used, in a sentence too."""

    in_words: str


class ApprovalOut(BookingOut):
    """A booking that waits for approval: since when, and until when it may."""

    resource_name: str
    project_name: str
    person_name: str
    created_at: datetime
    expires_at: datetime | None


class ApprovalList(BaseModel):
    """A page of bookings that wait for approval."""

    items: list[ApprovalOut]
    next: str | None


class SheetBooking(BookingOut):
    """A booking on a day sheet."""

    project_name: str
    person_name: str
    usage: UsageOut | None


class SheetClosure(BaseModel):
    """A closure within a day."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: datetime
    ends_at: datetime
    reason: str


class SheetResource(BaseModel):
    """A resource on a day sheet."""

    resource_id: UUID
    name: str
    capacity: int
    unit_label: str
    closures: list[SheetClosure]
    bookings: list[SheetBooking]


class DaySheet(BaseModel):
    """A facility's day, by its own clock."""

    facility_id: UUID
    on: date
    zone: str
    starts_at: datetime
    ends_at: datetime
    resources: list[SheetResource]


@router.post("/bookings/{booking_id}/restore", responses=problems(401, 403, 404, 409, 412))
def restore_booking(
    booking_id: UUID, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> BookingOut:
    """Keep a booking that a calendar program deleted, while it is `cancelling`."""
    booking = booking_restoring.restore(session, actor=actor, now=now, booking_id=booking_id)
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/check-in", responses=problems(401, 403, 404, 409, 412))
def check_in_booking(
    booking_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    given: CheckInIn | None = None,
) -> BookingOut:
    """Record that use has begun: from 30 minutes before the start, up to the end."""
    via = None if given is None else given.via
    booking = booking_use.check_in(session, actor=actor, now=now, booking_id=booking_id, via=via)
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/check-out", responses=problems(401, 403, 404, 409, 412))
def check_out_booking(
    booking_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    given: CheckOutIn | None = None,
) -> BookingOut:
    """Record that use has ended; what is left of the time, in whole steps, is given back."""
    note = "" if given is None else given.note
    booking = booking_use.check_out(session, actor=actor, now=now, booking_id=booking_id, note=note)
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/no-show", responses=problems(401, 403, 404, 409, 412))
def mark_no_show(
    booking_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    given: NoShowIn | None = None,
) -> BookingOut:
    """Record that nobody came, once the grace is over; the rest of the time is free again."""
    reason = "" if given is None else given.reason
    booking = booking_use.miss(session, actor=actor, now=now, booking_id=booking_id, reason=reason)
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/approve", responses=problems(401, 403, 404, 409, 412))
def approve_booking(
    booking_id: UUID, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> BookingOut:
    """Confirm a booking that waits for approval."""
    booking = booking_use.approve(session, actor=actor, now=now, booking_id=booking_id)
    return shown_booking(booking, response)


@router.post("/bookings/{booking_id}/reject", responses=problems(401, 403, 404, 409, 412))
def reject_booking(
    booking_id: UUID,
    given: RejectionIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> BookingOut:
    """Refuse a booking that waits for approval, with the reason."""
    booking = booking_use.reject(
        session, actor=actor, now=now, booking_id=booking_id, reason=given.reason
    )
    return shown_booking(booking, response)


@router.get("/bookings/{booking_id}/usage", responses=problems(401, 404))
def read_usage(booking_id: UUID, session: ReadSession, actor: SignedIn) -> UsageInWords:
    """Return how a booking was used; 404 until somebody has checked in."""
    if booking_seen(session, booking_id, viewer=actor) is None:
        raise NotFound("There is no such booking, or it is not yours to see; look at your list.")
    usage = usage_of(session, booking_id)
    if usage is None:
        raise NotFound("Nobody has checked in for this booking, so there is no use to tell of.")
    return _in_words(usage)


@router.patch("/bookings/{booking_id}/usage", responses=problems(401, 403, 404, 409, 412))
def note_usage(
    booking_id: UUID, given: NoteIn, session: WriteSession, actor: SignedIn, now: Now
) -> UsageInWords:
    """Note what the facility has to say of a use; it replaces what was noted before."""
    usage = booking_use.note(session, actor=actor, now=now, booking_id=booking_id, text=given.note)
    return _in_words(usage)


@router.get("/facilities/{facility}/day-sheet", responses=problems(401, 403, 404))
def read_day_sheet(
    facility: str,
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    on: Annotated[Day | None, Query(description="A day there; today if left out")] = None,
) -> DaySheet:
    """Return all resources of a facility with what is booked of them on one of its days."""
    place = _staffed(session, actor, facility)
    chosen = on or to_local(now, place.zone).date()
    within = local_day(chosen, place.zone) if _is_near(chosen) else None
    if within is None:
        reason = f"There is no {chosen} by the clocks of {place.zone}; give another day."
        raise Malformed(reason, [Violation("value_error", reason, "on")])
    parts = day_sheet(session, place.id, viewer=actor, within=within)
    return DaySheet(
        facility_id=place.id,
        on=chosen,
        zone=place.zone,
        starts_at=within.start,
        ends_at=within.end,
        resources=[_part(each) for each in parts],
    )


@router.get("/facilities/{facility}/approvals", responses=problems(401, 403, 404))
def list_approvals(
    facility: str,
    session: ReadSession,
    actor: SignedIn,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ApprovalList:
    """List the bookings that wait for the facility's approval, those asked for first first."""
    place = _staffed(session, actor, facility)
    page = pending_seen(session, place.id, viewer=actor, limit=limit, cursor=cursor)
    return ApprovalList(items=[_approval(each) for each in page.items], next=page.next)


def _staffed(session: Session, actor: Actor, facility: str) -> Any:
    """Return the facility if the actor sees all bookings there."""
    place = facility_at(session, facility)
    permit(actor, Action.BOOKING_SEE, Scope(facility_id=place.id))
    return place


def _is_near(day: date) -> bool:
    return EARLIEST_YEAR <= day.year <= LATEST_YEAR


def _in_words(usage: Any) -> UsageInWords:
    words = use_in_words(booked_minutes=usage.booked_minutes, used_minutes=usage.used_minutes)
    return UsageInWords(**UsageOut.model_validate(usage).model_dump(), in_words=words)


def _booking(seen: BookingSeen) -> dict[str, Any]:
    shown = BookingOut.model_validate(seen.booking).model_dump()
    return shown | {"project_name": seen.project_name, "person_name": seen.person_name}


def _approval(seen: BookingSeen) -> ApprovalOut:
    waits = {"created_at": seen.booking.created_at, "expires_at": seen.booking.expires_at}
    return ApprovalOut(**_booking(seen) | waits, resource_name=seen.resource_name)


def _part(part: SheetPart) -> SheetResource:
    return SheetResource(
        resource_id=part.resource.id,
        name=part.resource.name,
        capacity=part.resource.capacity,
        unit_label=part.resource.unit_label,
        closures=[SheetClosure.model_validate(each) for each in part.closures],
        bookings=[_line(each) for each in part.lines],
    )


def _line(line: SheetLine) -> SheetBooking:
    usage = None if line.usage is None else UsageOut.model_validate(line.usage)
    return SheetBooking(**_booking(line.seen), usage=usage)
