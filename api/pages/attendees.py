"""Attendees by forms of the booking's page: invite one, take one off."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.deps import AppSettings
from api.pages.bookings import shown_booking
from api.pages.fields import Form, Typed
from api.pages.visit import Submitting, go
from booking.errors import DomainError
from booking.services import attendees

router = APIRouter()


@router.post("/bookings/{booking_id:uuid}/attendees")
def invite(visit: Submitting, booking_id: UUID, form: Form, settings: AppSettings) -> Response:
    """Invite somebody to a booking."""
    visit.sign_in_first()
    form.needed("address", "Write the e-mail address of whom to invite.")
    address, name = form.line("address"), form.line("attendee_name")
    if form.refusal:
        return shown_booking(visit, booking_id, form, form.refusal)
    invited = visit.write(
        lambda session: attendees.add_attendee(
            session,
            actor=visit.actor,
            now=visit.now,
            booking_id=booking_id,
            address=address,
            name=name,
            sender=settings.sender,
        )
    )
    if isinstance(invited, DomainError):
        return shown_booking(visit, booking_id, form, invited)
    words = f"{invited.name or invited.address} is invited. The invitation goes by mail."
    return go(visit, f"/bookings/{booking_id}", words)


@router.post("/bookings/{booking_id:uuid}/attendees/{attendee_id:uuid}/remove")
def remove(visit: Submitting, booking_id: UUID, attendee_id: UUID) -> Response:
    """Take somebody off a booking."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: attendees.remove_attendee(
            session,
            actor=visit.actor,
            now=visit.now,
            booking_id=booking_id,
            attendee_id=attendee_id,
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, Typed({}), done)
    words = "They are off the list. It leaves their calendar by mail."
    return go(visit, f"/bookings/{booking_id}", words)
