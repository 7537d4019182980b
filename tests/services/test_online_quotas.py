"""Reserved hours and caps as bookings meet them, between rounds."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from booking.engine.vocabulary import OrganisationKind
from booking.queries.people import actor_of
from booking.services.booking_changes import Move, cancel, move
from tests.builders import NOW, a_closure, a_person, a_project, a_resource
from tests.policies import (
    HOURS_A_WEEK,
    MONDAY,
    a_policy,
    a_policy_scene,
    hour,
    of_kind,
)

# Half of a week is reserved: 84 of 168 hours.
HALF = a_policy(of_kind(OrganisationKind.STARTUP, 50))
SECOND = timedelta(seconds=1)


def test_book__without_a_policy__has_no_quota(session: Session) -> None:
    scene = a_policy_scene(session)

    booking = scene.book(session, scene.sme, 0, HOURS_A_WEEK)

    assert (booking.groups, booking.group_key) == ([], "")


def test_book__hours_kept_for_others__are_refused_with_the_numbers(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    scene.book(session, scene.sme, 0, 84)

    refused = scene.refusal(session, scene.sme, 84, 1)

    (violation,) = refused.violations
    assert violation.code == "quota"
    assert "84 hours are kept for The startup group (84 of 84 left)" in violation.reason
    assert violation.opens_at == hour(84) - timedelta(days=7)


def test_book__hours_of_its_own_group__are_given_and_credited(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    scene.book(session, scene.sme, 0, 84)

    booking = scene.book(session, scene.startup, 84, 84)

    assert (booking.groups, booking.group_key) == (["startup"], "startup")


def test_book__beyond_its_reserve__is_charged_to_no_group(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    scene.book(session, scene.startup, 0, 84)

    booking = scene.book(session, scene.startup, 84, 10)

    assert (booking.groups, booking.group_key) == (["startup"], "")


@pytest.mark.parametrize(("days", "refused"), [(7, True), (14, True)])
def test_book__at_the_instant_of_release__still_waits_and_a_second_later_books(
    session: Session, days: int, *, refused: bool
) -> None:
    scene = a_policy_scene(session)
    two = a_policy(of_kind(OrganisationKind.STARTUP, 50), of_kind(OrganisationKind.SME, 0))
    scene.publish(session, two if days == 14 else HALF)
    scene.book(session, scene.sme, 0, 84)
    at = hour(84) - timedelta(days=days)

    assert (scene.codes(session, scene.sme, 84, 1, now=at) == {"quota"}) is refused
    scene.book(session, scene.sme, 84, 1, now=at + SECOND)


def test_book__refused_by_quota__offers_times_that_keep_it(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    scene.book(session, scene.sme, 0, 84)

    refused = scene.refusal(session, scene.sme, 84, 2)

    assert refused.beside["alternatives"]
    for each in refused.beside["alternatives"]:
        assert not MONDAY.isoformat()[:10] <= each["starts_at"][:10] < hour(168).isoformat()[:10]


def test_move__within_the_week__keeps_what_it_has_and_may_not_grow(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    booking = scene.book(session, scene.sme, 0, 84)
    actor = actor_of(session, scene.sme.principal_investigator_id)

    moved = move(
        session,
        actor=actor,
        now=NOW,
        booking_id=booking.id,
        to=Move(starts_at=hour(10), ends_at=hour(94)),
    )

    assert moved.starts_at == hour(10)
    with pytest.raises(Exception, match="84 hours are kept"):
        move(session, actor=actor, now=NOW, booking_id=booking.id, to=Move(ends_at=hour(95)))


def test_cancel__of_credited_hours__keeps_them_for_the_group_again(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    scene.book(session, scene.sme, 0, 84)
    mine = scene.book(session, scene.startup, 84, 84)
    actor = actor_of(session, scene.startup.principal_investigator_id)

    cancel(session, actor=actor, now=NOW, booking_id=mine.id)

    assert scene.codes(session, scene.sme, 84, 1) == {"quota"}


def test_book__closure_in_the_week__leaves_less_to_share(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, HALF)
    a_closure(session, scene.facility.id, hour(120), hour(168))  # 120 hours stay

    assert scene.codes(session, scene.sme, 0, 61) == {"quota"}
    scene.book(session, scene.sme, 0, 60)


def test_book__pool_at_a_rate__counts_credits(session: Session) -> None:
    scene = a_policy_scene(session, capacity=10, rate_thousandths=333)
    scene.publish(session, HALF)

    assert scene.codes(session, scene.sme, 0, 85, quantity=10) == {"quota"}
    scene.book(session, scene.sme, 0, 84, quantity=10)


def test_book__above_the_cap__is_refused_and_up_to_it_is_not(session: Session) -> None:
    scene = a_policy_scene(session)
    a_resource(session, scene.facility.id)
    scene.publish(session, a_policy(cap_share_ppm=125_000))  # 42 of 336

    assert scene.codes(session, scene.sme, 0, 43) == {"above_cap"}
    scene.book(session, scene.sme, 0, 40)
    assert scene.codes(session, scene.sme, 40, 3) == {"cap_reached"}
    scene.book(session, scene.sme, 40, 2)


def test_book__cap_reached_by_another_project__counts_the_organisation(session: Session) -> None:
    scene = a_policy_scene(session)
    other = a_resource(session, scene.facility.id)
    scene.publish(session, a_policy(cap_share_ppm=125_000))
    sister = a_project(session, a_person(session), organisation_id=scene.sme.organisation_id)
    scene.book(session, scene.sme, 0, 40)

    assert scene.codes(session, sister, 0, 3, resource_id=other.id) == {"cap_reached"}
    scene.book(session, sister, 0, 2, resource_id=other.id)


def test_book__over_two_weeks__keeps_the_cap_of_each(session: Session) -> None:
    scene = a_policy_scene(session)
    scene.publish(session, a_policy(cap_share_ppm=125_000))  # 21 of 168

    scene.book(session, scene.sme, HOURS_A_WEEK - 21, 42)
    assert scene.codes(session, scene.sme, 0, 1) == {"cap_reached"}
    assert scene.codes(session, scene.sme, HOURS_A_WEEK + 30, 1) == {"cap_reached"}
