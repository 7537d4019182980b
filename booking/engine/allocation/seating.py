"""Who sits where in one component, in whole numbers: what is free, who holds it, what it earns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from booking.engine.allocation.components import Component
from booking.engine.allocation.entities import LadderStep
from booking.engine.allocation.placements import Compiled, Floats, Ints, Reserve
from booking.engine.allocation.top_ups import TopUps

MOST_TRIES: Final = 20_000
"""Placements tried for one request with several sessions before it counts as not fitting."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component as finishing needs it: columns by placement, rules by index of the round.

    Picklable, and small. `members` lists the reserves a request's hours may fill at a
    facility; `resources` holds units and the step after the last window.
    """

    request: Ints
    session: Ints
    facility: Ints
    resource: Ints
    start: Ints
    end: Ints
    quantity: Ints
    points: Ints
    credit: Ints
    tie: Floats
    sessions: dict[int, int]
    organisations: dict[int, int]
    members: dict[tuple[int, int], tuple[int, ...]]
    resources: dict[int, tuple[int, int]]
    caps: dict[int, int | None]
    reserves: dict[int, tuple[Reserve, ...]]
    ladder: tuple[LadderStep, ...]
    scale: int


def seating_part(compiled: Compiled, component: Component) -> Part:
    """Cut one component out of the compiled round, to be finished anywhere."""
    offers, problem = compiled.offers, compiled.problem
    offer = compiled.placements.offer[component.placements]
    start = compiled.placements.start[component.placements]
    request, facility, resource = (
        offers.request[offer],
        offers.facility[offer],
        offers.resource[offer],
    )
    asking = sorted(set(request.tolist()))
    named = {at: compiled.reserves[at] for at in component.facilities}
    return Part(
        request=request,
        session=offers.session[offer],
        facility=facility,
        resource=resource,
        start=start,
        end=start + offers.steps[offer],
        quantity=offers.quantity[offer],
        points=offers.points[offer],
        credit=offers.credit[offer],
        tie=compiled.placements.tie[component.placements],
        sessions={one: len(problem.requests[one].sessions) for one in asking},
        organisations={one: compiled.organisation_of[one] for one in asking},
        members={
            (one, at): members_of(problem.requests[one].groups, named[at])
            for one, at in sorted(set(zip(request.tolist(), facility.tolist(), strict=True)))
        },
        resources={
            one: (problem.resources[one].capacity, problem.resources[one].windows[-1][1])
            for one in sorted(set(resource.tolist()))
        },
        caps={at: compiled.caps[at] for at in component.facilities},
        reserves=named,
        ladder=compiled.ladder,
        scale=compiled.scale,
    )


def members_of(groups: tuple[str, ...], reserves: tuple[Reserve, ...]) -> tuple[int, ...]:
    """List the reserves, by position, that hours of these groups may fill."""
    return tuple(at for at, one in enumerate(reserves) if one.group in groups)


class Seat(NamedTuple):
    """A placement in Python's own integers."""

    request: int
    session: int
    facility: int
    resource: int
    start: int
    end: int
    quantity: int
    points: int
    credit: int


@dataclass(frozen=True, slots=True)
class Held:
    """A served request: its placements and what they add up to."""

    placements: tuple[int, ...]
    facility: int
    points: int
    credit: int


