"""Booking by a form: repeated once more before it is booked, and then done."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import booking_wish
from api.pages.booking_form import beside, form_shown, known
from api.pages.booking_quota import quota_beside
from api.pages.booking_series_form import series_checked
from api.pages.booking_wish import KEPT, TIMES
from api.pages.booking_words import hears
from api.pages.fields import Form, Typed
from api.pages.visit import Submitting, Visit, go, show
from booking.engine.lifecycle import BookingStatus
from booking.errors import DomainError
from booking.queries import projects
from booking.queries.catalogue import ResourceFacts
from booking.services import bookings
from booking.services.bookings import NewBooking

router = APIRouter()
DONE: Final = {
    BookingStatus.PENDING: "The facility has your wish and will answer it.",
    BookingStatus.HELD: "The time is held for you for 15 minutes. Confirm it here, or let it go.",
}


@router.post("/resources/{resource_id:uuid}/book/check")
def check(visit: Submitting, resource_id: UUID, form: Form) -> Response:
    """Repeat what would be booked, or say every reason why not; books nothing."""
    visit.sign_in_first()
    found = visit.read(lambda session: known(session, visit, resource_id))
    if form["every"]:
        return series_checked(visit, found, form)
    new = booking_wish.read_new(form, found)
    if new is None:
        return form_shown(visit, resource_id, form, form.refusal)
    would = visit.rehearse(lambda session: _would_be(session, visit, new))
    if isinstance(would, DomainError):
        return form_shown(visit, resource_id, form, would)
    return _check_shown(visit, found, form, new, would)


@router.post("/resources/{resource_id:uuid}/book")
def book(visit: Submitting, resource_id: UUID, form: Form) -> Response:
    """Book, or show every reason why not and the nearest times that would do."""
    visit.sign_in_first()
    found = visit.read(lambda session: known(session, visit, resource_id))
    new = booking_wish.read_new(form, found)
    if new is None:
        return form_shown(visit, resource_id, form, form.refusal)
    booked = visit.write(lambda session: _booked(session, visit, new))
    if isinstance(booked, DomainError):
        return form_shown(visit, resource_id, form, booked)
    done = DONE.get(booked.status, "Booked.")
    if booked.status is not BookingStatus.HELD:
        done = f"{done} {hears(visit, booked.person_id)}"
    return go(visit, f"/bookings/{booked.id}", done)


def _booked(session: Session, visit: Visit, new: NewBooking) -> Any:
    return bookings.book(
        session, actor=visit.actor, now=visit.now, domain=visit.settings.host, new=new
    )


def _would_be(session: Session, visit: Visit, new: NewBooking) -> tuple[BookingStatus, UUID]:
    """Book, and return what is known of it once that is undone: its state, and for whom."""
    booked = _booked(session, visit, new)
    return booked.status, booked.person_id


def _check_shown(
    visit: Visit,
    found: ResourceFacts,
    form: Typed,
    new: NewBooking,
    would: tuple[BookingStatus, UUID],
) -> Response:
    """Repeat exactly what would be booked."""
    status, person_id = would
    people = visit.read(lambda session: projects.people_of(session, new.project_id))
    project = visit.read(lambda session: projects.project(session, new.project_id))
    times = (new.starts_at, new.ends_at)
    left = visit.read(
        lambda session: quota_beside(session, found, new.project_id, times, now=visit.now)
    )
    filled = booking_wish.with_day(form, found.zone)
    return show(
        visit,
        "booking/check.html",
        resource=found,
        new=new,
        pending=status is BookingStatus.PENDING,
        typed=filled,
        back=booking_wish.query_of(filled, *TIMES, *KEPT),
        **beside(found, minutes=booking_wish.length_of(new), quantity=new.quantity),
        project=project,
        quota=left,
        whose=next((each.name for each in people if each.person_id == person_id), ""),
    )
