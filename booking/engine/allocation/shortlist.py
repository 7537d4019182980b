"""What is worth trying for a request without a place: changes that might have placed it.

Found from what is free in the published timetable, so nothing here is a promise: each is
verified by a solve of its own.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Final

import numpy as np

from booking.engine.allocation.changes import (
    Change,
    MoreAlternatives,
    Score,
    SessionLength,
    Units,
    change_as_json,
    named,
)
from booking.engine.allocation.entities import (
    Alternative,
    Problem,
    Request,
    Resource,
    Session,
    credits_of,
    exact,
    offered_by_facility,
)
from booking.engine.allocation.placements import Ints

MOST_MERIT: Final = 1000
MOST_SCORES: Final = 8
"""Solves at most in the search for the least score that would do."""

MOST_OF_A_KIND: Final = 2
"""Changes of one kind that are tried at most."""

BY_SCORE: Final = frozenset(("outbid", "cap_reached", "below_threshold"))
BY_TIME: Final = frozenset(("outbid", "partner_session", "no_placement", "below_threshold"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change worth verifying, and the most solves that it takes.

    A score is the first guess of a search for the least that would do; everything else is
    one solve.
    """

    change: Change
    solves: int

    def as_json(self) -> dict[str, Any]:
        """Write it as an object."""
        return {"change": change_as_json(self.change), "solves": self.solves}


def suggestions(
    problem: Problem, result: Mapping[str, Any], request: str
) -> tuple[Suggestion, ...]:
    """List what to try for a request without a place, the smallest change first.

    A higher score; one session shorter, or with fewer units; another resource of the same
    kind; a wider window. Nothing for a request that has its place.
    Raises: ProblemRefusedError if the round has no such request.
    """
    asked = named(problem, request)
    decision = next((one for one in result["decisions"] if one["request"] == request), None)
    if decision is None or decision["granted"]:
        return ()
    codes = {one["code"] for one in decision["reasons"]}
    look = _Look(problem, result, asked)
    found: list[Suggestion] = []
    if codes & BY_SCORE and asked.merit < MOST_MERIT:
        guess = Score(request, _guess(problem, asked, decision["points_needed_per_hour"]))
        found.append(Suggestion(guess, MOST_SCORES))
    changes = [*look.shorter(), *look.fewer()]
    if codes & BY_TIME:
        changes += [*look.elsewhere(), *look.wider()]
    return (*found, *(Suggestion(one, 1) for one in changes))


def _guess(problem: Problem, request: Request, points: int) -> int:
    """Give the score at which the request's best-ranked choice has these points per hour."""
    fair = next(one.fair_share for one in problem.organisations if one.id == request.organisation)
    needed = ceil(points / exact(fair))
    return min(MOST_MERIT, needed) if needed > request.merit else MOST_MERIT


class _Free:
    """Units free by step, in the published timetable, of the resources looked at."""

    def __init__(self, problem: Problem, result: Mapping[str, Any]) -> None:
        self._requests = {one.id: one for one in problem.requests}
        self._booked: dict[str, list[Mapping[str, Any]]] = {}
        for one in result["bookings"]:
            self._booked.setdefault(one["resource"], []).append(one)
        self._known: dict[str, Ints] = {}

    def starts(self, resource: Resource, steps: int, quantity: int) -> Ints:
        """List the starts from which so many units are free for so many steps."""
        short = self._units(resource) < quantity
        taken = np.concatenate([[0], np.cumsum(short)])
        if len(taken) <= steps:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(taken[steps:] == taken[:-steps])

    def _units(self, resource: Resource) -> Ints:
        if resource.id not in self._known:
            units = np.zeros(resource.windows[-1][1] if resource.windows else 0, dtype=np.int64)
            for low, high in resource.windows:
                units[low:high] = resource.capacity
            for one in self._booked.get(resource.id, ()):
                steps = self._requests[one["request"]].sessions[one["session"]].steps
                units[one["start"] : one["start"] + steps] -= one["quantity"]
            self._known[resource.id] = units
        return self._known[resource.id]


