"""Finish a timetable: load what the solver chose, fill what is left, swap where it pays."""

from collections.abc import Iterable
from fractions import Fraction

from booking.engine.allocation.placements import Compiled
from booking.engine.allocation.timetable import Timetable


def finish(compiled: Compiled, chosen: Iterable[int]) -> Timetable:
    """Make the solver's choice a timetable that wastes nothing and envies nobody.

    No unserved request fits what is left, and none can take one served request's place
    and raise the objective by more than a point. What was proved optimal stays as it is.
    """
    timetable = Timetable(compiled)
    by_request: dict[int, list[int]] = {}
    for placement in chosen:
        by_request.setdefault(timetable.offer(placement).request, []).append(placement)
    for request, placements in sorted(by_request.items()):
        _load(timetable, request, placements)
    _complete(timetable)
    while _swap_one(timetable):
        _complete(timetable)
    return timetable


def _load(timetable: Timetable, request: int, placements: list[int]) -> None:
    """Check the solver's rounded choice exactly: whole requests that fit are held."""
    sessions = len(timetable.compiled.problem.requests[request].sessions)
    same = {timetable.offer(one).facility for one in placements}
    whole = {timetable.offer(one).session for one in placements}
    if len(same) != 1 or len(placements) != sessions or len(whole) != sessions:
        return
    if not timetable.keeps_cap(placements):
        return
    timetable.hold(request, tuple(placements))
    if any(timetable.span(one).min() < 0 for one in placements):
        timetable.drop(request)


def _waiting(timetable: Timetable) -> list[int]:
    """List the unserved requests, most points per credit first."""

    def worth(request: int) -> tuple[Fraction, int]:
        first = next(iter(timetable.choices(request).values()))
        offers = [timetable.offer(some[0]) for some in first]
        rate = Fraction(sum(one.points for one in offers), sum(one.credit for one in offers))
        return (-rate, request)

    waiting = [one for one in timetable.requests() if one not in timetable.held]
    return sorted(waiting, key=worth)


def _complete(timetable: Timetable) -> None:
    for request in _waiting(timetable):
        found = timetable.fits(request)
        if found is not None:
            timetable.hold(request, found)


def _swap_one(timetable: Timetable) -> bool:
    """Put one unserved request in one served request's place, if the objective rises."""
    rivals = _rivals(timetable)
    for request in _waiting(timetable):
        near = [
            rival
            for facility in timetable.choices(request)
            for rival in rivals.get(facility, ())
            if _may_gain(timetable, request, rival, facility)
        ]
        for rival in near:
            if _swapped(timetable, request, rival):
                return True
    return False


def _rivals(timetable: Timetable) -> dict[int, list[int]]:
    rivals: dict[int, list[int]] = {}
    for request in sorted(timetable.held):
        rivals.setdefault(timetable.facility(request), []).append(request)
    return rivals


def _may_gain(timetable: Timetable, request: int, rival: int, facility: int) -> bool:
    """Tell whether the best placement of one is worth more than a point above the other."""
    sessions = timetable.choices(request)[facility]
    points = sum(max(timetable.offer(one).points for one in some) for some in sessions)
    credit = sum(max(timetable.offer(one).credit for one in some) for some in sessions)
    members = timetable.members(request, facility)
    lost = timetable.members(rival, facility)
    changes = [(members, credit), (lost, -timetable.credit(rival))]
    more = timetable.top_up(facility, [one for one in changes if one[0]])
    gain = points - timetable.points(rival) + more - timetable.top_up(facility)
    return gain > 1 and _in_the_way(timetable, rival, sessions)


def _in_the_way(timetable: Timetable, rival: int, sessions: list[list[int]]) -> bool:
    """Tell whether every session would have a free placement, were the rival gone."""
    placements = timetable.drop(rival)
    free = all(any(timetable.is_free(one) for one in some) for some in sessions)
    timetable.hold(rival, placements)
    return free


def _swapped(timetable: Timetable, request: int, rival: int) -> bool:
    before = _worth(timetable)
    placements = timetable.drop(rival)
    found = timetable.fits(request)
    if found is not None:
        timetable.hold(request, found)
        if _worth(timetable) > before + 1:
            return True
        timetable.drop(request)
    timetable.hold(rival, placements)
    return False


def _worth(timetable: Timetable) -> Fraction:
    points = sum(timetable.points(request) for request in timetable.held)
    facilities = range(len(timetable.supply))
    return points + sum((timetable.top_up(at) for at in facilities), Fraction(0))
