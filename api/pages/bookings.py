"""One booking: what it is, and changing it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.attendance import turn_of
from api.pages.booking_words import STATUS_WORDS
from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wishes import offers_beside, read_quantity, read_times
from api.problems import STATUS
from booking.engine.lifecycle import BOOKING_STEPS, allowed_steps
from booking.engine.permissions import Action, may
from booking.errors import DomainError, NotFound
from booking.queries import catalogue
from booking.queries.attendance import usage_of
from booking.queries.bookings import BookingSeen, booking_seen
from booking.services import booking_changes
from booking.services.booking_changes import Move
from booking.services.booking_use import runs_the_place

router = APIRouter()


@router.get("/bookings/{booking_id:uuid}")
def booking(visit: Visiting, booking_id: UUID, address: Address) -> Response:
    """Show a booking with what can be done about it."""
    visit.sign_in_first()
    return _shown(visit, booking_id, address)


@router.post("/bookings/{booking_id:uuid}/move")
def move(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Move a booking to another time, quantity or offered resource."""
    visit.sign_in_first()
    seen = visit.read(lambda session: _known(session, visit, booking_id))
    times, quantity = read_times(form, seen.zone), read_quantity(form)
    resource_id = form.key("resource_id")
    if form.refusal or times is None:
        return _shown(visit, booking_id, form, form.refusal)
    to = Move(times[0], times[1], resource_id, quantity)
    moved = visit.write(
        lambda session: booking_changes.move(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, to=to
        )
    )
    if isinstance(moved, DomainError):
        return _shown(visit, booking_id, form, moved)
    return go(visit, f"/bookings/{booking_id}", "Moved. The invitation in calendars follows.")


@router.post("/bookings/{booking_id:uuid}/retitle")
def retitle(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Give a booking another title."""
    visit.sign_in_first()
    title = form.line("title")
    if form.refusal:
        return _shown(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_changes.retitle(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, title=title
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "The title is changed.")


@router.get("/bookings/{booking_id:uuid}/cancel")
def ask_to_cancel(visit: Visiting, booking_id: UUID) -> Response:
    """Ask whether a booking is to be cancelled."""
    visit.sign_in_first()
    return _cancel_shown(visit, booking_id)


@router.post("/bookings/{booking_id:uuid}/cancel")
def cancel(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Cancel a booking."""
    visit.sign_in_first()
    reason = form.line("reason")
    if form.refusal:
        return _cancel_shown(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_changes.cancel(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, reason=reason
        )
    )
    if isinstance(done, DomainError):
        return _cancel_shown(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "Cancelled. It leaves calendars by mail.")


def _known(session: Session, visit: Visit, booking_id: UUID) -> BookingSeen:
    seen = booking_seen(session, booking_id, viewer=visit.actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see. Look at your list.")
    return seen


def _shown(
    visit: Visit, booking_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    def look(session: Session) -> tuple[BookingSeen, Any, Any, Any]:
        seen = _known(session, visit, booking_id)
        found = catalogue.facts_of(session, {seen.booking.resource_id})
        offers = offers_beside(session, refused)
        return seen, found[seen.booking.resource_id], usage_of(session, booking_id), offers

    seen, found, usage, offers = visit.read(look)
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    steps = allowed_steps(BOOKING_STEPS, seen.booking.status)
    changing = may(visit.actor, Action.BOOKING_CHANGE, seen.scope)
    minutes = seen.booking.ends_at - seen.booking.starts_at
    length = values.whole("minutes", least=1, most=366 * 1440) or minutes // timedelta(minutes=1)
    return show(
        visit,
        "booking/booking.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=_with_present(values, seen),
        refused=refused,
        errors=errors_of(refused),
        offers=offers,
        seen=seen,
        booking=seen.booking,
        turn=turn_of(visit, seen, usage, grace_minutes=found.no_show_grace_minutes),
        runs=runs_the_place(visit.actor, seen.facility_id),
        resource=found,
        words=STATUS_WORDS[seen.booking.status],
        steps=steps if changing and seen.booking.ends_at > visit.now else (),
        lengths=rules_in_words.lengths_of(found, length),
        length=str(length),
    )


def _with_present(values: Typed, seen: BookingSeen) -> Typed:
    """Fill in what the booking is now where nothing else was typed."""
    there = seen.booking.starts_at.astimezone(ZoneInfo(seen.zone))
    present = {
        "day": date.isoformat(there.date()),
        "start": f"{there:%H:%M}",
        "quantity": str(seen.booking.quantity),
        "title": seen.booking.title,
    }
    return Typed({**present, **values.values})


def _cancel_shown(
    visit: Visit,
    booking_id: UUID,
    values: Typed | None = None,
    refused: DomainError | None = None,
) -> Response:
    seen = visit.read(lambda session: _known(session, visit, booking_id))
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    return show(
        visit,
        "booking/cancel.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values or Typed({}),
        refused=refused,
        errors=errors_of(refused),
        seen=seen,
        booking=seen.booking,
    )
