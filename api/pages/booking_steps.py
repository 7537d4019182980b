"""What else is done about a booking: confirm what was held, keep it, shorten it, hand it over."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.booking_words import hears
from api.pages.bookings import known_booking, shown_booking
from api.pages.fields import Form, Typed, errors_of
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wishes import MOST_MINUTES
from api.problems import STATUS
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import BookingStatus
from booking.errors import DomainError
from booking.queries import projects
from booking.services import (
    booking_changes,
    booking_handover,
    booking_holds,
    booking_restoring,
)
from booking.services.booking_changes import Move

router = APIRouter()


@router.post("/bookings/{booking_id:uuid}/confirm")
def confirm(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Make what was held for the visitor a booking."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: booking_holds.confirm(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, form, done)
    waits = done.status is BookingStatus.PENDING
    words = "The facility has your wish and will answer it." if waits else "Booked."
    return go(visit, f"/bookings/{booking_id}", f"{words} {hears(visit, done.person_id)}")


@router.post("/bookings/{booking_id:uuid}/restore")
def restore(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Keep a booking that a calendar program deleted."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: booking_restoring.restore(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "Your booking stands as it did before.")


@router.post("/bookings/{booking_id:uuid}/shorten")
def shorten(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Give back the end of a booking."""
    visit.sign_in_first()
    seen = visit.read(lambda session: known_booking(session, visit, booking_id))
    minutes = form.whole("shorter", least=1, most=MOST_MINUTES)
    form.needed("shorter", "Choose how long it is to be.")
    if form.refusal or minutes is None:
        return shown_booking(visit, booking_id, form, form.refusal)
    to = Move(ends_at=seen.booking.starts_at + minutes * MINUTE)
    done = visit.write(
        lambda session: booking_changes.move(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, to=to
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "Shortened. The rest is free for others.")


@router.get("/bookings/{booking_id:uuid}/hand-over")
def ask_to_hand_over(visit: Visiting, booking_id: UUID) -> Response:
    """Ask to whom of the project a booking is to go."""
    visit.sign_in_first()
    return _hand_over_shown(visit, booking_id, Typed({}))


@router.post("/bookings/{booking_id:uuid}/hand-over")
def hand_over(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Hand a booking over to a colleague."""
    visit.sign_in_first()
    person_id = form.key("person_id")
    form.needed("person_id", "Choose a colleague.")
    if form.refusal or person_id is None:
        return _hand_over_shown(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_handover.hand_over(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, person_id=person_id
        )
    )
    if isinstance(done, DomainError):
        return _hand_over_shown(visit, booking_id, form, done)
    words = "Handed over. Your colleague gets the invitation, and it leaves the other calendar."
    return go(visit, f"/bookings/{booking_id}", words)


def _hand_over_shown(
    visit: Visit, booking_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    def look(session: Any) -> tuple[Any, list[tuple[str, str]]]:
        seen = known_booking(session, visit, booking_id)
        people = projects.people_of(session, seen.booking.project_id)
        others = [each for each in people if each.person_id != seen.booking.person_id]
        return seen, [(str(each.person_id), each.name) for each in others]

    seen, people = visit.read(look)
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    return show(
        visit,
        "booking/hand_over.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        seen=seen,
        booking=seen.booking,
        people=people,
    )
