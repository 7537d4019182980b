"""What bookings are charged, and given back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import SYSTEM, Action
from booking.engine.vocabulary import LedgerKind, OrganisationKind
from booking.models import Booking, LedgerEntry
from booking.queries.ledger import usage_by_kind
from booking.services.booking_changes import Move, cancel, load_for, move, next_step, write_step
from booking.services.booking_use import reject
from tests.builders import NOW, a_resource
from tests.policies import PolicyScene, a_policy, a_policy_scene, hour, of_kind

HALF = a_policy(of_kind(OrganisationKind.STARTUP, 50))
T2 = timedelta(days=7)
SECOND = timedelta(seconds=1)


def charged(session: Session, booking: Booking) -> tuple[int, int]:
    """Sum up a booking's entries: access units, and thousandths of a credit."""
    units, amount = session.exec(
        select(
            func.coalesce(func.sum(LedgerEntry.access_units), 0),
            func.coalesce(func.sum(LedgerEntry.credit_thousandths), 0),
        ).where(LedgerEntry.booking_id == booking.id)
    ).one()
    return int(units), int(amount)


def kinds(session: Session, booking: Booking) -> list[tuple[LedgerKind, int]]:
    rows = session.exec(
        select(LedgerEntry)
        .where(LedgerEntry.booking_id == booking.id)
        .order_by(col(LedgerEntry.entered_at), col(LedgerEntry.id))
    )
    return [(each.kind, each.access_units) for each in rows]


def step(
    session: Session, booking: Booking, name: str, *, now: datetime = NOW, **given: Any
) -> None:
    seen = load_for(session, SYSTEM, Action.BOOKING_SEE, booking.id)
    write_step(session, SYSTEM, seen, next_step(booking, name), given, now=now)


def moved(session: Session, booking: Booking, *, now: datetime = NOW, **to: Any) -> None:
    move(session, actor=SYSTEM, now=now, booking_id=booking.id, to=Move(**to))


@pytest.fixture
def scene(session: Session) -> PolicyScene:
    found = a_policy_scene(session, capacity=2, rate_thousandths=1500, grid_minutes=15)
    found.publish(session, HALF)
    return found


def test_book__confirmed__is_charged_to_its_group(session: Session, scene: PolicyScene) -> None:
    booking = scene.book(session, scene.startup, 0, 2, quantity=2)

    entry = session.exec(select(LedgerEntry)).one()
    assert (entry.kind, entry.access_units, entry.credit_thousandths) == ("booked", 240, 6000)
    assert (entry.group_key, entry.used_at) == ("startup", booking.starts_at)
    assert entry.organisation_id == scene.startup.organisation_id
    assert (entry.facility_id, entry.project_id) == (scene.facility.id, scene.startup.id)


def test_book__held__is_charged_once_confirmed(session: Session, scene: PolicyScene) -> None:
    booking = scene.book(session, scene.sme, 0, 2, hold=True)
    assert charged(session, booking) == (0, 0)

    step(session, booking, "confirm")

    assert charged(session, booking) == (120, 3000)


def test_move__early__refunds_the_old_time_and_books_the_new(
    session: Session, scene: PolicyScene
) -> None:
    booking = scene.book(session, scene.sme, 0, 2)

    moved(session, booking, starts_at=hour(4), ends_at=hour(5))

    assert charged(session, booking) == (60, 1500)
    assert kinds(session, booking) == [("booked", 120), ("refunded", -120), ("booked", 60)]


def test_shorten__around_the_release__refunds_up_to_it(
    session: Session, scene: PolicyScene
) -> None:
    early, late = (scene.book(session, scene.sme, 0, 2) for _ in range(2))
    release = early.starts_at - T2

    moved(session, early, ends_at=hour(1), now=release)
    moved(session, late, ends_at=hour(1), now=release + SECOND)

    assert charged(session, early) == (60, 1500)
    assert charged(session, late) == (120, 3000)


def test_lengthen__late__charges_what_is_more(session: Session, scene: PolicyScene) -> None:
    booking = scene.book(session, scene.sme, 0, 2)

    moved(session, booking, ends_at=hour(3), now=booking.starts_at - SECOND * 7200)

    assert charged(session, booking) == (180, 4500)
    assert kinds(session, booking) == [("booked", 120), ("booked", 60)]


