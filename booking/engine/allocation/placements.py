"""Compile: every way to place a session, as one table of numpy columns in canonical order."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from booking.engine.allocation.entities import (
    THRESHOLD,
    Facility,
    LadderStep,
    Number,
    Problem,
    Request,
    Resource,
    Session,
    exact,
)

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

MOST_RANK: Final = 10
RANK_STEP: Final = Fraction(5, 1000)


@dataclass(frozen=True, slots=True)
class Offer:
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
    offers: tuple[Offer, ...]
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
    scale = _credit_scale(problem)
    caps = tuple(_cap(problem, one, scale) for one in problem.facilities)
    starts_on = _Starts(problem)
    offers: list[Offer] = []
    starts: list[tuple[int, ...]] = []
    refused: dict[int, str] = {}
    for index, request in enumerate(problem.requests):
        found, code = _request_offers(problem, index, request, starts_on, caps, scale)
        if not found:
            refused[index] = code
        for offer, open_starts in found:
            offers.append(offer)
            starts.append(open_starts)
    organisations = {one.id: at for at, one in enumerate(problem.organisations)}
    return Compiled(
        problem=problem,
        scale=scale,
        offers=tuple(offers),
        placements=_table(problem, offers, starts),
        reserves=tuple(_reserves(problem, one, scale) for one in problem.facilities),
        caps=caps,
        refused=refused,
        organisation_of=tuple(organisations[one.organisation] for one in problem.requests),
        ladder=_ladder(problem, offers, scale),
    )


def offered_credits(problem: Problem, facility: Facility) -> Fraction:
    """Add up capacity x rate x offered hours over the facility's resources."""
    return sum(
        (
            one.capacity * exact(one.rate) * one.offered_steps * problem.step_hours
            for one in problem.resources
            if one.facility == facility.id
        ),
        Fraction(0),
    )


def credits_of(problem: Problem, session: Session, resource: Resource) -> Fraction:
    """Give rate x quantity x hours."""
    return exact(resource.rate) * session.quantity * session.steps * problem.step_hours


def points_of(merit: Number, fair_share: Number, credit: Fraction, rank: int) -> int:
    """Give a placement's points; half rounds to even, on the exact decimal product."""
    discount = 1 - RANK_STEP * min(rank, MOST_RANK)
    return round(exact(merit) * exact(fair_share) * credit * discount)


def tie_of(seed: str, request: str, session: int, resource: str, start: int) -> float:
    """Draw a placement's tie-breaking number in [0, 1) from its own identity and the seed."""
    key = "\x1f".join((seed, request, str(session), resource, str(start)))
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 11
    return drawn / (1 << 53)


class _Starts:
    """Finds the starts at which a session lies in one window of a resource."""

    def __init__(self, problem: Problem) -> None:
        self.fair_share = {one.id: one.fair_share for one in problem.organisations}
        self.facilities = {one.id: at for at, one in enumerate(problem.facilities)}
        self.resources = {one.id: at for at, one in enumerate(problem.resources)}
        self.problem = problem
        self._open: dict[tuple[int, int], frozenset[int]] = {}

    def ranked(self, session: Session) -> dict[tuple[int, int], list[int]]:
        """Give the open starts by (resource, rank), each start at its lowest rank."""
        best: dict[int, dict[int, int]] = {}
        for alternative in session.alternatives:
            at = self.resources[alternative.resource]
            if session.quantity > self.problem.resources[at].capacity:
                continue
            ranks = best.setdefault(at, {})
            within = self._open_starts(at, session.steps)
            for start in alternative.starts_for(session.steps):
                if start in within:
                    ranks[start] = min(alternative.rank, ranks.get(start, alternative.rank))
        found: dict[tuple[int, int], list[int]] = {}
        for at in sorted(best):
            for start in sorted(best[at]):
                found.setdefault((at, best[at][start]), []).append(start)
        return found

    def _open_starts(self, resource: int, steps: int) -> frozenset[int]:
        key = (resource, steps)
        if key not in self._open:
            windows = self.problem.resources[resource].windows
            self._open[key] = frozenset(
                start for low, high in windows for start in range(low, high - steps + 1)
            )
        return self._open[key]


_Found: TypeAlias = list[tuple[Offer, tuple[int, ...]]]


