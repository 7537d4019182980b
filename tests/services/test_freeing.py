"""What is noted for the waiting list when a booking lets go of time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode
from booking.models import Booking, FreedTime
from booking.services.booking_changes import Move, cancel, move
from booking.services.booking_use import approve, reject
from booking.services.bookings import book
from booking.services.freeing import note_freed
from tests.builders import NOW, a_resource
from tests.scenes import DOMAIN, Scene, a_scene, at


def made(session: Session, scene: Scene, **given: Any) -> Booking:
    return book(session, actor=scene.by_member, now=NOW, domain=DOMAIN, new=scene.wish(**given))


def freed(session: Session) -> list[tuple[datetime, datetime]]:
    session.flush()
    rows = session.exec(select(FreedTime).order_by(col(FreedTime.starts_at))).all()
    return [(each.starts_at, each.ends_at) for each in rows]


def test_book__nothing_given_up__notes_nothing(session: Session) -> None:
    made(session, a_scene(session))

    assert freed(session) == []


def test_cancel__before_its_start__notes_all_of_it(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)

    assert freed(session) == [(at(0), at(60))]


def test_cancel__under_way__notes_what_is_still_to_come(session: Session) -> None:
    scene = a_scene(session)
    booking = made(session, scene)

    cancel(session, actor=scene.by_manager, now=at(20), booking_id=booking.id)

    assert freed(session) == [(at(20), at(60))]


def test_reject__pending__notes_all_of_it(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    reject(session, actor=scene.by_manager, now=NOW, booking_id=booking.id, reason="In repair")

    assert freed(session) == [(at(0), at(60))]


def test_approve__pending__notes_nothing(session: Session) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    booking = made(session, scene)

    approve(session, actor=scene.by_manager, now=NOW, booking_id=booking.id)

    assert freed(session) == []


@pytest.mark.parametrize(
    ("to", "noted"),
    [
        (Move(ends_at=at(45)), [(at(45), at(60))]),
        (Move(starts_at=at(15)), [(at(0), at(15))]),
        (Move(starts_at=at(15), ends_at=at(75)), [(at(0), at(15))]),
        (Move(starts_at=at(120), ends_at=at(180)), [(at(0), at(60))]),
        (Move(ends_at=at(90)), []),
        (Move(quantity=1), [(at(0), at(60))]),
        (Move(quantity=3), []),
        (Move(quantity=1, ends_at=at(90)), [(at(0), at(60))]),
    ],
)
def test_move__each_way__notes_what_is_given_up(
    session: Session, to: Move, noted: list[tuple[datetime, datetime]]
) -> None:
    scene = a_scene(session, capacity=3)
    booking = made(session, scene, quantity=2)

    move(session, actor=scene.by_member, now=NOW, booking_id=booking.id, to=to)

    assert freed(session) == noted


def test_move__to_another_resource__notes_the_old_one(session: Session) -> None:
    scene = a_scene(session)
    other = a_resource(session, scene.resource.facility_id)
    booking = made(session, scene)

    move(
        session,
        actor=scene.by_manager,
        now=NOW,
        booking_id=booking.id,
        to=Move(resource_id=other.id),
    )

    (row,) = session.exec(select(FreedTime)).all()
    assert (row.resource_id, row.starts_at, row.ends_at) == (scene.resource.id, at(0), at(60))


@pytest.mark.parametrize(("minutes", "noted"), [(-1, 1), (0, 0), (1, 0)])
def test_note_freed__at_its_very_end__notes_nothing(
    session: Session, minutes: int, noted: int
) -> None:
    scene = a_scene(session)

    note_freed(
        session,
        resource_id=scene.resource.id,
        interval=Interval(at(0), at(60)),
        now=at(60) + timedelta(minutes=minutes),
    )

    assert len(freed(session)) == noted
