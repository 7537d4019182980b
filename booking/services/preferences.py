"""How a person hears of bookings: by invite, digest or feed, and when their calendar rings."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.digests import LONGEST_ALARM_MINUTES, digest_day
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalendarMail
from booking.errors import Malformed
from booking.events import record
from booking.models import Person
from booking.services.people import known_person
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class Alarm:
    """How long before a booking a calendar rings, in minutes; None is silence."""

    minutes: int | None


def set_preferences(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    calendar_mail: CalendarMail | None = None,
    alarm: Alarm | None = None,
) -> Person:
    """Change what is given. Whoever chooses the digest gets the first at the next seven o'clock.

    Raises: Malformed for an alarm of less than nothing or of more than four weeks; NotFound.
    """
    permit(actor, Action.PROFILE_EDIT, Scope(person_id=person_id))
    person = known_person(session, person_id)
    changed = []
    if alarm is not None and alarm.minutes != person.alarm_minutes:
        person.alarm_minutes = read_alarm(alarm.minutes)
        changed.append("alarm_minutes")
    if calendar_mail is not None and calendar_mail is not person.calendar_mail:
        person.calendar_mail = calendar_mail
        person.digest_on = digest_day(now, person.zone)
        changed.append("calendar_mail")
    if changed:
        session.add(person)
        record(
            session,
            EventKind.PERSON_CHANGED,
            subject_id=person.id,
            now=now,
            actor_id=actor.person_id,
            payload={"changed": changed},
        )
    return person


def read_alarm(minutes: int | None) -> int | None:
    """Return the minutes.

    Raises: Malformed.
    """
    if minutes is None or 0 <= minutes <= LONGEST_ALARM_MINUTES:
        return minutes
    reason = f"An alarm rings 0 to {LONGEST_ALARM_MINUTES} minutes before; or choose none."
    raise Malformed(reason, [Violation("alarm_minutes", reason, "/alarm_minutes")])
