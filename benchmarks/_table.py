"""A round's placements as the references read them: numpy columns, nothing of the engine's own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import pairwise
from math import ceil, lcm
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from booking.engine.allocation.entities import (
    THRESHOLD,
    Problem,
    Request,
    Session,
    credits_of,
    exact,
    offered_by_facility,
)
from booking.engine.allocation.placements import points_of

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
_Row: TypeAlias = tuple[int, int, int, int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Columns:
    """Row p is one start of one session on one resource; credits in units of 1/scale."""

    request: Ints
    session: Ints
    facility: Ints
    resource: Ints
    start: Ints
    end: Ints
    quantity: Ints
    points: Ints
    credit: Ints

    def __len__(self) -> int:
        """Count the placements."""
        return len(self.request)

    def only(self, chosen: Ints) -> "Columns":
        """Keep some rows."""
        return Columns(*(getattr(self, one.name)[chosen] for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Table:
    """A round, or the part of it at some facilities, ready for any solver.

    `caps` by facility and `rooms` by (facility, group), step by step of the ladder, are in
    units of 1/scale credits; `members` are the groups of each request, `owner` its
    organisation.
    """

    problem: Problem
    scale: int
    rows: Columns
    caps: dict[int, int]
    rooms: dict[tuple[int, str], tuple[int, ...]]
    members: tuple[frozenset[str], ...]
    owner: tuple[str, ...]

    @property
    def top_ups(self) -> tuple[float, ...]:
        """List the ladder's points per credit."""
        return tuple(float(rung.points) for rung in self.problem.ladder)

    def bookings(self, placements: Iterable[int]) -> list[dict[str, Any]]:
        """Write chosen rows as a result's bookings."""
        rows, problem = self.rows, self.problem
        return [
            {
                "request": problem.requests[rows.request[at]].id,
                "session": int(rows.session[at]),
                "resource": problem.resources[rows.resource[at]].id,
                "start": int(rows.start[at]),
                "quantity": int(rows.quantity[at]),
            }
            for at in placements
        ]

    def parts(self) -> Iterator["Table"]:
        """Split where no request links the facilities."""
        root = list(range(len(self.problem.facilities)))

        def top(at: int) -> int:
            while root[at] != at:
                at = root[at]
            return at

        first: dict[int, int] = {}
        pairs = np.unique(np.stack([self.rows.request, self.rows.facility]), axis=1)
        for request, facility in pairs.T.tolist():
            one, other = top(first.setdefault(request, facility)), top(facility)
            root[max(one, other)] = min(one, other)
        part = np.array([top(at) for at in range(len(root))])[self.rows.facility]
        for which in np.unique(part):
            yield self.only(np.flatnonzero(part == which))

    def holders(self) -> Iterator[tuple[tuple[str, int], Ints]]:
        """Group the placements by organisation and facility."""
        found: dict[tuple[str, int], list[int]] = {}
        pairs = zip(self.rows.request.tolist(), self.rows.facility.tolist(), strict=True)
        for at, (request, facility) in enumerate(pairs):
            found.setdefault((self.owner[request], facility), []).append(at)
        for key, some in found.items():
            yield key, np.array(some)

    def supply(self) -> Iterator[tuple[int, list[tuple[frozenset[str], Ints]]]]:
        """Group each facility's placements by the groups whose reserves they may fill."""
        found: dict[int, dict[frozenset[str], list[int]]] = {}
        pairs = zip(self.rows.request.tolist(), self.rows.facility.tolist(), strict=True)
        for at, (request, facility) in enumerate(pairs):
            groups = frozenset(
                one for one in self.members[request] if (facility, one) in self.rooms
            )
            if groups:
                found.setdefault(facility, {}).setdefault(groups, []).append(at)
        for facility, there in sorted(found.items()):
            ordered = sorted(there.items(), key=lambda one: sorted(one[0]))
            yield facility, [(groups, np.array(some)) for groups, some in ordered]

    def only(self, chosen: Ints) -> "Table":
        """Keep some placements."""
        rows = self.rows.only(chosen)
        return Table(
            self.problem, self.scale, rows, self.caps, self.rooms, self.members, self.owner
        )


