"""Without any linear program: greedy by value with local search, and reserves one by one."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks._effort import Answer, Effort
from benchmarks._table import Floats, Ints, Table, grouped, table_of
from booking.engine.allocation.entities import Problem

PASSES = 4
"""Times every request without a place is tried again."""

LOOKED_AT = 8
"""Placements of a session that are tried by putting others out."""

MOST_LOST = 3.0
"""Times its own worth that a request may put out, before they and others are seated again."""

NEAR = 20
"""Requests without a place that are tried in what others left."""


def local_search(problem: Problem, effort: Effort) -> Answer:
    """Serve by value; then let requests put others out where the objective gains."""
    began = time.process_time()
    board = Board(table_of(problem))
    board.serve(board.by_worth())
    for _ in range(PASSES):
        waiting = [one for one in board.by_worth() if one not in board.held]
        gained = 0
        for one in waiting:
            if time.process_time() - began > effort.seconds:
                break
            gained += one not in board.held and board.push_in(one)
        if not gained:
            break
    return board.answer()


def sequential(problem: Problem, effort: Effort) -> Answer:
    """Fill each group's reserve by its members' value, group by group; then serve the rest."""
    del effort
    table = table_of(problem)
    board = Board(table)
    for group in sorted({group for _, group in table.rooms}):
        left = {at: sum(room) for (at, name), room in table.rooms.items() if name == group}
        for one in board.by_worth():
            facility = board.first_facility(one)
            member = group in table.members[one]
            if member and one not in board.held and left.get(facility, 0) > 0:
                board.serve([one])
                left[facility] -= board.credit_at(one, facility)
    board.serve(one for one in board.by_worth() if one not in board.held)
    return board.answer()


@dataclass(slots=True)
class Reserves:
    """One facility's reserves: its supply by set of groups (a bit each) and its best top-up."""

    groups: tuple[str, ...]
    falls: Floats
    outside: Floats
    supply: Floats = field(init=False)
    meets: Floats = field(init=False)

    def __post_init__(self) -> None:
        sets = np.arange(1 << len(self.groups))
        self.supply = np.zeros(len(sets))
        self.meets = ((sets[:, None] & sets[None, :]) > 0).astype(np.float64)

    def members(self, groups: frozenset[str]) -> int:
        """Give the set of groups, a bit each."""
        return sum(1 << at for at, group in enumerate(self.groups) if group in groups)

    def top_up(self) -> float:
        """Give the best top-up: of every step the least cut between supply and rooms."""
        if not self.groups:
            return 0.0
        inside = self.meets @ self.supply
        return float(self.falls @ (self.outside + inside).min(axis=1))


