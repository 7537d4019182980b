"""Store what the engine made of a round: the result, and a decision for every request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.problem import canonical_json, problem_sha256, write_problem
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalculationKind
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Round, RoundResult
from booking.queries.calculations import visible_calculation
from booking.queries.decisions import newest_result
from booking.queries.rounds import find_round, lock_round
from booking.services.decision_rows import decision_rows
from booking.services.permits import permit
from booking.services.round_problem import RoundProblem, compile_round
from booking.services.rounds import take_round_step


def problem_to_allocate(session: Session, *, actor: Actor, key: str) -> tuple[Round, RoundProblem]:
    """Return the round and its problem, if it may be allocated now.

    Raises: NotFound; NotPermitted; WrongState; RulesBroken if a request has no score.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    take_round_step(found, "allocate")
    return found, compile_round(session, found)


def record_result(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    key: str,
    result: Mapping[str, Any],
    by_merit: Mapping[str, float] | None = None,
) -> RoundResult:
    """Store a result with its decisions, and move the round to allocated.

    `by_merit` is what the engine told of the timetable by merit alone.
    Raises: NotFound; WrongState; RulesBroken if the round is no longer what was solved.
    """
    found = find_round(session, key)
    permit(actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    found = lock_round(session, found.id)
    taken = take_round_step(found, "allocate")
    compiled = compiled_unchanged(session, found, result)
    row = keep_result(session, found, compiled, result, actor=actor, now=now, by_merit=by_merit)
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
    kept = dict(preview.answer or {})
    return record_result(
        session,
        actor=actor,
        now=now,
        key=str(preview.round_id),
        result=kept["result"],
        by_merit=kept.get("by_merit"),
    )


def compiled_unchanged(session: Session, found: Round, result: Mapping[str, Any]) -> RoundProblem:
    """Compile the round as it stands, which must be what was solved.

    Raises: RulesBroken if it is not.
    """
    compiled = compile_round(session, found)
    if problem_sha256(compiled.problem) != result["problem_sha256"]:
        reason = (
            "Something changed while the round was being allocated (a request, a closure, a "
            "booking or a resource); allocate again."
        )
        raise RulesBroken(reason, [Violation("round_changed", reason)])
    return compiled


def keep_result(
    session: Session,
    found: Round,
    compiled: RoundProblem,
    result: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    by_merit: Mapping[str, float] | None = None,
) -> RoundResult:
    """Add a result as the round's newest, with a decision for every request; nothing else."""
    earlier = newest_result(session, found.id)
    row = RoundResult(
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
        note=note,
        by_merit=dict(by_merit) if by_merit else None,
    )
    session.add(row)
    session.flush()
    session.add_all(
        decision_rows(session, result_id=row.id, found=found, compiled=compiled, result=result)
    )
    session.flush()
    return row
