"""What a facility decides about a booking, and how its use is recorded."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import while_check_in
from booking.engine.intervals import Interval
from booking.engine.permissions import Action, Actor
from booking.engine.violations import Violation
from booking.errors import Malformed, RulesBroken
from booking.models import Booking
from booking.services.booking_changes import check_not_over, load_for, next_step, write_step


def approve(session: Session, *, actor: Actor, now: datetime, booking_id: UUID) -> Booking:
    """Confirm a booking that waits for approval.

    Raises: NotFound, NotPermitted, WrongState, or RulesBroken once it is over.
    """
    seen = load_for(session, actor, Action.BOOKING_APPROVE, booking_id)
    approved = next_step(seen.booking, "approve")
    check_not_over(seen, now)
    write_step(session, actor, seen, approved, {}, now=now)
    return seen.booking


def reject(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, reason: str
) -> Booking:
    """Refuse a booking that waits for approval; its time is free again.

    Raises: Malformed without a reason; NotFound, NotPermitted or WrongState.
    """
    if not reason.strip():
        words = "A refusal needs a reason; say why, so that the project can do better."
        raise Malformed(words, [Violation("missing", words, "/reason")])
    seen = load_for(session, actor, Action.BOOKING_APPROVE, booking_id)
    rejected = next_step(seen.booking, "reject")
    write_step(session, actor, seen, rejected, {"reason": reason.strip()}, now=now)
    return seen.booking


def check_in(session: Session, *, actor: Actor, now: datetime, booking_id: UUID) -> Booking:
    """Record that use has begun: from 30 minutes before the start, up to the end.

    Raises: NotFound, NotPermitted, WrongState, or RulesBroken outside that time.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    begun = next_step(seen.booking, "check_in")
    booked = Interval(seen.booking.starts_at, seen.booking.ends_at)
    untimely = while_check_in(booked, now)
    if untimely is not None:
        raise RulesBroken(untimely.reason, [untimely])
    write_step(session, actor, seen, begun, {}, now=now)
    return seen.booking


def check_out(session: Session, *, actor: Actor, now: datetime, booking_id: UUID) -> Booking:
    """Record that use has ended; the booking keeps the time it had.

    Raises: NotFound, NotPermitted or WrongState.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    completed = next_step(seen.booking, "check_out")
    write_step(session, actor, seen, completed, {}, now=now)
    return seen.booking
