"""Recompute, from the problem alone, what can be placed, what it is worth, and the bound.

Shares no code with the compiler or the solver: only the problem's own words. Everything is
exact, so a figure that differs is a wrong figure, not a rounded one.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import Any, Final

from booking.engine.allocation.entities import (
    THRESHOLD,
    Alternative,
    Facility,
    Number,
    Problem,
    Request,
    Resource,
    Session,
    exact,
)

MILLION: Final = 1_000_000
SURE: Final = 10**15
"""Two decimals of at most this many parts are the same if their floats are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A session on a resource at one rank: its worth, its credits in parts, its open starts."""

    resource: str
    facility: str
    points: int
    parts: int
    starts: Sequence[int]


class Round:
    """A problem looked up by name; `scale` parts of a credit make all credits whole numbers."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.facilities = {one.id: one for one in problem.facilities}
        self.resources = {one.id: one for one in problem.resources}
        self.requests = {one.id: one for one in problem.requests}
        self.fair_share = {one.id: exact(one.fair_share) for one in problem.organisations}
        self.offered = dict.fromkeys(self.facilities, Fraction(0))
        for one in problem.resources:
            steps = sum(high - low for low, high in one.windows)
            hours = Fraction(steps * problem.step_minutes, 60)
            self.offered[one.facility] += one.capacity * exact(one.rate) * hours
        step = Fraction(problem.step_minutes, 60)
        rates = {one.id: step * exact(one.rate) for one in problem.resources}
        self.scale = lcm(1, *(one.denominator for one in rates.values()))
        self._rates = {name: int(rate * self.scale) for name, rate in rates.items()}
        self._caps = {one.id: self._cap(one) for one in problem.facilities}
        self._reserved = {
            one.id: {
                group: exact(share) * self.offered[one.id] for group, share in one.reserved_share
            }
            for one in problem.facilities
        }
        self._worths: dict[tuple[Number, str], tuple[int, int]] = {}
        self._begins = {one.id: [low for low, _ in one.windows] for one in problem.resources}

    def cap(self, facility: str) -> Fraction | None:
        """Give the most credits one organisation may hold at a facility."""
        return self._caps[facility]

    def _cap(self, facility: Facility) -> Fraction | None:
        share = facility.cap_share
        return None if share is None else exact(share) * self.offered[facility.id]

    def reserved(self, facility: Facility) -> dict[str, Fraction]:
        """Give the reserved credits by group."""
        return self._reserved[facility.id]

    def parts(self, session: Session, resource: str) -> int:
        """Give rate x quantity x hours in parts of a credit."""
        return self._rates[resource] * session.steps * session.quantity

    def choices(self, request: Request, session: Session) -> list[Choice]:
        """List what would do for a session, each start at its lowest rank."""
        worth = self._worth(request.merit, request.organisation)
        grouped: dict[tuple[str, int], Sequence[int]] = {}
        if len({one.resource for one in session.alternatives}) == len(session.alternatives):
            for one in session.alternatives:
                starts = self._open_starts(session, one)
                if starts:
                    grouped[one.resource, one.rank] = starts
        else:
            grouped = self._lowest_ranks(session)
        return [
            Choice(
                resource=resource,
                facility=self.resources[resource].facility,
                points=_points(worth, self.parts(session, resource), rank),
                parts=self.parts(session, resource),
                starts=starts,
            )
            for (resource, rank), starts in grouped.items()
        ]

    def _worth(self, merit: Number, organisation: str) -> tuple[int, int]:
        """Give points per part of a credit, as a numerator and a denominator."""
        key = (merit, organisation)
        if key not in self._worths:
            worth = exact(merit) * self.fair_share[organisation] / self.scale
            self._worths[key] = (worth.numerator, worth.denominator)
        return self._worths[key]

    def _lowest_ranks(self, session: Session) -> dict[tuple[str, int], Sequence[int]]:
        rank_of: dict[tuple[str, int], int] = {}
        for one in session.alternatives:
            for start in self._open_starts(session, one):
                key = (one.resource, start)
                rank_of[key] = min(one.rank, rank_of.get(key, one.rank))
        grouped: dict[tuple[str, int], list[int]] = {}
        for (resource, start), rank in rank_of.items():
            grouped.setdefault((resource, rank), []).append(start)
        return {key: tuple(starts) for key, starts in grouped.items()}

    def possible(self, request: Request) -> dict[str, list[list[Choice]]]:
        """List the choices by facility and session, where every session has one in the cap."""
        if request.merit < THRESHOLD:
            return {}
        every = [self.choices(request, session) for session in request.sessions]
        found = {}
        for facility in {choice.facility for choices in every for choice in choices}:
            here = [[one for one in choices if one.facility == facility] for choices in every]
            if all(here) and self._below_cap(facility, here):
                found[facility] = here
        return found

    def _below_cap(self, facility: str, sessions: list[list[Choice]]) -> bool:
        cap = self.cap(facility)
        least = sum(min([one.parts for one in choices]) for choices in sessions)
        return cap is None or least <= cap * self.scale

    def _open_starts(self, session: Session, wanted: Alternative) -> Sequence[int]:
        resource, steps = self.resources[wanted.resource], session.steps
        if session.quantity > resource.capacity:
            return []
        begins, windows = self._begins[resource.id], resource.windows
        if wanted.span is None:
            return [
                start
                for start in sorted(set(wanted.starts or ()))
                if (at := bisect_right(begins, start)) and start + steps <= windows[at - 1][1]
            ]
        first, last = wanted.span
        near = windows[max(0, bisect_right(begins, first) - 1) : bisect_right(begins, last)]
        return [
            start
            for low, high in near
            for start in range(max(low, first), min(high, last) - steps + 1)
        ]


