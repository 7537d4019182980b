"""Attendees and the alarm, by forms of the booking's page."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.deps import AppSettings
from api.pages.alarm_form import BY_RULE, read_alarm
from api.pages.bookings import shown_booking
from api.pages.fields import Form, Typed
from api.pages.visit import Submitting, go
from booking.errors import DomainError
from booking.services import alarms, attendees

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


@router.post("/bookings/{booking_id:uuid}/alarm")
def set_alarm(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Let the holder's calendar ring otherwise for this booking, or by their rule again."""
    visit.sign_in_first()
    by_rule = form["alarm_minutes"] == BY_RULE
    alarm = None if by_rule else read_alarm(form)
    if form.refusal:
        return shown_booking(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: alarms.set_alarm(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, alarm=alarm
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "The alarm is set. It comes by mail or feed.")
