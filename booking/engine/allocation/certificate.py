"""Recompute, from the problem alone, what can be placed, what it is worth, and the bound.

Shares no code with the compiler or the solver: only the problem's own words. Everything is
exact, so a figure that differs is a wrong figure, not a rounded one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from booking.engine.allocation.entities import THRESHOLD, Facility, Problem, Request, Session, exact


@dataclass(frozen=True, slots=True)
class Choice:
    """A session on a resource at one rank: its worth, its credits, its open starts."""

    resource: str
    facility: str
    points: int
    credits: Fraction
    starts: tuple[int, ...]


class Round:
    """A problem looked up by name."""

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

    def cap(self, facility: str) -> Fraction | None:
        """Give the most credits one organisation may hold at a facility."""
        share = self.facilities[facility].cap_share
        return None if share is None else exact(share) * self.offered[facility]

    def reserved(self, facility: Facility) -> dict[str, Fraction]:
        """Give the reserved credits by group."""
        return {
            group: exact(share) * self.offered[facility.id]
            for group, share in facility.reserved_share
        }

    def credits(self, session: Session, resource: str) -> Fraction:
        """Give rate x quantity x hours."""
        hours = Fraction(session.steps * self.problem.step_minutes, 60)
        return hours * session.quantity * exact(self.resources[resource].rate)

    def choices(self, request: Request, session: Session) -> list[Choice]:
        """List what would do for a session, each start at its lowest rank."""
        rank_of: dict[tuple[str, int], int] = {}
        for one in session.alternatives:
            for start in self._open_starts(session, one.resource, one.starts, one.span):
                key = (one.resource, start)
                rank_of[key] = min(one.rank, rank_of.get(key, one.rank))
        grouped: dict[tuple[str, int], list[int]] = {}
        for (resource, start), rank in rank_of.items():
            grouped.setdefault((resource, rank), []).append(start)
        return [
            Choice(
                resource=resource,
                facility=self.resources[resource].facility,
                points=self._points(request, session, resource, rank),
                credits=self.credits(session, resource),
                starts=tuple(starts),
            )
            for (resource, rank), starts in grouped.items()
        ]

    def possible(self, request: Request) -> dict[str, list[list[Choice]]]:
        """List the choices by facility and session, where every session has one in the cap."""
        if exact(request.merit) < THRESHOLD:
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
        least = sum(min(one.credits for one in choices) for choices in sessions)
        return cap is None or least <= cap

    def _points(self, request: Request, session: Session, resource: str, rank: int) -> int:
        credit = self.credits(session, resource)
        discount = 1 - Fraction(min(rank, 10), 200)
        return round(
            exact(request.merit) * self.fair_share[request.organisation] * credit * discount
        )

    def _open_starts(
        self,
        session: Session,
        name: str,
        starts: tuple[int, ...] | None,
        span: tuple[int, int] | None,
    ) -> list[int]:
        resource = self.resources[name]
        if session.quantity > resource.capacity:
            return []
        if span is None:
            wanted = set(starts or ())
            return [
                start
                for low, high in resource.windows
                for start in sorted(wanted)
                if low <= start and start + session.steps <= high
            ]
        return [
            start
            for low, high in resource.windows
            for start in range(max(low, span[0]), min(high, span[1]) - session.steps + 1)
        ]


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound in parts: what each facility and each request can add at these prices."""

    facilities: Mapping[str, Fraction]
    requests: Mapping[str, Fraction]

    @property
    def total(self) -> Fraction:
        """Add the parts up: no timetable has a higher objective."""
        parts = [*self.facilities.values(), *self.requests.values()]
        return sum(parts, Fraction(0))


class Prices:
    """Published prices, exact: slots as running sums by step, caps and groups by name."""

    def __init__(self, around: Round, result: Mapping[str, Any]) -> None:
        self.caps = {
            (one["organisation"], one["facility"]): exact(one["price"])
            for one in result["prices"]["caps"]
        }
        self.groups = {
            (facility["id"], group): exact(figures["price"])
            for facility in result["facilities"]
            for group, figures in facility["groups"].items()
        }
        slots: dict[str, dict[int, Fraction]] = {name: {} for name in around.resources}
        for one in result["prices"]["slots"]:
            slots[one["resource"]][one["step"]] = exact(one["price"])
        self.slots = slots
        self.credited: dict[str, Fraction] = {}
        self.reserved: dict[str, Fraction] = {}
        for one in result["strict"]["components"] if around.problem.strict else ():
            price = exact(one["price"])
            self.credited[one["facilities"][0]] = price * exact(one["credited"])
            self.reserved |= dict.fromkeys(one["facilities"], price)
        self._sums = {name: _running(around, name, priced) for name, priced in slots.items()}

    def least(self, resource: str, starts: Iterable[int], steps: int) -> Fraction:
        """Give the lowest price of a unit over `steps` from one of the starts."""
        sums = self._sums[resource]
        return min(sums[start + steps] - sums[start] for start in starts)


def _running(around: Round, name: str, priced: dict[int, Fraction]) -> list[Fraction]:
    windows = around.resources[name].windows
    sums = [Fraction(0)]
    for step in range(windows[-1][1] if windows else 0):
        sums.append(sums[-1] + priced[step] if step in priced else sums[-1])
    return sums


def bound_from_prices(problem: Problem, result: Mapping[str, Any]) -> Bound:
    """Bound every timetable's objective by the result's published prices, without a solver.

    Any prices of at least 0 give a valid bound (weak duality): what each request can gain
    after paying them, plus what capacity, caps and reserves are worth at them. Where the
    policy is strict it bounds the points of every timetable that credits as much: a reserved
    credit earns its price, and the price of those credited is taken off again.
    """
    around = Round(problem)
    prices = Prices(around, result)
    return Bound(
        facilities={one.id: _facility_part(around, prices, one) for one in problem.facilities},
        requests={one.id: _request_part(around, prices, one) for one in problem.requests},
    )


def _facility_part(around: Round, prices: Prices, facility: Facility) -> Fraction:
    total = Fraction(0)
    for name, priced in prices.slots.items():
        resource = around.resources[name]
        if resource.facility == facility.id:
            total += resource.capacity * sum(priced.values(), Fraction(0))
    cap = around.cap(facility.id)
    if cap is not None:
        total += cap * sum(
            (price for (_, at), price in prices.caps.items() if at == facility.id), Fraction(0)
        )
    for group, credit in around.reserved(facility).items():
        price = prices.groups.get((facility.id, group), Fraction(0))
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
        return [(Fraction(1), prices.reserved[facility.id])]
    return [(exact(rung.up_to), exact(rung.points)) for rung in around.problem.ladder]


def _request_part(around: Round, prices: Prices, request: Request) -> Fraction:
    best = Fraction(0)
    for name, sessions in around.possible(request).items():
        reserved = around.reserved(around.facilities[name])
        earned = max(
            (
                prices.groups.get((name, group), Fraction(0))
                for group in request.groups
                if reserved.get(group)
            ),
            default=Fraction(0),
        )
        charged = Fraction(0)
        if around.cap(name) is not None:
            charged = prices.caps.get((request.organisation, name), Fraction(0))
        gained = sum(
            (
                max(_net(prices, session, one, earned - charged) for one in choices)
                for session, choices in zip(request.sessions, sessions, strict=True)
            ),
            Fraction(0),
        )
        best = max(best, gained)
    return best


def _net(prices: Prices, session: Session, choice: Choice, per_credit: Fraction) -> Fraction:
    slots = prices.least(choice.resource, choice.starts, session.steps)
    return choice.points + choice.credits * per_credit - session.quantity * slots
