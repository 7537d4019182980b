"""Audit and adopt: a contested declaration left out, and the timetable found without it kept.

At the optimum declaring a group never loses a place; within a gap it may. Then the timetable
found without the declaration is judged by the round as declared, and kept where it scores at
least as much and gives the request its place.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from booking.engine.allocation.changes import GroupRemoved, changed
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.finish import finish
from booking.engine.allocation.parts import linked, part_of, reached
from booking.engine.allocation.result import result_sha256
from booking.engine.allocation.run import allocate
from booking.engine.allocation.timetable import Timetable

Declaration: TypeAlias = tuple[str, str]
"""A request and a group that it declared."""

Bookings: TypeAlias = Sequence[Mapping[str, Any]]


def allocate_adopting(
    problem: Problem,
    declarations: Sequence[Declaration],
    *,
    gap: float = 0.01,
    stop: Callable[[], bool] | None = None,
    by_merit: Callable[[dict[str, float]], object] | None = None,
) -> dict[str, Any]:
    """Allocate a round with these declarations contested, and give the result's object.

    `adopted` lists those whose timetable was kept, as objects of request and group; without
    any the result is that of `allocate`, which also tells `by_merit`. The same input gives the
    same hash.
    Raises: ProblemRefusedError if the round has no such request.
    """
    rivals = [(*one, *_solved_without(problem, one, gap=gap, stop=stop)) for one in declarations]
    adopted: list[Declaration] = []

    def choose(timetable: Timetable) -> Timetable:
        best = timetable
        for request, group, homes, bookings in rivals:
            found = adopted_instead(best, request, homes, bookings)
            if found is not None:
                best = found
                adopted.append((request, group))
        return best

    result = allocate(problem, gap=gap, stop=stop, choose=choose, by_merit=by_merit)
    if adopted:
        result["adopted"] = [{"request": one, "group": group} for one, group in adopted]
        result["result_sha256"] = result_sha256(result)
    return result


def _solved_without(
    problem: Problem,
    declaration: Declaration,
    *,
    gap: float,
    stop: Callable[[], bool] | None,
) -> tuple[frozenset[str], Bookings]:
    """Give the facilities concerned, and their bookings without the declaration."""
    request, group = declaration
    after = changed(problem, GroupRemoved(request, group))
    homes = linked((problem,), reached(problem, (request,)))
    solved = allocate(part_of(after, homes), gap=gap, stop=stop)
    return homes, solved["bookings"]


def adopted_instead(
    timetable: Timetable, request: str, homes: frozenset[str], bookings: Bookings
) -> Timetable | None:
    """Give the timetable with these bookings at these facilities, if it is to be adopted.

    None unless it gives the request a place that it has not, and scores at least as much.
    """
    compiled = timetable.compiled
    facilities = compiled.problem.facilities
    elsewhere = [
        placement
        for held in sorted(timetable.held)
        if facilities[timetable.facility(held)].id not in homes
        for placement in timetable.held[held]
    ]
    found = finish(compiled, [*elsewhere, *_placements(timetable, bookings)])
    at = [one.id for one in compiled.problem.requests].index(request)
    gained = at in found.held and at not in timetable.held
    return found if gained and _worth(found) >= _worth(timetable) else None


def _placements(timetable: Timetable, bookings: Bookings) -> list[int]:
    """Find each booking among the placements of its request."""
    problem = timetable.compiled.problem
    requests = {one.id: at for at, one in enumerate(problem.requests)}
    found = []
    for one in bookings:
        for sessions in timetable.choices(requests[one["request"]]).values():
            found += [
                placement
                for placement in sessions[one["session"]]
                if timetable.start(placement) == one["start"]
                and problem.resources[timetable.offer(placement).resource].id == one["resource"]
            ]
    return found


def _worth(timetable: Timetable) -> Fraction:
    """Weigh a timetable as its policy does: points and top-ups, or reserved hours first."""
    points = sum(timetable.points(one) for one in timetable.held)
    facilities = range(len(timetable.compiled.problem.facilities))
    return points + sum((timetable.top_up(at) for at in facilities), Fraction(0))