def _request_offers(
    problem: Problem,
    index: int,
    request: Request,
    starts_on: _Starts,
    caps: tuple[int | None, ...],
    scale: int,
) -> tuple[_Found, str]:
    if exact(request.merit) < THRESHOLD:
        return [], "below_threshold"
    found: _Found = []
    for number, session in enumerate(request.sessions):
        for (at, rank), starts in sorted(starts_on.ranked(session).items()):
            resource = problem.resources[at]
            credit = credits_of(problem, session, resource)
            offer = Offer(
                request=index,
                session=number,
                resource=at,
                facility=starts_on.facilities[resource.facility],
                steps=session.steps,
                quantity=session.quantity,
                points=points_of(
                    request.merit, starts_on.fair_share[request.organisation], credit, rank
                ),
                credit=int(credit * scale),
            )
            found.append((offer, tuple(starts)))
    complete = _complete(found, len(request.sessions))
    if not complete:
        return [], "no_placement"
    return _within_caps(complete, caps), "above_cap"


def _complete(found: _Found, sessions: int) -> _Found:
    """Keep the facilities where every session has a placement."""
    there: dict[int, set[int]] = {}
    for offer, _ in found:
        there.setdefault(offer.facility, set()).add(offer.session)
    return [pair for pair in found if len(there[pair[0].facility]) == sessions]


def _within_caps(found: _Found, caps: tuple[int | None, ...]) -> _Found:
    """Drop what breaks the cap even with the smallest choice in every other session."""
    least: dict[tuple[int, int], int] = {}
    for offer, _ in found:
        key = (offer.facility, offer.session)
        least[key] = min(offer.credit, least.get(key, offer.credit))
    total: dict[int, int] = {}
    for (facility, _session), credit in least.items():
        total[facility] = total.get(facility, 0) + credit

    def fits(offer: Offer) -> bool:
        cap = caps[offer.facility]
        extra = offer.credit - least[offer.facility, offer.session]
        return cap is None or total[offer.facility] + extra <= cap

    return [pair for pair in found if fits(pair[0])]


def _table(problem: Problem, offers: list[Offer], starts: list[tuple[int, ...]]) -> Placements:
    ties = [
        tie_of(
            problem.seed,
            problem.requests[offer.request].id,
            offer.session,
            problem.resources[offer.resource].id,
            start,
        )
        for offer, open_starts in zip(offers, starts, strict=True)
        for start in open_starts
    ]
    counts = [len(open_starts) for open_starts in starts]
    return Placements(
        offer=np.repeat(np.arange(len(offers), dtype=np.int64), counts),
        start=np.array([start for some in starts for start in some], dtype=np.int64),
        tie=np.array(ties, dtype=np.float64),
    )


def _credit_scale(problem: Problem) -> int:
    """Find a scale at which every credit and every ladder step is a whole number."""
    parts = [exact(one.rate) * problem.step_hours for one in problem.resources]
    for facility in problem.facilities:
        offered = offered_credits(problem, facility)
        parts += [
            width * exact(share) * offered
            for _, share in facility.reserved_share
            for width in _ladder_widths(problem)
        ]
    return lcm(1, *(part.denominator for part in parts))


def _ladder(problem: Problem, offers: list[Offer], scale: int) -> tuple[LadderStep, ...]:
    if not problem.strict:
        return problem.ladder
    return (LadderStep(1, scale * (2 + sum(one.points for one in offers))),)


def _ladder_widths(problem: Problem) -> list[Fraction]:
    if problem.strict:
        return [Fraction(1)]
    ends = [Fraction(0), *(exact(rung.up_to) for rung in problem.ladder)]
    return [high - low for low, high in pairwise(ends)]


def _cap(problem: Problem, facility: Facility, scale: int) -> int | None:
    if facility.cap_share is None:
        return None
    return int(exact(facility.cap_share) * offered_credits(problem, facility) * scale)


def _reserves(problem: Problem, facility: Facility, scale: int) -> tuple[Reserve, ...]:
    offered = offered_credits(problem, facility)
    return tuple(
        Reserve(
            group=group,
            units=exact(share) * offered * scale,
            widths=tuple(
                int(width * exact(share) * offered * scale) for width in _ladder_widths(problem)
            ),
        )
        for group, share in facility.reserved_share
        if exact(share) * offered > 0
    )
