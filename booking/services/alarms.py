"""Let a holder's calendar ring for one booking otherwise than by their rule."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor
from booking.errors import NotPermitted
from booking.events import record
from booking.models import BookingAlarm
from booking.queries import alarms
from booking.services.attendees import check_stands
from booking.services.booking_changes import load_for
from booking.services.bookings import as_recorded
from booking.services.permits import permit_signed_in
from booking.services.preferences import Alarm, read_alarm


def set_alarm(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, alarm: Alarm | None
) -> None:
    """Set when the holder's own calendar rings for a booking; None is by their rule again.

    The booking stays as it is: its text is one for all. Where nothing would change, nothing does.
    Raises: NotFound, NotPermitted for anybody but the holder, Malformed, WrongState;
    RulesBroken for a booking that is over.
    """
    permit_signed_in(actor)
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    holder = seen.booking.person_id
    if actor.person_id != holder:
        raise NotPermitted("Whoever holds a booking sets its alarm, in their own calendar alone.")
    check_stands(seen, now)
    if not _written(session, booking_id, holder, alarm):
        return
    record(
        session,
        EventKind.BOOKING_ALARM_SET,
        subject_id=booking_id,
        now=now,
        actor_id=holder,
        facility_id=seen.facility_id,
        payload=as_recorded(seen.booking),
    )


def _written(session: Session, booking_id: UUID, holder: UUID, alarm: Alarm | None) -> bool:
    """Write what was chosen; False where nothing changed."""
    row = alarms.alarm_row(session, booking_id, holder)
    if alarm is None:
        if row is not None:
            session.delete(row)
        return row is not None
    if row is not None and row.minutes_before == alarm.minutes:
        return False
    row = row or BookingAlarm(booking_id=booking_id, person_id=holder)
    row.minutes_before = read_alarm(alarm.minutes)
    session.add(row)
    return True
