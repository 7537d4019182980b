"""Somebody checks in while the clock marks them as missed: one of the two, never both."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import SYSTEM
from booking.errors import WrongState
from booking.models import Booking, UsageRecord
from booking.queries.bookings import booking_seen
from booking.services.booking_changes import next_step, write_step
from booking.services.booking_use import check_in
from booking.services.lapsing import Lapsed, lapse
from tests.events import kinds_about
from tests.scenes import Scene, a_scene, at, booked

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20
LATE = at(20)
Deed = Callable[[Session, Scene, Booking], Any]


def checks_in(session: Session, scene: Scene, booking: Booking) -> Any:
    return check_in(session, actor=scene.by_member, now=LATE, booking_id=booking.id)


def lapses(session: Session, _scene: Scene, _booking: Booking) -> Any:
    return lapse(session, now=LATE)


def misses_unlocked(session: Session, _scene: Scene, booking: Booking) -> Any:
    """Miss it as it was read, as if nobody else could write."""
    seen = booking_seen(session, booking.id, viewer=SYSTEM)
    assert seen is not None
    return write_step(session, SYSTEM, seen, next_step(seen.booking, "miss"), {}, now=LATE)


def a_late_booking(database: Database) -> tuple[Scene, Booking]:
    with database.writing() as session:
        scene = a_scene(session, no_show_grace_minutes=15)
        return scene, booked(session, scene)


def attempt(database: Database, deed: Deed, scene: Scene, booking: Booking) -> Any:
    with database.writing() as session:
        return deed(session, scene, booking)


def undecided_then_rival(
    database: Database,
    first: Deed,
    rival: Deed,
    scene: Scene,
    booking: Booking,
    *,
    waits: bool = True,
) -> tuple[Future[Any], bool]:
    """Do `first`, let `rival` try, and commit the first; return the rival's fate.

    And whether the rival had to wait for it; who is not to wait has time to be done.
    """
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session, scene, booking)
            session.flush()
            fate = pool.submit(attempt, database, rival, scene, booking)
            done, _ = wait([fate], timeout=MOMENT_SECONDS if waits else PATIENCE_SECONDS)
        wait([fate], timeout=PATIENCE_SECONDS)
    return fate, not done


def left(database: Database, booking: Booking) -> tuple[BookingStatus, bool, list[str]]:
    """Tell how it ended: the state, whether use was recorded, and what was recorded of it."""
    with database.reading() as session:
        found = session.get_one(Booking, booking.id)
        use = session.get(UsageRecord, booking.id)
        return found.status, use is not None, kinds_about(session, booking.id)[1:]


USED = (BookingStatus.IN_USE, True, ["booking.checked_in"])
MISSED = (BookingStatus.NO_SHOW, False, ["booking.no_show"])


def test_lapse__check_in_undecided__leaves_it_to_those_who_came(database: Database) -> None:
    scene, booking = a_late_booking(database)

    # SQLite has one writer at a time; PostgreSQL passes by what somebody else has locked.
    waits = database.dialect == "sqlite"

    fate, waited = undecided_then_rival(database, checks_in, lapses, scene, booking, waits=waits)

    assert fate.result() == Lapsed()
    assert waited is waits
    assert left(database, booking) == USED


def test_check_in__no_show_undecided__waits_and_is_refused(database: Database) -> None:
    scene, booking = a_late_booking(database)

    fate, waited = undecided_then_rival(database, lapses, checks_in, scene, booking)

    assert isinstance(fate.exception(), WrongState)
    assert waited
    assert left(database, booking) == MISSED


@pytest.mark.only_on("postgresql")
def test_miss__no_lock_taken__undoes_a_check_in_and_is_seen(database: Database) -> None:
    scene, booking = a_late_booking(database)

    fate, _ = undecided_then_rival(database, checks_in, misses_unlocked, scene, booking)

    assert fate.exception() is None
    assert left(database, booking)[:2] == (BookingStatus.NO_SHOW, True)


def test_lapse__by_two_at_once__misses_each_once(database: Database) -> None:
    scene, booking = a_late_booking(database)

    fate, _ = undecided_then_rival(database, lapses, lapses, scene, booking)

    assert fate.result() == Lapsed()
    assert left(database, booking) == MISSED
