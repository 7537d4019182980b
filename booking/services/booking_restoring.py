"""Take back a cancelling that has not yet become a cancellation."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.permissions import Action, Actor
from booking.models import Booking
from booking.services.booking_changes import check_not_over, load_for, next_step, write_step


def restore(session: Session, *, actor: Actor, now: datetime, booking_id: UUID) -> Booking:
    """Let a booking that is being cancelled stand again, as it was.

    Its time was kept, so no rule is asked anew. `revision` rises, `sequence` does not.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken when it is over.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    restored = next_step(seen.booking, "restore")
    check_not_over(seen, now)
    write_step(session, actor, seen, restored, {}, now=now)
    return seen.booking
