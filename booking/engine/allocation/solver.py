"""Solve one component: to optimality where it is small, else by a search to within a gap.

A search goes in rounds, each a task of its own: a rough one for every component, then others
where the gap is still open, so that a stop finds all of them solved somehow.

A stateless function of picklable arrays; one thread, no clock but the solver's own for the
safety stop, no randomness: the same task gives the same outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from booking.engine.allocation.branching import Branching, Found, Relaxation
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats
from booking.engine.allocation.pricing import priced_by
from booking.engine.allocation.search import Halfway, Search

EXACT_UP_TO: Final = 1500
"""Placements up to which a component is solved to optimality, whatever the gap."""

HOPEFUL_UP_TO: Final = 600
"""Placements up to which optimality is always tried for; above, where the gap is below
HOPEFUL_GAP after the first node: else it is not proved in any number of nodes worth waiting for."""

HOPEFUL_GAP: Final = 0.005

TIE_RANGE: Final = 2.0**-20
"""Points by which a placement may be perturbed where ties are broken in the same solve."""

TIE_SLACK: Final = 1e-6
"""Points within which two timetables count as equal: top-ups are exact to that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a component's solve found, with indices of the compiled round.

    `chosen` are columns of the task; `bound` and `merit_bound` are infinite where nothing
    was proved; `merit` is the most merit points found, `alone` the columns that have them.
    Prices are at least 0 and not 0.
    `strict` is the price of a reserved credit and a bound on those credited, if they come first.
    `fallback` says that it was found by value, not by the solver. `halfway` is where its
    next round would begin.
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
    halfway: Halfway | None = None
    alone: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Most:
    """The timetable with the most merit points found, and a bound on such points."""

    merit: int
    bound: float
    alone: tuple[int, ...] = ()


def most_of(task: Task, timetables: Sequence[Floats], bound: float) -> Most:
    """Take the timetable of most merit points among some, the first of equals."""
    merits = [int(task.points @ _placed(task, one)) for one in timetables]
    best = timetables[merits.index(max(merits))]
    return Most(max(merits), max(bound, float(max(merits))), columns_of(task, best))


def solve_roughly(task: Task, gap: float, seconds: float | None) -> Outcome:
    """Solve a small component to optimality; of a large one give what is found quickly."""
    if not len(task):
        return Outcome((), 0.0, True, 0, 0.0, (), (), (), stopped=False, seconds=0.0)
    return _Solve(task, gap, seconds).outcome()


def go_on(task: Task, begun: Outcome, gap: float, seconds: float | None) -> Outcome:
    """Go on with a component, for a round, from where it was left; its prices stay as they are."""
    if begun.halfway is None:
        return begun
    model = build(task)
    branching = Branching(model, seconds, exact=False)
    search = Search(branching, task, model, costs=_tied(task, model), gap=gap)
    halfway = search.one_round(begun.halfway)
    chosen = columns_of(task, search.values)
    merit = int(task.points @ _placed(task, search.values))
    return replace(
        begun,
        chosen=chosen,
        bound=max(search.bound, search.value),
        merit=max(begun.merit, merit),
        alone=chosen if merit > begun.merit else begun.alone,
        stopped=branching.stopped,
        seconds=begun.seconds + branching.spent,
        halfway=halfway,
    )


