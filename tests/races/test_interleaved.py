"""The first is undecided, the rival waits, and is refused once the first has committed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from booking.db import Database
from booking.errors import RulesBroken
from booking.guards import guard_drops, guard_statements
from booking.models import Booking, Resource
from booking.services.bookings import book
from tests.builders import NOW, a_booking
from tests.races.sweep import overbooked
from tests.scenes import DOMAIN, Scene, a_scene, at

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20
Deed = Callable[[Session, Scene], Any]


def books(session: Session, scene: Scene) -> None:
    """Book both hours' overlap by the service: the lock decides."""
    book(
        session,
        actor=scene.by_member,
        now=NOW,
        domain=DOMAIN,
        new=scene.wish(quantity=scene.resource.capacity),
    )


def inserts(session: Session, scene: Scene) -> None:
    """Book straight by SQL: the guard alone decides."""
    quantity = scene.resource.capacity
    a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=quantity)


def looks_and_inserts(session: Session, scene: Scene) -> None:
    """Look first: on SQLite only the write lock, taken before, keeps what is seen from ageing."""
    session.exec(select(Booking)).all()
    inserts(session, scene)


def books_next(session: Session, scene: Scene) -> None:
    """Book the hour after: only the rules know that buffers lie between."""
    wish = scene.wish(60, 120, quantity=scene.resource.capacity)
    book(session, actor=scene.by_member, now=NOW, domain=DOMAIN, new=wish)


def lowers_capacity(session: Session, scene: Scene) -> None:
    session.exec(update(Resource).where(col(Resource.id) == scene.resource.id).values(capacity=1))


def set_up(database: Database, **resource: Any) -> Scene:
    with database.writing() as session:
        return a_scene(session, **resource)


def attempt(database: Database, deed: Deed, scene: Scene) -> None:
    with database.writing() as session:
        deed(session, scene)


def undecided_then_rival(
    database: Database, scene: Scene, first: Deed, rival: Deed, *, waits: bool = True
) -> Future[None]:
    """Do `first`, let `rival` try, and commit the first; return the rival's fate."""
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session, scene)
            fate = pool.submit(attempt, database, rival, scene)
            done, _ = wait([fate], timeout=MOMENT_SECONDS if waits else PATIENCE_SECONDS)
            assert bool(done) is not waits
        wait([fate], timeout=PATIENCE_SECONDS)
    return fate


@pytest.mark.parametrize("capacity", [1, 3])
@pytest.mark.parametrize("first", [books, inserts])
def test_book__first_undecided__waits_and_is_refused(
    database: Database, capacity: int, first: Deed
) -> None:
    scene = set_up(database, capacity=capacity)

    fate = undecided_then_rival(database, scene, first, books)

    refusal = fate.exception()
    assert isinstance(refusal, RulesBroken)
    assert [each.code for each in refusal.violations] == ["taken"]
    assert overbooked(database) == []


@pytest.mark.parametrize("capacity", [1, 3])
def test_book__buffer_of_the_first_undecided__waits_and_is_refused(
    database: Database, capacity: int
) -> None:
    scene = set_up(database, capacity=capacity, buffer_after_minutes=15)

    fate = undecided_then_rival(database, scene, books, books_next)

    refusal = fate.exception()
    assert isinstance(refusal, RulesBroken)
    assert [each.code for each in refusal.violations] == ["taken"]


@pytest.mark.parametrize("capacity", [1, 3])
@pytest.mark.parametrize("first", [books, inserts])
@pytest.mark.parametrize("rival", [inserts, looks_and_inserts])
def test_insert__first_undecided__waits_and_is_refused(
    database: Database, capacity: int, first: Deed, rival: Deed
) -> None:
    scene = set_up(database, capacity=capacity)

    fate = undecided_then_rival(database, scene, first, rival)

    assert isinstance(fate.exception(), IntegrityError)
    assert overbooked(database) == []


@pytest.mark.parametrize("first", [books, inserts])
def test_lower_capacity__booking_undecided__waits_and_is_refused(
    database: Database, first: Deed
) -> None:
    scene = set_up(database, capacity=3)

    fate = undecided_then_rival(database, scene, first, lowers_capacity)

    assert isinstance(fate.exception(), IntegrityError)
    assert overbooked(database) == []


@pytest.mark.parametrize("rival", [books, inserts])
def test_book__lower_capacity_undecided__waits_and_is_refused(
    database: Database, rival: Deed
) -> None:
    scene = set_up(database, capacity=3)

    fate = undecided_then_rival(database, scene, lowers_capacity, rival)

    assert isinstance(fate.exception(), RulesBroken | IntegrityError)
    assert overbooked(database) == []


@pytest.mark.parametrize("capacity", [1, 3])
def test_insert__guards_dropped_and_lock_passed_by__books_double_and_is_seen(
    database: Database, capacity: int
) -> None:
    scene = set_up(database, capacity=capacity)
    with database.writing() as session:
        for each in guard_drops(database.dialect):
            session.connection().execute(text(each))

    # SQLite has one writer at a time, so that the rival waits there even now.
    fate = undecided_then_rival(
        database, scene, inserts, inserts, waits=database.dialect == "sqlite"
    )

    assert fate.exception() is None
    assert len(overbooked(database)) == 1


def test_guards__put_up_again__refuse_again(database: Database) -> None:
    with database.writing() as session:
        for each in (*guard_drops(database.dialect), *guard_statements(database.dialect)):
            session.connection().execute(text(each))
    scene = set_up(database)

    fate = undecided_then_rival(database, scene, inserts, inserts)

    assert isinstance(fate.exception(), IntegrityError)
