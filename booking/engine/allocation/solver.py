"""Solve one component: to optimality where it is small, else by a search to within a gap.

A stateless function of picklable arrays; one thread, no clock but the solver's own for the
safety stop, no randomness: the same task gives the same outcome.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.branching import Branching, Found
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats
from booking.engine.allocation.pricing import priced_by
from booking.engine.allocation.search import MOST_TRIES, Search

EXACT_UP_TO: Final = 1500
"""Placements up to which a component is solved to optimality, whatever the gap."""

TIE_RANGE: Final = 2.0**-20
"""Points by which a placement may be perturbed where ties are broken in the same solve."""

TIE_SLACK: Final = 1e-6
"""Points within which two timetables count as equal: top-ups are exact to that."""

MERIT_TRIES: Final = 0
"""Parts solved anew for the merit-only optimum, only reported, with its interval: dives do."""


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
        found, duals = self._exactly(costs) if self.exact else self._nearly(costs)
        if self.exact and found.optimal:
            found = self._untied(costs, found)
        merit, merit_bound = self._merit(found)
        prices = priced_by(self.task, self.model, duals)
        return Outcome(
            chosen=tuple(np.flatnonzero(self._placed(found)).tolist()),
            bound=found.bound,
            optimal=self.exact and found.optimal,
            merit=merit,
            merit_bound=merit_bound,
            slots=prices.slots,
            caps=prices.caps,
            groups=prices.groups,
            stopped=self.branching.stopped,
            seconds=self.branching.spent,
        )

    def _costs(self, *, top_ups: float) -> Floats:
        costs = self.model.top_ups * top_ups
        costs[: len(self.task)] = self.task.points
        return costs

    def _placed(self, found: Found) -> Floats:
        return np.round(found.values[: len(self.task)])

    def _exactly(self, costs: Floats, start: Floats | None = None) -> tuple[Found, Floats]:
        """Solve to optimality; the prices are the relaxation's."""
        relaxed = self.branching.relax(costs)
        found = self.branching.branch(costs, 0.0, start=start)
        return found, np.zeros(self.model.lp.num_row_) if relaxed is None else relaxed.duals

    def _nearly(
        self, costs: Floats, start: Floats | None = None, tries: int = MOST_TRIES
    ) -> tuple[Found, Floats]:
        """Search to within the gap; ties are broken in the same search.

        The ties only ever add, so a bound with them is one without.
        """
        tied = costs.copy()
        tied[: len(self.task)] += self.task.tie * TIE_RANGE
        search = Search(self.branching, self.task, self.model, costs=tied, gap=self.gap)
        return search.found(start, tries)

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
        start = found.values
        if self.exact and found.optimal:
            alone, _ = self._exactly(costs, start)
        else:
            alone, _ = self._nearly(costs, start, MERIT_TRIES)
        most = max(self.task.points @ placed, self.task.points @ self._placed(alone))
        return int(most), max(alone.bound, float(most))
