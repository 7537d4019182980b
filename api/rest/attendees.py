"""Attendees of a booking: list, invite, take off."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.deps import AppSettings, Line, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.vocabulary import Participation
from booking.services import attendees

router = APIRouter(tags=["bookings"], route_class=IdempotentRoute)


class NewAttendee(BaseModel):
    """Whom to invite, by the address that the invite goes to."""

    model_config = ConfigDict(extra="forbid")

    address: Line
    name: Line = ""


class Attendee(BaseModel):
    """Somebody invited to a booking, and what they answered to its newest invite."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    address: str
    name: str
    participation: Participation
    answered_sequence: int | None
    added_at: datetime


class Attendees(BaseModel):
    """Everybody invited to a booking beside its holder, in the order they were invited."""

    items: list[Attendee]
    next: str | None = None


@router.get("/bookings/{booking_id}/attendees", responses=problems(401, 403, 404))
def list_attendees(booking_id: UUID, session: ReadSession, actor: SignedIn) -> Attendees:
    """Return who is invited; for the holder, the principal investigator and managers."""
    found = attendees.list_attendees(session, actor=actor, booking_id=booking_id)
    return Attendees(items=[Attendee.model_validate(each) for each in found])


@router.post(
    "/bookings/{booking_id}/attendees", status_code=201, responses=problems(401, 403, 404, 409)
)
def add_attendee(
    booking_id: UUID,
    new: NewAttendee,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    settings: AppSettings,
) -> Attendee:
    """Invite somebody; who is invited already stays as they are."""
    row = attendees.add_attendee(
        session,
        actor=actor,
        now=now,
        booking_id=booking_id,
        address=new.address,
        name=new.name,
        sender=settings.sender,
    )
    return Attendee.model_validate(row)


@router.delete(
    "/bookings/{booking_id}/attendees/{attendee_id}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
def remove_attendee(
    booking_id: UUID, attendee_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> None:
    """Take somebody off; it leaves their calendar by a mail to them alone."""
    attendees.remove_attendee(
        session, actor=actor, now=now, booking_id=booking_id, attendee_id=attendee_id
    )
