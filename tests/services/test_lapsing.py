"""What time itself does to bookings, and what it leaves alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.vocabulary import BookingSource
from booking.models import Booking, FreedTime, Offer
from booking.services.booking_use import check_in
from booking.services.lapsing import Lapsed, is_due, lapse
from tests.builders import NOW, a_booking, a_resource, added
from tests.events import events_about
from tests.scenes import Scene, a_scene, at, booked

SECOND = timedelta(seconds=1)
UNTIL = NOW + timedelta(minutes=15)
EXPIRED, MISSED = Lapsed(expired=1), Lapsed(missed=1)


def waiting(session: Session, scene: Scene, status: BookingStatus, **given: Any) -> Booking:
    given = {"expires_at": UNTIL} | given
    return a_booking(session, scene.resource, scene.project, at(0), at(60), status=status, **given)


def freed(session: Session) -> list[tuple[datetime, datetime]]:
    session.flush()
    rows = session.exec(select(FreedTime).order_by(col(FreedTime.starts_at)))
    return [(each.starts_at, each.ends_at) for each in rows]


@pytest.mark.parametrize("status", [BookingStatus.HELD, BookingStatus.PENDING])
def test_lapse__at_its_very_end__expires_and_frees_the_time(
    session: Session, status: BookingStatus
) -> None:
    scene = a_scene(session)
    booking = waiting(session, scene, status)

    assert not is_due(session, now=UNTIL - SECOND)
    assert not lapse(session, now=UNTIL - SECOND)
    assert is_due(session, now=UNTIL)
    assert lapse(session, now=UNTIL) == EXPIRED

    assert (booking.status, booking.sequence) == (BookingStatus.EXPIRED, 1)
    (event,) = events_about(session, booking.id)
    assert (event.kind, event.actor_id) == ("booking.expired", None)
    assert event.facility_id == scene.facility.id
    assert freed(session) == [(at(0), at(60))]


def test_lapse__again__finds_nothing(session: Session) -> None:
    scene = a_scene(session)
    waiting(session, scene, BookingStatus.HELD)

    lapse(session, now=UNTIL)

    assert not is_due(session, now=UNTIL)
    assert lapse(session, now=UNTIL) == Lapsed()


def test_lapse__waits_for_approval_without_an_end__expires_at_its_start(
    session: Session,
) -> None:
    scene = a_scene(session, mode=BookingMode.APPROVAL)
    waiting(session, scene, BookingStatus.PENDING, expires_at=None)

    assert not lapse(session, now=at(0) - SECOND)
    assert lapse(session, now=at(0)) == EXPIRED


def test_lapse__hold_of_an_offer__is_left_to_the_offer(session: Session) -> None:
    scene = a_scene(session)
    given: dict[str, Any] = {"source": BookingSource.WAITING_LIST}
    booking = waiting(session, scene, BookingStatus.HELD, **given)
    added(session, Offer(booking_id=booking.id, made_at=NOW, deadline_at=UNTIL))

    assert not is_due(session, now=at(90))
    assert not lapse(session, now=at(90))
    assert booking.status is BookingStatus.HELD


@pytest.mark.parametrize(("grace", "missed"), [(15, 15), (0, 0), (90, 60)])
def test_lapse__nobody_checked_in__missed_from_the_end_of_its_grace(
    session: Session, grace: int, missed: int
) -> None:
    scene = a_scene(session, no_show_grace_minutes=grace)
    booking = booked(session, scene)

    assert not lapse(session, now=at(missed) - SECOND)
    assert lapse(session, now=at(missed)) == MISSED

    assert (booking.status, booking.sequence) == (BookingStatus.NO_SHOW, 1)
    assert events_about(session, booking.id)[-1].kind == "booking.no_show"
    assert freed(session) == ([(at(missed), at(60))] if missed < 60 else [])


def test_lapse__checked_in_or_no_check_in_needed__is_never_missed(session: Session) -> None:
    asks, trusts = a_scene(session, no_show_grace_minutes=15), a_scene(session)
    came = booked(session, asks)
    check_in(session, actor=asks.by_member, now=at(10), booking_id=came.id)
    booked(session, trusts)

    assert not lapse(session, now=at(59))
    assert came.status is BookingStatus.IN_USE


@pytest.mark.parametrize(("hours", "found"), [(48, Lapsed()), (47, MISSED)])
def test_lapse__began_days_ago__stays_as_it_was(
    session: Session, hours: int, found: Lapsed
) -> None:
    scene = a_scene(session, no_show_grace_minutes=15)
    booked(session, scene)

    assert lapse(session, now=at(0) + timedelta(hours=hours)) == found


def test_lapse__grace_given_after_it_began__does_not_count_for_it(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    scene.resource.no_show_grace_minutes = 15
    scene.resource.updated_at = at(0) + SECOND
    session.flush()

    assert not lapse(session, now=at(30))
    assert booking.status is BookingStatus.CONFIRMED


def test_lapse__more_than_the_limit__takes_the_rest_next_time(session: Session) -> None:
    scene = a_scene(session, capacity=5)
    for _ in range(3):
        waiting(session, scene, BookingStatus.HELD)
    elsewhere = a_resource(session, scene.facility.id)
    a_booking(
        session,
        elsewhere,
        scene.project,
        at(0),
        at(60),
        status=BookingStatus.PENDING,
        expires_at=UNTIL,
    )

    found = [lapse(session, now=UNTIL, limit=3) for _ in range(3)]

    assert found == [Lapsed(expired=3), EXPIRED, Lapsed()]