class Board:
    """Who holds what: free units by step, credits by cap, top-ups by facility."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows = table.rows
        self.held: dict[int, tuple[int, ...]] = {}
        resources = table.problem.resources
        last = int(self.rows.end.max(initial=0)) + 1
        self.free = [np.full(last, one.capacity, dtype=np.int64) for one in resources]
        self.holders: list[set[int]] = [set() for _ in resources]
        self.used: dict[tuple[str, int], int] = {}
        facilities = range(len(table.problem.facilities))
        self.reserves = [_reserves(table, at) for at in facilities]
        self.choices = {
            request: self._choices(here) for request, here in grouped(self.rows.request)
        }
        self.worth = {one: self._worth(one) for one in self.choices}
        self.wanting = {
            at: np.unique(self.rows.request[here]).tolist()
            for at, here in grouped(self.rows.resource)
        }

    def answer(self) -> Answer:
        """Write the bookings down; nothing is proved."""
        return Answer(self.table.bookings(at for held in self.held.values() for at in held))

    def by_worth(self) -> list[int]:
        """List the requests, the most points with first top-ups first."""
        return sorted(self.worth, key=self._rank)

    def first_facility(self, request: int) -> int:
        """Give the facility where a request would earn the most."""
        return next(iter(self.choices[request]))

    def credit_at(self, request: int, facility: int) -> int:
        """Give the credits a request holds at a facility."""
        held = self.held.get(request, ())
        return sum(int(self.rows.credit[at]) for at in held if self.rows.facility[at] == facility)

    def serve(self, requests: Iterable[int]) -> None:
        """Seat each request where it fits; leave the others out."""
        for request in requests:
            self.seat(request)

    def seat(self, request: int) -> bool:
        """Seat all sessions of a request in what is free, at the first facility that has room."""
        for facility, sessions in self.choices[request].items():
            taken: list[int] = []
            for placements in sessions:
                fitting = (at for at in placements if self._is_free(at))
                at = next(fitting, None)
                if at is None:
                    break
                self._book(at, 1)
                taken.append(at)
            if len(taken) == len(sessions) and self._keeps_cap(request, facility):
                self.held[request] = tuple(taken)
                return True
            for at in taken:
                self._book(at, -1)
        return False

    def push_in(self, request: int) -> bool:
        """Seat a request by putting others out, and refill, if the objective gains."""
        if self.seat(request):
            return True
        for sessions in self.choices[request].values():
            out = self._cheapest(sessions)
            if sum(self.worth[one] for one in out) >= MOST_LOST * self.worth[request]:
                continue
            concerned = [
                request,
                *sorted((out | self._waiting_near(out)) - {request}, key=self._rank),
            ]
            before = {one: self.held[one] for one in out}
            value = self._value(concerned)
            for one in out:
                self._drop(one)
            self.serve(concerned)
            if self._value(concerned) > value + 1e-6:
                return True
            for one in concerned:
                self._drop(one)
            for one, placements in before.items():
                self._hold(one, placements)
        return False

    def _waiting_near(self, out: set[int]) -> set[int]:
        """List the best requests without a place that want what others would leave."""
        left = {int(self.rows.resource[at]) for one in out for at in self.held[one]}
        near = {one for at in left for one in self.wanting[at]} - self.held.keys()
        return set(sorted(near, key=self._rank)[:NEAR])

    def _rank(self, request: int) -> tuple[float, int]:
        return (-self.worth[request], request)

    def _value(self, requests: Iterable[int]) -> float:
        """Give the points of some requests and all top-ups of the facilities they may touch."""
        rows, chosen = self.rows, list(requests)
        points = sum(int(rows.points[at]) for one in chosen for at in self.held.get(one, ()))
        touched = {facility for one in chosen for facility in self.choices[one]}
        return points + sum(self.reserves[at].top_up() for at in touched)

    def _cheapest(self, sessions: Sequence[Sequence[int]]) -> set[int]:
        out: set[int] = set()
        for placements in sessions:
            options = (self._in_the_way(at) for at in placements[:LOOKED_AT])
            out |= min(options, key=lambda some: (sum(self.worth[one] for one in some), len(some)))
        return out

    def _in_the_way(self, at: int) -> set[int]:
        """List the requests to put out for a placement: the cheapest by the unit first."""
        rows, out = self.rows, set()
        resource, start, end = int(rows.resource[at]), int(rows.start[at]), int(rows.end[at])
        free = self.free[resource][start:end].copy()
        overlapping = [
            one for one in self.holders[resource] if rows.start[one] < end and rows.end[one] > start
        ]
        for one in sorted(
            overlapping, key=lambda one: (rows.points[one] / rows.quantity[one], one)
        ):
            if free.min() >= rows.quantity[at]:
                break
            free[max(0, rows.start[one] - start) : rows.end[one] - start] += rows.quantity[one]
            out.add(int(rows.request[one]))
        return out

    def _is_free(self, at: int) -> bool:
        rows = self.rows
        span = self.free[rows.resource[at]][rows.start[at] : rows.end[at]]
        return bool(span.min() >= rows.quantity[at])

    def _keeps_cap(self, request: int, facility: int) -> bool:
        cap = self.table.caps.get(facility)
        return cap is None or self.used.get((self.table.owner[request], facility), 0) <= cap

    def _drop(self, request: int) -> None:
        for at in self.held.pop(request, ()):
            self._book(at, -1)

    def _hold(self, request: int, placements: tuple[int, ...]) -> None:
        self.held[request] = placements
        for at in placements:
            self._book(at, 1)

    def _book(self, at: int, sign: int) -> None:
        rows = self.rows
        resource, facility = int(rows.resource[at]), int(rows.facility[at])
        request, credit = int(rows.request[at]), sign * int(rows.credit[at])
        self.free[resource][rows.start[at] : rows.end[at]] -= sign * rows.quantity[at]
        (self.holders[resource].add if sign > 0 else self.holders[resource].discard)(at)
        key = (self.table.owner[request], facility)
        self.used[key] = self.used.get(key, 0) + credit
        reserves = self.reserves[facility]
        reserves.supply[reserves.members(self.table.members[request])] += credit / self.table.scale

    def _choices(self, here: Ints) -> dict[int, list[list[int]]]:
        """List a request's placements by facility and session, the best first."""
        rows, found = self.rows, dict[int, dict[int, list[int]]]()
        for at in sorted(here.tolist(), key=lambda at: (-rows.points[at], at)):
            sessions = found.setdefault(int(rows.facility[at]), {})
            sessions.setdefault(int(rows.session[at]), []).append(at)
        return {facility: [some[at] for at in sorted(some)] for facility, some in found.items()}

    def _worth(self, request: int) -> float:
        facility, sessions = next(iter(self.choices[request].items()))
        best = [placements[0] for placements in sessions]
        points = float(self.rows.points[best].sum())
        if self.reserves[facility].members(self.table.members[request]):
            points += self.table.top_ups[0] * self.rows.credit[best].sum() / self.table.scale
        return points


def _reserves(table: Table, facility: int) -> Reserves:
    groups = tuple(group for at, group in sorted(table.rooms) if at == facility)
    ends = [np.cumsum(table.rooms[facility, group]) / table.scale for group in groups]
    falls = np.array(table.top_ups) - np.array([*table.top_ups[1:], 0.0][: len(table.top_ups)])
    sets = range(1 << len(groups))
    outside = [
        [sum(ends[at][step] for at in range(len(groups)) if not kept >> at & 1) for kept in sets]
        for step in range(len(falls))
    ]
    return Reserves(groups, falls, np.array(outside, dtype=np.float64))
