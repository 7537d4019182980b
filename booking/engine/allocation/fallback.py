"""Where the solver fails or is not reached: a timetable by value, a bound by prices alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from math import inf, isfinite
from typing import Final

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats
from booking.engine.allocation.price_bound import ROUNDS, Prices, Shape, bound_by_prices, net_of
from booking.engine.allocation.solver import Outcome, go_on
from booking.engine.allocation.strict import solve_roughly
from booking.engine.allocation.worth import aims_of

Solve = Callable[[Task, float, float | None], Outcome]

NEARLY: Final = 1e-9


def solved_or_fallen_back(
    gap: float, task: Task, seconds: float | None, *, solve: Solve = solve_roughly
) -> Outcome:
    """Solve a component roughly; if the solver fails, is stopped or proves nothing, fall back.

    What it found before it ended early is kept where it is better.
    """
    try:
        outcome = solve(task, gap, seconds)
    except Exception:  # noqa: BLE001 - whatever breaks in a solver, the round gets a timetable
        return fall_back(task)
    if isfinite(outcome.bound) and not outcome.stopped:
        return outcome
    return _better(task, outcome, fall_back(task))


def carried_on(gap: float, begun: tuple[Task, Outcome], seconds: float | None) -> Outcome:
    """Go on with a component for a round; if the solver fails, what was found stays so."""
    task, outcome = begun
    try:
        return go_on(task, outcome, gap, seconds)
    except Exception:  # noqa: BLE001 - whatever breaks in a solver, what was found counts
        return replace(outcome, halfway=None)


def _better(task: Task, outcome: Outcome, fallen: Outcome) -> Outcome:
    """Of a solve that ended early and a fallback keep the better bound, the better timetable."""
    by_value = aims_of(task, fallen.chosen) > aims_of(task, outcome.chosen)
    timetable = fallen if by_value else outcome
    # A strict bound holds for timetables that credit as much as its own, so it stays with it.
    proof = timetable if task.strict else min(outcome, fallen, key=_bound)
    return replace(
        proof if isfinite(proof.bound) else fallen,
        chosen=timetable.chosen,
        optimal=False,
        merit=max(outcome.merit, fallen.merit),
        alone=max(outcome, fallen, key=_merit).alone,
        stopped=outcome.stopped,
        seconds=outcome.seconds,
        fallback=by_value or not isfinite(outcome.bound),
    )


def _bound(outcome: Outcome) -> float:
    return outcome.bound


def _merit(outcome: Outcome) -> int:
    return outcome.merit


def fall_back(task: Task, *, rounds: int = ROUNDS) -> Outcome:
    """Give places to whole requests, most points a credit first, and bound by prices alone.

    Top-ups count as long as the reserve lasts; a session takes the free placement that is
    worth most after paying the prices. The more `rounds`, the better the prices.
    """
    if not len(task):
        return Outcome((), 0.0, True, 0, 0.0, (), (), (), stopped=False, seconds=0.0)
    shape = Shape(_by_points(task))
    prices = bound_by_prices(shape, rounds)
    chosen = tuple(sorted(_Greedy(shape, net_of(shape, prices), _top_ups(task)).chosen()))
    return Outcome(
        chosen=chosen,
        alone=chosen,
        bound=prices.bound,
        optimal=False,
        merit=int(task.points[list(chosen)].sum()),
        merit_bound=prices.bound,
        slots=_slot_prices(shape, prices),
        caps=tuple(
            (cap.organisation, cap.facility, price)
            for cap, price in zip(task.caps, prices.caps.tolist(), strict=True)
            if price
        ),
        groups=_group_prices(shape, prices),
        stopped=False,
        seconds=0.0,
        strict=_credited(task, rounds),
        fallback=True,
    )


def _by_points(task: Task) -> Task:
    """Where a reserved credit outweighs all points, bound the points by themselves."""
    return replace(task, top_ups=(0.0,)) if task.strict else task


def _top_ups(task: Task) -> tuple[float, ...]:
    return (1.0 + float(task.points.sum()),) if task.strict else task.top_ups


def _credited(task: Task, rounds: int) -> tuple[float, float] | None:
    """Bound the reserved credits credited, where they come first; nothing is paid for one."""
    if not (task.strict and task.reserves):
        return None
    alone = replace(task, points=np.zeros(len(task)))
    return 0.0, bound_by_prices(Shape(alone), rounds).bound


def _slot_prices(shape: Shape, prices: Prices) -> tuple[tuple[int, int, float], ...]:
    priced = np.flatnonzero(prices.slots)
    resource = np.searchsorted(shape.offset, priced, "right") - 1
    step = priced - shape.offset[resource]
    worth = prices.slots[priced]
    return tuple(zip(resource.tolist(), step.tolist(), worth.tolist(), strict=True))


def _group_prices(shape: Shape, prices: Prices) -> tuple[tuple[int, int, float], ...]:
    """Price the reserves that someone may fill; the others' price is the whole top-up."""
    return tuple(
        (block.facility, group, float(prices.groups[shape.reserve_offset[at] + group]))
        for at, block in enumerate(shape.task.reserves)
        for group in sorted({one for members, _, _ in block.sets for one in members})
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """One request at one facility: its columns by session, best first; what it is worth."""

    sessions: tuple[tuple[int, ...], ...]
    points: float
    credit: float
    reserves: tuple[int, ...]
    cap: int


class _Greedy:
    """Serves requests in the order of their points a credit, as capacity and caps allow."""

    def __init__(self, shape: Shape, net: Floats, top_ups: tuple[float, ...]) -> None:
        task = shape.task
        self.points, self.credit = task.points.tolist(), task.credit.tolist()
        self.quantity = task.quantity.tolist()
        self.spans = list(zip(shape.first.tolist(), shape.last.tolist(), strict=True))
        self.free = shape.capacity.astype(np.int64)
        self.cap_room = [*shape.cap_limits.tolist(), inf]
        self.reserve_room: list[list[float]] = shape.widths.tolist()
        self.top_ups = top_ups
        self.requests = _ways(shape, net)

    def chosen(self) -> list[int]:
        """Serve everyone who fits; whose reserve has filled up meanwhile is weighed anew."""
        queue = [(-self._rate(ways), at) for at, ways in enumerate(self.requests)]
        heapify(queue)
        chosen: list[int] = []
        while queue:
            rate, at = heappop(queue)
            now = -self._rate(self.requests[at])
            if now > rate + NEARLY:
                heappush(queue, (now, at))
            else:
                chosen += self._served(self.requests[at])
        return chosen

    def _rate(self, ways: list[_Way]) -> float:
        return max(self._worth(way) / way.credit for way in ways)

    def _worth(self, way: _Way) -> float:
        return way.points + self._top_up(way, way.credit)[0]

    def _top_up(self, way: _Way, credit: float) -> tuple[float, list[tuple[int, int, float]]]:
        """Give the top-up that so many credits would earn now, and which room they would fill."""
        earned, filled = 0.0, []
        for step, points in enumerate(self.top_ups):
            for reserve in way.reserves:
                part = min(credit, self.reserve_room[reserve][step])
                if part > 0:
                    credit -= part
                    earned += points * part
                    filled.append((reserve, step, part))
        return earned, filled

    def _served(self, ways: list[_Way]) -> list[int]:
        """Give all sessions their places at one facility, or none: the best facility first."""
        for way in sorted(ways, key=self._worth, reverse=True):
            placed = self._placed(way)
            credit = sum(self.credit[column] for column in placed)
            if placed and credit <= self.cap_room[way.cap] + NEARLY:
                self.cap_room[way.cap] -= credit
                for reserve, step, part in self._top_up(way, credit)[1]:
                    self.reserve_room[reserve][step] -= part
                return placed
            self._take(placed, -1)
        return []

    def _placed(self, way: _Way) -> list[int]:
        """Take the first free column of each session; nothing if a session has none."""
        placed: list[int] = []
        for columns in way.sessions:
            found = next((one for one in columns if self._is_free(one)), None)
            if found is None:
                self._take(placed, -1)
                return []
            self._take([found], 1)
            placed.append(found)
        return placed

    def _is_free(self, column: int) -> bool:
        first, last = self.spans[column]
        return bool(self.free[first:last].min() >= self.quantity[column])

    def _take(self, columns: list[int], sign: int) -> None:
        for column in columns:
            first, last = self.spans[column]
            self.free[first:last] -= sign * self.quantity[column]


def _ways(shape: Shape, net: Floats) -> list[list[_Way]]:
    """List each request's facilities; where a session has no placement, it is none."""
    task = shape.task
    ranked = np.lexsort((-task.tie[shape.order], -net[shape.order], shape.session_of))
    sessions = [some.tolist() for some in np.split(shape.order[ranked], shape.sessions[1:])]
    wanted = np.zeros(int(task.request.max()) + 1, dtype=np.int64)
    np.maximum.at(wanted, task.request, task.session + 1)
    found: list[list[_Way]] = [[] for _ in shape.requests]
    for place, inside in enumerate(np.split(np.arange(len(sessions)), shape.places[1:])):
        columns = tuple(tuple(sessions[at]) for at in inside.tolist())
        first = columns[0][0]
        if len(columns) == wanted[task.request[first]]:
            found[shape.request_of[place]].append(_way(shape, columns))
    return [ways for ways in found if ways]


def _way(shape: Shape, sessions: tuple[tuple[int, ...], ...]) -> _Way:
    task, first = shape.task, sessions[0][0]
    which = shape.set_of[first]
    return _Way(
        sessions=sessions,
        points=sum(float(task.points[list(some)].max()) for some in sessions),
        credit=sum(float(task.credit[list(some)].min()) for some in sessions),
        reserves=tuple(shape.sets[which].tolist()) if which >= 0 else (),
        cap=int(shape.cap_of[first]),
    )
