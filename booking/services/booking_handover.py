"""Hand a booking over to a colleague on the same project."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_rules import HAND_OVER_RULES
from booking.engine.intervals import Interval
from booking.engine.permissions import Action, Actor
from booking.errors import NotFound
from booking.models import Booking
from booking.queries import people
from booking.queries.booking_facts import Wish
from booking.queries.bookings import BookingSeen, resource_to_book
from booking.services.attendees import leave_holders
from booking.services.booking_changes import check_not_over, load_for, next_step, write_step
from booking.services.booking_placing import check_rules


def hand_over(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, person_id: UUID
) -> Booking:
    """Put a booking into another name: of somebody on the project, qualified if need be.

    Up to its end. To whom it is already, nothing changes. `sequence` and `revision` rise.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken with every violation.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    if seen.booking.person_id == person_id:
        return seen.booking
    handed = next_step(seen.booking, "hand_over")
    check_not_over(seen, now)
    _check_person(session, seen, person_id, now=now)
    held_by = people.person(session, seen.booking.person_id)
    write_step(session, actor, seen, handed, {"person_id": person_id}, now=now)
    if held_by is not None:
        leave_holders(session, booking_id=booking_id, address=held_by.email, now=now)
    return seen.booking


def _check_person(session: Session, seen: BookingSeen, person_id: UUID, *, now: datetime) -> None:
    booking = seen.booking
    resource = resource_to_book(session, booking.resource_id)
    if resource is None:
        raise NotFound("Its resource is gone; look at your list.")
    wish = Wish(
        project_id=booking.project_id,
        person_id=person_id,
        wanted=Interval(booking.starts_at, booking.ends_at),
        quantity=booking.quantity,
        by_manager=False,
        instead_of=booking.id,
    )
    check_rules(session, resource, wish, now=now, rules=HAND_OVER_RULES, offering=False)
