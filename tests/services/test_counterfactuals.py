"""What would have placed a request: who may ask, what is solved again, what is kept of it."""

import json
from typing import Any

import pytest
from sqlmodel import Session, select

from api import counterfactual_works, round_run
from booking.engine.decision_words import pseudonym
from booking.engine.permissions import ANONYMOUS, SYSTEM, Actor
from booking.engine.vocabulary import CalculationState
from booking.errors import NotPermitted, NotSignedIn, RulesBroken, WrongState
from booking.models import AccessRequest, Calculation, Decision, RoundResult
from booking.queries.calculations import facts_of
from booking.queries.counterfactuals import CalculationTold, calculations_told
from booking.queries.rounds import find_round
from booking.services import calculations
from booking.services.allocation import problem_to_allocate, record_result
from booking.services.counterfactuals import ask_counterfactuals, question_of
from booking.services.publication import publish_facility
from tests.builders import NOW, added
from tests.rounds import DOMAIN, RoundScene, a_policy, a_round_scene, a_scored_round, hour


def a_decided_round(
    session: Session, *scores: int, **given: Any
) -> tuple[RoundScene, tuple[AccessRequest, ...]]:
    """Publish a round in which two requests want the same four hours."""
    scene = a_round_scene(session)
    rows = a_scored_round(session, scene, *scores, **given)
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    publish_facility(
        session,
        actor=SYSTEM,
        now=NOW,
        domain=DOMAIN,
        key="spring",
        facility_id=scene.facility.id,
    )
    return scene, rows


def asked(
    session: Session,
    row: AccessRequest,
    change: dict[str, Any] | None = None,
    *,
    actor: Actor = SYSTEM,
) -> Calculation:
    return ask_counterfactuals(session, actor=actor, now=NOW, request=row, change=change)


def score(merit: int) -> dict[str, Any]:
    return {"kind": "score", "merit": merit}


def solved(session: Session, row: Calculation) -> None:
    """Do the calculation that is next, which is that one."""
    mine = calculations.claim_next(session, now=NOW)
    assert mine is not None
    assert mine.id == row.id
    prepared = counterfactual_works.question(session, facts_of(row))
    found = counterfactual_works.answer(prepared, lambda _: None, lambda: False)
    kept = counterfactual_works.keep(session, mine, NOW, found)
    calculations.finish(session, now=NOW, mine=mine, answer=kept)


def answered(
    session: Session, row: AccessRequest, change: dict[str, Any] | None = None
) -> CalculationTold:
    """Ask, solve, and read what is kept."""
    asked_for = asked(session, row, change)
    solved(session, asked_for)
    (told,) = calculations_told(session, row, [asked_for])
    return told


def test_ask__refused_request__answers_are_verified_and_in_words(session: Session) -> None:
    scene, (first, second) = a_decided_round(session, 790, 810, policy=a_policy(groups=()))
    told = answered(session, first)
    assert (told.state, told.question) == (CalculationState.DONE, "")
    assert told.tried >= len(told.answers) > 1
    by_kind = {each.change["kind"]: each for each in told.answers}
    name = scene.resource.name
    assert by_kind["score"].sentence == (
        f"With a score of {by_kind['score'].change['merit']} instead of 790 you would have been "
        f"placed on {name}, Mon 4 Jan 2027, 00:00 to 04:00. Checked by solving again."
    )
    assert 810 <= by_kind["score"].change["merit"] <= 812
    assert by_kind["score"].lost == (pseudonym("a seed", str(second.id)),)
    assert by_kind["score"].losers.startswith(f"Request {by_kind['score'].lost[0]}, which")
    (wider,) = (each for each in told.answers if each.change["kind"] == "more_alternatives")
    assert wider.sentence.startswith(f"With {name} between Mon 4 Jan 2027, 00:00 and 08:00 as one")
    assert (wider.places[0].starts_at, wider.losers) == (hour(4), "")


