"""A finished timetable: who holds what, what is free, in exact whole numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from booking.engine.allocation.placements import Compiled, Offer
from booking.engine.allocation.seating import best_first, members_of
from booking.engine.allocation.top_ups import Change, TopUps


@dataclass(frozen=True, slots=True)
class Sums:
    """Where a served request has its places, and what they add up to."""

    facility: int
    points: int
    credit: int


class Timetable:
    """Free units by step, each organisation's credits, each facility's supply by group set."""

    def __init__(self, compiled: Compiled) -> None:
        problem = compiled.problem
        self.compiled = compiled
        self.held: dict[int, tuple[int, ...]] = {}
        self.used: dict[tuple[int, int], int] = {}
        self.free = [_units(one.windows, one.capacity) for one in problem.resources]
        self._top_ups = [
            TopUps(reserves, compiled.ladder, compiled.scale) for reserves in compiled.reserves
        ]
        self._offers: list[Offer] = list(compiled.offers)
        self._offer: list[int] = compiled.placements.offer.tolist()
        self._start: list[int] = compiled.placements.start.tolist()
        self._sums: dict[int, Sums] = {}
        self._points_at = [0] * len(problem.facilities)
        self._members: dict[tuple[tuple[str, ...], int], tuple[int, ...]] = {}
        self._choices = self._by_request()

    @property
    def supply(self) -> list[dict[tuple[int, ...], int]]:
        """Give each facility's placed units by the set of its reserves that they may fill."""
        return [one.supply for one in self._top_ups]

    def offer(self, placement: int) -> Offer:
        """Give a placement's offer."""
        return self._offers[self._offer[placement]]

    def start(self, placement: int) -> int:
        """Give a placement's first step."""
        return self._start[placement]

    def span(self, placement: int) -> list[int]:
        """Give the free units over a placement's steps."""
        offer, start = self.offer(placement), self._start[placement]
        return self.free[offer.resource][start : start + offer.steps]

    def choices(self, request: int) -> dict[int, list[list[int]]]:
        """List a request's placements by facility and session, best first."""
        return self._choices.get(request, {})

    def load(self, placements: Iterable[int]) -> None:
        """Give requests their places; whole requests, each once."""
        by_request: dict[int, list[int]] = {}
        for placement in placements:
            by_request.setdefault(self.offer(placement).request, []).append(placement)
        for request, some in sorted(by_request.items()):
            self._hold(request, tuple(some))

    def is_free(self, placement: int) -> bool:
        """Tell whether enough units are free throughout."""
        return min(self.span(placement)) >= self.offer(placement).quantity

    def keeps_cap(self, placements: Iterable[int], freed: int = 0) -> bool:
        """Tell whether placements keep their organisation's cap at one facility.

        `freed` are credits, in parts, that it would give up there.
        """
        offers = [self.offer(placement) for placement in placements]
        cap = self.compiled.caps[offers[0].facility]
        if cap is None:
            return True
        organisation = self.compiled.organisation_of[offers[0].request]
        used = self.used.get((organisation, offers[0].facility), 0)
        return used - freed + sum(offer.credit for offer in offers) <= cap

    def points(self, request: int) -> int:
        """Give the points of a request's places."""
        return self._sums[request].points

    def points_at(self, facility: int) -> int:
        """Give the points of all places at a facility."""
        return self._points_at[facility]

    def credit(self, request: int) -> int:
        """Give the units (1/scale credits) of a request's places."""
        return self._sums[request].credit

    def facility(self, request: int) -> int:
        """Give the facility where a request has its places."""
        return self._sums[request].facility

    def members(self, request: int, facility: int) -> tuple[int, ...]:
        """Give the reserves of a facility that a request's hours may fill."""
        key = (self.compiled.problem.requests[request].groups, facility)
        if key not in self._members:
            self._members[key] = members_of(key[0], self.compiled.reserves[facility])
        return self._members[key]

    def top_up(self, facility: int, changes: Iterable[Change] = ()) -> Fraction:
        """Give a facility's best top-ups, after changes to its supply by group set."""
        top_ups = self._top_ups[facility]
        return Fraction(top_ups.worth(*changes), top_ups.unit)

    def _hold(self, request: int, placements: tuple[int, ...]) -> None:
        offers = [self.offer(one) for one in placements]
        sums = Sums(
            facility=offers[0].facility,
            points=sum(one.points for one in offers),
            credit=sum(one.credit for one in offers),
        )
        self.held[request] = placements
        self._sums[request] = sums
        self._points_at[sums.facility] += sums.points
        for placement, offer in zip(placements, offers, strict=True):
            free, start = self.free[offer.resource], self._start[placement]
            for step in range(start, start + offer.steps):
                free[step] -= offer.quantity
        key = (self.compiled.organisation_of[request], sums.facility)
        self.used[key] = self.used.get(key, 0) + sums.credit
        self._top_ups[sums.facility].book(self.members(request, sums.facility), sums.credit)

    def _by_request(self) -> dict[int, dict[int, list[list[int]]]]:
        compiled = self.compiled
        found: dict[int, dict[int, list[list[int]]]] = {}
        for one in self._offers:
            sessions = found.setdefault(one.request, {}).setdefault(one.facility, [])
            while len(sessions) <= one.session:
                sessions.append([])
        points = compiled.offers.points[compiled.placements.offer]
        for placement in best_first(points, compiled.placements.tie):
            one = self.offer(placement)
            found[one.request][one.facility][one.session].append(placement)
        return found


def _units(windows: tuple[tuple[int, int], ...], capacity: int) -> list[int]:
    return [capacity] * (windows[-1][1] if windows else 0)
