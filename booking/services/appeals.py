"""Appeals: an applicant asks for a review of the facts, an officer answers in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.changes import Change, change_as_json, changed
from booking.engine.allocation.problem import Problem
from booking.engine.appeals import in_time, sets_right, worded
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import AppealedFact, AppealState, CalculationKind
from booking.errors import NotSignedIn, RulesBroken, WrongState
from booking.events import record
from booking.models import AccessRequest, Appeal, Calculation, Round
from booking.queries.appeals import lock_appeal, open_appeal, visible_appeal
from booking.queries.decisions import DECIDED, latest_decision
from booking.queries.requests import is_of_the_applicants, project
from booking.queries.rounds import find_round, lock_round
from booking.services import calculations
from booking.services.conflicts import conflict_of_interest
from booking.services.permits import permit
from booking.services.round_again import read_wanted_change, round_again

_NO_GROUNDS: Final = "Say what is wrong, and what shows it: a date, a figure, a document."
_NO_ANSWER: Final = "Say to the applicant what you looked at, and what follows from it."


def make_appeal(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    request: AccessRequest,
    fact: AppealedFact,
    grounds: str,
) -> Appeal:
    """Ask for a review of a fact behind a published decision.

    For the people of the request's project, within thirty days; one at a time.
    Raises: NotSignedIn; NotPermitted; WrongState before publication; RulesBroken.
    """
    applying = project(session, request.project_id)
    found = lock_round(session, request.round_id)
    scope = Scope(project_id=applying.id, organisation_id=applying.organisation_id)
    permit(actor, Action.APPEAL_MAKE, scope)
    if actor.person_id is None:
        raise NotSignedIn("An appeal is somebody's: sign in first.")
    decision = latest_decision(session, request.id)
    if request.state not in DECIDED or decision is None:
        raise WrongState("No decision on this request is published yet; appeal once there is one.")
    _refuse_broken(
        in_time(now, request.updated_at),
        worded(grounds, code="no_grounds", missing=_NO_GROUNDS, pointer="/grounds"),
        _one_at_a_time(session, request),
    )
    row = Appeal(
        request_id=request.id,
        result_id=decision[1].id,
        fact=fact,
        grounds=grounds.strip(),
        asked_by=actor.person_id,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, found, row, EventKind.APPEAL_MADE, actor=actor, now=now)
    return row


def answer_appeal(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    appeal_id: UUID,
    answer: str,
    correction: Mapping[str, Any] | None = None,
) -> Appeal:
    """Uphold an appeal with a correction, or dismiss it without one; always in words.

    An upheld one has the round solved again with the correction, to show the difference.
    What was published stays.
    Raises: NotFound; NotPermitted; WrongState if it was answered already; RulesBroken.
    """
    found, request, row = _to_answer(session, actor, appeal_id)
    _refuse_own(session, actor, request)
    _refuse_broken(
        worded(answer, code="no_answer", missing=_NO_ANSWER, pointer="/answer"),
        None if correction is None else sets_right(row.fact, correction.get("kind")),
    )
    if correction is not None:
        _uphold(session, found, request, row, correction, actor=actor, now=now)
    row.state = AppealState.DISMISSED if correction is None else AppealState.UPHELD
    row.answer, row.answered_by, row.answered_at = answer.strip(), actor.person_id, now
    session.flush()
    kind = EventKind.APPEAL_DISMISSED if correction is None else EventKind.APPEAL_UPHELD
    _record(session, found, row, kind, actor=actor, now=now)
    return row


def _to_answer(
    session: Session, actor: Actor, appeal_id: UUID
) -> tuple[Round, AccessRequest, Appeal]:
    """Return an appeal that waits for its answer, locked, with its request and round.

    Raises: NotFound; NotPermitted; WrongState.
    """
    seen = visible_appeal(session, appeal_id, viewer=actor)
    request = session.get_one(AccessRequest, seen.request_id)
    found = find_round(session, str(request.round_id))
    permit(actor, Action.APPEAL_ANSWER, Scope(facility_id=found.facility_id))
    found = lock_round(session, found.id)
    row = lock_appeal(session, appeal_id)
    if row.state is not AppealState.OPEN:
        raise WrongState(
            f"This appeal was {row.state} already, and the applicant was told. Open it to read "
            "the answer."
        )
    return found, request, row


def _uphold(
    session: Session,
    found: Round,
    request: AccessRequest,
    row: Appeal,
    correction: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the correction, and have the round solved again with it."""
    decision = latest_decision(session, request.id)
    if decision is None:
        raise ValueError(f"The appeal {row.id} is about a request without a decision.")
    again = round_again(session, found, decision[1], request)
    wanted = read_wanted_change(again, found, request.id, correction, under="/correction")
    _refuse_broken(_nothing_corrected(again.problem, wanted))
    change = change_as_json(wanted)
    asked: Calculation = calculations.ask(
        session,
        actor=actor,
        now=now,
        found=found,
        kind=CalculationKind.REVIEW,
        question={"change": change, "appeal": str(row.id), "result": decision[1].number},
        request_id=request.id,
    )
    row.correction, row.calculation_id = change, asked.id


def _nothing_corrected(problem: Problem, wanted: Change) -> Violation | None:
    if changed(problem, wanted) != problem:
        return None
    return Violation(
        "nothing_corrected",
        "The correction is what the round was decided with. Give what it should have been; where "
        "nothing was wrong, dismiss the appeal and say why.",
        "/correction",
    )


def _one_at_a_time(session: Session, request: AccessRequest) -> Violation | None:
    if open_appeal(session, request.id) is None:
        return None
    return Violation(
        "appeal_open",
        "An appeal on this request waits for its answer; a further one can follow once it is "
        "answered.",
    )


def _refuse_own(session: Session, actor: Actor, request: AccessRequest) -> None:
    """Return unless whoever answers is of the applicants.

    Raises: RulesBroken.
    """
    applying = project(session, request.project_id)
    if actor.person_id and is_of_the_applicants(session, actor.person_id, applying):
        reason = (
            "You are on the project or in the organisation that appeals, so somebody else has to "
            "answer; ask another officer."
        )
        raise conflict_of_interest(reason)


def _refuse_broken(*rules: Violation | None) -> None:
    """Return if no rule is broken.

    Raises: RulesBroken with every one that is.
    """
    broken = [each for each in rules if each is not None]
    if broken:
        raise RulesBroken(broken[0].reason, broken)


def _record(
    session: Session, found: Round, row: Appeal, kind: EventKind, *, actor: Actor, now: datetime
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=found.facility_id,
        payload={
            "round_id": str(found.id),
            "request_id": str(row.request_id),
            "fact": row.fact,
            "state": row.state,
            "correction": row.correction,
        },
    )
