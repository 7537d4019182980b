"""Solve one component: prices by its linear relaxation, a timetable by branch and bound.

A stateless function of picklable arrays; one thread, no clock but the solver's own for the
safety stop, no randomness: the same task gives the same outcome.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.branching import Branching, Found, Relaxed
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats, Ints

EXACT_UP_TO: Final = 1500
"""Placements up to which a component is solved to optimality, whatever the gap."""

TIE_RANGE: Final = 2.0**-20
"""Points by which a placement may be perturbed where ties are broken in the same solve."""

TIE_SLACK: Final = 1e-6
"""Points within which two timetables count as equal: top-ups are exact to that."""

MOST_ROUNDS: Final = 6
"""Widenings of the columns looked at before an inexact solve takes them all."""

MERIT_ROUNDS: Final = 1
"""The same for the merit-only optimum, which is only reported, with its interval."""

PRICE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a component's solve found, with indices of the compiled round.

    `chosen` are columns of the task; `bound` and `merit_bound` are infinite where nothing
    was proved; `merit` is the most merit points found. Prices are at least 0 and not 0.
    `strict` is the price of a reserved credit and a bound on those credited, if they come first.
    `fallback` says that it was found by value, not by the solver.
    """

    chosen: tuple[int, ...]
    bound: float
    optimal: bool
    merit: int
    merit_bound: float
    slots: tuple[tuple[int, int, float], ...]
    caps: tuple[tuple[int, int, float], ...]
    groups: tuple[tuple[int, int, float], ...]
    stopped: bool
    seconds: float
    strict: tuple[float, float] | None = None
    fallback: bool = False


def solve(task: Task, gap: float, seconds: float | None) -> Outcome:
    """Solve a component to `gap`, or to optimality where it is small enough.

    `seconds` is a safety stop; a stopped outcome says so, and still is a valid one.
    """
    if not len(task):
        return Outcome((), 0.0, True, 0, 0.0, (), (), (), stopped=False, seconds=0.0)
    return _Solve(task, gap, seconds).outcome()


class _Solve:
    """One component's solves: the timetable, its ties, and the merit-only optimum."""

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.gap = gap
        self.model: Model = build(task)
        self.exact = len(task) <= EXACT_UP_TO
        self.branching = Branching(self.model, seconds, exact=self.exact)

    def outcome(self) -> Outcome:
        """Find prices, timetable and the merit-only optimum."""
        costs = self._costs(top_ups=1.0)
        relaxed = self.branching.relax(costs)
        found = self._best(costs, relaxed)
        if self.exact and found.optimal:
            found = self._untied(costs, found)
        merit, merit_bound = self._merit(found)
        duals = np.zeros(self.model.lp.num_row_) if relaxed is None else relaxed.duals
        return Outcome(
            chosen=tuple(np.flatnonzero(self._placed(found)).tolist()),
            bound=found.bound,
            optimal=self.exact and found.optimal,
            merit=merit,
            merit_bound=merit_bound,
            slots=_slot_prices(self.model, duals),
            caps=_cap_prices(self.model, duals),
            groups=_group_prices(self.model, duals, self.task.top_ups),
            stopped=self.branching.stopped,
            seconds=self.branching.spent,
        )

    def _costs(self, *, top_ups: float) -> Floats:
        costs = self.model.top_ups * top_ups
        costs[: len(self.task)] = self.task.points
        return costs

    def _placed(self, found: Found) -> Floats:
        return np.round(found.values[: len(self.task)])

    def _best(
        self,
        costs: Floats,
        relaxed: Relaxed | None,
        start: Floats | None = None,
        rounds: int = MOST_ROUNDS,
    ) -> Found:
        if self.exact or relaxed is None:
            return self.branching.branch(costs, 0.0 if self.exact else self.gap, start=start)
        return self._approached(costs, relaxed, start, rounds)

    def _approached(
        self, costs: Floats, relaxed: Relaxed, start: Floats | None, rounds: int
    ) -> Found:
        """Look at the columns that matter, and at more of them until the gap is met.

        A timetable with a column left out is worth at most the relaxation's value less the
        column's reduced cost; so leaving out those that cost `width` or more keeps a bound.
        """
        tied = costs.copy()
        tied[: len(self.task)] += self.task.tie * TIE_RANGE
        found = Found(np.zeros(len(costs)) if start is None else start, relaxed.value, False)
        width, inner = 0.0, self.gap / 4
        for nth in range(rounds):
            if found.bound <= self._enough(costs, found):
                break
            every = nth == MOST_ROUNDS - 1
            without = np.zeros(0, dtype=np.int64) if every else self._costly(relaxed, width)
            tried = self.branching.branch(tied, inner, start=found.values, without=without)
            bound = max(tried.bound, relaxed.value - width) if len(without) else tried.bound
            found = Found(tried.values, min(bound, found.bound), optimal=False)
            enough = self._enough(costs, found)
            inner = inner / 2 if tried.bound > enough else max(inner, self.gap * 0.9)
            needed = 1.25 * (relaxed.value - enough) if nth else 0.0
            width = max(relaxed.value / 1000, needed, width * 1.5)
        return found

    def _enough(self, costs: Floats, found: Found) -> float:
        """Give the highest bound that would prove what was found to be within the gap."""
        return float(costs @ found.values) / (1 - self.gap)

    def _costly(self, relaxed: Relaxed, width: float) -> Ints:
        reduced = relaxed.reduced[: len(self.task)]
        return np.flatnonzero(reduced < -(width + TIE_SLACK))

    def _untied(self, costs: Floats, best: Found) -> Found:
        """Among timetables of equal objective take the one with the highest sum of ties."""
        ties = np.zeros(len(costs))
        ties[: len(self.task)] = self.task.tie
        least = float(costs @ best.values) - TIE_SLACK
        tied = self.branching.branch(ties, 0.0, start=best.values, least=(costs, least))
        if float(costs @ tied.values) < least - TIE_SLACK:
            return best
        return Found(tied.values, best.bound, optimal=True)

    def _merit(self, found: Found) -> tuple[int, float]:
        """Find the most merit points there are, were nothing reserved, and a bound on them."""
        placed = self._placed(found)
        if not self.model.groups:
            return int(self.task.points @ placed), found.bound
        costs = self._costs(top_ups=0.0)
        relaxed = None if self.exact else self.branching.relax(costs)
        alone = self._best(costs, relaxed, found.values, MERIT_ROUNDS)
        most = max(self.task.points @ placed, self.task.points @ self._placed(alone))
        return int(most), max(alone.bound, float(most))


def _price(dual: float) -> float:
    return max(0.0, round(dual, PRICE_DIGITS))


def _slot_prices(model: Model, duals: Floats) -> tuple[tuple[int, int, float], ...]:
    priced = ((resource, step, _price(float(duals[row]))) for row, resource, step in model.slots)
    return tuple(one for one in priced if one[2])


def _cap_prices(model: Model, duals: Floats) -> tuple[tuple[int, int, float], ...]:
    priced = (
        (cap.organisation, cap.facility, _price(float(duals[row]) / cap.unit))
        for row, cap in model.caps
    )
    return tuple(one for one in priced if one[2])


def _group_prices(
    model: Model, duals: Floats, top_ups: tuple[float, ...]
) -> tuple[tuple[int, int, float], ...]:
    return tuple(
        (facility, group, min(_price(float(duals[row])), top_ups[0]))
        for row, facility, group in model.groups
    )