class Seating:
    """The component's timetable while it is changed; every figure follows each change."""

    def __init__(self, part: Part) -> None:
        columns = (getattr(part, name).tolist() for name in Seat._fields)
        self.part = part
        self.seats = list(map(Seat._make, zip(*columns, strict=True)))
        self.held: dict[int, Held] = {}
        self.free = {at: [units] * last for at, (units, last) in part.resources.items()}
        self.on: dict[int, list[dict[int, int]]] = {
            at: [{} for _ in range(last)] for at, (_, last) in part.resources.items()
        }
        self.used: dict[tuple[int, int], int] = {}
        self.changes = dict.fromkeys(part.resources, 0)
        self.changes_of: dict[tuple[int, int], int] = {}
        self.top_ups = {
            at: TopUps(reserves, part.ladder, part.scale) for at, reserves in part.reserves.items()
        }
        self.choices = self._by_request()

    def hold(self, request: int, placements: Iterable[int]) -> Held:
        """Give a request its places."""
        chosen = tuple(sorted(placements))
        seats = [self.seats[one] for one in chosen]
        held = Held(
            placements=chosen,
            facility=seats[0].facility,
            points=sum(one.points for one in seats),
            credit=sum(one.credit for one in seats),
        )
        self.held[request] = held
        self._book(request, held, 1)
        return held

    def drop(self, request: int) -> Held:
        """Take a request's places away and give them back."""
        held = self.held.pop(request)
        self._book(request, held, -1)
        return held

    def lift(self, request: int) -> None:
        """Free a request's units for a look at what would fit; its credits stay counted."""
        self._lend(request, 1)

    def put_back(self, request: int) -> None:
        """Undo `lift`."""
        self._lend(request, -1)

    def _lend(self, request: int, sign: int) -> None:
        for seat in map(self.seats.__getitem__, self.held[request].placements):
            free = self.free[seat.resource]
            for step in range(seat.start, seat.end):
                free[step] += sign * seat.quantity

    def is_free(self, placement: int) -> bool:
        """Tell whether enough units are free throughout."""
        seat = self.seats[placement]
        return min(self.free[seat.resource][seat.start : seat.end]) >= seat.quantity

    def room(self, request: int, facility: int) -> int | None:
        """Give the units left of a request's organisation's cap; None where there is no cap."""
        cap = self.part.caps[facility]
        if cap is None:
            return None
        return cap - self.used.get((self.part.organisations[request], facility), 0)

    def fits(self, request: int) -> tuple[int, ...] | None:
        """Find places for all of a request's sessions in what is free, or None.

        The facility that gives the most points first; up to MOST_TRIES placements tried.
        """
        options = []
        for facility, sessions in self.choices[request].items():
            free = self.open_places(sessions)
            if all(free):
                points = sum(self.seats[some[0]].points for some in free)
                options.append((-points, free, self.room(request, facility)))
        for _, free, room in sorted(options, key=lambda one: one[:2]):
            if len(free) == 1 and room is None:
                return (free[0][0],)
            found = next(self.seatings(free, room), None)
            if found is not None:
                return found
        return None

    def open_places(self, sessions: list[list[int]]) -> list[list[int]]:
        """List the free placements of each session; stops at a session that has none."""
        found: list[list[int]] = []
        for some in sessions:
            free = [one for one in some if self.is_free(one)]
            found.append(free)
            if not free:
                break
        return found

    def seatings(self, free: list[list[int]], room: int | None) -> Iterator[tuple[int, ...]]:
        """Give the ways to seat all sessions at once within the cap's room, best first."""
        order = sorted(range(len(free)), key=lambda at: (len(free[at]), at))
        tries = iter(range(MOST_TRIES))
        yield from self._seat_next([free[at] for at in order], [], room, tries)

    def _seat_next(
        self, free: list[list[int]], taken: list[int], room: int | None, tries: Iterator[int]
    ) -> Iterator[tuple[int, ...]]:
        if len(taken) == len(free):
            if room is None or sum(self.seats[one].credit for one in taken) <= room:
                yield tuple(taken)
            return
        for placement in free[len(taken)]:
            if next(tries, None) is None:
                return
            if self.beside(placement, taken):
                yield from self._seat_next(free, [*taken, placement], room, tries)

    def beside(self, placement: int, taken: Sequence[int]) -> bool:
        """Tell whether a free placement stays free when these are taken too."""
        seat = self.seats[placement]
        near = [self.seats[one] for one in taken if self.seats[one].resource == seat.resource]
        near = [one for one in near if one.start < seat.end and seat.start < one.end]
        if not near:
            return True
        free = self.free[seat.resource]
        return all(
            free[step] - sum(one.quantity for one in near if one.start <= step < one.end)
            >= seat.quantity
            for step in range(seat.start, seat.end)
        )

    def _book(self, request: int, held: Held, sign: int) -> None:
        for placement in held.placements:
            seat = self.seats[placement]
            free, on = self.free[seat.resource], self.on[seat.resource]
            units = sign * seat.quantity
            self.changes[seat.resource] += 1
            for step in range(seat.start, seat.end):
                free[step] -= units
                holders = on[step]
                now = holders.get(request, 0) + units
                if now:
                    holders[request] = now
                else:
                    del holders[request]
        key = (self.part.organisations[request], held.facility)
        self.used[key] = self.used.get(key, 0) + sign * held.credit
        self.changes_of[key] = self.changes_of.get(key, 0) + 1
        members = self.part.members[request, held.facility]
        self.top_ups[held.facility].book(members, sign * held.credit)

    def _by_request(self) -> dict[int, dict[int, list[list[int]]]]:
        """List each request's placements by facility and session, best first."""
        found: dict[int, dict[int, list[list[int]]]] = {}
        for seat in self.seats:
            there = found.setdefault(seat.request, {})
            if seat.facility not in there:
                there[seat.facility] = [[] for _ in range(self.part.sessions[seat.request])]
        for placement in best_first(self.part.points, self.part.tie):
            seat = self.seats[placement]
            found[seat.request][seat.facility][seat.session].append(placement)
        return found


def best_first(points: Ints, tie: Floats) -> list[int]:
    """Order placements: most points, then the higher tie, then as in the round."""
    return [int(at) for at in np.lexsort((-tie, -points))]


def worth_of(seating: Seating, request: int) -> tuple[float, Fraction, int]:
    """Order requests: most points per credit first, exactly, then as in the round."""
    first = next(iter(seating.choices[request].values()))
    seats = [seating.seats[some[0]] for some in first]
    points, credit = sum(one.points for one in seats), sum(one.credit for one in seats)
    return (-points / credit, Fraction(-points, credit), request)
