"""Compile: every way to place a session, as one table of numpy columns in canonical order."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from booking.engine.allocation.entities import (
    THRESHOLD,
    Facility,
    LadderStep,
    Number,
    Problem,
    Request,
    Session,
    exact,
    offered_by_facility,
)

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

MOST_RANK: Final = 10
RANK_STEP: Final = Fraction(5, 1000)
RANK_PARTS: Final = 200
"""A rank costs one part in this many: `RANK_STEP` in whole numbers."""


class Offer(NamedTuple):
    """What all starts of one session on one resource at one rank have in common.

    `points` are integer; `credit` is in units of 1/`Compiled.scale` credits.
    """

    request: int
    session: int
    resource: int
    facility: int
    steps: int
    quantity: int
    points: int
    credit: int


@dataclass(frozen=True, slots=True)
class Offers:
    """All offers as columns, in the order of request, session, resource and rank.

    Credits too large for 64 bits make their column one of Python integers.
    """

    request: Ints
    session: Ints
    resource: Ints
    facility: Ints
    steps: Ints
    quantity: Ints
    points: Ints
    credit: Ints

    def __len__(self) -> int:
        """Count the offers."""
        return len(self.request)

    def __getitem__(self, at: int) -> Offer:
        """Give one offer, in Python integers."""
        return Offer(
            request=int(self.request[at]),
            session=int(self.session[at]),
            resource=int(self.resource[at]),
            facility=int(self.facility[at]),
            steps=int(self.steps[at]),
            quantity=int(self.quantity[at]),
            points=int(self.points[at]),
            credit=int(self.credit[at]),
        )

    def __iter__(self) -> Iterator[Offer]:
        """Give the offers one by one."""
        columns = (getattr(self, name).tolist() for name in Offer._fields)
        return map(Offer._make, zip(*columns, strict=True))


@dataclass(frozen=True, slots=True)
class Placements:
    """The table: row p is one start of one offer; `tie` in [0, 1) breaks ties by the seed."""

    offer: Ints
    start: Ints
    tie: Floats

    def __len__(self) -> int:
        """Count the placements."""
        return len(self.offer)


@dataclass(frozen=True, slots=True)
class Reserve:
    """A facility's reserved credits of one group, in units of 1/scale credits.

    `widths` are the ladder's steps: how many units earn each step's points.
    """

    group: str
    units: Fraction
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A problem ready to be split and solved; indices follow the problem's canonical order.

    `refused` holds the code for each request that has no placement at all. `cap` is the
    most units of 1/scale credits that one organisation may hold at a facility, or None.
    `ladder` is what timetables are weighed by; where the policy is strict, its one step
    outweighs all points.
    """

    problem: Problem
    scale: int
    offers: Offers
    placements: Placements
    reserves: tuple[tuple[Reserve, ...], ...]
    caps: tuple[int | None, ...]
    refused: dict[int, str]
    organisation_of: tuple[int, ...]
    ladder: tuple[LadderStep, ...]


def compile_problem(problem: Problem) -> Compiled:
    """List every placement that capacity, windows, threshold and caps leave possible.

    Cost: one hash a placement. Ties of equal points are broken by the seed alone.
    """
    offered = offered_by_facility(problem)
    scale = _credit_scale(problem, offered)
    caps = tuple(_cap(one, offered[one.id], scale) for one in problem.facilities)
    reader = _Offering(problem, scale, caps)
    offers: list[_Row] = []
    starts: list[list[int]] = []
    refused: dict[int, str] = {}
    for index, request in enumerate(problem.requests):
        found, code = reader.offers_of(index, request)
        if not found:
            refused[index] = code
        for offer, open_starts in found:
            offers.append(offer)
            starts.append(open_starts)
    organisations = {one.id: at for at, one in enumerate(problem.organisations)}
    columns = zip(*offers, strict=True) if offers else [()] * len(Offer._fields)
    return Compiled(
        problem=problem,
        scale=scale,
        offers=Offers(*map(whole_numbers, columns)),
        placements=_table(problem, offers, starts),
        reserves=tuple(
            _reserves(problem, one, offered[one.id] * scale) for one in problem.facilities
        ),
        caps=caps,
        refused=refused,
        organisation_of=tuple(organisations[one.organisation] for one in problem.requests),
        ladder=_ladder(problem, offers, scale),
    )


