"""The audit trail is a chain that shows what was done to it."""

import pytest
from sqlalchemy import text, update
from sqlmodel import Session, col, select

from booking.clock import new_id
from booking.db import Database
from booking.engine.lifecycle import EventKind
from booking.events import record
from booking.guards import guard_drops
from booking.models import Event
from booking.services.sealing import START, seal, verify_chain
from tests.builders import NOW


def some_events(session: Session, count: int) -> None:
    for number in range(count):
        record(
            session,
            EventKind.RESOURCE_CREATED,
            subject_id=new_id(),
            now=NOW,
            payload={"name": "Größe", "number": number, "share": 0.1},
        )
        session.flush()


def sealed(session: Session) -> list[Event]:
    session.expire_all()
    return list(session.exec(select(Event).order_by(col(Event.position))).all())


def test_seal__unsealed_events__get_positions_and_a_chain(session: Session) -> None:
    some_events(session, 3)
    assert seal(session) == 3
    events = sealed(session)
    assert [each.position for each in events] == [1, 2, 3]
    assert len({each.hash for each in events} | {START}) == 4
    assert verify_chain(session) == ()


def test_seal__again_with_new_ones__goes_on_from_the_last(session: Session) -> None:
    some_events(session, 3)
    assert seal(session, limit=2) == 2
    some_events(session, 1)
    assert seal(session) == 2
    assert seal(session) == 0
    assert [each.position for each in sealed(session)] == [1, 2, 3, 4]
    assert verify_chain(session) == ()


def test_verify__nothing_sealed__is_whole(session: Session) -> None:
    some_events(session, 1)
    assert verify_chain(session) == ()


@pytest.fixture
def unguarded(database: Database) -> Database:
    """A database of one who can take the guards down."""
    with database.writing() as session:
        some_events(session, 4)
        seal(session)
        for statement in guard_drops(database.dialect):
            session.connection().execute(text(statement))
    return database


def test_verify__changed_event__is_named(unguarded: Database) -> None:
    with unguarded.writing() as session:
        change = update(Event).where(col(Event.position) == 2)
        session.exec(change.values(kind=str(EventKind.SIGNED_IN)))
    with unguarded.reading() as session:
        (fault,) = verify_chain(session)
    assert fault.startswith("Event 2 (")


def test_verify__missing_event__is_named(unguarded: Database) -> None:
    with unguarded.writing() as session:
        session.delete(sealed(session)[1])
    with unguarded.reading() as session:
        assert verify_chain(session) == ("Events 2 to 2 are missing from the audit trail.",)
