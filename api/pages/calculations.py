"""How far a calculation is and how it ended, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.pages.outcomes import PERCENT
from api.pages.wording import figure
from booking.engine.vocabulary import CalculationState
from booking.engine.wording import counted
from booking.queries.calculations import CalculationFacts

LONG_WAIT: Final = timedelta(minutes=3)
STOPPED: Final = "It was stopped before it had found anything; nothing was changed."


@dataclass(frozen=True, slots=True)
class CalculationShown:
    """A calculation on a page: `share` is the part done, None while that is not known."""

    id: UUID
    under_way: bool
    stopping: bool
    words: str
    share: float | None
    trouble: str


def calculation_shown(found: CalculationFacts, *, now: datetime) -> CalculationShown:
    """Put a calculation into words."""
    return CalculationShown(
        id=found.id,
        under_way=found.under_way,
        stopping=found.under_way and found.stop_asked_at is not None,
        words=_words(found, now),
        share=_share(found),
        trouble=_trouble(found),
    )


def _share(found: CalculationFacts) -> float | None:
    total = found.progress.get("total")
    return found.progress["done"] / total if total else None


def _words(found: CalculationFacts, now: datetime) -> str:
    if found.state is CalculationState.WAITING and now - found.asked_at >= LONG_WAIT:
        return (
            "It has waited for some minutes: other calculations are at work, or nobody is. The "
            "operator sees with benchshare doctor, and lets calculations be done with benchshare "
            "work."
        )
    if found.state is CalculationState.WAITING:
        return "It waits for its turn, which comes within seconds unless others are at work."
    if not found.progress.get("total"):
        return "It reads what is offered and what is asked for."
    done, total = found.progress["done"], found.progress["total"]
    parts = f"{done} of {counted(total, 'independent part')} {'is' if done == 1 else 'are'} done."
    return f"{parts} {_worth(found)}".strip()


def _worth(found: CalculationFacts) -> str:
    bound = found.progress.get("bound")
    if bound is None or found.gap is None:
        return ""
    best = figure(found.progress.get("objective", 0.0))
    return (
        f"The timetable so far is worth {best} points; no timetable can be worth more than "
        f"{figure(bound)}, so it is at most {found.gap * PERCENT:.2g} % short of the best."
    )


def _trouble(found: CalculationFacts) -> str:
    if found.state is CalculationState.FAILED:
        return found.failure
    return STOPPED if found.state is CalculationState.STOPPED else ""
