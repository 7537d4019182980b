import json
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, SQLModel

from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import SYSTEM, Role
from booking.engine.tokens import token_hash
from booking.engine.vocabulary import DeliveryState, WaitlistState
from booking.errors import NotPermitted, RulesBroken
from booking.models import Delivery, Person
from booking.queries import people
from booking.queries import personal as read
from booking.services import personal, sign_in, tokens
from tests.builders import (
    a_booking,
    a_person,
    a_project,
    a_resource,
    a_role,
    a_token,
    added,
    an_entry,
)
from tests.events import events_about, kinds_about

HOUR = timedelta(hours=1)


def test_held__every_reference_to_a_person__is_exported() -> None:
    references = {
        (table.name, column.name)
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "person"
    }
    held = {(str(table.__tablename__), column) for table, column in read.HELD.values()}
    assert held == references


def test_export__own__holds_everything_but_secrets(session: Session, now: datetime) -> None:
    person = a_person(session, name="Amina")
    project = a_project(session, person)
    a_booking(session, a_resource(session), project, now, now + HOUR, title="Run 7")
    token = a_token(session, person)
    actor = people.actor_of(session, person.id)
    exported = personal.export(session, actor=actor, person_id=person.id)
    text = json.dumps(exported)
    assert exported["profile"]["name"] == "Amina"
    assert exported["bookings"][0]["title"] == "Run 7"
    assert set(exported) == {"profile", "calendar_programs", *read.HELD}
    assert token_hash(token) not in text


def test_export__of_somebody_else__is_not_permitted(session: Session) -> None:
    actor = people.actor_of(session, a_person(session).id)
    with pytest.raises(NotPermitted):
        personal.export(session, actor=actor, person_id=a_person(session).id)


def test_delete_account__of_somebody_else__is_not_permitted(
    session: Session, now: datetime
) -> None:
    actor = people.actor_of(session, a_person(session).id)
    with pytest.raises(NotPermitted):
        personal.delete_account(session, actor=actor, now=now, person_id=a_person(session).id)


def test_delete_account__nothing_open__leaves_bookings_without_a_name(
    session: Session, now: datetime
) -> None:
    person = a_person(session, email="amina@example.org", name="Amina")
    project = a_project(session, person)
    a_role(session, person.id, Role.AUDITOR)
    # A booking that ends this very instant is over.
    booking = a_booking(session, a_resource(session), project, now - HOUR, now)
    tokens.create_token(session, actor=SYSTEM, now=now, person_id=person.id)
    sign_in.make_link(session, person_id=person.id, now=now, secret_key="x")
    message = waiting_message(session, person, now)
    actor = people.actor_of(session, person.id)
    personal.delete_account(session, actor=actor, now=now, person_id=person.id)
    assert (person.name, booking.person_id) == ("Deleted person", person.id)
    assert person.email.endswith(".invalid")
    assert people.person_by_email(session, "amina@example.org") is None
    assert read.ties_of(session, person.id) == ()
    assert message.state is DeliveryState.FAILED
    kept = json.dumps(personal.export(session, actor=SYSTEM, person_id=person.id))
    assert "amina" not in kept.lower()
    assert kinds_about(session, person.id)[-1] == "person.changed"


def waiting_message(session: Session, person: Person, now: datetime) -> Delivery:
    link = sign_in.ask_for_link(session, email=person.email, now=now, secret_key="x")
    session.flush()
    (event,) = events_about(session, link.id)
    return added(
        session,
        Delivery(
            event_id=event.id,
            person_id=person.id,
            address=person.email,
            message_id="<one@benchshare.example>",
            due_at=now,
        ),
    )


def test_delete_account__something_open__names_all_that_is_to_be_settled(
    session: Session, now: datetime
) -> None:
    person, colleague = a_person(session), a_person(session)
    project = a_project(session, person, colleague, name="Soil maps")
    resource = a_resource(session)
    booking = a_booking(session, resource, project, now - HOUR, now + HOUR)
    entry = an_entry(session, resource, project, now + HOUR, now + 2 * HOUR)
    with pytest.raises(RulesBroken) as refused:
        personal.delete_account(session, actor=SYSTEM, now=now, person_id=person.id)
    assert [each.code for each in refused.value.violations] == [
        "bookings_to_come",
        "on_waiting_list",
        "leads_projects",
    ]
    assert "Soil maps" in refused.value.violations[2].reason
    booking.status = BookingStatus.CANCELLED
    entry.state = WaitlistState.WITHDRAWN
    project.principal_investigator_id = colleague.id
    personal.delete_account(session, actor=SYSTEM, now=now, person_id=person.id)
    assert person.name == "Deleted person"
