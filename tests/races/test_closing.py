"""A booking is made while its time is being closed: one of them always sees the other."""

import pytest
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.errors import RulesBroken
from booking.models import Booking
from booking.services.closures import NewClosure, add_closure
from tests.builders import NOW
from tests.races.test_interleaved import Deed, books, set_up, undecided_then_rival
from tests.scenes import Scene, at


def closes(session: Session, scene: Scene) -> None:
    """Close the one resource for the hour that is booked."""
    _close(session, scene, NewClosure(scene.resource.id, at(0), at(60)))


def closes_all(session: Session, scene: Scene) -> None:
    """Close the whole facility for that hour."""
    _close(session, scene, NewClosure(None, at(0), at(60)))


def _close(session: Session, scene: Scene, new: NewClosure) -> None:
    add_closure(session, actor=scene.by_manager, now=NOW, facility_id=scene.facility.id, new=new)


@pytest.mark.parametrize("capacity", [1, 3])
@pytest.mark.parametrize("rival", [closes, closes_all])
def test_close__booking_undecided__waits_and_displaces_it(
    database: Database, capacity: int, rival: Deed
) -> None:
    scene = set_up(database, capacity=capacity)

    fate = undecided_then_rival(database, scene, books, rival)

    assert fate.exception() is None
    with database.reading() as session:
        rows = session.exec(select(Booking).where(Booking.starts_at == at(0))).all()
    assert [each.status for each in rows] == [BookingStatus.DISPLACED]


@pytest.mark.parametrize("capacity", [1, 3])
@pytest.mark.parametrize("first", [closes, closes_all])
def test_book__closure_undecided__waits_and_is_refused(
    database: Database, capacity: int, first: Deed
) -> None:
    scene = set_up(database, capacity=capacity)

    fate = undecided_then_rival(database, scene, first, books)

    refusal = fate.exception()
    assert isinstance(refusal, RulesBroken)
    assert "closure" in {each.code for each in refusal.violations}


def test_close__another_closes_the_same__displaces_once(database: Database) -> None:
    scene = set_up(database)
    with database.writing() as session:
        books(session, scene)

    fate = undecided_then_rival(database, scene, closes, closes_all)

    assert fate.exception() is None
    with database.reading() as session:
        rows = session.exec(select(Booking)).all()
    gone = [each for each in rows if each.status is BookingStatus.DISPLACED]
    assert [(each.starts_at, each.revision) for each in gone] == [(at(0), 1)]
