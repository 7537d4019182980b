"""Times that would do instead of a booking that no longer holds any."""

from datetime import datetime

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.models import Booking
from booking.queries.booking_facts import Wish
from booking.queries.bookings import resource_to_book
from booking.services.booking_placing import nearest


def times_instead(session: Session, booking: Booking, *, now: datetime) -> list[dict[str, str]]:
    """List the nearest times that keep every rule, as its own person would book them.

    JSON values; none where the resource can be booked no more.
    """
    resource = resource_to_book(session, booking.resource_id)
    if resource is None:
        return []
    wish = Wish(
        project_id=booking.project_id,
        person_id=booking.person_id,
        wanted=Interval(booking.starts_at, booking.ends_at),
        quantity=booking.quantity,
        by_manager=False,
    )
    return nearest(session, resource, wish, now=now)