def whole_numbers(values: Iterable[int]) -> Ints:
    """Make a column of integers: of 64 bits where all fit, else of Python's own."""
    listed = list(values)
    try:
        return np.array(listed, dtype=np.int64)
    except OverflowError:
        return np.array(listed, dtype=object)


def points_of(merit: Number, fair_share: Number, credit: Fraction, rank: int) -> int:
    """Give a placement's points; half rounds to even, on the exact decimal product."""
    discount = 1 - RANK_STEP * min(rank, MOST_RANK)
    return round(exact(merit) * exact(fair_share) * credit * discount)


def tie_of(seed: str, request: str, session: int, resource: str, start: int) -> float:
    """Draw a placement's tie-breaking number in [0, 1) from its own identity and the seed."""
    key = "\x1f".join((seed, request, str(session), resource, str(start)))
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 11
    return drawn / (1 << 53)


_Row: TypeAlias = tuple[int, int, int, int, int, int, int, int]
"""An offer's fields, in the order of `Offer`."""

_Found: TypeAlias = list[tuple[_Row, list[int]]]
_SESSION, _FACILITY, _POINTS, _CREDIT = 1, 3, 6, 7


class _Offering:
    """Lists what one request after another could be placed on, and its worth there."""

    def __init__(self, problem: Problem, scale: int, caps: tuple[int | None, ...]) -> None:
        self.caps = caps
        self.scale = scale
        self.fair_share = {one.id: exact(one.fair_share) for one in problem.organisations}
        self.resources = {one.id: at for at, one in enumerate(problem.resources)}
        self.capacity = [one.capacity for one in problem.resources]
        places = {one.id: at for at, one in enumerate(problem.facilities)}
        self.facility = [places[one.facility] for one in problem.resources]
        self.credit = [
            int(exact(one.rate) * problem.step_hours * scale) for one in problem.resources
        ]
        self.ends = [_ends(one.windows) for one in problem.resources]

    def offers_of(self, index: int, request: Request) -> tuple[_Found, str]:
        """List a request's offers with their starts, or say by a code why there are none."""
        merit = exact(request.merit)
        if merit < THRESHOLD:
            return [], "below_threshold"
        per_credit = merit * self.fair_share[request.organisation]
        found = [
            pair
            for number, session in enumerate(request.sessions)
            for pair in self._session_offers(index, number, session, per_credit)
        ]
        complete = _complete(found, len(request.sessions))
        if not complete:
            return [], "no_placement"
        return _within_caps(complete, self.caps), "above_cap"

    def _session_offers(
        self, index: int, number: int, session: Session, per_credit: Fraction
    ) -> _Found:
        found: _Found = []
        steps, quantity = session.steps, session.quantity
        for (at, rank), starts in sorted(self.ranked(session).items()):
            credit = self.credit[at] * quantity * steps
            points = _points(per_credit, credit, self.scale, rank)
            row = (index, number, at, self.facility[at], steps, quantity, points, credit)
            found.append((row, starts))
        return found

    def ranked(self, session: Session) -> dict[tuple[int, int], list[int]]:
        """Give the open starts by (resource, rank), each start at its lowest rank."""
        best: dict[int, dict[int, int]] = {}
        for alternative in session.alternatives:
            at = self.resources[alternative.resource]
            if session.quantity > self.capacity[at]:
                continue
            ranks = best.setdefault(at, {})
            ends, rank = self.ends[at], alternative.rank
            for start in alternative.starts_for(session.steps):
                if start >= len(ends):
                    continue
                if start + session.steps <= ends[start] and ranks.get(start, rank) >= rank:
                    ranks[start] = rank
        found: dict[tuple[int, int], list[int]] = {}
        for at in sorted(best):
            for start in sorted(best[at]):
                found.setdefault((at, best[at][start]), []).append(start)
        return found


def _ends(windows: tuple[tuple[int, int], ...]) -> list[int]:
    """Give, for each step, the end of the window it lies in; 0 where it is closed."""
    ends = [0] * (windows[-1][1] if windows else 0)
    for low, high in windows:
        ends[low:high] = [high] * (high - low)
    return ends


