"""The facts a booking is decided by: hours, closures, terms, qualifications, rounds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus, RoundState
from booking.errors import RulesBroken
from booking.models import (
    AdmittedProject,
    Qualification,
    Round,
    RoundFacility,
    TermsAcceptance,
    TermsVersion,
)
from booking.queries.booking_facts import Wish, facts_of_each
from tests.builders import (
    NOW,
    a_closure,
    a_resource,
    added,
    an_organisation,
    opening_hours,
)
from tests.scenes import Scene, a_scene, at, booked, codes


def test_book__facility_hours__are_met(session: Session) -> None:
    scene = a_scene(session)
    opening_hours(session, scene.facility.id, time(12), time(18))  # 9 to 15 UTC in Nairobi

    assert codes(session, scene, scene.wish(-15, 30)) == {"closed"}
    booked(session, scene, scene.wish(0, 60))


def test_facts_of_each__no_resource__are_none(session: Session) -> None:
    wish = Wish(uuid4(), uuid4(), Interval(at(0), at(60)), 1, by_manager=False)

    assert facts_of_each(session, [], wish, now=NOW, within=wish.wanted) == {}


def test_book__off_grid_and_taken_next_to_it__proposes_the_free_side(session: Session) -> None:
    scene = a_scene(session, grid_minutes=60)
    booked(session, scene, scene.wish(0, 60))

    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, scene.wish(75, 120))
    assert "ask for 2026-11-24 10:00-11:00 UTC" in caught.value.message
    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, scene.wish(10, 50))
    assert "ask for 2026-11-24 10:00-11:00 UTC" in caught.value.message


def test_book__own_hours__replace_those_of_the_facility(session: Session) -> None:
    scene = a_scene(session)
    opening_hours(session, scene.facility.id, time(12), time(18))
    opening_hours(session, scene.facility.id, time(14), time(18), resource_id=scene.resource.id)

    assert codes(session, scene, scene.wish(0, 60)) == {"closed"}
    booked(session, scene, scene.wish(120, 180))


@pytest.mark.parametrize("of_the_resource", [True, False])
def test_book__closure__is_refused(session: Session, *, of_the_resource: bool) -> None:
    scene = a_scene(session)
    resource_id = scene.resource.id if of_the_resource else None
    a_closure(session, scene.facility.id, at(30), at(90), resource_id=resource_id)

    assert codes(session, scene) == {"closure"}
    booked(session, scene, scene.wish(90, 120))


def test_book__closure_of_another_resource__is_none_here(session: Session) -> None:
    scene = a_scene(session)
    other = a_resource(session, scene.facility.id)
    a_closure(session, scene.facility.id, at(0), at(90), resource_id=other.id)

    assert booked(session, scene).resource_id == scene.resource.id


def test_book__terms__must_be_accepted_in_their_newest_version(session: Session) -> None:
    scene = a_scene(session)
    versions = [
        added(
            session,
            TermsVersion(
                facility_id=scene.facility.id, number=number, text="Share.", published_at=NOW
            ),
        )
        for number in (1, 2)
    ]

    for version, found in ((None, "terms_not_accepted"), (versions[0], "terms_not_accepted")):
        if version is not None:
            _accept(session, scene, version)
        assert codes(session, scene) == {found}
    _accept(session, scene, versions[1])
    booked(session, scene)


def _accept(session: Session, scene: Scene, version: TermsVersion) -> None:
    added(
        session,
        TermsAcceptance(
            terms_version_id=version.id,
            project_id=scene.project.id,
            person_id=scene.member.id,
            accepted_at=NOW,
        ),
    )


@pytest.mark.parametrize(
    ("of_resource", "of_facility", "words"),
    [
        ("", "", "an introduction."),
        ("", "Desk", "an introduction: Desk, desk@lab.example"),
        ("Wanjiru", "Desk", "an introduction: Wanjiru"),
    ],
)
def test_book__not_qualified__names_whom_to_ask(
    session: Session, of_resource: str, of_facility: str, words: str
) -> None:
    scene = a_scene(session, qualification_needed=True, contact_name=of_resource)
    scene.facility.contact_name = of_facility
    scene.facility.contact_email = "desk@lab.example" if of_facility else ""
    with pytest.raises(RulesBroken) as caught:
        booked(session, scene)
    assert caught.value.violations[0].reason.endswith(words)


def test_book__qualification__must_last_to_the_end(session: Session) -> None:
    scene = a_scene(session, qualification_needed=True)
    assert codes(session, scene) == {"not_qualified"}

    held = Qualification(
        person_id=scene.member.id,
        resource_id=scene.resource.id,
        granted_by=scene.manager.id,
        granted_at=NOW,
        expires_at=at(60),
    )
    added(session, held)

    assert codes(session, scene, scene.wish(15, 75)) == {"not_qualified"}
    booked(session, scene)


def test_book__suspended_organisation__is_refused(session: Session) -> None:
    scene = a_scene(session)
    scene.project.organisation_id = an_organisation(session, suspended_at=NOW).id
    session.flush()

    assert codes(session, scene) == {"organisation_suspended"}


def test_book__restricted_facility__lets_admitted_projects_in(session: Session) -> None:
    scene = a_scene(session)
    scene.facility.restricted = True
    session.flush()
    assert codes(session, scene) == {"project_not_allowed"}

    added(
        session,
        AdmittedProject(
            facility_id=scene.facility.id, project_id=scene.project.id, admitted_at=NOW
        ),
    )
    booked(session, scene)


def a_round(session: Session, scene: Scene, state: RoundState, **given: Any) -> None:
    defaults: dict[str, Any] = {
        "slug": uuid4().hex,
        "name": "Spring",
        "facility_id": scene.facility.id,
        "state": state,
        "call_opens_at": NOW - timedelta(days=9),
        "call_closes_at": NOW - timedelta(days=2),
        "decision_on": date(2026, 11, 25),
        "access_starts_at": at(0),
        "access_ends_at": at(600),
        "seed": "s",
        "seed_hash": "h",
        "created_at": NOW,
        "updated_at": NOW,
    }
    chosen = added(session, Round(**defaults | given))
    added(session, RoundFacility(round_id=chosen.id, facility_id=scene.facility.id))


@pytest.mark.parametrize("state", [RoundState.OPEN, RoundState.REVIEWING, RoundState.ALLOCATED])
def test_book__time_a_round_shares_out__is_refused(session: Session, state: RoundState) -> None:
    scene = a_scene(session)
    a_round(session, scene, state)

    with pytest.raises(RulesBroken) as caught:
        booked(session, scene)

    (violation,) = caught.value.violations
    assert violation.code == "in_round"
    assert violation.opens_at == datetime(2026, 11, 26, tzinfo=UTC)
    booked(session, scene, scene.wish(-60, 0))


@pytest.mark.parametrize("state", [RoundState.DRAFT, RoundState.PUBLISHED, RoundState.CLOSED])
def test_book__round_that_reserves_nothing__is_allowed(session: Session, state: RoundState) -> None:
    scene = a_scene(session)
    a_round(session, scene, state)

    assert booked(session, scene).status is BookingStatus.CONFIRMED


def test_book__round_late_with_its_decision__still_reserves(session: Session) -> None:
    scene = a_scene(session)
    a_round(session, scene, RoundState.ALLOCATED, decision_on=date(2026, 11, 20))

    assert codes(session, scene) == {"in_round"}
