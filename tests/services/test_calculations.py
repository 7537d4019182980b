"""Calculations: who may ask and stop, what is asked once, what a dead worker leaves behind."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import ANONYMOUS, SCOPE_WORDS, SYSTEM, Actor, Role
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.errors import NotFound, NotPermitted, NotSignedIn, WrongState
from booking.models import Calculation, Event, Round
from booking.queries.calculations import calculations as listed
from booking.queries.calculations import visible_calculation
from booking.queries.rounds import find_round
from booking.services import calculations
from booking.services.allocation import keep_preview
from booking.services.calculations import MOST_ATTEMPTS, SILENT, Standing
from tests.builders import NOW, a_person, a_role
from tests.rounds import RoundScene, a_round_scene, a_scored_round, an_open_round

SECOND = timedelta(seconds=1)
ALLOCATION = CalculationKind.ALLOCATION
PROGRESS = {"done": 1, "total": 4, "objective": 75.0, "bound": 100.0}


def a_reviewed_round(session: Session) -> tuple[RoundScene, Round]:
    scene = a_round_scene(session)
    a_scored_round(session, scene, 900, 500)
    return scene, find_round(session, "spring")


def asked(session: Session, found: Round, actor: Actor = SYSTEM, **given: Any) -> Calculation:
    defaults: dict[str, Any] = {"kind": ALLOCATION, "question": {"keep": True}, "now": NOW}
    return calculations.ask(session, actor=actor, found=found, **defaults | given)


def claimed(session: Session, **given: Any) -> Any:
    return calculations.claim_next(session, **{"now": NOW} | given)


def test_ask__by_who_runs_the_round__waits_and_is_told(session: Session) -> None:
    scene, found = a_reviewed_round(session)
    row = asked(session, found, scene.actor(session, scene.manager))
    assert (row.state, row.asked_by) == (CalculationState.WAITING, scene.manager.id)
    kinds = session.exec(select(Event.kind).where(col(Event.subject_id) == row.id)).all()
    assert kinds == [EventKind.CALCULATION_ASKED]


@pytest.mark.parametrize("kind", [ALLOCATION, CalculationKind.WHAT_IF])
def test_ask__by_others__is_refused(session: Session, kind: CalculationKind) -> None:
    scene, found = a_reviewed_round(session)
    for person in (scene.reviewer, scene.members[0]):
        with pytest.raises(NotPermitted):
            asked(session, found, scene.actor(session, person), kind=kind)
    with pytest.raises(NotSignedIn):
        asked(session, found, ANONYMOUS, kind=kind)
    with pytest.raises(NotSignedIn):
        asked(session, found, ANONYMOUS, kind=CalculationKind.COUNTERFACTUAL)


def test_ask__same_question_under_way__gives_the_same(session: Session) -> None:
    _, found = a_reviewed_round(session)
    first = asked(session, found)
    assert asked(session, found) is first
    assert asked(session, found, question={"keep": False}) is not first
    mine = claimed(session)
    assert asked(session, found) is first
    calculations.finish(session, now=NOW, mine=mine, answer={})
    assert asked(session, found) is not first


def test_ask__allocation_of_an_open_round__is_refused(session: Session) -> None:
    an_open_round(session, a_round_scene(session))
    with pytest.raises(WrongState):
        asked(session, find_round(session, "spring"))


def test_stop__waiting__ends_it_without_an_answer(session: Session) -> None:
    scene, found = a_reviewed_round(session)
    row = asked(session, found)
    for person in (scene.reviewer, scene.members[0]):
        with pytest.raises(NotPermitted):
            calculations.stop(
                session, actor=scene.actor(session, person), now=NOW, calculation_id=row.id
            )
    manager = scene.actor(session, scene.manager)
    calculations.stop(session, actor=manager, now=NOW, calculation_id=row.id)
    assert (row.state, row.answer) == (CalculationState.STOPPED, None)
    assert claimed(session) is None
    with pytest.raises(WrongState):
        calculations.stop(session, actor=manager, now=NOW, calculation_id=row.id)


def test_stop__own_by_a_token_that_only_reads__is_refused(session: Session) -> None:
    scene, found = a_reviewed_round(session)
    applicant = scene.actor(session, scene.members[0])
    row = asked(session, found, applicant, kind=CalculationKind.COUNTERFACTUAL)
    with pytest.raises(NotPermitted):
        calculations.stop(
            session,
            actor=replace(applicant, scopes=SCOPE_WORDS["read"]),
            now=NOW,
            calculation_id=row.id,
        )
    may_book = replace(applicant, scopes=SCOPE_WORDS["book"])
    calculations.stop(session, actor=may_book, now=NOW, calculation_id=row.id)
    assert row.state is CalculationState.STOPPED


def test_stop__running__is_heard_and_keeps_the_best_so_far(session: Session) -> None:
    _, found = a_reviewed_round(session)
    row = asked(session, found)
    mine = claimed(session)
    told = calculations.tell_progress(session, now=NOW, mine=mine, progress=PROGRESS)
    assert told is Standing.GO_ON
    (facts,) = listed(session, found.id, limit=5).items
    assert (facts.gap, facts.under_way) == (0.25, True)
    calculations.stop(session, actor=SYSTEM, now=NOW, calculation_id=row.id)
    assert calculations.tell_progress(session, now=NOW, mine=mine) is Standing.STOP
    calculations.finish(session, now=NOW, mine=mine, answer={"gap": 0.2}, stopped=True)
    assert (row.state, row.answer) == (CalculationState.STOPPED, {"gap": 0.2})


@pytest.mark.parametrize(("late", "taken"), [(0, False), (1, True)])
def test_claim__worker_silent_for_so_long__is_taken_up_again(
    session: Session, *, late: int, taken: bool
) -> None:
    _, found = a_reviewed_round(session)
    row = asked(session, found)
    first = claimed(session)
    again = claimed(session, now=NOW + SILENT + late * SECOND)
    assert (again is not None) is taken
    if taken:
        assert calculations.tell_progress(session, now=NOW, mine=first) is Standing.LOST
        calculations.finish(session, now=NOW, mine=first, answer={"by": "the dead"})
        calculations.fail(session, now=NOW, mine=first, failure="by the dead")
        calculations.give_back(session, mine=first, counts=True)
        assert (row.state, row.answer) == (CalculationState.RUNNING, None)


def test_claim__begun_too_often__is_given_up_in_words(session: Session) -> None:
    _, found = a_reviewed_round(session)
    row = asked(session, found)
    for _ in range(MOST_ATTEMPTS):
        calculations.give_back(session, mine=claimed(session), counts=True)
    assert claimed(session) is None
    assert row.state is CalculationState.FAILED
    assert "Ask the operator" in row.failure


def test_claim__given_back_at_a_shutdown__does_not_count(session: Session) -> None:
    _, found = a_reviewed_round(session)
    asked(session, found)
    for _ in range(MOST_ATTEMPTS + 1):
        calculations.give_back(session, mine=claimed(session), counts=False)
    assert claimed(session) is not None


def test_claim__was_to_stop_when_its_worker_died__is_stopped(session: Session) -> None:
    _, found = a_reviewed_round(session)
    row = asked(session, found)
    claimed(session)
    calculations.stop(session, actor=SYSTEM, now=NOW, calculation_id=row.id)
    assert claimed(session, now=NOW + 2 * SILENT) is None
    assert row.state is CalculationState.STOPPED


def test_see__by_who_sees_the_board__and_nobody_else(session: Session) -> None:
    scene, found = a_reviewed_round(session)
    row = asked(session, found)
    manager = scene.actor(session, scene.manager)
    assert visible_calculation(session, row.id, viewer=manager) is row
    for viewer in (scene.actor(session, scene.members[0]), ANONYMOUS):
        with pytest.raises(NotFound):
            visible_calculation(session, row.id, viewer=viewer)


def test_see__about_a_request__by_its_project_too(session: Session) -> None:
    scene = a_round_scene(session)
    first, _ = a_scored_round(session, scene, 900, 500)
    found = find_round(session, "spring")
    kind = CalculationKind.COUNTERFACTUAL
    row = asked(session, found, kind=kind, question={}, request_id=first.id)
    theirs, others = (scene.actor(session, each) for each in scene.members)
    assert visible_calculation(session, row.id, viewer=theirs) is row
    with pytest.raises(NotFound):
        visible_calculation(session, row.id, viewer=others)


def test_keep_preview__by_others__is_refused(session: Session) -> None:
    scene, found = a_reviewed_round(session)
    row = asked(session, found, question={"keep": False})
    kept: dict[str, Any] = {"now": NOW, "calculation_id": row.id}
    manager = scene.actor(session, scene.manager)
    with pytest.raises(NotFound, match="no preview"):
        keep_preview(session, actor=manager, **kept)
    calculations.finish(session, now=NOW, mine=claimed(session), answer={"result": {}})
    auditor = a_person(session)
    a_role(session, auditor.id, Role.AUDITOR)
    with pytest.raises(NotPermitted):
        keep_preview(session, actor=scene.actor(session, auditor), **kept)
    with pytest.raises(NotFound):
        keep_preview(session, actor=scene.actor(session, scene.members[0]), **kept)
