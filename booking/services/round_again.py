"""A decided round as data once more: what was solved, with the request that is asked about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.changes import Change, Score, changed, read_change
from booking.engine.allocation.problem import (
    Problem,
    ProblemRefusedError,
    read_problem,
    write_problem,
)
from booking.engine.violations import Violation
from booking.errors import RulesBroken
from booking.models import AccessRequest, Round, RoundResult
from booking.queries.requests import organisations_of, wanted_sessions
from booking.services.round_problem import MILLION, as_asked

LEAST_MERIT: Final = 300


@dataclass(frozen=True, slots=True)
class RoundAgain:
    """A problem and its result; `outside` if the request took no part for want of a score."""

    problem: Problem
    result: Mapping[str, Any]
    outside: bool


def round_again(
    session: Session, found: Round, stored: RoundResult, request: AccessRequest
) -> RoundAgain:
    """Read what was solved; a request below the threshold is put in, just below it.

    Raises: RulesBroken if the request names nothing that the round offered.
    """
    problem, result = read_problem(json.loads(stored.problem)), json.loads(stored.result)
    if any(one.id == str(request.id) for one in problem.requests):
        return RoundAgain(problem, result, outside=False)
    with_it = _with_request(session, found, problem, request)
    decision = {
        "request": str(request.id),
        "granted": False,
        "points_needed_per_hour": 0,
        "reasons": [{"code": "below_threshold"}],
    }
    decisions = [*result["decisions"], decision]
    return RoundAgain(with_it, {**result, "decisions": decisions}, outside=True)


def read_wanted_change(
    again: RoundAgain,
    found: Round,
    request_id: UUID,
    wanted: Mapping[str, Any],
    *,
    under: str = "",
) -> Change:
    """Read a change to a request, and make sure that the round could be solved with it.

    The request need not be named in it.
    Raises: RulesBroken with a violation for each fault, by its key under `under`.
    """
    try:
        change = read_change({"request": str(request_id), **wanted})
        if change.request != str(request_id):
            raise _refused(
                "other_request", "Change the request that this is about.", f"{under}/request"
            )
        _refuse_below_threshold(again, found, change, under)
        changed(again.problem, change)
    except ProblemRefusedError as refused:
        violations = [
            Violation("change", f"{each.path} {each.sentence}", under + _pointer(each.path))
            for each in refused.errors
        ]
        raise RulesBroken("The round cannot be solved with that change.", violations) from refused
    return change


def _refuse_below_threshold(again: RoundAgain, found: Round, change: Change, under: str) -> None:
    """Return unless the change leaves the score below what is eligible.

    Raises: RulesBroken.
    """
    if isinstance(change, Score):
        if change.merit < found.quality_threshold:
            raise _refused(
                "below_threshold",
                f"A score below {found.quality_threshold} is not eligible in this round, so it "
                f"would place nothing. Try {found.quality_threshold} or more.",
                f"{under}/merit",
            )
    elif again.outside:
        raise _refused(
            "below_threshold",
            f"The score is below {found.quality_threshold}, the least that is eligible, so nothing "
            "but a higher score changes the decision. Try a score.",
            f"{under}/kind",
        )


def _with_request(
    session: Session, found: Round, problem: Problem, request: AccessRequest
) -> Problem:
    offered = {UUID(one.id) for one in problem.resources}
    sessions = [
        replace(
            each,
            alternatives=tuple(one for one in each.alternatives if one.resource_id in offered),
        )
        for each in wanted_sessions(session, [request.id])[request.id]
    ]
    if not sessions or not all(each.alternatives for each in sessions):
        raise _refused(
            "not_offered",
            "For at least one session the round offered none of the resources that you named, so "
            "nothing can be tried for it. Look at the nearest free time instead.",
        )
    whose = organisations_of(session, {request.project_id})[request.project_id]
    data = as_asked(request, whose, sessions, found)
    data["merit"] = max(LEAST_MERIT, found.quality_threshold) - 1
    written = write_problem(problem)
    written["requests"].append(data)
    if all(each["id"] != str(whose) for each in written["organisations"]):
        share = request.fair_share_millionths / MILLION
        written["organisations"].append({"id": str(whose), "fair_share": share})
    return read_problem(written)


def _pointer(path: str) -> str:
    return "/" + path.rpartition("].")[2].replace(".", "/").replace("[", "/").replace("]", "")


def _refused(code: str, reason: str, pointer: str = "") -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])
