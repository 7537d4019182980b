"""What would have been: a round solved again with one thing changed, and what that does.

Everything here is a pure function of a problem and its published result. Only the
facilities concerned are solved again; the rest of a round cannot be touched by the change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from booking.engine.allocation.certificate import Round
from booking.engine.allocation.changes import (
    Change,
    GroupRemoved,
    change_as_json,
    changed,
    named,
    subjects,
)
from booking.engine.allocation.differences import Difference, as_json, difference
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.parts import linked, part_of, part_of_result, reached
from booking.engine.allocation.recount import Recount
from booking.engine.allocation.run import allocate


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session would be: steps from the round's origin."""

    session: int
    resource: str
    start: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change does: is the request granted then, where, and what else differs.

    `difference` compares the facilities solved again, as published and as they would be.
    With a gap above 0 a small difference may be the solver's and not the change's; where
    `exact` it is the change's. `stopped` if a time limit cut the solve short.
    """

    request: str
    change: Change
    granted: bool
    places: tuple[Place, ...]
    difference: Difference
    exact: bool
    stopped: bool

    def as_json(self) -> dict[str, Any]:
        """Write it as an object that a calculation can keep."""
        return {
            "request": self.request,
            "change": change_as_json(self.change),
            "granted": self.granted,
            "places": as_json(self.places),
            "difference": self.difference.as_json(),
            "exact": self.exact,
            "stopped": self.stopped,
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """A round without one declared group, judged by the rules of the round as it is.

    `bookings` are of the facilities solved again; `objective` is the published one there,
    `without` that of the bookings. `adopt` if they score at least as much and give the
    request the place that it was not granted.
    """

    request: str
    group: str
    facilities: tuple[str, ...]
    granted: bool
    objective: Fraction
    without: Fraction
    adopt: bool
    bookings: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Write it as an object; objectives to six digits."""
        return {
            "request": self.request,
            "group": self.group,
            "facilities": list(self.facilities),
            "granted": self.granted,
            "objective": round(float(self.objective), 6),
            "without": round(float(self.without), 6),
            "adopt": self.adopt,
            "bookings": [dict(one) for one in self.bookings],
        }


def tried(
    problem: Problem,
    result: Mapping[str, Any],
    request: str,
    change: Change,
    *,
    gap: float = 0.01,
    time_limit: float | None = None,
) -> Answer:
    """Solve again what a change concerns, and say what becomes of a request.

    The change may be to another request. `gap` and `time_limit` as for a round.
    Raises: ProblemRefusedError if the change makes no request of the file, or the round
    has no such request.
    """
    named(problem, request)
    after = changed(problem, change)
    about = (request, *subjects(problem, change))
    start = reached(problem, about) | reached(after, about)
    facilities = linked((problem, after), start)
    part, part_after = part_of(problem, facilities), part_of(after, facilities)
    solved = allocate(part_after, gap=gap, time_limit=time_limit)
    return Answer(
        request=request,
        change=change,
        granted=any(one["request"] == request for one in solved["bookings"]),
        places=_places(solved, request),
        difference=difference(
            part, part_of_result(part, result), part_after, part_of_result(part_after, solved)
        ),
        exact=all(one["proved_optimal"] for one in solved["facilities"]),
        stopped=solved["stopped"],
    )


def without(
    problem: Problem,
    result: Mapping[str, Any],
    request: str,
    group: str,
    *,
    gap: float = 0.01,
    time_limit: float | None = None,
) -> Audit:
    """Solve again without a declared group, to see whether declaring it did harm.

    At the optimum it never does; within a gap it may, and then this is the mend.
    Raises: ProblemRefusedError if the round has no such request.
    """
    after = changed(problem, GroupRemoved(request, group))
    facilities = linked((problem,), reached(problem, (request,)))
    part = part_of(problem, facilities)
    solved = allocate(part_of(after, facilities), gap=gap, time_limit=time_limit)
    bookings = tuple(solved["bookings"])
    kept = part_of_result(part, result)["bookings"]
    published = objective_of(part, kept)
    found = objective_of(part, bookings)
    granted = any(one["request"] == request for one in bookings)
    return Audit(
        request=request,
        group=group,
        facilities=tuple(sorted(facilities)),
        granted=granted,
        objective=published,
        without=found,
        adopt=granted and found >= published and all(one["request"] != request for one in kept),
        bookings=bookings,
    )


def better(
    problem: Problem, bookings: Iterable[Mapping[str, Any]], than: Iterable[Mapping[str, Any]]
) -> bool:
    """Tell whether bookings score at least as much as others by a problem's own rules."""
    return objective_of(problem, bookings) >= objective_of(problem, than)


def objective_of(problem: Problem, bookings: Iterable[Mapping[str, Any]]) -> Fraction:
    """Evaluate bookings exactly by a problem's rules: points and the best top-ups.

    Raises: ValueError, with the sentences, if they break a rule.
    """
    recount = Recount(Round(problem), bookings)
    if recount.faults:
        raise ValueError(" ".join(recount.faults))
    return sum(
        (recount.points_at(one.id) + recount.top_up(one.id) for one in problem.facilities),
        Fraction(0),
    )


def _places(result: Mapping[str, Any], request: str) -> tuple[Place, ...]:
    return tuple(
        Place(one["session"], one["resource"], one["start"], one["quantity"])
        for one in result["bookings"]
        if one["request"] == request
    )
