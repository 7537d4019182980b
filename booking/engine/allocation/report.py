"""The figures of a round: how evenly, how fully, for what merit, at what price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from booking.engine.allocation.entities import (
    Number,
    Problem,
    Request,
    exact,
    offered_by_facility,
)
from booking.engine.allocation.timetable import Timetable

DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Merit:
    """Merit points: of this result, the most found and the most possible were none reserved.

    `slack` is what this result's objective may be short of the best.
    """

    points: int
    most_found: int
    most_possible: Fraction
    slack: Fraction


def report(timetable: Timetable, merit: Merit) -> dict[str, Any]:
    """Work out every figure exactly and round it to six digits."""
    problem, scale = timetable.compiled.problem, timetable.compiled.scale
    allocated = {problem.requests[one].id: timetable.credit(one) for one in timetable.held}
    shares = _shares(problem, allocated, scale)
    total = sum(allocated.values())
    offered = _sum(offered_by_facility(problem).values()) * scale
    of_merit: dict[Number, int] = {}
    for one in timetable.held:
        merit_score = problem.requests[one].merit
        of_merit[merit_score] = of_merit.get(merit_score, 0) + timetable.credit(one)
    weighted = _sum(exact(score) * units for score, units in of_merit.items())
    low, high = _interval(merit)
    return {
        "price_of_fairness": rounded(_share_lost(merit.points, Fraction(merit.most_found))),
        "price_of_fairness_bounds": [rounded(low), rounded(high)],
        "jain": rounded(jain(shares)),
        "gini": rounded(gini(shares)),
        "utilisation": rounded(_ratio(Fraction(total), offered)),
        "mean_merit": rounded(_ratio(weighted, Fraction(total))),
    }


def rounded(value: Fraction) -> float:
    """Publish a figure to six digits."""
    return float(round(value, DIGITS))


def jain(shares: list[Fraction]) -> Fraction:
    """Give Jain's index of evenness, 1 where all are equal; 0 where nobody has anything."""
    return _ratio(_sum(shares) ** 2, len(shares) * _sum(one * one for one in shares))


def gini(shares: list[Fraction]) -> Fraction:
    """Give the Gini coefficient, 0 where all are equal. Cost: one sorting."""
    ordered = sorted(shares, key=lambda one: (float(one), one))
    count = len(ordered)
    weighted = _sum((2 * at - count + 1) * one for at, one in enumerate(ordered))
    return _ratio(weighted, count * _sum(ordered))


def _shares(problem: Problem, allocated: Mapping[str, int], scale: int) -> list[Fraction]:
    """Give allocated over requested credits for each organisation that asked."""
    units = {one.id: int(exact(one.rate) * problem.step_hours * scale) for one in problem.resources}
    asked: dict[str, int] = {}
    given: dict[str, int] = {}
    for request in problem.requests:
        name = request.organisation
        asked[name] = asked.get(name, 0) + _requested_units(request, units)
        given[name] = given.get(name, 0) + allocated.get(request.id, 0)
    return [Fraction(given[name], asked[name]) for name in sorted(asked)]


def _requested_units(request: Request, units: Mapping[str, int]) -> int:
    """Add up the sessions, each at its first choice: lowest rank, then resource id.

    `units` are those of one step on each resource.
    """
    total = 0
    for session in request.sessions:
        first = min([(one.rank, one.resource) for one in session.alternatives])[1]
        total += units[first] * session.quantity * session.steps
    return total


def _interval(merit: Merit) -> tuple[Fraction, Fraction]:
    most_found = Fraction(merit.most_found)
    low = _share_lost(merit.points + merit.slack, most_found)
    return max(Fraction(0), low), _share_lost(merit.points, merit.most_possible)


def _share_lost(points: Fraction | int, most: Fraction) -> Fraction:
    return 1 - points / most if most else Fraction(0)


def _ratio(part: Fraction, whole: Fraction) -> Fraction:
    return part / whole if whole else Fraction(0)


def _sum(values: Iterable[Fraction]) -> Fraction:
    """Add up exactly; like denominators are added first, so that few sums need a new one."""
    numerators: dict[int, int] = {}
    for value in values:
        numerators[value.denominator] = numerators.get(value.denominator, 0) + value.numerator
    parts = (Fraction(top, bottom) for bottom, top in sorted(numerators.items()))
    return sum(parts, Fraction(0))
