"""What the page of a booking that no longer holds time leads to instead."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from sqlmodel import Session

from api.pages.visit import Visit
from api.pages.wishes import offered_times
from booking.engine.lifecycle import HOLDING, BookingStatus
from booking.engine.permissions import Action, may
from booking.queries.bookings import BookingSeen
from booking.queries.offered_time import open_offer_instead
from booking.services.times_instead import times_instead

NOTHING: Final = {"again": "", "waiting_offer": None, "free": ()}


def found_instead(session: Session, visit: Visit, seen: BookingSeen) -> dict[str, Any]:
    """Find the form that books once more, the offer that waits and the nearest free times.

    All for those who may change the booking; the last two only where it was displaced.
    """
    booking = seen.booking
    if booking.status in HOLDING or not may(visit.actor, Action.BOOKING_CHANGE, seen.scope):
        return NOTHING
    again = f"/resources/{booking.resource_id}/book?{urlencode(_fields(seen))}"
    if booking.status is not BookingStatus.DISPLACED:
        return NOTHING | {"again": again}
    return {
        "again": again,
        "waiting_offer": open_offer_instead(session, booking.id, viewer=visit.actor, now=visit.now),
        "free": offered_times(session, times_instead(session, booking, now=visit.now)),
    }


def _fields(seen: BookingSeen) -> dict[str, str]:
    booking = seen.booking
    minutes = (booking.ends_at - booking.starts_at) // timedelta(minutes=1)
    return {
        "project_id": str(booking.project_id),
        "minutes": str(minutes),
        "quantity": str(booking.quantity),
        "title": booking.title,
    }