def _points(per_credit: Fraction, credit: int, scale: int, rank: int) -> int:
    """Round `points_of` in whole numbers; `credit` is in units of 1/scale credits."""
    discount = RANK_PARTS - min(rank, MOST_RANK)
    divisor = per_credit.denominator * scale * RANK_PARTS
    whole, rest = divmod(per_credit.numerator * credit * discount, divisor)
    above = 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1)
    return whole + above


def _complete(found: _Found, sessions: int) -> _Found:
    """Keep the facilities where every session has a placement."""
    there: dict[int, set[int]] = {}
    for row, _ in found:
        there.setdefault(row[_FACILITY], set()).add(row[_SESSION])
    return [pair for pair in found if len(there[pair[0][_FACILITY]]) == sessions]


def _within_caps(found: _Found, caps: tuple[int | None, ...]) -> _Found:
    """Drop what breaks the cap even with the smallest choice in every other session."""
    least: dict[tuple[int, int], int] = {}
    for row, _ in found:
        key = (row[_FACILITY], row[_SESSION])
        least[key] = min(row[_CREDIT], least.get(key, row[_CREDIT]))
    total: dict[int, int] = {}
    for (facility, _session), credit in least.items():
        total[facility] = total.get(facility, 0) + credit

    def fits(row: _Row) -> bool:
        cap = caps[row[_FACILITY]]
        extra = row[_CREDIT] - least[row[_FACILITY], row[_SESSION]]
        return cap is None or total[row[_FACILITY]] + extra <= cap

    return [pair for pair in found if fits(pair[0])]


def _table(problem: Problem, offers: list[_Row], starts: list[list[int]]) -> Placements:
    counts = [len(open_starts) for open_starts in starts]
    return Placements(
        offer=np.repeat(np.arange(len(offers), dtype=np.int64), counts),
        start=np.fromiter(
            (start for some in starts for start in some), dtype=np.int64, count=sum(counts)
        ),
        tie=np.fromiter(_ties(problem, offers, starts), dtype=np.float64, count=sum(counts)),
    )


def _ties(problem: Problem, offers: list[_Row], starts: list[list[int]]) -> Iterator[float]:
    requests = [one.id for one in problem.requests]
    resources = [one.id for one in problem.resources]
    for (request, session, resource, *_), open_starts in zip(offers, starts, strict=True):
        for start in open_starts:
            yield tie_of(problem.seed, requests[request], session, resources[resource], start)


def _credit_scale(problem: Problem, offered: dict[str, Fraction]) -> int:
    """Find a scale at which every credit and every ladder step is a whole number."""
    parts = {exact(one.rate) * problem.step_hours for one in problem.resources}
    parts |= {
        width * exact(share) * offered[facility.id]
        for facility in problem.facilities
        for _, share in facility.reserved_share
        for width in _ladder_widths(problem)
    }
    return lcm(1, *(part.denominator for part in parts))


def _ladder(problem: Problem, offers: list[_Row], scale: int) -> tuple[LadderStep, ...]:
    if not problem.strict:
        return problem.ladder
    return (LadderStep(1, scale * (2 + sum(row[_POINTS] for row in offers))),)


def _ladder_widths(problem: Problem) -> list[Fraction]:
    if problem.strict:
        return [Fraction(1)]
    ends = [Fraction(0), *(exact(rung.up_to) for rung in problem.ladder)]
    return [high - low for low, high in pairwise(ends)]


def _cap(facility: Facility, offered: Fraction, scale: int) -> int | None:
    if facility.cap_share is None:
        return None
    return int(exact(facility.cap_share) * offered * scale)


def _reserves(problem: Problem, facility: Facility, units: Fraction) -> tuple[Reserve, ...]:
    """Write a facility's reserves; `units` is what it offers, in units of 1/scale credits."""
    return tuple(
        Reserve(
            group=group,
            units=exact(share) * units,
            widths=tuple(int(width * exact(share) * units) for width in _ladder_widths(problem)),
        )
        for group, share in facility.reserved_share
        if exact(share) * units > 0
    )