class _Solve:
    """A component's first solve: rough, and to optimality where it is small.

    Ties are broken in the rough search itself; they only ever add, so a bound with them is one
    without.
    """

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.model: Model = build(task)
        self.branching = Branching(self.model, seconds, exact=len(task) <= EXACT_UP_TO)
        self.search = self._searching(_tied(task, self.model), gap)

    def outcome(self) -> Outcome:
        """Find prices, a timetable, bounds, and where the next round would begin."""
        relaxation = self.branching.relaxation(self.search.costs)
        begun = self.search.roughly(relaxation)
        if begun is None:
            nothing = np.zeros(self.model.lp.num_row_)
            return self._written(self.search.bound, Most(0, np.inf), nothing)
        halfway, duals = begun
        if self.branching.exact:
            exact = self._exact(duals) if self._is_hopeful() else None
            if exact is not None:
                return exact
            halfway = replace(halfway, values=self.search.values, bound=self.search.bound)
        written = self._written(self.search.bound, self._most_merit(relaxation), duals)
        return replace(written, halfway=halfway if self.search.is_open() else None)

    def _is_hopeful(self) -> bool:
        """Tell whether optimality may be proved: of a large one its first node must come near."""
        if len(self.task) <= HOPEFUL_UP_TO:
            return True
        if not self.search.is_within(HOPEFUL_GAP):
            self.search.branch(HOPEFUL_GAP, 1)
        return self.search.is_within(HOPEFUL_GAP)

    def _exact(self, duals: Floats) -> Outcome | None:
        """Branch to optimality: the timetable, its ties, and the merit-only optimum.

        None where it is not proved; what was found then is the search's.
        """
        costs = _costs(self.task, self.model, top_ups=1.0)
        found = self._branched(costs, self.search.values)
        if not found.optimal:
            self.search.learn(found.values, found.bound)
            return None
        most = most_of(self.task, (found.values,), found.bound)
        if self.model.groups:
            alone = self._branched(_costs(self.task, self.model, top_ups=0.0), found.values)
            most = most_of(self.task, (found.values, alone.values), alone.bound)
        self.search.values = self._untied(costs, found.values)
        return replace(self._written(found.bound, most, duals), optimal=True)

    def _untied(self, costs: Floats, best: Floats) -> Floats:
        """Among timetables of equal objective take the one with the highest sum of ties."""
        ties = np.zeros(len(costs))
        ties[: len(self.task)] = self.task.tie
        least = float(costs @ best) - TIE_SLACK
        tied = self._branched(ties, best, least=(costs, least))
        return best if float(costs @ tied.values) < least - TIE_SLACK else tied.values

    def _branched(
        self, costs: Floats, start: Floats, least: tuple[Floats, float] | None = None
    ) -> Found:
        return self.branching.branch(costs, 0.0, cuts=self.search.cuts, start=start, least=least)

    def _most_merit(self, relaxation: Relaxation) -> Most:
        """Find many merit points, were nothing reserved, and a bound on them."""
        found = self.search
        if not self.model.groups:
            return most_of(self.task, (found.values,), max(found.bound, found.value))
        costs = _costs(self.task, self.model, top_ups=0.0)
        relaxation.aim(costs, len(self.task))
        alone = self._searching(costs, found.gap)
        alone.most(relaxation, found.values)
        return most_of(self.task, (found.values, alone.values), alone.bound)

    def _searching(self, costs: Floats, gap: float) -> Search:
        return Search(self.branching, self.task, self.model, costs=costs, gap=gap)

    def _written(self, bound: float, most: Most, duals: Floats) -> Outcome:
        """Put together what was found; not proved, and with nothing left to go on from."""
        prices = priced_by(self.task, self.model, duals)
        return Outcome(
            chosen=columns_of(self.task, self.search.values),
            bound=max(bound, self.search.value),
            optimal=False,
            merit=most.merit,
            merit_bound=most.bound,
            alone=most.alone,
            slots=prices.slots,
            caps=prices.caps,
            groups=prices.groups,
            stopped=self.branching.stopped,
            seconds=self.branching.spent,
        )


def _costs(task: Task, model: Model, *, top_ups: float) -> Floats:
    costs = model.top_ups * top_ups
    costs[: len(task)] = task.points
    return costs


def _tied(task: Task, model: Model) -> Floats:
    costs = _costs(task, model, top_ups=1.0)
    costs[: len(task)] += task.tie * TIE_RANGE
    return costs


def columns_of(task: Task, values: Floats) -> tuple[int, ...]:
    """List the columns that a solution places."""
    return tuple(np.flatnonzero(_placed(task, values)).tolist())


def _placed(task: Task, values: Floats) -> Floats:
    return np.round(values[: len(task)])
