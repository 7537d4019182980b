"""Appeals: who makes and answers them, until when, what follows, and that nothing is undone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from booking.clock import new_id
from booking.engine.appeals import APPEAL_TIME
from booking.engine.lifecycle import EventKind, RequestState
from booking.engine.permissions import ANONYMOUS, SYSTEM, Actor, Role
from booking.engine.vocabulary import (
    AppealedFact,
    AppealState,
    CalculationKind,
    CalculationState,
)
from booking.errors import NotFound, NotPermitted, NotSignedIn, RulesBroken, WrongState
from booking.models import AccessRequest, Appeal, Calculation, Event, Project, ProjectMember
from booking.queries.appeals import appeal_facts, appeals, appeals_on
from booking.queries.decisions import latest_decision
from booking.queries.people import actor_of
from booking.services import personal
from booking.services.appeals import answer_appeal, make_appeal
from tests.builders import NOW, a_person, a_role, added
from tests.rounds import RoundScene, a_round_scene, a_scored_round
from tests.services.test_counterfactuals import a_decided_round, solved

SCORE = {"kind": "score", "merit": 1000}


def an_officer(session: Session) -> Actor:
    person = a_person(session)
    a_role(session, person.id, Role.OFFICER)
    return actor_of(session, person.id)


def made(session: Session, scene: RoundScene, row: AccessRequest, **given: Any) -> Appeal:
    defaults: dict[str, Any] = {
        "actor": scene.actor(session, scene.members[0]),
        "now": NOW,
        "fact": AppealedFact.MERIT,
        "grounds": "The panel's minutes say 1000.",
    }
    return make_appeal(session, request=row, **defaults | given)


def answered(session: Session, row: Appeal, officer: Actor, **given: Any) -> Appeal:
    defaults: dict[str, Any] = {"now": NOW, "answer": "The minutes are as you say."}
    return answer_appeal(session, actor=officer, appeal_id=row.id, **defaults | given)


def told(session: Session, row: Appeal) -> list[str]:
    rows = session.exec(select(Event.kind).where(col(Event.subject_id) == row.id)).all()
    return sorted(rows)


def test_make_appeal__by_the_applicants__waits_and_is_told(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = made(session, scene, first)
    assert (row.state, row.asked_by) == (AppealState.OPEN, scene.members[0].id)
    assert told(session, row) == [EventKind.APPEAL_MADE]
    (facts,) = appeals_on(session, first.id)
    assert facts.fact_words == "the score, as it was recorded"


def test_make_appeal__by_others__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    for person in (scene.manager, scene.reviewer, scene.members[1]):
        with pytest.raises(NotPermitted):
            made(session, scene, first, actor=scene.actor(session, person))
    with pytest.raises(NotSignedIn):
        made(session, scene, first, actor=ANONYMOUS)


@pytest.mark.parametrize(
    ("late", "codes"), [(timedelta(0), []), (timedelta(microseconds=1), ["appeal_late"])]
)
def test_make_appeal__around_thirty_days__is_taken_up_to_them(
    session: Session, late: timedelta, codes: list[str]
) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    assert refused(session, scene, first, now=NOW + APPEAL_TIME + late) == codes


@pytest.mark.parametrize(
    ("grounds", "codes"),
    [(" \n", ["no_grounds"]), ("x" * 5000, []), ("x" * 5001, ["too_long"])],
)
def test_make_appeal__grounds__are_words_and_not_too_many(
    session: Session, grounds: str, codes: list[str]
) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    assert refused(session, scene, first, grounds=grounds) == codes


def refused(session: Session, scene: RoundScene, row: AccessRequest, **given: Any) -> list[str]:
    try:
        made(session, scene, row, **given)
    except RulesBroken as caught:
        return [each.code for each in caught.violations]
    return []


def test_make_appeal__a_second_while_one_waits__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = made(session, scene, first)
    assert refused(session, scene, first) == ["appeal_open"]
    answered(session, row, an_officer(session))
    assert refused(session, scene, first) == []


def test_make_appeal__before_publication__is_refused(session: Session) -> None:
    scene = a_round_scene(session)
    (first,) = a_scored_round(session, scene, 900)
    with pytest.raises(WrongState):
        made(session, scene, first)


def test_answer__dismissed__is_told_and_asks_for_nothing(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = answered(
        session, made(session, scene, first), an_officer(session), answer=" It says 500. "
    )
    assert (row.state, row.answer) == (AppealState.DISMISSED, "It says 500.")
    assert told(session, row) == [EventKind.APPEAL_DISMISSED, EventKind.APPEAL_MADE]
    assert session.exec(select(Calculation)).all() == []


def test_answer__upheld__has_the_round_solved_again_and_changes_nothing(session: Session) -> None:
    scene, (first, second) = a_decided_round(session, 500, 900)
    before = latest_decision(session, first.id)
    row = answered(session, made(session, scene, first), an_officer(session), correction=SCORE)
    assert row.state is AppealState.UPHELD
    assert row.correction == {"kind": "score", "merit": 1000, "request": str(first.id)}
    review = session.exec(select(Calculation)).one()
    assert (review.id, review.kind) == (row.calculation_id, CalculationKind.REVIEW)
    solved(session, review)
    shown = appeal_facts(session, row).review
    assert shown is not None
    assert shown.state is CalculationState.DONE
    (answer,) = shown.answers
    assert answer.change["merit"] == 1000
    assert len(answer.lost) == (1 if answer.granted else 0)
    assert latest_decision(session, first.id) == before
    assert (first.state, second.state) == (RequestState.NOT_GRANTED, RequestState.GRANTED)


def test_answer__twice__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row, officer = made(session, scene, first), an_officer(session)
    answered(session, row, officer)
    with pytest.raises(WrongState, match="dismissed already"):
        answered(session, row, officer, correction=SCORE)


def test_answer__by_others__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = made(session, scene, first)
    for person in (scene.manager, scene.reviewer, scene.members[0]):
        with pytest.raises(NotPermitted):
            answered(session, row, scene.actor(session, person))
    for actor in (ANONYMOUS, scene.actor(session, scene.members[1])):
        with pytest.raises(NotFound):
            answered(session, row, actor)


def test_answer__by_an_officer_of_the_applicants__is_refused(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row, officer = made(session, scene, first), an_officer(session)
    assert officer.person_id is not None
    added(
        session,
        ProjectMember(project_id=first.project_id, person_id=officer.person_id),
    )
    with pytest.raises(RulesBroken) as caught:
        answered(session, row, officer)
    assert [each.code for each in caught.value.violations] == ["conflict_of_interest"]


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({"answer": " "}, ["/answer"]),
        ({"correction": {"kind": "fair_share", "fair_share": 1.0}}, ["/correction/kind"]),
        ({"correction": {"kind": "score", "merit": "all"}}, ["/correction/merit"]),
        ({"correction": {"kind": "score", "merit": 299}}, ["/correction/merit"]),
        ({"correction": {"kind": "score", "merit": 500}}, ["/correction"]),
    ],
)
def test_answer__without_words_or_a_fitting_correction__is_refused(
    session: Session, given: dict[str, Any], pointers: list[str]
) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = made(session, scene, first)
    with pytest.raises(RulesBroken) as caught:
        answered(session, row, an_officer(session), **given)
    assert [each.pointer for each in caught.value.violations] == pointers
    assert row.state is AppealState.OPEN


def test_appeals__of_others__are_not_listed(session: Session) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row = made(session, scene, first)

    def seen(actor: Actor, state: AppealState | None = None) -> list[Any]:
        return [each.id for each in appeals(session, viewer=actor, state=state, limit=9).items]

    for person in (scene.members[0], scene.manager, scene.reviewer):
        assert seen(scene.actor(session, person)) == [row.id]
    assert seen(an_officer(session), AppealState.OPEN) == [row.id]
    assert seen(an_officer(session), AppealState.UPHELD) == []
    for actor in (ANONYMOUS, scene.actor(session, scene.members[1])):
        assert seen(actor) == []


def test_delete_account__after_an_appeal__takes_its_words_and_leaves_it_to_be_answered(
    session: Session,
) -> None:
    scene, (first, _) = a_decided_round(session, 500, 900)
    row, officer = made(session, scene, first, grounds="Amina's score."), an_officer(session)
    person = scene.members[0]
    assert personal.export(session, actor=SYSTEM, person_id=person.id)["appeals_made"]
    for project in session.exec(
        select(Project).where(Project.principal_investigator_id == person.id)
    ):
        project.principal_investigator_id = scene.manager.id
    personal.delete_account(session, actor=SYSTEM, now=NOW, person_id=person.id)
    assert row.grounds == personal.WORDS_GONE
    answered(session, row, officer)
    exported = personal.export(session, actor=SYSTEM, person_id=officer.person_id or new_id())
    (kept,) = exported["appeals_answered"]
    assert kept["answer"] == "The minutes are as you say."
    assert not {"grounds", "asked_by"} & set(kept)