def test_ask__one_change__is_tried_and_kept_whatever_comes_out(session: Session) -> None:
    _, (first, _) = a_decided_round(session, 500, 900, policy=a_policy(groups=()))
    told = answered(session, first, score(600))
    assert told.question == "a score of 600 instead of 500"
    (answer,) = told.answers
    assert answer.sentence == (
        "With a score of 600 instead of 500 you would still have had no place. Checked by solving "
        "again."
    )


def test_ask__below_the_threshold__only_a_score_helps(session: Session) -> None:
    _, (first, _) = a_decided_round(session, 450, 900, quality_threshold=500)
    with pytest.raises(RulesBroken) as caught:
        asked(session, first, {"kind": "session_length", "session": 0, "steps": 2})
    assert [each.code for each in caught.value.violations] == ["below_threshold"]
    with pytest.raises(RulesBroken):
        asked(session, first, score(499))
    told = answered(session, first, score(1000))
    assert told.answers[0].change["merit"] == 1000


def test_ask__same_question__is_answered_once(session: Session) -> None:
    _, (first, _) = a_decided_round(session, 500, 900)
    row = asked(session, first)
    assert asked(session, first) is row
    mine = calculations.claim_next(session, now=NOW)
    assert mine is not None
    calculations.finish(session, now=NOW, mine=mine, answer={"answers": [], "tried": 0})
    assert asked(session, first) is row
    assert asked(session, first, score(950)) is not row


def test_ask__around_the_most_under_way__is_refused_above_it(session: Session) -> None:
    _, (first, _) = a_decided_round(session, 500, 900)
    under_way = {asked(session, first, score(900 + each)).id for each in range(3)}
    assert len(under_way) == 3
    with pytest.raises(RulesBroken) as caught:
        asked(session, first, score(950))
    assert [each.code for each in caught.value.violations] == ["too_many"]


def test_question_of__allocated_anew_meanwhile__is_about_the_result_it_names(
    session: Session,
) -> None:
    _, (first, _) = a_decided_round(session, 500, 900)
    about = facts_of(asked(session, first))
    stored = session.exec(select(RoundResult)).one()
    later = stored.model_dump(exclude={"id"}) | {
        "number": 2,
        "result": stored.result.replace('"objective":', '"objective":9'),
    }
    newer = added(session, RoundResult(**later))
    added(session, Decision(result_id=newer.id, request_id=first.id, granted=False))

    assert question_of(session, about).again.result == json.loads(stored.result)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "charm"}, "/kind"),
        ({"kind": "score", "merit": "high"}, "/merit"),
        ({"kind": "score", "merit": 900, "request": "another"}, "/request"),
        ({"kind": "session_length", "session": 7, "steps": 2}, "/session"),
    ],
)
def test_ask__change_that_is_none__is_refused_by_its_key(
    session: Session, change: dict[str, Any], pointer: str
) -> None:
    _, (first, _) = a_decided_round(session, 500, 900)
    with pytest.raises(RulesBroken) as caught:
        asked(session, first, change)
    assert [each.pointer for each in caught.value.violations] == [pointer]


def test_ask__granted_or_not_yet_decided__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    (row,) = a_scored_round(session, scene, 900)
    with pytest.raises(WrongState):
        asked(session, row)
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key="spring")
    result = round_run.solve(compiled.problem)
    record_result(session, actor=SYSTEM, now=NOW, key="spring", result=result)
    with pytest.raises(WrongState):
        asked(session, row)
    publish_facility(
        session,
        actor=SYSTEM,
        now=NOW,
        domain=DOMAIN,
        key="spring",
        facility_id=find_round(session, "spring").facility_id,
    )
    with pytest.raises(RulesBroken) as caught:
        asked(session, row)
    assert [each.code for each in caught.value.violations] == ["granted"]


def test_ask__by_others__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    for person in (scene.reviewer, scene.members[1]):
        with pytest.raises(NotPermitted):
            asked(session, first, actor=scene.actor(session, person))
    with pytest.raises(NotSignedIn):
        asked(session, first, actor=ANONYMOUS)
    by_the_board = asked(session, first, actor=scene.actor(session, scene.manager))
    assert by_the_board.asked_by == scene.manager.id
