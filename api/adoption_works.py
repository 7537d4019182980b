"""Solve a round again without a contested declaration; runs in a process of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.round_run import GAP, Told, ToStop
from booking.queries.calculations import CalculationFacts
from booking.services.adoptions import Contested, contested, record_adoption, refusal_words
from booking.services.calculations import whoever_asked


def question(session: Session, asked: CalculationFacts) -> Contested:
    """Read what is asked."""
    return contested(session, asked.round_id, asked.question)


def answer(asked: Contested, told: Told, to_stop: ToStop) -> dict[str, Any]:
    """Audit the declaration, and write the result to adopt, if there is one."""
    # The solver is heavy, and the process that serves never needs it.
    from booking.engine.allocation.adoption import allocate_adopting  # noqa: PLC0415
    from booking.engine.allocation.counterfactual import without  # noqa: PLC0415

    told({"done": 0, "total": 2})
    audit = without(asked.problem, asked.result, asked.request, asked.group, gap=GAP, stop=to_stop)
    told({"done": 1, "total": 2})
    result = None
    by_merit: dict[str, float] = {}
    if audit.adopt:
        result = allocate_adopting(
            asked.problem,
            asked.declarations,
            gap=GAP,
            stop=to_stop,
            by_merit=by_merit.update,
        )
    wanted = {"request": asked.request, "group": asked.group}
    kept = result is not None and wanted in result.get("adopted", ())
    figures = audit.as_json()
    return {
        "granted": figures["granted"],
        "objective": figures["objective"],
        "without": figures["without"],
        "result": result if kept else None,
        "by_merit": by_merit,
        "stopped": to_stop(),
    }


def keep(
    session: Session, asked: CalculationFacts, now: datetime, found: dict[str, Any]
) -> Mapping[str, Any]:
    """Adopt the result, or say with the numbers why not."""
    told = {name: found[name] for name in ("granted", "objective", "without")}
    result = found["result"]
    if result is None or found["stopped"]:
        return {**told, "adopted": False, "sentence": _why_not(found)}
    row = record_adoption(
        session,
        actor=whoever_asked(asked),
        now=now,
        round_id=asked.round_id,
        question=asked.question,
        result=result,
        by_merit=found["by_merit"],
    )
    return {**told, "adopted": True, "number": row.number, "sentence": row.note}


def _why_not(found: Mapping[str, Any]) -> str:
    if found["stopped"]:
        return "It was stopped before it was sure, so nothing is adopted."
    if not found["granted"]:
        return (
            "Without the declaration the request would have had no place either, so the "
            "declaration did no harm, and nothing is adopted."
        )
    return refusal_words(found["objective"], found["without"])
