"""The database's own rules, met straight by SQL as any other program might."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from booking.engine.lifecycle import HOLDING, BookingStatus, EventKind
from booking.events import record
from booking.guards import REFUSAL, guard_drops, missing_guards
from booking.models import Booking, Event, Resource
from tests.builders import NOW, a_booking, a_project, a_resource
from tests.scenes import at

FREE = sorted(set(BookingStatus) - set(HOLDING))


class Rows:
    """One resource and one project; books straight into the table."""

    def __init__(self, session: Session, capacity: int = 1) -> None:
        self.session = session
        self.resource = a_resource(session, capacity=capacity)
        self.project = a_project(session)

    def book(self, start: int, end: int, **given: Any) -> Booking:
        return a_booking(self.session, self.resource, self.project, at(start), at(end), **given)

    def change(self, booking: Booking, **values: Any) -> None:
        self.session.exec(update(Booking).where(col(Booking.id) == booking.id).values(**values))

    def set_capacity(self, capacity: int) -> None:
        statement = update(Resource).where(col(Resource.id) == self.resource.id)
        self.session.exec(statement.values(capacity=capacity))


@contextmanager
def refused(session: Session) -> Iterator[None]:
    """Expect the guards' refusal, and undo what it was about."""
    with pytest.raises(DBAPIError) as caught, session.begin_nested():
        yield
    told = str(caught.value.orig)
    assert REFUSAL in told or "booking_no_overlap" in told


def test_guards__after_migration__are_all_in_force(session: Session) -> None:
    assert missing_guards(session) == ()


def test_guards__one_dropped__is_missed(session: Session) -> None:
    session.connection().execute(text(guard_drops(session.get_bind().dialect.name)[-1]))

    assert len(missing_guards(session)) == 1


@pytest.mark.parametrize(("start", "end"), [(30, 90), (-30, 30), (15, 45), (-30, 90), (0, 60)])
def test_insert__overlap_on_one_unit__is_refused(session: Session, start: int, end: int) -> None:
    rows = Rows(session)
    rows.book(0, 60)

    with refused(session):
        rows.book(start, end)


@pytest.mark.parametrize(("start", "end"), [(60, 120), (-60, 0)])
def test_insert__touching__is_allowed(session: Session, start: int, end: int) -> None:
    rows = Rows(session)
    rows.book(0, 60)

    rows.book(start, end)


def test_insert__another_resource__is_allowed(session: Session) -> None:
    Rows(session).book(0, 60)

    Rows(session).book(0, 60)


def test_insert__more_units_than_one__is_refused(session: Session) -> None:
    with refused(session):
        Rows(session).book(0, 60, quantity=2)


def test_insert__exact_capacity_of_a_pool__is_allowed(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 60, quantity=3)

    rows.book(30, 90, quantity=1)


def test_insert__pool_above_capacity_at_one_instant__is_refused(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 30, quantity=2)
    rows.book(30, 60, quantity=3)
    rows.book(60, 90, quantity=1)

    with refused(session):
        rows.book(0, 90, quantity=2)
    rows.book(0, 90, quantity=1)


def test_insert__pool_with_peaks_that_do_not_meet__is_allowed(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 30, quantity=3)
    rows.book(30, 60, quantity=3)

    rows.book(0, 60, quantity=1)


@pytest.mark.parametrize("status", FREE)
@pytest.mark.parametrize("capacity", [1, 2])
def test_insert__over_one_that_holds_nothing__is_allowed(
    session: Session, status: BookingStatus, capacity: int
) -> None:
    rows = Rows(session, capacity)
    rows.book(0, 60, status=status, quantity=capacity)

    rows.book(0, 60, quantity=capacity)


@pytest.mark.parametrize("status", HOLDING)
@pytest.mark.parametrize("capacity", [1, 2])
def test_insert__over_one_that_holds__is_refused(
    session: Session, status: BookingStatus, capacity: int
) -> None:
    rows = Rows(session, capacity)
    rows.book(0, 60, status=status, quantity=capacity)

    with refused(session):
        rows.book(0, 60)