def _points(worth: tuple[int, int], credit: int, rank: int) -> int:
    """Round worth x credit x (1 - rank / 200) to whole points; a half goes to the even one."""
    parts = worth[0] * credit * (200 - min(rank, 10))
    whole = 200 * worth[1]
    above, left = divmod(2 * parts + whole, 2 * whole)
    return above - 1 if left == 0 and above % 2 else above


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound in parts: what each facility and each request can add at these prices.

    Requests' parts are in whole numbers, of which `unit` make one point.
    """

    facilities: Mapping[str, Fraction]
    requests: Mapping[str, int]
    unit: int

    @property
    def total(self) -> Fraction:
        """Add the parts up: no timetable has a higher objective."""
        return self.of(self.facilities, self.requests)

    def of(self, facilities: Iterable[str], requests: Iterable[str]) -> Fraction:
        """Add up the parts of these facilities and requests."""
        asked = Fraction(sum(map(self.requests.__getitem__, requests)), self.unit)
        return sum(map(self.facilities.__getitem__, facilities), asked)


class Prices:
    """Published prices in whole parts, exactly: `unit` parts make one point."""

    def __init__(self, around: Round, result: Mapping[str, Any]) -> None:
        published = result["prices"]
        groups = {
            (facility["id"], group): figures["price"]
            for facility in result["facilities"]
            for group, figures in facility["groups"].items()
        }
        parts = result["strict"]["components"] if around.problem.strict else ()
        listed = [*published["slots"], *published["caps"], *parts]
        self.unit = _unit([*(one["price"] for one in listed), *groups.values()])
        self.groups = {key: self.parts(price) for key, price in groups.items()}
        self.caps = {
            (one["organisation"], one["facility"]): self.parts(one["price"])
            for one in published["caps"]
        }
        self.slots: dict[str, dict[int, int]] = {name: {} for name in around.resources}
        for one in published["slots"]:
            self.slots[one["resource"]][one["step"]] = self.parts(one["price"])
        self.credited: dict[str, Fraction] = {}
        self.reserved: dict[str, int] = {}
        for one in parts:
            price = self.parts(one["price"])
            self.credited[one["facilities"][0]] = price * exact(one["credited"])
            self.reserved |= dict.fromkeys(one["facilities"], price)
        self._sums = {
            name: _running(around.resources[name], priced) for name, priced in self.slots.items()
        }

    def parts(self, price: Number) -> int:
        """Give a price in whole parts."""
        millionths = _millionths(price)
        if millionths is None:
            return int(exact(price) * self.unit)
        return millionths * (self.unit // MILLION)

    def least(self, resource: str, starts: Iterable[int], steps: int) -> int:
        """Give the lowest price of a unit over `steps` from one of the starts."""
        sums = self._sums[resource]
        return min([sums[start + steps] - sums[start] for start in starts])


def _unit(prices: Iterable[Number]) -> int:
    """Find how many parts of a point make every price a whole number of them."""
    odd = {exact(price).denominator for price in prices if _millionths(price) is None}
    return lcm(MILLION, *odd)


def _millionths(price: Number) -> int | None:
    """Give the decimal that a reader sees in millionths; None if that is not whole or sure."""
    parts = round(price * MILLION) if abs(price) < SURE // MILLION else 0
    return parts if parts and parts / MILLION == price else None


def _running(resource: Resource, priced: Mapping[int, int]) -> list[int]:
    steps = [0] * (resource.windows[-1][1] if resource.windows else 0)
    for step, price in priced.items():
        if 0 <= step < len(steps):
            steps[step] = price
    return [0, *accumulate(steps)]


def bound_from_prices(problem: Problem, result: Mapping[str, Any]) -> Bound:
    """Bound every timetable's objective by the result's published prices, without a solver.

    Any prices of at least 0 give a valid bound (weak duality): what each request can gain
    after paying them, plus what capacity, caps and reserves are worth at them. Where the
    policy is strict it bounds the points of every timetable that credits as much: a reserved
    credit earns its price, and the price of those credited is taken off again.
    """
    around = Round(problem)
    prices = Prices(around, result)
    at_caps: dict[str, int] = {}
    for (_, facility), price in prices.caps.items():
        at_caps[facility] = at_caps.get(facility, 0) + price
    at_slots = dict.fromkeys(around.facilities, 0)
    for name, priced in prices.slots.items():
        resource = around.resources[name]
        at_slots[resource.facility] += resource.capacity * sum(priced.values())
    asked = _Asked(around, prices)
    return Bound(
        facilities={
            one.id: (
                at_slots[one.id]
                + (around.cap(one.id) or 0) * at_caps.get(one.id, 0)
                + _reserves_part(around, prices, one)
            )
            / Fraction(prices.unit)
            for one in problem.facilities
        },
        requests={one.id: asked.part(one) for one in problem.requests},
        unit=prices.unit * around.scale,
    )


def _reserves_part(around: Round, prices: Prices, facility: Facility) -> Fraction:
    """Give what the reserves are worth at the prices, in parts of a point."""
    total = Fraction(0)
    for group, credit in around.reserved(facility).items():
        price = prices.groups.get((facility.id, group), 0)
        before = Fraction(0)
        for up_to, points in _rungs(around, prices, facility):
            total += max(Fraction(0), points - price) * (up_to - before) * credit
            before = up_to
    return total - prices.credited.get(facility.id, Fraction(0))


def _rungs(
    around: Round, prices: Prices, facility: Facility
) -> Iterable[tuple[Fraction, Fraction]]:
    """Give what a reserved credit earns: by the ladder or, strictly, its published price."""
    if around.problem.strict:
        return [(Fraction(1), Fraction(prices.reserved[facility.id]))]
    return [(exact(rung.up_to), exact(rung.points) * prices.unit) for rung in around.problem.ladder]


class _Asked:
    """What requests can gain after paying the prices, in whole parts of a part of a point."""

    def __init__(self, around: Round, prices: Prices) -> None:
        self.around = around
        self.prices = prices

    def part(self, request: Request) -> int:
        """Give the most a request can gain at any one facility; 0 if it would only lose."""
        best = 0
        for name, sessions in self.around.possible(request).items():
            per_credit = self._earned(request, name) - self._charged(request, name)
            gained = sum(
                max([self._net(session, one, per_credit) for one in choices])
                for session, choices in zip(request.sessions, sessions, strict=True)
            )
            best = max(best, gained)
        return best

    def _earned(self, request: Request, facility: str) -> int:
        reserved = self.around.reserved(self.around.facilities[facility])
        prices = self.prices.groups
        some = [prices.get((facility, one), 0) for one in request.groups if reserved.get(one)]
        return max(some, default=0)

    def _charged(self, request: Request, facility: str) -> int:
        if self.around.cap(facility) is None:
            return 0
        return self.prices.caps.get((request.organisation, facility), 0)

    def _net(self, session: Session, choice: Choice, per_credit: int) -> int:
        slots = self.prices.least(choice.resource, choice.starts, session.steps)
        paid = session.quantity * slots
        points = choice.points * self.prices.unit
        return (points - paid) * self.around.scale + choice.parts * per_credit
