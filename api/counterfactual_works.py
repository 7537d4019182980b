"""Solve a decided round again with one thing changed; runs in a process of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.round_run import GAP, Told, ToStop
from booking.queries.calculations import CalculationFacts
from booking.services.counterfactuals import Question, kept_answers, question_of


def question(session: Session, asked: CalculationFacts) -> Question:
    """Read what is asked."""
    return question_of(session, asked)


def answer(asked: Question, told: Told, to_stop: ToStop) -> dict[str, Any]:
    """Solve with the change, or with everything that is worth trying until told to stop.

    Of what was worth trying only what would have placed the request is kept.
    """
    # The solver is heavy, and the process that serves never needs it.
    from booking.engine.allocation.counterfactual import (  # noqa: PLC0415
        tried,
        verified,
        workable,
    )
    from booking.engine.allocation.shortlist import suggestions  # noqa: PLC0415

    problem, result = asked.again.problem, asked.again.result
    if asked.change is not None:
        one = tried(problem, result, asked.request, asked.change, gap=GAP, stop=to_stop)
        return {"answers": [one.as_json()], "tried": 1, "stopped": one.stopped}
    wanted = suggestions(problem, result, asked.request)
    total = sum(each.solves for each in wanted)
    answers, stopped = [], False
    for found in verified(problem, result, asked.request, wanted, gap=GAP, stop=to_stop):
        answers.append(found)
        told({"done": len(answers), "total": total})
        if to_stop():
            stopped = True
            break
    # What was cut short says nothing certain.
    kept = [each.as_json() for each in workable(one for one in answers if not one.stopped)]
    return {"answers": kept, "tried": len(answers), "stopped": stopped}


def keep(
    session: Session, asked: CalculationFacts, now: datetime, found: dict[str, Any]
) -> Mapping[str, Any]:
    """Keep the answers, without anybody's name."""
    del now
    return kept_answers(session, asked, found["answers"], tried=found["tried"])
