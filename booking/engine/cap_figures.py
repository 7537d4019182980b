"""What a cap leaves an organisation at a facility, beside what a request needs there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from booking.engine.allocation.entities import (
    Problem,
    Request,
    Session,
    credits_of,
    exact,
    offered_by_facility,
)


@dataclass(frozen=True, slots=True)
class CapFigures:
    """Credits at one facility: the cap, what the organisation holds, the least a request needs."""

    most: float
    held: float
    needed: float


class Caps:
    """Looks up caps, and what a result's bookings hold of them."""

    def __init__(self, problem: Problem, bookings: Iterable[Mapping[str, Any]]) -> None:
        self._problem = problem
        self._facilities = {one.id: one for one in problem.facilities}
        self._resources = {one.id: one for one in problem.resources}
        self._requests = {one.id: one for one in problem.requests}
        self._offered = offered_by_facility(problem)
        self._held = self._held_credits(bookings)

    def figures(self, request_id: str, resource_id: str | None) -> CapFigures | None:
        """Give the figures at a resource's facility, or where the request needs the least.

        None where no cap is in force, or the request has no place there at all.
        """
        request = self._requests[request_id]
        places = [self._resources[resource_id].facility] if resource_id else self._facilities
        found = [
            (needed, name)
            for name in places
            if self._facilities[name].cap_share is not None
            and (needed := self._needed(request, name)) is not None
        ]
        if not found:
            return None
        needed, name = min(found)
        cap = exact(self._facilities[name].cap_share or 0) * self._offered[name]
        held = self._held.get((request.organisation, name), Fraction(0))
        return CapFigures(float(cap), float(held), float(needed))

    def _needed(self, request: Request, facility: str) -> Fraction | None:
        """Add up the cheapest choice of every session there; None if one has no choice."""
        least = []
        for session in request.sessions:
            here = [
                self._credits(session, one.resource)
                for one in session.alternatives
                if self._resources[one.resource].facility == facility
            ]
            if not here:
                return None
            least.append(min(here))
        return sum(least, Fraction(0))

    def _credits(self, session: Session, resource: str) -> Fraction:
        return credits_of(self._problem, session, self._resources[resource])

    def _held_credits(
        self, bookings: Iterable[Mapping[str, Any]]
    ) -> dict[tuple[str, str], Fraction]:
        held: dict[tuple[str, str], Fraction] = {}
        for each in bookings:
            request = self._requests[each["request"]]
            key = (request.organisation, self._resources[each["resource"]].facility)
            credit = self._credits(request.sessions[each["session"]], each["resource"])
            held[key] = held.get(key, Fraction(0)) + credit
        return held
