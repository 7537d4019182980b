"""Audit and adopt: a contested declaration left out, and the timetable found without it kept.

At the optimum declaring a group never loses a place; within a gap it may. Then the timetable
found without the declaration is judged by the round as declared, and kept where it scores at
least as much and gives the request its place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from booking.engine.allocation.changes import GroupRemoved, changed
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.finish import finish
from booking.engine.allocation.parts import linked, part_of, reached
from booking.engine.allocation.placements import Compiled
from booking.engine.allocation.result import result_sha256
from booking.engine.allocation.run import allocate
from booking.engine.allocation.timetable import Timetable

Declaration: TypeAlias = tuple[str, str]
"""A request and a group that it declared."""


def allocate_adopting(
    problem: Problem,
    declarations: Sequence[Declaration],
    *,
    gap: float = 0.01,
    time_limit: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Allocate a round with these declarations contested, and give the result's object.

    `adopted` lists those whose timetable was kept, as objects of request and group; without
    any the result is that of `allocate`. The same input gives the same hash.
    Raises: ProblemRefusedError if the round has no such request.
    """
    rivals = {
        one: _bookings_without(problem, one, gap=gap, time_limit=time_limit, stop=stop)
        for one in declarations
    }
    adopted: list[Declaration] = []

    def choose(compiled: Compiled, timetable: Timetable) -> Timetable:
        best = timetable
        for (request, group), bookings in rivals.items():
            found = _instead(compiled, best, request, bookings)
            if found is not None:
                best = found
                adopted.append((request, group))
        return best

    result = allocate(problem, gap=gap, time_limit=time_limit, stop=stop, choose=choose)
    if adopted:
        result["adopted"] = [{"request": one, "group": group} for one, group in adopted]
        result["result_sha256"] = result_sha256(result)
    return result


def _bookings_without(
    problem: Problem,
    declaration: Declaration,
    *,
    gap: float,
    time_limit: float | None,
    stop: Callable[[], bool] | None,
) -> list[dict[str, Any]]:
    request, group = declaration
    after = changed(problem, GroupRemoved(request, group))
    part = part_of(after, linked((problem,), reached(problem, (request,))))
    bookings: list[dict[str, Any]] = allocate(part, gap=gap, time_limit=time_limit, stop=stop)[
        "bookings"
    ]
    return bookings


def _instead(
    compiled: Compiled, timetable: Timetable, request: str, bookings: Iterable[Mapping[str, Any]]
) -> Timetable | None:
    """Give the timetable with these bookings at their facilities, where it is to be kept."""
    place = next(at for at, one in enumerate(compiled.problem.requests) if one.id == request)
    rival = _placements(compiled, bookings)
    if place in timetable.held or place not in {compiled.offers[at].request for at, _ in rival}:
        return None
    homes = {compiled.offers[at].facility for at, _ in rival}
    kept = [
        placement
        for held in sorted(timetable.held)
        if timetable.facility(held) not in homes
        for placement in timetable.held[held]
    ]
    found = finish(compiled, [*kept, *(placement for _, placement in rival)])
    better = place in found.held and _worth(found) >= _worth(timetable)
    return found if better else None


def _placements(
    compiled: Compiled, bookings: Iterable[Mapping[str, Any]]
) -> list[tuple[int, int]]:
    """Find the (offer, placement) of each booking."""
    requests = {one.id: at for at, one in enumerate(compiled.problem.requests)}
    resources = {one.id: at for at, one in enumerate(compiled.problem.resources)}
    wanted = {
        (requests[one["request"]], one["session"], resources[one["resource"]], one["start"])
        for one in bookings
    }
    asking = {request for request, *_ in wanted}
    rows = zip(compiled.placements.offer.tolist(), compiled.placements.start.tolist(), strict=True)
    found = []
    for placement, (at, start) in enumerate(rows):
        offer = compiled.offers[at]
        key = (offer.request, offer.session, offer.resource, start)
        if offer.request in asking and key in wanted:
            found.append((at, placement))
    return found


def _worth(timetable: Timetable) -> Fraction:
    """Weigh a timetable as its policy does: points and top-ups, or reserved hours first."""
    points = sum(timetable.points(one) for one in timetable.held)
    facilities = range(len(timetable.supply))
    return points + sum((timetable.top_up(at) for at in facilities), Fraction(0))
