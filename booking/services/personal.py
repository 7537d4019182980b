"""A person's own data: all of it to take along, and the deletion of an account."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalendarMail, DeliveryState
from booking.errors import RulesBroken
from booking.events import record
from booking.models import Person
from booking.queries import personal
from booking.services import busy_calendars, calendar_tokens
from booking.services.people import known_person
from booking.services.permits import permit

DELETED_NAME: Final = "Deleted person"
GIVEN_UP: Final = "The person deleted their account."
WORDS_GONE: Final = (
    "The person who appealed deleted their account, and these words with it; "
    "ask the project what the appeal is about."
)


def export(session: Session, *, actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Return all that is held on a person, as one JSON object.

    Raises: NotFound.
    """
    permit(actor, Action.PROFILE_SEE, Scope(person_id=person_id))
    return personal.everything_on(session, known_person(session, person_id))


def delete_account(session: Session, *, actor: Actor, now: datetime, person_id: UUID) -> None:
    """Take a person's name, address, roles and keys away; past bookings stay without them.

    So do appeals, without the words they were made in: an open one still gets its answer.
    Raises: NotFound; RulesBroken with all that is to be settled before.
    """
    permit(actor, Action.PROFILE_EDIT, Scope(person_id=person_id))
    person = known_person(session, person_id)
    broken = _unsettled(personal.unfinished_of(session, person.id, now=now))
    if broken:
        reason = "Settle what is open first; then your account can be deleted."
        raise RulesBroken(reason, broken)
    calendar_tokens.forget_programs(session, person_id=person.id)
    busy_calendars.forget(session, person_id=person.id)
    for row in personal.ties_of(session, person.id):
        session.delete(row)
    _make_nameless(person)
    for appeal in personal.appeals_by(session, person.id):
        appeal.grounds = WORDS_GONE
    for message in personal.messages_to(session, person.id):
        message.address = person.email
        if message.state is DeliveryState.DUE:
            message.state = DeliveryState.FAILED
        if message.state is DeliveryState.FAILED:
            message.last_error = GIVEN_UP  # a server's own words often name the address
    session.flush()
    record(
        session,
        EventKind.PERSON_CHANGED,
        subject_id=person.id,
        now=now,
        actor_id=actor.person_id,
        payload={"changed": ["deleted"]},
    )


def _make_nameless(person: Person) -> None:
    person.name = DELETED_NAME
    person.email = f"{uuid4().hex}@deleted.invalid"
    person.orcid, person.zone, person.locale = "", "UTC", "en"
    person.calendar_mail, person.alarm_minutes = CalendarMail.INVITE, None


def _unsettled(left: personal.Unfinished) -> list[Violation]:
    found = []
    if left.bookings_to_come:
        reason = f"Cancel the bookings to come first: {left.bookings_to_come}."
        found.append(Violation("bookings_to_come", reason))
    if left.places_in_line:
        reason = f"Leave the waiting list first: {left.places_in_line}."
        found.append(Violation("on_waiting_list", reason))
    if left.requests_under_way:
        reason = f"Withdraw the access requests under way first: {left.requests_under_way}."
        found.append(Violation("requests_under_way", reason))
    if left.projects_with_others:
        names = ", ".join(left.projects_with_others)
        reason = f"Let somebody else lead these projects first: {names}."
        found.append(Violation("leads_projects", reason))
    return found
