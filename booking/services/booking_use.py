"""What a facility decides about a booking, and how its use is recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.attendance import minutes_used, released_end, while_check_in, while_missed
from booking.engine.intervals import Interval
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.engine.vocabulary import CheckInBy
from booking.errors import Malformed, NotFound, RulesBroken
from booking.events import record
from booking.models import Booking, Resource, UsageRecord
from booking.queries.attendance import usage_of
from booking.queries.bookings import BookingSeen, resource_to_book
from booking.services.booking_changes import check_not_over, load_for, next_step, write_step
from booking.services.permits import permit


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


def check_in(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    booking_id: UUID,
    via: CheckInBy | None = None,
) -> Booking:
    """Record that use has begun: from 30 minutes before the start, up to the end.

    `via` is how it reached us; where it is not said, by a button, or by an operator where
    the actor is one and not of the project.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken outside that time.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    way = _way_of(actor, seen, via)
    begun = next_step(seen.booking, "check_in")
    booked = _booked(seen.booking)
    _refuse_if(while_check_in(booked, now))
    write_step(session, actor, seen, begun, {}, now=now)
    session.add(
        UsageRecord(
            booking_id=seen.booking.id,
            checked_in_at=now,
            checked_in_by=actor.person_id,
            via=way,
            booked_minutes=booked.minutes,
        )
    )
    session.flush()
    return seen.booking


def check_out(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, note: str = ""
) -> Booking:
    """Record that use has ended; what is left of the time, in whole steps, is given back.

    Raises: NotFound, NotPermitted or WrongState.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    completed = next_step(seen.booking, "check_out")
    booked = _booked(seen.booking)
    end = released_end(booked, now, grid_minutes=_resource(session, seen).grid_minutes)
    changes: dict[str, Any] = {} if end is None else {"ends_at": end}
    write_step(session, actor, seen, completed, changes, now=now)
    usage = usage_of(session, booking_id)
    if usage is not None:
        usage.checked_out_at = now
        usage.checked_out_by = actor.person_id
        usage.used_minutes = minutes_used(
            booked, checked_in_at=usage.checked_in_at, checked_out_at=now
        )
        usage.note = note.strip()
    session.flush()
    return seen.booking


def note(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, text: str
) -> UsageRecord:
    """Write down what the facility has to say of a use; it replaces what was noted before.

    Raises: NotFound, also before anybody has checked in; NotPermitted for the project's own.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    _permit_staff(actor, seen)
    usage = usage_of(session, booking_id)
    if usage is None:
        raise NotFound("Nobody has checked in, so there is no use to note anything of.")
    usage.note = text.strip()
    record(
        session,
        EventKind.BOOKING_NOTED,
        subject_id=booking_id,
        now=now,
        actor_id=actor.person_id,
        facility_id=seen.facility_id,
    )
    session.flush()
    return usage


def miss(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, reason: str = ""
) -> Booking:
    """Record that nobody came, once the grace is over; what is left of the time is free again.

    By those who run the facility. It stays charged.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken while its people may still come.
    """
    seen = load_for(session, actor, Action.BOOKING_CHECK_IN, booking_id)
    _permit_staff(actor, seen)
    missed = next_step(seen.booking, "miss")
    grace_minutes = _resource(session, seen).no_show_grace_minutes
    _refuse_if(while_missed(_booked(seen.booking), now, grace_minutes=grace_minutes))
    write_step(session, actor, seen, missed, {"reason": reason.strip()}, now=now)
    return seen.booking


def runs_the_place(actor: Actor, facility_id: UUID) -> bool:
    """Say whether the actor records use here for anybody."""
    return may(actor, Action.BOOKING_CHECK_IN, Scope(facility_id=facility_id))


def _permit_staff(actor: Actor, seen: BookingSeen) -> None:
    permit(actor, Action.BOOKING_CHECK_IN, Scope(facility_id=seen.facility_id))


def _way_of(actor: Actor, seen: BookingSeen, via: CheckInBy | None) -> CheckInBy:
    if via is CheckInBy.OPERATOR:
        _permit_staff(actor, seen)
    if via is not None:
        return via
    for_others = seen.booking.project_id not in actor.project_ids
    return CheckInBy.OPERATOR if for_others else CheckInBy.BUTTON


def _booked(booking: Booking) -> Interval:
    return Interval(booking.starts_at, booking.ends_at)


def _resource(session: Session, seen: BookingSeen) -> Resource:
    found = resource_to_book(session, seen.booking.resource_id)
    if found is None:
        raise ValueError(f"Booking {seen.booking.id} is of no resource.")
    return found


def _refuse_if(violation: Violation | None) -> None:
    if violation is not None:
        raise RulesBroken(violation.reason, [violation])
