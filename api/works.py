"""What each kind of calculation is: read its question, solve it, keep what came out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from api import adoption_works, counterfactual_works, round_run
from api.policy_work import solve_trial
from api.round_run import Told, ToStop
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import CalculationKind
from booking.queries.calculations import CalculationFacts
from booking.services.allocation import problem_to_allocate, record_result
from booking.services.calculations import whoever_asked
from booking.services.policy_trials import Trial, prepare_trial
from booking.services.round_problem import RoundProblem

Solve = Callable[[Any, Told, ToStop], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of calculation, in three steps.

    `prepare` reads all that is needed, in a transaction that writes nothing. `solve` is pure,
    runs in another process without any transaction, and so is a function of a module, as what
    it is given and answers can be pickled; a `stopped` in its answer says that it was stopped.
    `store` writes what follows, and returns the answer that is kept, as JSON.
    """

    prepare: Callable[[Session, CalculationFacts], Any]
    solve: Solve
    store: Callable[[Session, CalculationFacts, datetime, dict[str, Any]], Mapping[str, Any]]


QUICK: Final = frozenset({CalculationKind.COUNTERFACTUAL})
"""What is done in seconds, and so does not wait behind what takes minutes."""

SLOW: Final = frozenset(CalculationKind) - QUICK


def usable_cores() -> int:
    """Return how many processes may work side by side here."""
    usable = getattr(os, "sched_getaffinity", None)
    return (len(usable(0)) if usable else os.cpu_count()) or 1


def _round_to_allocate(session: Session, asked: CalculationFacts) -> RoundProblem:
    _, compiled = problem_to_allocate(session, actor=SYSTEM, key=str(asked.round_id))
    return compiled


def _allocate(compiled: RoundProblem, told: Told, to_stop: ToStop) -> dict[str, Any]:
    by_merit: dict[str, float] = {}
    result = round_run.solve(
        compiled.problem,
        progress=lambda news: told(asdict(news)),
        stop=to_stop,
        workers=usable_cores(),
        by_merit=by_merit.update,
    )
    return {
        "result": result,
        "by_merit": by_merit,
        "left_out": len(compiled.below_threshold) + len(compiled.unplaceable),
        "stopped": result["stopped"],
    }


def _keep_allocation(
    session: Session, asked: CalculationFacts, now: datetime, found: dict[str, Any]
) -> Mapping[str, Any]:
    """Record the result, or where it is a preview keep it in the answer alone."""
    if not asked.question.get("keep", True):
        return {name: found[name] for name in ("result", "by_merit", "left_out")}
    row = record_result(
        session,
        actor=whoever_asked(asked),
        now=now,
        key=str(asked.round_id),
        result=found["result"],
        by_merit=found["by_merit"],
    )
    certificate = round_run.certificate_of(
        found["result"], number=row.number, left_out=found["left_out"]
    )
    return asdict(certificate) | {"stopped": found["stopped"]}


def _try_policy(trial: Trial, told: Told, to_stop: ToStop) -> dict[str, Any]:
    return solve_trial(trial, told, to_stop, usable_cores())


def _keep_answer(
    session: Session, asked: CalculationFacts, now: datetime, found: dict[str, Any]
) -> Mapping[str, Any]:
    """Keep what was found as the answer; nothing follows from it."""
    del session, asked, now
    return found


_AGAIN: Final = Work(
    counterfactual_works.question, counterfactual_works.answer, counterfactual_works.keep
)
WORKS: Final[Mapping[CalculationKind, Work]] = {
    CalculationKind.ALLOCATION: Work(_round_to_allocate, _allocate, _keep_allocation),
    CalculationKind.WHAT_IF: Work(prepare_trial, _try_policy, _keep_answer),
    CalculationKind.COUNTERFACTUAL: _AGAIN,
    CalculationKind.REVIEW: _AGAIN,
    CalculationKind.ADOPTION: Work(
        adoption_works.question, adoption_works.answer, adoption_works.keep
    ),
}
