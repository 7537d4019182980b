"""A result of the engine as decisions: placements in instants, figures, and what is left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.cap_figures import Caps
from booking.engine.intervals import MINUTE
from booking.engine.nearest import FreeSlot, LeftTime, Wish, wishes_of
from booking.engine.request_rules import WantedSession
from booking.models import Decision, Round
from booking.queries.nearest import resource_kinds
from booking.queries.requests import wanted_sessions
from booking.services.round_problem import RoundProblem

_NO_PLACEMENT = (
    "For at least one session none of the resources you named is offered any more, so there "
    "was nowhere to place the request; name more resources next time."
)


def decision_rows(
    session: Session,
    *,
    result_id: UUID,
    found: Round,
    compiled: RoundProblem,
    result: Mapping[str, Any],
) -> list[Decision]:
    """Write one decision for each request that waits for one."""
    placed = _placements(found, compiled, result)
    caps = Caps(compiled.problem, result["bookings"])
    rows = [
        Decision(result_id=result_id, request_id=UUID(name), granted=True, placements=each)
        for name, each in placed.items()
    ]
    rows += [
        Decision(
            result_id=result_id,
            request_id=UUID(each["request"]),
            granted=False,
            points_needed_per_hour=each["points_needed_per_hour"] or None,
            reasons=[_with_cap(one, each["request"], caps) for one in each["reasons"]],
        )
        for each in result["decisions"]
        if not each["granted"]
    ]
    rows += [
        _refusal(result_id, each, "below_threshold", _below_threshold(found))
        for each in compiled.below_threshold
    ]
    rows += [
        _refusal(result_id, each, "no_placement", _NO_PLACEMENT) for each in compiled.unplaceable
    ]
    _add_nearest(session, rows, found, compiled, result)
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


def _with_cap(reason: Mapping[str, Any], request: str, caps: Caps) -> dict[str, Any]:
    """Add the cap's figures to a reason that speaks of one."""
    if reason["code"] not in {"cap_reached", "above_cap"}:
        return dict(reason)
    figures = caps.figures(request, reason["resource"])
    return {**reason, "cap": asdict(figures) if figures else None}


def _placements(
    found: Round, compiled: RoundProblem, result: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Turn the timetable into instants, by request."""
    steps = {
        (request.id, position): session.steps
        for request in compiled.problem.requests
        for position, session in enumerate(request.sessions)
    }
    placed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in result["bookings"]:
        slot = FreeSlot(
            each["session"],
            each["resource"],
            each["start"],
            steps[each["request"], each["session"]],
            each["quantity"],
        )
        placed[each["request"]].append(_in_instants(slot, found))
    return placed


def _in_instants(slot: FreeSlot, found: Round) -> dict[str, Any]:
    step = found.step_minutes * MINUTE
    starts_at = found.access_starts_at + slot.start * step
    return {
        "session": slot.session,
        "resource_id": slot.resource,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + slot.steps * step).isoformat(),
        "quantity": slot.quantity,
    }


def _add_nearest(
    session: Session,
    rows: Iterable[Decision],
    found: Round,
    compiled: RoundProblem,
    result: Mapping[str, Any],
) -> None:
    """Note beside each refusal the nearest slots of the same kind that are left."""
    asked = {UUID(one.id): wishes_of(one.sessions) for one in compiled.problem.requests}
    outside = [*compiled.below_threshold, *compiled.unplaceable]
    for request_id, sessions in wanted_sessions(session, outside).items():
        asked[request_id] = tuple(_wish(at, each, found) for at, each in enumerate(sessions))
    named = {UUID(one[0]) for key in outside for wish in asked[key] for one in wish.starts}
    kinds = resource_kinds(session, named)
    left = LeftTime(compiled.problem, result["bookings"], kinds)
    for row in rows:
        if not row.granted:
            slots = left.nearest(asked[row.request_id])
            row.nearest = [_in_instants(each, found) for each in slots]


def _wish(at: int, wanted: WantedSession, found: Round) -> Wish:
    step = found.step_minutes * MINUTE
    steps = -(-wanted.minutes // found.step_minutes)
    starts = []
    for each in wanted.alternatives:
        first = -((found.access_starts_at - each.earliest_at) // step)
        end = (each.latest_at - found.access_starts_at) // step
        starts.append((str(each.resource_id), first, max(first, end - steps)))
    return Wish(at, steps, wanted.quantity, tuple(starts))
