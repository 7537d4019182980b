"""A timetable being finished: who holds what, what is free, in exact whole numbers."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.model import eligible
from booking.engine.allocation.placements import Compiled, Ints, Offer

MOST_TRIES: Final = 20_000
"""Placements tried for one request with several sessions before it counts as not fitting."""


class Timetable:
    """Free units by step, each organisation's credits, each facility's supply by group set."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.held: dict[int, tuple[int, ...]] = {}
        self.used: dict[tuple[int, int], int] = {}
        self.supply: list[dict[tuple[int, ...], int]] = [{} for _ in compiled.reserves]
        self.free = [_units(one.windows, one.capacity) for one in compiled.problem.resources]
        self._offer: list[int] = compiled.placements.offer.tolist()
        self._start: list[int] = compiled.placements.start.tolist()
        self._choices = self._by_request()
        self._top_ups: dict[tuple[int, tuple[tuple[tuple[int, ...], int], ...]], Fraction] = {}

    def offer(self, placement: int) -> Offer:
        """Give a placement's offer."""
        return self.compiled.offers[self._offer[placement]]

    def start(self, placement: int) -> int:
        """Give a placement's first step."""
        return self._start[placement]

    def span(self, placement: int) -> Ints:
        """Give the free units over a placement's steps, as a view."""
        offer, start = self.offer(placement), self._start[placement]
        return self.free[offer.resource][start : start + offer.steps]

    def choices(self, request: int) -> dict[int, list[list[int]]]:
        """List a request's placements by facility and session, best first."""
        return self._choices.get(request, {})

    def requests(self) -> Iterable[int]:
        """List the requests that have a placement at all, in canonical order."""
        return self._choices.keys()

    def hold(self, request: int, placements: tuple[int, ...]) -> None:
        """Give a request its places."""
        self.held[request] = placements
        for placement in placements:
            self._book(placement, 1)

    def drop(self, request: int) -> tuple[int, ...]:
        """Take a request's places away and give them back."""
        placements = self.held.pop(request)
        for placement in placements:
            self._book(placement, -1)
        return placements

    def is_free(self, placement: int) -> bool:
        """Tell whether enough units are free throughout."""
        return bool(self.span(placement).min() >= self.offer(placement).quantity)

    def keeps_cap(self, placements: Iterable[int]) -> bool:
        """Tell whether an organisation's placements at one facility keep its cap."""
        offers = [self.offer(placement) for placement in placements]
        cap = self.compiled.caps[offers[0].facility]
        if cap is None:
            return True
        organisation = self.compiled.organisation_of[offers[0].request]
        used = self.used.get((organisation, offers[0].facility), 0)
        return used + sum(offer.credit for offer in offers) <= cap

    def fits(self, request: int) -> tuple[int, ...] | None:
        """Find places for all of a request's sessions in what is free, or None.

        The facility that gives the most points first; up to MOST_TRIES placements tried.
        """
        options = []
        for sessions in self.choices(request).values():
            free = [[one for one in some if self.is_free(one)] for some in sessions]
            if all(free):
                options.append((-sum(self.offer(some[0]).points for some in free), free))
        for _, free in sorted(options):
            found = self._seat(free)
            if found is not None:
                return found
        return None

    def points(self, request: int) -> int:
        """Add up the points of a request's places."""
        return sum(self.offer(placement).points for placement in self.held[request])

    def credit(self, request: int) -> int:
        """Add up the units (1/scale credits) of a request's places."""
        return sum(self.offer(placement).credit for placement in self.held[request])

    def facility(self, request: int) -> int:
        """Give the facility where a request has its places."""
        return self.offer(self.held[request][0]).facility

    def members(self, request: int, facility: int) -> tuple[int, ...]:
        """Give the reserves of a facility that a request's hours may fill."""
        return eligible(self.compiled, request, facility)

    def top_up(
        self, facility: int, changes: Iterable[tuple[tuple[int, ...], int]] = ()
    ) -> Fraction:
        """Give a facility's best top-ups, after changes to its supply by group set."""
        supply = dict(self.supply[facility])
        for members, units in changes:
            supply[members] = supply.get(members, 0) + units
        key = (facility, tuple(sorted(supply.items())))
        if key not in self._top_ups:
            crediting = Crediting(self.compiled.reserves[facility], supply)
            total = crediting.top_up(self.compiled.ladder)
            self._top_ups[key] = total / self.compiled.scale
        return self._top_ups[key]

    def _seat(self, free: list[list[int]]) -> tuple[int, ...] | None:
        order = sorted(range(len(free)), key=lambda at: (len(free[at]), at))
        taken: list[int] = []
        tries = iter(range(MOST_TRIES))
        found = self._seat_next([free[at] for at in order], taken, tries)
        for placement in taken:
            self._lend(placement, 1)
        return tuple(sorted(taken)) if found else None

    def _seat_next(self, free: list[list[int]], taken: list[int], tries: Iterator[int]) -> bool:
        if len(taken) == len(free):
            return self.keeps_cap(taken)
        for placement in free[len(taken)]:
            if next(tries, None) is None:
                return False
            if self.is_free(placement):
                self._lend(placement, -1)
                taken.append(placement)
                if self._seat_next(free, taken, tries):
                    return True
                taken.pop()
                self._lend(placement, 1)
        return False

    def _lend(self, placement: int, sign: int) -> None:
        self.span(placement)[:] += sign * self.offer(placement).quantity

    def _book(self, placement: int, sign: int) -> None:
        offer = self.offer(placement)
        self._lend(placement, -sign)
        key = (self.compiled.organisation_of[offer.request], offer.facility)
        self.used[key] = self.used.get(key, 0) + sign * offer.credit
        members = self.members(offer.request, offer.facility)
        if members:
            supply = self.supply[offer.facility]
            supply[members] = supply.get(members, 0) + sign * offer.credit

    def _by_request(self) -> dict[int, dict[int, list[list[int]]]]:
        ties = self.compiled.placements.tie.tolist()
        found: dict[int, dict[int, list[list[int]]]] = {}
        for placement, at in enumerate(self._offer):
            offer = self.compiled.offers[at]
            sessions = found.setdefault(offer.request, {}).setdefault(offer.facility, [])
            while len(sessions) <= offer.session:
                sessions.append([])
            sessions[offer.session].append(placement)
        for there in found.values():
            for sessions in there.values():
                for some in sessions:
                    some.sort(key=lambda one: (-self.offer(one).points, -ties[one], one))
        return found


def _units(windows: tuple[tuple[int, int], ...], capacity: int) -> Ints:
    last = windows[-1][1] if windows else 0
    return np.full(last, capacity, dtype=np.int64)
