"""Somebody undoes a cancelling, or books anew, while the clock or a rival decides otherwise."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.errors import RulesBroken, WrongState
from booking.models import Booking
from booking.services.booking_cancelling import Again, rebook, start_cancelling
from booking.services.booking_changes import cancel
from booking.services.booking_restoring import restore
from booking.services.lapsing import Lapsed, lapse
from tests.builders import NOW
from tests.races.sweep import overbooked
from tests.races.test_attendance import undecided_then_rival
from tests.scenes import Scene, a_scene, at, booked

END = NOW + timedelta(minutes=15)


def restores(session: Session, scene: Scene, booking: Booking) -> Any:
    return restore(session, actor=scene.by_member, now=END, booking_id=booking.id)


def lapses(session: Session, _scene: Scene, _booking: Booking) -> Any:
    return lapse(session, now=END)


def books(session: Session, scene: Scene, _booking: Booking) -> Any:
    return booked(session, scene)


def rebooks(session: Session, scene: Scene, booking: Booking) -> Any:
    again = Again(at(0), at(60), "Once more")
    return rebook(session, actor=scene.by_member, now=NOW, booking_id=booking.id, again=again)


def a_booking_going(database: Database) -> tuple[Scene, Booking]:
    with database.writing() as session:
        scene = a_scene(session)
        booking = booked(session, scene)
        start_cancelling(
            session, actor=scene.by_member, now=NOW, booking_id=booking.id, secret_key="tests"
        )
        return scene, booking


def a_booking_gone(database: Database) -> tuple[Scene, Booking]:
    with database.writing() as session:
        scene = a_scene(session)
        booking = booked(session, scene)
        cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)
        return scene, booking


def status_of(database: Database, booking: Booking) -> BookingStatus:
    with database.reading() as session:
        return session.get_one(Booking, booking.id).status


def test_lapse__undoing_undecided__leaves_it_standing(database: Database) -> None:
    scene, booking = a_booking_going(database)
    waits = database.dialect == "sqlite"
    fate, waited = undecided_then_rival(database, restores, lapses, scene, booking, waits=waits)
    assert fate.result() == Lapsed()
    assert waited is waits
    assert status_of(database, booking) is BookingStatus.CONFIRMED


def test_restore__cancellation_undecided__waits_and_is_refused(database: Database) -> None:
    scene, booking = a_booking_going(database)
    fate, waited = undecided_then_rival(database, lapses, restores, scene, booking)
    assert isinstance(fate.exception(), WrongState)
    assert waited
    assert status_of(database, booking) is BookingStatus.CANCELLED


def test_rebook__rival_undecided__waits_and_is_refused(database: Database) -> None:
    scene, booking = a_booking_gone(database)
    fate, waited = undecided_then_rival(database, books, rebooks, scene, booking)
    assert isinstance(fate.exception(), RulesBroken)
    assert waited
    assert overbooked(database) == []


def test_book__rebooking_undecided__waits_and_is_refused(database: Database) -> None:
    scene, booking = a_booking_gone(database)
    fate, waited = undecided_then_rival(database, rebooks, books, scene, booking)
    assert isinstance(fate.exception(), RulesBroken)
    assert waited
    assert overbooked(database) == []


def test_rebook__by_two_at_once__is_done_once(database: Database) -> None:
    scene, booking = a_booking_gone(database)
    fate, waited = undecided_then_rival(database, rebooks, rebooks, scene, booking)
    assert isinstance(fate.exception(), WrongState)
    assert waited
