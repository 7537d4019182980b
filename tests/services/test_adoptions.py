"""Audit and adopt: only before publication, only where it could help, only what scores no less."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from api import adoption_works, round_run
from booking.engine.allocation.adoption import adopted_instead
from booking.engine.allocation.result import result_sha256
from booking.engine.allocation.run import allocate
from booking.engine.allocation.timetable import Timetable
from booking.engine.lifecycle import EventKind, RoundState
from booking.engine.permissions import SYSTEM, Actor
from booking.errors import NotPermitted, RulesBroken, WrongState
from booking.models import AccessRequest, Event, Round, RoundResult
from booking.queries.calculations import facts_of
from booking.queries.decisions import latest_decision, newest_result
from booking.queries.rounds import find_round
from booking.services import calculations
from booking.services.adoptions import ask_adoption, record_adoption
from booking.services.allocation import problem_to_allocate, record_result
from tests.builders import NOW
from tests.rounds import RoundScene, a_policy, a_round_scene, a_scored_round


def an_allocated_round(
    session: Session, *scores: int, **given: Any
) -> tuple[RoundScene, tuple[AccessRequest, ...], dict[str, Any]]:
    """Allocate a round; unless told otherwise the second request's group gives it the place."""
    scene = a_round_scene(session)
    rows = a_scored_round(session, scene, *(scores or (500, 400)), **given)
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    return scene, rows, result


def asked(session: Session, row: AccessRequest, group: str = "ldc", actor: Actor = SYSTEM) -> Any:
    return ask_adoption(session, actor=actor, now=NOW, key="spring", request_id=row.id, group=group)


def codes(session: Session, row: AccessRequest, group: str = "ldc") -> list[str]:
    with pytest.raises(RulesBroken) as caught:
        asked(session, row, group)
    return [each.code for each in caught.value.violations]


def inexact(session: Session) -> None:
    """Let the stored result say that nothing is proved, as that of a large round does."""
    stored = session.exec(select(RoundResult)).one()
    stored.result = stored.result.replace('"proved_optimal":true', '"proved_optimal":false')
    session.flush()


def swapped(session: Session, row: AccessRequest) -> dict[str, Any]:
    """Write the result in which the other request is served."""
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    (booking,) = allocate(compiled.problem)["bookings"]
    other = {**booking, "request": str(row.id)}
    homes = frozenset(one.id for one in compiled.problem.facilities)

    def choose(timetable: Timetable) -> Timetable:
        return adopted_instead(timetable, str(row.id), homes, [other]) or timetable

    found = allocate(compiled.problem, choose=choose)
    found["adopted"] = [{"request": str(row.id), "group": "ldc"}]
    found["result_sha256"] = result_sha256(found)
    return found


def test_ask__where_it_could_not_help__is_refused(session: Session) -> None:
    _, (first, second), _ = an_allocated_round(session)
    assert codes(session, first) == ["not_declared"]
    assert codes(session, second) == ["granted"]
    first.memberships = second.memberships
    stored = session.exec(select(RoundResult)).one()
    stored.problem = stored.problem.replace('"groups":[]', '"groups":["ldc"]')
    session.flush()
    assert codes(session, first) == ["exact"]
    assert codes(session, first, "startup") == ["not_declared"]


def test_ask__before_allocation_or_by_others__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    (row,) = a_scored_round(session, scene, 500)
    with pytest.raises(WrongState):
        asked(session, row)
    with pytest.raises(NotPermitted):
        asked(session, row, actor=scene.actor(session, scene.members[0]))


def test_work__declaration_did_no_harm__adopts_nothing_and_says_so(session: Session) -> None:
    _, (first, _), _ = an_allocated_round(session)
    inexact(session)
    stored = session.exec(select(RoundResult)).one()
    stored.problem = stored.problem.replace('"groups":[]', '"groups":["ldc"]')
    session.flush()
    row = asked(session, first)
    assert row.request_id is None
    mine = calculations.claim_next(session, now=NOW)
    assert mine is not None
    prepared = adoption_works.question(session, facts_of(row))
    found = adoption_works.answer(prepared, lambda _: None, lambda: False)
    kept = adoption_works.keep(session, mine, NOW, found)
    assert kept["adopted"] is False
    assert "nothing is adopted" in kept["sentence"] or "is not adopted" in kept["sentence"]
    assert len(session.exec(select(RoundResult)).all()) == 1


def test_record__scores_less__is_refused_with_the_numbers(session: Session) -> None:
    _, (first, _), result = an_allocated_round(session)
    worse = result | {"objective": result["objective"] - 1}
    with pytest.raises(RulesBroken, match=r"scores 5439 points .* scores 5440"):
        recorded(session, first, worse)


def test_record__scores_no_less__is_the_newest_result_with_a_note(session: Session) -> None:
    _, rows, result = an_allocated_round(session, 500, 500, policy=a_policy(groups=()))
    served = {each["request"] for each in result["bookings"]}
    first, second = sorted(rows, key=lambda each: str(each.id) in served)
    row = recorded(session, first, swapped(session, first))
    found = find_round(session, "spring")
    assert (row.number, newest_result(session, found.id)) == (2, row)
    assert row.note.startswith("Adopted: solved again without the declaration of 'ldc'")
    assert found.state is RoundState.ALLOCATED
    for request, granted in ((first, True), (second, False)):
        decision = latest_decision(session, request.id)
        assert decision is not None
        assert (decision[0].granted, decision[1].number) == (granted, 2)
    events = session.exec(select(Event).where(col(Event.kind) == EventKind.ROUND_RESULT_ADOPTED))
    assert [each.payload["number"] for each in events] == [2]


def test_record__allocated_anew_or_published_meanwhile__is_refused(session: Session) -> None:
    _, (first, _), result = an_allocated_round(session)
    other = swapped(session, first)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    with pytest.raises(WrongState, match="allocated anew"):
        recorded(session, first, other)
    session.exec(select(Round)).one().state = RoundState.PUBLISHED
    with pytest.raises(WrongState, match="an appeal is the way"):
        recorded(session, first, other)


def recorded(session: Session, row: AccessRequest, result: dict[str, Any]) -> RoundResult:
    return record_adoption(
        session,
        actor=SYSTEM,
        now=NOW,
        round_id=row.round_id,
        question={"request": str(row.id), "group": "ldc", "result": 1},
        result=result,
    )
