"""Confirm time that was held while somebody finished a form."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import while_held
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Action, Actor
from booking.errors import NotFound, RulesBroken
from booking.models import Booking
from booking.queries.bookings import resource_to_book
from booking.services.booking_changes import load_for, next_step, write_step
from booking.services.bookings import lapses_at, manages_bookings, status_of_new


def confirm(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    booking_id: UUID,
    title: str | None = None,
) -> Booking:
    """Make a held booking stand: confirmed, or pending where the resource asks for approval.

    A new `title` goes with it. Up to the end of the hold; at that very instant it has lapsed.
    Raises: NotFound, NotPermitted, WrongState; RulesBroken once the hold has lapsed.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    booking = seen.booking
    resource = resource_to_book(session, booking.resource_id)
    if resource is None:
        raise NotFound("Its resource is gone; look at your list.")
    status = status_of_new(resource, by_manager=manages_bookings(actor, seen.facility_id))
    leads_to = next_step(booking, "submit" if status is BookingStatus.PENDING else "confirm")
    lapsed = while_held(booking.expires_at, now)
    if lapsed is not None:
        raise RulesBroken(lapsed.reason, [lapsed])
    changes = {
        "title": booking.title if title is None else title,
        "expires_at": lapses_at(resource, status, booking.starts_at, now=now),
    }
    write_step(session, actor, seen, leads_to, changes, now=now)
    return booking