class _Look:
    """Looks for room for one request: in what is free, below what is left of the cap."""

    def __init__(self, problem: Problem, result: Mapping[str, Any], request: Request) -> None:
        self._problem = problem
        self._request = request
        self._resources = {one.id: one for one in problem.resources}
        self._free = _Free(problem, result)
        self._room = self._rooms(result)
        blocked = [at for at, session in enumerate(request.sessions) if not self._fits(at, session)]
        self._at = blocked[0] if blocked else 0
        self._session = request.sessions[self._at]

    def shorter(self) -> list[Change]:
        """Shorten the first session that does not fit: to what fits, or half the way there."""

        def fits(steps: int) -> bool:
            return self._fits(self._at, _with(self._session, steps, self._session.quantity))

        wanted = self._session.steps
        return [
            SessionLength(self._request.id, self._at, steps)
            for steps in _milder(wanted, _most(wanted, fits))
        ]

    def fewer(self) -> list[Change]:
        """Ask for fewer units in the first session that does not fit."""

        def fits(quantity: int) -> bool:
            return self._fits(self._at, _with(self._session, self._session.steps, quantity))

        wanted = self._session.quantity
        return [
            Units(self._request.id, self._at, quantity)
            for quantity in _milder(wanted, _most(wanted, fits))
        ]

    def elsewhere(self) -> list[Change]:
        """Name other resources of the same kinds at the same times: those with room first."""
        asked = {one.resource for one in self._session.alternatives}
        kinds = {self._resources[one].kind for one in asked}
        homes = {self._resources[one].facility for one in asked}
        first = min(self._session.alternatives, key=lambda one: (one.rank, one.resource))
        ranked = []
        for resource in self._problem.resources:
            fitting = resource.kind in kinds and resource.capacity >= self._session.quantity
            if not fitting or resource.id in asked or not self._partners(resource.facility):
                continue
            copied = Alternative(resource.id, self._last_rank(), first.starts, first.span)
            has_room = self._open(self._at, self._session, copied)
            ranked.append((not has_room, resource.facility not in homes, resource.id, copied))
        ranked.sort(key=lambda one: one[:3])
        return [self._more(one[3]) for one in ranked[:MOST_OF_A_KIND]]

    def wider(self) -> list[Change]:
        """Widen the window towards the nearest free time; a day either side where none is."""
        found: list[tuple[int, str, Alternative]] = []
        for one in self._session.alternatives:
            low, high = _hull(one, self._session.steps)
            resource = self._resources[one.resource]
            free = self._free.starts(resource, self._session.steps, self._session.quantity)
            free = np.setdiff1d(free, np.array(one.starts_for(self._session.steps)))
            if len(free) and self._affordable(self._at, self._session, resource):
                start = int(min(free, key=lambda at: (_beyond(int(at), low, high), at)))
                span = (min(low, start), max(high, start) + self._session.steps)
                reach = _beyond(start, low, high)
            else:
                day = ceil(24 / self._problem.step_hours)
                span = (max(0, low - day), high + self._session.steps + day)
                reach = 10 * day
            widened = Alternative(one.resource, self._last_rank(), None, span)
            found.append((reach, one.resource, widened))
        found.sort(key=lambda each: each[:2])
        return [self._more(widened) for _, _, widened in found[:MOST_OF_A_KIND]]

    def _more(self, alternative: Alternative) -> MoreAlternatives:
        return MoreAlternatives(self._request.id, self._at, (alternative,))

    def _last_rank(self) -> int:
        return 1 + max(one.rank for one in self._session.alternatives)

    def _partners(self, facility: str) -> bool:
        """Tell whether every other session names a resource at the facility."""
        return all(
            any(self._resources[one.resource].facility == facility for one in other.alternatives)
            for at, other in enumerate(self._request.sessions)
            if at != self._at
        )

    def _fits(self, at: int, session: Session) -> bool:
        return any(self._open(at, session, one) for one in session.alternatives)

    def _open(self, at: int, session: Session, alternative: Alternative) -> bool:
        resource = self._resources[alternative.resource]
        if not self._affordable(at, session, resource):
            return False
        free = self._free.starts(resource, session.steps, session.quantity)
        wanted = alternative.starts_for(session.steps)
        if isinstance(wanted, range):
            found = bisect_left(free, wanted.start)
            return found < len(free) and int(free[found]) < wanted.stop
        return bool(np.isin(np.array(wanted), free).any())

    def _affordable(self, at: int, session: Session, resource: Resource) -> bool:
        """Tell whether the cap leaves room for the session and the least of all others."""
        room = self._room.get(resource.facility)
        if room is None:
            return True
        total = credits_of(self._problem, session, resource)
        for other, each in enumerate(self._request.sessions):
            if other != at:
                total += self._least(each, resource.facility)
        return total <= room

    def _least(self, session: Session, facility: str) -> Fraction:
        there = [self._resources[one.resource] for one in session.alternatives]
        costs = [
            credits_of(self._problem, session, one) for one in there if one.facility == facility
        ]
        return min(costs, default=Fraction(0))

    def _rooms(self, result: Mapping[str, Any]) -> dict[str, Fraction]:
        """Give what is left of the organisation's cap, where there is one."""
        owner = self._request.organisation
        requests = {one.id: one for one in self._problem.requests if one.organisation == owner}
        offered = offered_by_facility(self._problem)
        room = {
            one.id: exact(one.cap_share) * offered[one.id]
            for one in self._problem.facilities
            if one.cap_share is not None
        }
        for one in result["bookings"]:
            resource = self._resources[one["resource"]]
            if one["request"] in requests and resource.facility in room:
                session = requests[one["request"]].sessions[one["session"]]
                room[resource.facility] -= credits_of(self._problem, session, resource)
        return room


def _with(session: Session, steps: int, quantity: int) -> Session:
    return Session(steps, quantity, session.alternatives)


def _most(wanted: int, fits: Callable[[int], bool]) -> int:
    """Find the most below `wanted` that fits, 0 if not even one does; less always fits better."""
    sizes = range(1, wanted)
    return bisect_left(sizes, True, key=lambda size: not fits(size))


def _milder(wanted: int, fitting: int) -> Iterable[int]:
    """Give the change that is half as large first, then the one that fits what is free."""
    middle = (wanted + fitting) // 2
    return sorted({one for one in (middle, fitting) if 0 < one < wanted}, reverse=True)


def _hull(alternative: Alternative, steps: int) -> tuple[int, int]:
    """Give the first and the last acceptable start."""
    starts = alternative.starts_for(steps)
    if not starts:
        low = alternative.span[0] if alternative.span else 0
        return low, low
    return min(starts), max(starts)


def _beyond(start: int, low: int, high: int) -> int:
    return max(low - start, start - high, 0)