def table_of(problem: Problem) -> Table:
    """List every placement that lies in a window, of requests that may be granted."""
    parts = [exact(one.rate) * problem.step_hours for one in problem.resources]
    scale = lcm(1, *(part.denominator for part in parts))
    return Table(
        problem=problem,
        scale=scale,
        rows=_columns(problem, scale),
        caps=_caps(problem, scale),
        rooms=_rooms(problem, scale),
        members=tuple(frozenset(one.groups) for one in problem.requests),
        owner=tuple(one.organisation for one in problem.requests),
    )


def _columns(problem: Problem, scale: int) -> Columns:
    reader = _Reader(problem, scale)
    found = [
        row
        for at, request in enumerate(problem.requests)
        if exact(request.merit) >= THRESHOLD
        for row in reader.rows(at, request)
    ]
    columns = np.array(found, dtype=np.int64).reshape(len(found), len(fields(Columns))).T
    return Columns(*columns)


class _Reader:
    """Reads requests one by one."""

    def __init__(self, problem: Problem, scale: int) -> None:
        self.problem = problem
        self.scale = scale
        self.resources = {one.id: at for at, one in enumerate(problem.resources)}
        facilities = {one.id: at for at, one in enumerate(problem.facilities)}
        self.facility_of = [facilities[one.facility] for one in problem.resources]
        self.fair_share = {one.id: one.fair_share for one in problem.organisations}

    def rows(self, at: int, request: Request) -> list[_Row]:
        """Give a request's placements at the facilities where every session has one."""
        found: list[_Row] = []
        there: dict[int, set[int]] = {}
        for number, session in enumerate(request.sessions):
            for row in self._session(at, request, number, session):
                there.setdefault(row[2], set()).add(number)
                found.append(row)
        return [row for row in found if len(there[row[2]]) == len(request.sessions)]

    def _session(self, at: int, request: Request, number: int, session: Session) -> Iterator[_Row]:
        worth: dict[tuple[int, int], int] = {}
        for (resource, start), rank in sorted(self._ranked(session).items()):
            here = self.problem.resources[resource]
            credit = credits_of(self.problem, session, here)
            if (resource, rank) not in worth:
                worth[resource, rank] = points_of(
                    request.merit, self.fair_share[request.organisation], credit, rank
                )
            yield (
                at,
                number,
                self.facility_of[resource],
                resource,
                start,
                start + session.steps,
                session.quantity,
                worth[resource, rank],
                int(credit * self.scale),
            )

    def _ranked(self, session: Session) -> dict[tuple[int, int], int]:
        ranked: dict[tuple[int, int], int] = {}
        for one in session.alternatives:
            resource = self.resources[one.resource]
            here = self.problem.resources[resource]
            if session.quantity > here.capacity:
                continue
            for start in one.starts_for(session.steps):
                end = start + session.steps
                if any(low <= start and end <= high for low, high in here.windows):
                    key = (resource, start)
                    ranked[key] = min(one.rank, ranked.get(key, one.rank))
        return ranked


def grouped(keys: Ints) -> Iterator[tuple[int, Ints]]:
    """Group positions by key, in the order of keys."""
    order = np.argsort(keys, kind="stable")
    values, first = np.unique(keys[order], return_index=True)
    yield from zip(values.tolist(), np.split(order, first[1:]), strict=True)


def _caps(problem: Problem, scale: int) -> dict[int, int]:
    offered = offered_by_facility(problem)
    return {
        at: int(exact(one.cap_share) * offered[one.id] * scale)
        for at, one in enumerate(problem.facilities)
        if one.cap_share is not None
    }


def _rooms(problem: Problem, scale: int) -> dict[tuple[int, str], tuple[int, ...]]:
    """Give the widths of the ladder's steps; parts of a unit are rounded up: bounds stay valid."""
    ends = [Fraction(0), *(exact(rung.up_to) for rung in problem.ladder)]
    widths = [high - low for low, high in pairwise(ends)]
    offered = offered_by_facility(problem)
    return {
        (at, group): tuple(ceil(width * exact(share) * offered[one.id] * scale) for width in widths)
        for at, one in enumerate(problem.facilities)
        for group, share in one.reserved_share
        if exact(share) > 0 and widths
    }
