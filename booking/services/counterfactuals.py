"""What would have placed a request: asked for on demand, solved again, kept without names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.changes import Change, change_as_json
from booking.engine.decision_words import pseudonym
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalculationKind
from booking.errors import RulesBroken, WrongState
from booking.models import AccessRequest, Calculation, Round
from booking.queries.calculations import CalculationFacts
from booking.queries.counterfactuals import calculations_about
from booking.queries.decisions import DECIDED, latest_decision, result_numbered
from booking.queries.reports import hidden_in_round
from booking.queries.requests import find_request, project
from booking.queries.rounds import find_round
from booking.services import calculations
from booking.services.permits import permit
from booking.services.round_again import RoundAgain, read_wanted_change, round_again

MOST_UNDER_WAY: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be solved again: for one change, or for whatever is worth trying (None)."""

    again: RoundAgain
    request: str
    change: Change | None


def ask_counterfactuals(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    request: AccessRequest,
    change: Mapping[str, Any] | None = None,
) -> Calculation:
    """Ask what would have placed a request, or where one change would have led.

    For the people of its project and who runs the round, once it is decided in public. What was
    answered on the same result is given again.
    Raises: NotPermitted; WrongState before publication; RulesBroken.
    """
    found = find_round(session, str(request.round_id))
    _permit(session, actor, found, request)
    _refuse_unpublished(request)
    decision = latest_decision(session, request.id)
    if decision is None:
        raise WrongState("Nothing was decided on this request, so there is nothing to ask about.")
    row, result = decision
    if row.granted and change is None:
        reason = "This request has its place; there is nothing that it would have taken."
        raise RulesBroken(reason, [Violation("granted", reason)])
    again = round_again(session, found, result, request)
    asked = read_wanted_change(again, found, request.id, change) if change is not None else None
    question = {
        "change": None if asked is None else change_as_json(asked),
        "result": result.number,
    }
    known = calculations_about(session, request.id, CalculationKind.COUNTERFACTUAL)
    for each in known:
        if each.question == question and (each.answer is not None or each.finished_at is None):
            return each
    if sum(each.finished_at is None for each in known) >= MOST_UNDER_WAY:
        reason = "Three of these are under way for this request already; wait until one is done."
        raise RulesBroken(reason, [Violation("too_many", reason)])
    return calculations.ask(
        session,
        actor=actor,
        now=now,
        found=found,
        kind=CalculationKind.COUNTERFACTUAL,
        question=question,
        request_id=request.id,
    )


def may_ask(session: Session, actor: Actor, request: AccessRequest, facility_id: UUID) -> bool:
    """Say whether somebody is of the request's project, or runs the round."""
    scope = _scope(session, request, facility_id)
    board = Scope(facility_id=facility_id)
    return may(actor, Action.REQUEST_SUBMIT, scope) or may(actor, Action.ROUND_RUN, board)


def question_of(session: Session, asked: CalculationFacts) -> Question:
    """Read what a counterfactual or a review is about, from the result that it names.

    Raises: NotFound; RulesBroken if the round cannot be solved with the change.
    """
    found = find_round(session, str(asked.round_id))
    if asked.request_id is None:
        raise ValueError(f"The {asked.kind} {asked.id} is about no request.")
    request = find_request(session, asked.request_id, round_id=found.id)
    stored = result_numbered(session, found, asked.question["result"])
    again = round_again(session, found, stored, request)
    wanted = asked.question.get("change")
    change = None if wanted is None else read_wanted_change(again, found, request.id, wanted)
    return Question(again, str(request.id), change)


def kept_answers(
    session: Session, asked: CalculationFacts, answers: Iterable[Mapping[str, Any]], *, tried: int
) -> dict[str, Any]:
    """Put answers as they are kept: instants for steps, codes for the requests of others."""
    found = find_round(session, str(asked.round_id))
    hidden = _hidden_groups(session, found)
    steps = _steps(session, asked)
    return {
        "result": asked.question.get("result"),
        "tried": tried,
        "answers": [_kept(each, found, steps, hidden) for each in answers],
    }


def _hidden_groups(session: Session, found: Round) -> frozenset[str] | None:
    """Return the groups of which too few take part to be told of; None while none may be."""
    if found.state not in {RoundState.PUBLISHED, RoundState.CLOSED}:
        return None
    return frozenset(group for _, group in hidden_in_round(session, found.slug))


def _kept(
    answer: Mapping[str, Any], found: Round, steps: Sequence[int], hidden: frozenset[str] | None
) -> dict[str, Any]:
    difference = answer["difference"]
    return {
        "change": answer["change"],
        "granted": answer["granted"],
        "exact": answer["exact"],
        "stopped": answer["stopped"],
        "places": [_placed(each, answer["change"], found, steps) for each in answer["places"]],
        **{
            name: [
                pseudonym(found.seed, each["request"])
                for each in difference[name]
                if each["request"] != answer["request"]
            ]
            for name in ("gained", "lost", "moved")
        },
        "objective": difference["objective"],
        "attainment": [
            {"group": each["group"], **each["attainment"]}
            for each in difference["network"]
            if hidden is not None and each["group"] not in hidden
        ],
    }


def _placed(
    place: Mapping[str, Any], change: Mapping[str, Any], found: Round, steps: Sequence[int]
) -> dict[str, Any]:
    session, step = place["session"], found.step_minutes * MINUTE
    length = steps[session]
    if change["kind"] == "session_length" and change["session"] == session:
        length = change["steps"]
    starts_at = found.access_starts_at + place["start"] * step
    return {
        "session": session,
        "resource_id": place["resource"],
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + length * step).isoformat(),
        "quantity": place["quantity"],
    }


def _steps(session: Session, asked: CalculationFacts) -> tuple[int, ...]:
    question = question_of(session, asked)
    (request,) = (one for one in question.again.problem.requests if one.id == question.request)
    return tuple(one.steps for one in request.sessions)


def _permit(session: Session, actor: Actor, found: Round, request: AccessRequest) -> None:
    if not may_ask(session, actor, request, found.facility_id):
        permit(actor, Action.REQUEST_SUBMIT, _scope(session, request, found.facility_id))


def _scope(session: Session, request: AccessRequest, facility_id: UUID) -> Scope:
    applying = project(session, request.project_id)
    return Scope(
        facility_id=facility_id,
        project_id=applying.id,
        organisation_id=applying.organisation_id,
    )


def _refuse_unpublished(request: AccessRequest) -> None:
    if request.state not in DECIDED:
        told = "was withdrawn" if request.state is RequestState.WITHDRAWN else "is not decided yet"
        raise WrongState(f"The request {told}; ask once its decision is published.")