def test_move__late_and_far_ahead__is_not_refunded_when_cancelled(
    session: Session, scene: PolicyScene
) -> None:
    booking = scene.book(session, scene.sme, 0, 2)
    late = booking.starts_at - timedelta(days=1)

    moved(session, booking, starts_at=hour(600), ends_at=hour(602), now=late)
    cancel(session, actor=SYSTEM, now=late, booking_id=booking.id)

    assert charged(session, booking) == (120, 3000)


def test_move__to_another_facility__charges_there(session: Session, scene: PolicyScene) -> None:
    elsewhere = a_resource(session, grid_minutes=15)
    booking = scene.book(session, scene.sme, 0, 2)

    moved(session, booking, resource_id=elsewhere.id, now=booking.starts_at - timedelta(days=1))

    entries = session.exec(select(LedgerEntry).where(LedgerEntry.booking_id == booking.id)).all()
    by_facility = {
        facility: sum(each.credit_thousandths for each in entries if each.facility_id == facility)
        for facility in (scene.facility.id, elsewhere.facility_id)
    }
    assert by_facility == {scene.facility.id: 0, elsewhere.facility_id: 2000}


@pytest.mark.parametrize(
    ("before", "units"), [(T2 + SECOND, 0), (T2, 0), (T2 - SECOND, 120), (SECOND, 120)]
)
def test_cancel__around_the_release__is_free_up_to_it(
    session: Session, scene: PolicyScene, before: timedelta, units: int
) -> None:
    booking = scene.book(session, scene.sme, 0, 2)

    cancel(session, actor=SYSTEM, now=booking.starts_at - before, booking_id=booking.id)

    assert charged(session, booking)[0] == units


@pytest.mark.parametrize(("before", "units"), [(SECOND, 0), (timedelta(), 120)])
def test_cancel__without_a_policy__is_free_before_the_start(
    session: Session, before: timedelta, units: int
) -> None:
    scene = a_policy_scene(session)
    booking = scene.book(session, scene.sme, 0, 2)

    cancel(session, actor=SYSTEM, now=booking.starts_at - before, booking_id=booking.id)

    assert charged(session, booking)[0] == units


@pytest.mark.parametrize("name", ["displace", "cancel"])
def test_displace__however_late__is_refunded_and_cancel_is_not(
    session: Session, scene: PolicyScene, name: str
) -> None:
    booking = scene.book(session, scene.sme, 0, 2)

    step(session, booking, name, now=booking.starts_at)

    assert charged(session, booking)[0] == (0 if name == "displace" else 120)


def test_reject__pending__is_refunded(session: Session, scene: PolicyScene) -> None:
    scene.resource.mode = BookingMode.APPROVAL
    session.flush()
    booking = scene.book(session, scene.sme, 0, 2)
    assert charged(session, booking) == (120, 3000)

    reject(session, actor=SYSTEM, now=NOW, booking_id=booking.id, reason="Full")

    assert charged(session, booking) == (0, 0)


def test_miss__stays_charged_and_counts_one_and_a_half_times(
    session: Session, scene: PolicyScene
) -> None:
    booking = scene.book(session, scene.sme, 0, 2)
    after = booking.starts_at + timedelta(hours=1)

    step(session, booking, "miss", now=after)

    assert charged(session, booking) == (120, 3000)
    ((entry,),) = usage_by_kind(
        session, scene.sme.organisation_id, facility_ids=[scene.facility.id], before=after
    ).values()
    assert (int(entry.credits), entry.no_show) == (3, True)


def test_check_out__early__refunds_what_is_given_back(session: Session, scene: PolicyScene) -> None:
    booking = scene.book(session, scene.sme, 0, 2, quantity=2)
    step(session, booking, "check_in", now=booking.starts_at)

    step(session, booking, "check_out", now=hour(1), ends_at=hour(1))

    assert booking.status is BookingStatus.COMPLETED
    assert charged(session, booking) == (120, 3000)


def test_check_out__early_after_a_late_shortening__refunds_no_more_than_that(
    session: Session, scene: PolicyScene
) -> None:
    booking = scene.book(session, scene.sme, 0, 4)
    moved(session, booking, ends_at=hour(3), now=booking.starts_at - SECOND)
    step(session, booking, "check_in", now=booking.starts_at)

    step(session, booking, "check_out", now=hour(2), ends_at=hour(2))

    assert charged(session, booking) == (180, 4500)


def test_retitle__leaves_the_ledger_alone(session: Session, scene: PolicyScene) -> None:
    booking = scene.book(session, scene.sme, 0, 2)

    step(session, booking, "retitle", title="Another")

    assert kinds(session, booking) == [("booked", 120)]
