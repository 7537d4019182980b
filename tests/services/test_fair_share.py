"""What an organisation did with its bookings comes back to it in the next round."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from booking.engine.lifecycle import BookingMode
from booking.engine.quotas import decayed
from booking.engine.vocabulary import LedgerKind
from booking.models import Booking, Facility, LedgerEntry, PolicyVersion, Round
from booking.queries.ledger import usage_by_kind
from booking.services.booking_changes import cancel
from booking.services.booking_use import check_in, check_out, miss, reject
from booking.services.fair_share import fair_share_millionths, fair_shares_at
from booking.services.lapsing import lapse
from tests.builders import NOW, added, an_organisation
from tests.pages.furniture import a_call, a_policy
from tests.scenes import Scene, a_scene, at, booked
from tests.statements import counted_statements

Fate = Callable[[Session, Scene, Booking], object]
NEXT_CALL = NOW + timedelta(days=1, hours=12)


def used(session: Session, scene: Scene, booking: Booking) -> None:
    check_in(session, actor=scene.by_member, now=at(0), booking_id=booking.id)
    check_out(session, actor=scene.by_member, now=at(60), booking_id=booking.id)


def left_early(session: Session, scene: Scene, booking: Booking) -> None:
    check_in(session, actor=scene.by_member, now=at(0), booking_id=booking.id)
    check_out(session, actor=scene.by_member, now=at(20), booking_id=booking.id)


def missed_by_the_clock(session: Session, _scene: Scene, _booking: Booking) -> None:
    assert lapse(session, now=at(15)).missed == 1


def missed_by_an_operator(session: Session, scene: Scene, booking: Booking) -> None:
    miss(session, actor=scene.by_manager, now=at(15), booking_id=booking.id)


def cancelled_late(session: Session, scene: Scene, booking: Booking) -> None:
    cancel(session, actor=scene.by_member, now=NOW, booking_id=booking.id)


def rejected(session: Session, scene: Scene, booking: Booking) -> None:
    reject(session, actor=scene.by_manager, now=NOW, booking_id=booking.id, reason="Full")


def never_answered(session: Session, _scene: Scene, _booking: Booking) -> None:
    assert lapse(session, now=at(0)).expired == 1


FATES: list[tuple[Fate, BookingMode, str]] = [
    (used, BookingMode.INSTANT, "1"),
    (left_early, BookingMode.INSTANT, "0.5"),
    (missed_by_the_clock, BookingMode.INSTANT, "1.5"),
    (missed_by_an_operator, BookingMode.INSTANT, "1.5"),
    (cancelled_late, BookingMode.INSTANT, "1"),
    (rejected, BookingMode.APPROVAL, "0"),
    (never_answered, BookingMode.APPROVAL, "0"),
]


def credits_of(session: Session, scene: Scene, *, on: datetime) -> Decimal:
    usage = usage_by_kind(
        session, scene.project.organisation_id, facility_ids=[scene.facility.id], before=on
    )
    every = [each for entries in usage.values() for each in entries]
    # A half-life of centuries: what a fate costs, and not how long ago it was.
    return decayed(every, on=on.date(), half_life_days=100_000_000)


def a_next_round(session: Session, facility: Facility) -> Round:
    call = a_call(session, facility.id)
    call.call_opens_at = NEXT_CALL
    return call


def factor(session: Session, scene: Scene, policy: PolicyVersion) -> int:
    return fair_share_millionths(
        session,
        found=a_next_round(session, scene.facility),
        policy=policy,
        facility_ids=[scene.facility.id],
        organisation_id=scene.project.organisation_id,
    )


@pytest.mark.parametrize(("fate", "mode", "costs"), FATES)
def test_fate__of_an_hour__costs_as_published(
    session: Session, fate: Fate, mode: BookingMode, costs: str
) -> None:
    scene = a_scene(session, mode=mode, no_show_grace_minutes=15)
    a_policy(session, scene.facility.id)
    booking = booked(session, scene)

    fate(session, scene, booking)

    session.flush()
    assert credits_of(session, scene, on=NEXT_CALL) == Decimal(costs)


@pytest.mark.parametrize(("fate", "mode", "costs"), FATES)
def test_fate__of_hours__lowers_points_by_what_it_costs(
    session: Session, fate: Fate, mode: BookingMode, costs: str
) -> None:
    scene = a_scene(session, mode=mode, no_show_grace_minutes=15)
    policy = a_policy(session, scene.facility.id)
    booking = booked(session, scene)

    fate(session, scene, booking)

    session.flush()
    # An hour of 90 days at all hours, against a tenth of them.
    share = float(costs) / (90 * 24) / 0.1
    assert factor(session, scene, policy) == pytest.approx(
        1_000_000 * (0.5 + 0.5 * 2**-share), abs=20
    )


def factors(session: Session, scene: Scene) -> dict[UUID, int]:
    return fair_shares_at(
        session,
        at=NEXT_CALL,
        half_life_days=90,
        cap_share_ppm=100_000,
        facility_ids=[scene.facility.id],
    )


def test_factors__of_all_organisations__are_those_of_each_in_three_statements(
    session: Session,
) -> None:
    scene = a_scene(session)
    policy = a_policy(session, scene.facility.id)
    used(session, scene, booked(session, scene))
    idle = an_organisation(session)
    session.flush()

    with counted_statements(session) as said:
        found = factors(session, scene)

    assert len(said) == 3
    assert found[idle.id] == 1_000_000
    assert found[scene.project.organisation_id] == factor(session, scene, policy) < 1_000_000


@given(hours=st.lists(st.integers(1, 600), min_size=1, max_size=4))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_charging_more_never_raises_the_factor(session: Session, hours: list[int]) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    before = factors(session, scene)

    for each in hours:
        charged(session, scene, booking, each)
        after = factors(session, scene)
        assert after[scene.project.organisation_id] <= before[scene.project.organisation_id]
        before = after


def charged(session: Session, scene: Scene, booking: Booking, hours: int) -> None:
    row = LedgerEntry(
        facility_id=scene.facility.id,
        organisation_id=scene.project.organisation_id,
        project_id=scene.project.id,
        booking_id=booking.id,
        kind=LedgerKind.BOOKED,
        access_units=60 * hours,
        credit_thousandths=1000 * hours,
        used_at=NOW,
        entered_at=NOW,
    )
    added(session, row)
