"""Allocate and publish: nothing by halves, and nothing that changed meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from api import round_run
from booking.config import Settings
from booking.db import Database
from booking.engine.decision_words import pseudonym
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.permissions import SYSTEM
from booking.errors import NotPermitted, RulesBroken, WrongState
from booking.models import AccessRequest, Booking, Event, LedgerEntry, Round
from booking.queries.cards import decision_cards
from booking.queries.decisions import decision_facts
from booking.services import rounds
from booking.services.allocation import problem_to_allocate, record_result
from booking.services.publication import publish_facility
from tests.builders import NOW, a_booking, a_closure, a_facility, a_resource
from tests.rounds import (
    DOMAIN,
    RoundScene,
    a_round_scene,
    a_scored_round,
    a_submitted_request,
    an_open_round,
    hour,
    scored,
)


def allocated(session: Session) -> dict[str, Any]:
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    return result


def published(session: Session, scene: RoundScene) -> tuple[Booking, ...]:
    return publish_facility(
        session,
        actor=SYSTEM,
        now=NOW,
        domain=DOMAIN,
        key="spring",
        facility_id=scene.facility.id,
    )


def test_allocate__a_request_without_a_score__lists_it(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    row = a_submitted_request(session, scene)
    rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    with pytest.raises(RulesBroken) as caught:
        problem_to_allocate(session, actor=SYSTEM, key="spring")
    assert [(each.code, each.pointer) for each in caught.value.violations] == [
        ("unscored", f"/requests/{row.id}")
    ]


def test_allocate__while_the_call_is_open__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    an_open_round(session, scene)
    with pytest.raises(WrongState):
        problem_to_allocate(session, actor=SYSTEM, key="spring")
    member = scene.actor(session, scene.members[0])
    with pytest.raises(NotPermitted):
        problem_to_allocate(session, actor=member, key="spring")


def test_allocate__score_around_the_threshold__decides_eligibility(session: Session) -> None:
    scene = a_round_scene(session)
    first, second = a_scored_round(session, scene, 499, 500, quality_threshold=500)
    result = allocated(session)
    assert [each["request"] for each in result["bookings"]] == [str(second.id)]
    reasons = decision_facts(session, first).reasons
    assert [each.code for each in reasons] == ["below_threshold"]
    assert "500" in reasons[0].sentence
    assert decision_facts(session, first).nearest[0].starts_at == hour(4)
    assert decision_facts(session, second).nearest == ()


def test_record__after_something_changed__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900)
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    a_closure(session, scene.facility.id, hour(0), hour(1))
    with pytest.raises(RulesBroken) as caught:
        record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    assert [each.code for each in caught.value.violations] == ["round_changed"]


def test_publish__booked_and_charged__as_the_result_says(session: Session) -> None:
    scene = a_round_scene(session, rate_thousandths=1500)
    first, second = a_scored_round(session, scene, 500, 400)
    allocated(session)
    (booking,) = published(session, scene)
    # The second is of a least developed country, and its top-up outweighs 100 points.
    assert booking.request_id == second.id
    assert booking.group_key == "ldc"
    assert (booking.starts_at, booking.ends_at) == (hour(0), hour(4))
    assert booking.uid.endswith(f"@{DOMAIN}")
    entry = session.exec(select(LedgerEntry)).one()
    assert (entry.access_units, entry.credit_thousandths) == (240, 6000)
    states = {each.id: each.state for each in session.exec(select(AccessRequest))}
    assert states == {
        first.id: RequestState.NOT_GRANTED,
        second.id: RequestState.GRANTED,
    }
    assert session.exec(select(Round)).one().state is RoundState.PUBLISHED
    with pytest.raises(WrongState):
        published(session, scene)


def test_decision_cards__not_granted__say_what_the_page_says_without_ids(
    session: Session,
) -> None:
    scene = a_round_scene(session)
    first, second = a_scored_round(session, scene, 500, 400)
    allocated(session)
    found = decision_cards(session, [first.id, second.id], sender="bookings@bench.example")
    facts = decision_facts(session, first)
    assert found[first.id].reasons == tuple(each.sentence for each in facts.lines)
    assert found[first.id].advice == facts.advice
    code = pseudonym("a seed", str(second.id))
    assert found[first.id].standing == facts.standing
    assert facts.standing == "Your request had 500 points per hour: its score of 500."
    assert found[first.id].nearest == facts.nearest
    starts = [each.starts_at for each in facts.nearest]
    assert starts == [hour(each) for each in (4, 8, 12, 16, 20)]
    assert (
        facts.reasons[0].sentence
        == found[first.id].reasons[0]
        == (
            f"{scene.resource.name}, Mon 4 Jan 2027, 00:00: held by request {code} with 400 points "
            "per hour, counted towards Least developed countries, plus a top-up while that group's "
            "reserved hours were being filled."
        )
    )
    assert facts.advice[0].startswith("No score alone would have placed this request")
    assert (found[second.id].reasons, found[second.id].advice) == ((), ())
    assert found[second.id].placements == decision_facts(session, second).placements
    assert [each.resource_name for each in found[second.id].placements] == [scene.resource.name]
    assert (found[first.id].placements, found[second.id].merit) == ((), 400)


def test_publish__a_closure_or_booking_came_between__leaves_nothing(database: Database) -> None:
    with database.writing() as session:
        scene = a_round_scene(session)
        a_scored_round(session, scene, 900)
        allocated(session)
        a_booking(session, scene.resource, scene.projects[1], hour(3), hour(4))
        before = len(session.exec(select(Event)).all())
    with pytest.raises(RulesBroken) as caught, database.writing() as session:
        published(session, scene)
    assert [each.code for each in caught.value.violations] == ["clash"]
    assert "allocate the round again" in caught.value.message
    with database.reading() as session:
        assert len(session.exec(select(Booking)).all()) == 1
        assert len(session.exec(select(Event)).all()) == before
        assert session.exec(select(Round)).one().state is RoundState.ALLOCATED


def test_publish__two_facilities_one_with_a_clash__keeps_the_other_and_mends(
    database: Database,
) -> None:
    with database.writing() as session:
        scene = a_round_scene(session)
        elsewhere = a_facility(session, zone="UTC")
        resource = a_resource(session, elsewhere.id)
        an_open_round(session, scene, elsewhere)
        there = RoundScene(
            elsewhere, resource, scene.manager, scene.reviewer, scene.members, scene.projects
        )
        rows = (
            a_submitted_request(session, scene, 0),
            a_submitted_request(session, there, 1, sessions=there.sessions(end=10)),
        )
        rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
        for row in rows:
            scored(session, scene, row, 800)
        allocated(session)
        (placed,) = decision_facts(session, rows[1]).placements
        a_closure(session, elsewhere.id, placed.starts_at, placed.starts_at + timedelta(hours=1))
    settings = Settings(base_url=f"https://{DOMAIN}")

    def publish() -> int:
        return round_run.publish_round(
            database, actor=SYSTEM, now=NOW, settings=settings, key="spring"
        )

    with pytest.raises(RulesBroken):
        publish()
    with database.reading() as session:
        kept = session.exec(select(Booking.request_id)).all()
        assert kept in ([], [rows[0].id])
    certificate = round_run.allocate_round(database, actor=SYSTEM, now=NOW, key="spring")
    assert certificate.granted == 2 - len(kept)
    assert publish() == 2 - len(kept)
    with database.reading() as session:
        assert session.exec(select(Round)).one().state is RoundState.PUBLISHED
        assert len(session.exec(select(Booking)).all()) == 2
