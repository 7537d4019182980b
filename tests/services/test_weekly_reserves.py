"""What a published round leaves of its reserves, for booking on-line."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from api import round_run
from booking.engine.lifecycle import BookingMode
from booking.engine.permissions import SYSTEM
from booking.errors import RulesBroken
from booking.models import Booking, WeeklyReserve
from booking.queries.people import actor_of
from booking.services.allocation import problem_to_allocate, record_result
from booking.services.bookings import NewBooking, book
from booking.services.publication import publish_facility
from tests.builders import NOW, a_closure, a_resource
from tests.rounds import ACCESS, DOMAIN, RoundScene, a_policy, a_round_scene, a_scored_round, hour

TEN_DAYS: dict[str, Any] = {"access_ends_at": ACCESS + timedelta(days=10)}


def bookings(session: Session) -> list[Booking]:
    return list(session.exec(select(Booking)))


def published(session: Session, scene: RoundScene) -> None:
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    publish_facility(
        session, actor=SYSTEM, now=NOW, domain=DOMAIN, key="spring", facility_id=scene.facility.id
    )


def reserves(session: Session) -> list[WeeklyReserve]:
    return list(
        session.exec(
            select(WeeklyReserve).order_by(
                col(WeeklyReserve.week_on), col(WeeklyReserve.credit_thousandths)
            )
        )
    )


def test_publish__unfilled_reserve__is_spread_over_what_is_still_offered(
    session: Session,
) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 500, 400, **TEN_DAYS)

    published(session, scene)

    # 20 % of 240 hours less the 4 of the member, over 164 + 72 hours that are left.
    found = reserves(session)
    assert [(each.week_on, each.group_key) for each in found] == [
        (date(2027, 1, 4), "ldc"),
        (date(2027, 1, 11), "ldc"),
    ]
    assert [each.credit_thousandths for each in found] == [30576, 13424]
    assert sum(each.credit_thousandths for each in found) == 44_000


def test_publish__resource_of_rounds_alone__gets_no_reserve(session: Session) -> None:
    scene = a_round_scene(session)
    other = a_resource(session, scene.facility.id, mode=BookingMode.ROUND_ONLY)
    a_scored_round(session, scene, 500, **TEN_DAYS)

    published(session, scene)

    assert other.id not in {each.resource_id for each in reserves(session)}
    assert sum(each.credit_thousandths for each in reserves(session)) == 96_000


def test_publish__booked_or_closed_weeks__get_less(session: Session) -> None:
    scene = a_round_scene(session)
    a_closure(session, scene.facility.id, hour(168), hour(240))
    a_scored_round(session, scene, 500, **TEN_DAYS)

    published(session, scene)

    assert {each.week_on for each in reserves(session)} == {date(2027, 1, 4)}


def test_publish__memberships_of_the_request__go_with_the_booking(session: Session) -> None:
    scene = a_round_scene(session)
    _, second = a_scored_round(session, scene, 500, 400)

    published(session, scene)

    (found,) = [each for each in bookings(session) if each.request_id == second.id]
    assert found.groups == ["ldc"]


def test_book__time_of_a_published_round__keeps_what_the_round_left(session: Session) -> None:
    scene = a_round_scene(session)
    policy = a_policy()
    a_scored_round(session, scene, 500, 400, policy=policy)
    published(session, scene)
    # The week has 168 hours: 24 of the round, of which 0.8 are left to the group, and of
    # the other 144 the policy keeps 28.8. 164 are free: 134.4 are open to all.
    project, member = scene.projects[0], actor_of(session, scene.members[0].id)

    def books(start: int, minutes: int) -> None:
        end = hour(start) + timedelta(minutes=minutes)
        new = NewBooking(scene.resource.id, project.id, hour(start), end)
        book(session, actor=member, now=NOW, domain=DOMAIN, new=new)

    books(4, 134 * 60 + 15)
    with pytest.raises(RulesBroken, match=r"0\.15"):
        books(150, 15)