@pytest.mark.parametrize("capacity", [1, 2])
def test_update__time_into_another__is_refused(session: Session, capacity: int) -> None:
    rows = Rows(session, capacity)
    rows.book(0, 60, quantity=capacity)
    other = rows.book(60, 120, quantity=capacity)

    with refused(session):
        rows.change(other, starts_at=at(59))
    rows.change(other, starts_at=at(61), ends_at=at(140))


@pytest.mark.parametrize("capacity", [1, 2])
def test_update__within_its_own_time__is_allowed(session: Session, capacity: int) -> None:
    rows = Rows(session, capacity)
    booking = rows.book(0, 60, quantity=capacity)

    rows.change(booking, starts_at=at(15), ends_at=at(75))


def test_update__quantity_above_what_is_left__is_refused(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 60, quantity=2)
    other = rows.book(30, 90)

    with refused(session):
        rows.change(other, quantity=3)
    rows.change(other, quantity=2)


@pytest.mark.parametrize("capacity", [1, 2])
def test_update__status_back_to_holding__is_refused(session: Session, capacity: int) -> None:
    rows = Rows(session, capacity)
    gone = rows.book(0, 60, status=BookingStatus.CANCELLED, quantity=capacity)
    rows.book(30, 90, quantity=capacity)

    with refused(session):
        rows.change(gone, status=BookingStatus.CONFIRMED)


@pytest.mark.parametrize("capacity", [1, 2])
def test_update__to_a_resource_that_is_taken__is_refused(session: Session, capacity: int) -> None:
    rows, others = Rows(session, capacity), Rows(session)
    rows.book(0, 60, quantity=capacity)
    other = others.book(0, 60)

    with refused(session):
        rows.change(other, resource_id=rows.resource.id)


def test_lower_capacity__below_what_is_booked__is_refused(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 60, quantity=2)
    rows.book(30, 90)

    with refused(session):
        rows.set_capacity(2)
    rows.set_capacity(3)


def test_lower_capacity__only_cancelled_above__is_allowed(session: Session) -> None:
    rows = Rows(session, capacity=4)
    rows.book(0, 60, quantity=4, status=BookingStatus.CANCELLED)

    rows.set_capacity(1)


def test_lower_capacity__to_one_unit__keeps_it_alone(session: Session) -> None:
    rows = Rows(session, capacity=2)
    rows.book(0, 60)
    rows.book(60, 120)
    rows.set_capacity(1)

    with refused(session):
        rows.book(30, 90)
    rows.book(120, 180)


def test_raise_capacity__from_one_unit__lets_more_in(session: Session) -> None:
    rows = Rows(session)
    rows.book(0, 60)
    rows.set_capacity(2)
    rows.book(30, 90)

    with refused(session):
        rows.book(30, 60)
    with refused(session):
        rows.set_capacity(1)


def test_times__end_not_after_start__are_refused(session: Session) -> None:
    rows = Rows(session)

    with pytest.raises(DBAPIError), session.begin_nested():
        rows.book(60, 60)


def an_event(session: Session) -> Event:
    event = record(session, EventKind.BOOKING_CONFIRMED, subject_id=uuid4(), now=NOW)
    session.flush()
    return event


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "booking.moved"},
        {"happened_at": NOW + timedelta(hours=1)},
        {"subject_id": uuid4()},
        {"payload": {"forged": True}},
    ],
)
def test_event__changed__is_refused(session: Session, changes: dict[str, Any]) -> None:
    event = an_event(session)

    with refused(session):
        session.exec(update(Event).where(col(Event.id) == event.id).values(**changes))


def test_event__deleted__is_refused(session: Session) -> None:
    event = an_event(session)

    with refused(session):
        session.exec(delete(Event).where(col(Event.id) == event.id))


def test_event__marked_as_sent__is_allowed(session: Session) -> None:
    event = an_event(session)

    session.exec(
        update(Event)
        .where(col(Event.id) == event.id)
        .values(fanned_out_at=NOW, position=1, hash="0")
    )
