"""Store what the engine made of a round: the result, and a decision for every request."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.problem import canonical_json, problem_sha256, write_problem
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalculationKind
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Decision, Round, RoundResult
from booking.queries.calculations import visible_calculation
from booking.queries.decisions import newest_result
from booking.queries.rounds import find_round, lock_round
from booking.services.permits import permit
from booking.services.round_problem import RoundProblem, compile_round
from booking.services.rounds import take_round_step

_NO_PLACEMENT = (
    "For at least one session none of the resources you named is offered any more, so there "
    "was nowhere to place the request; name more resources next time."
)


def problem_to_allocate(session: Session, *, actor: Actor, key: str) -> tuple[Round, RoundProblem]:
    """Return the round and its problem, if it may be allocated now.

    Raises: NotFound; NotPermitted; WrongState; RulesBroken if a request has no score.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    take_round_step(found, "allocate")
    return found, compile_round(session, found)


def record_result(
    session: Session, *, actor: Actor, now: datetime, key: str, result: Mapping[str, Any]
) -> RoundResult:
    """Store a result with its decisions, and move the round to allocated.

    Raises: NotFound; WrongState; RulesBroken if the round is no longer what was solved.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    found = lock_round(session, found.id)
    taken = take_round_step(found, "allocate")
    compiled = compile_round(session, found)
    if problem_sha256(compiled.problem) != result["problem_sha256"]:
        reason = (
            "Something changed while the round was being allocated (a request, a closure, a "
            "booking or a resource); allocate again."
        )
        raise RulesBroken(reason, [Violation("round_changed", reason)])
    row = _result_row(session, found, compiled, result, actor=actor, now=now)
    session.add(row)
    session.flush()
    session.add_all(_decisions(row.id, found, compiled, result))
    found.state = RoundState(taken.new_state)
    found.updated_at = now
    session.flush()
    record(
        session,
        taken.event,
        subject_id=found.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=found.facility_id,
        payload={
            "slug": found.slug,
            "number": row.number,
            "problem_sha256": row.problem_sha256,
            "result_sha256": row.result_sha256,
        },
    )
    return row


def keep_preview(
    session: Session, *, actor: Actor, now: datetime, calculation_id: UUID
) -> RoundResult:
    """Allocate a round by a result that was worked out as a preview.

    Raises: NotFound; WrongState; RulesBroken if the round has changed since.
    """
    preview = visible_calculation(session, calculation_id, viewer=actor)
    if preview.kind is not CalculationKind.ALLOCATION or "result" not in (preview.answer or {}):
        raise NotFound("This is no preview of an allocation; preview the round, and keep that.")
    result = dict(preview.answer or {})["result"]
    key = str(preview.round_id)
    return record_result(session, actor=actor, now=now, key=key, result=result)


def _result_row(
    session: Session,
    found: Round,
    compiled: RoundProblem,
    result: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> RoundResult:
    earlier = newest_result(session, found.id)
    return RoundResult(
        round_id=found.id,
        number=earlier.number + 1 if earlier else 1,
        problem=canonical_json(write_problem(compiled.problem)),
        result=canonical_json(dict(result)),
        problem_sha256=result["problem_sha256"],
        result_sha256=result["result_sha256"],
        objective=result["objective"],
        bound=result["bound"],
        gap=result["gap"],
        allocated_by=actor.person_id,
        allocated_at=now,
    )


def _decisions(
    result_id: UUID, found: Round, compiled: RoundProblem, result: Mapping[str, Any]
) -> list[Decision]:
    """Write one decision for each request that waits for one."""
    placements = _placements(found, compiled, result)
    refused = {each["request"]: each for each in result["decisions"] if not each["granted"]}
    rows = [
        Decision(result_id=result_id, request_id=UUID(name), granted=True, placements=placed)
        for name, placed in placements.items()
    ]
    rows += [
        Decision(
            result_id=result_id,
            request_id=UUID(name),
            granted=False,
            points_needed_per_hour=each["points_needed_per_hour"] or None,
            reasons=each["reasons"],
        )
        for name, each in refused.items()
    ]
    rows += [
        _refusal(result_id, each, "below_threshold", _below_threshold(found))
        for each in compiled.below_threshold
    ]
    rows += [
        _refusal(result_id, each, "no_placement", _NO_PLACEMENT) for each in compiled.unplaceable
    ]
    return rows


def _below_threshold(found: Round) -> str:
    return (
        f"The reviewers' score is below {found.quality_threshold}, the least that is eligible "
        "in this round; with a higher score it could have been placed."
    )


def _refusal(result_id: UUID, request_id: UUID, code: str, detail: str) -> Decision:
    reason: dict[str, Any] = {
        "code": code,
        "session": None,
        "resource": None,
        "start": None,
        "detail": detail,
        "blockers": [],
    }
    return Decision(result_id=result_id, request_id=request_id, granted=False, reasons=[reason])


def _placements(
    found: Round, compiled: RoundProblem, result: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Turn the timetable into instants, by request."""
    steps = {
        (request.id, position): session.steps
        for request in compiled.problem.requests
        for position, session in enumerate(request.sessions)
    }
    step = found.step_minutes * MINUTE
    placed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in result["bookings"]:
        starts_at = found.access_starts_at + each["start"] * step
        ends_at = starts_at + steps[each["request"], each["session"]] * step
        placed[each["request"]].append(
            {
                "session": each["session"],
                "resource_id": each["resource"],
                "starts_at": starts_at.isoformat(),
                "ends_at": ends_at.isoformat(),
                "quantity": each["quantity"],
            }
        )
    return placed
