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
    return (_Exact if len(task) <= EXACT_UP_TO else _Rough)(task, gap, seconds).outcome()


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
    """One component's model and its solves."""

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.gap = gap
        self.model: Model = build(task)
        self.branching = Branching(self.model, seconds, exact=len(task) <= EXACT_UP_TO)

    def most(self, costs: Floats, relaxation: Relaxation, start: Floats) -> Search:
        """Find much of what these costs ask for, from a start and one dive, and a bound."""
        search = Search(self.branching, self.task, self.model, costs=costs, gap=self.gap)
        search.most(relaxation, start)
        return search

    def write(self, values: Floats, bound: float, most: Most, duals: Floats) -> Outcome:
        """Put together what was found; not proved, and with nothing left to go on from."""
        prices = priced_by(self.task, self.model, duals)
        return Outcome(
            chosen=columns_of(self.task, values),
            bound=bound,
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


class _Exact(_Solve):
    """Branch and bound to optimality: the timetable, its ties, and the merit-only optimum."""

    def outcome(self) -> Outcome:
        """Find prices, timetable and the merit-only optimum; the prices are the relaxation's."""
        costs = _costs(self.task, self.model, top_ups=1.0)
        relaxed = self.branching.relax(costs)
        found = self.branching.branch(costs, 0.0)
        if found.optimal:
            found = self._untied(costs, found)
        duals = np.zeros(self.model.lp.num_row_) if relaxed is None else relaxed.duals
        written = self.write(found.values, found.bound, self._merit(found), duals)
        return replace(written, optimal=found.optimal)

    def _untied(self, costs: Floats, best: Found) -> Found:
        """Among timetables of equal objective take the one with the highest sum of ties."""
        ties = np.zeros(len(costs))
        ties[: len(self.task)] = self.task.tie
        least = float(costs @ best.values) - TIE_SLACK
        tied = self.branching.branch(ties, 0.0, start=best.values, least=(costs, least))
        if float(costs @ tied.values) < least - TIE_SLACK:
            return best
        return Found(tied.values, best.bound, optimal=True)

    def _merit(self, found: Found) -> Most:
        """Find the most merit points there are, were nothing reserved, and a bound on them."""
        if not self.model.groups:
            return most_of(self.task, (found.values,), found.bound)
        costs = _costs(self.task, self.model, top_ups=0.0)
        if found.optimal:
            alone: Found | Search = self.branching.branch(costs, 0.0, start=found.values)
        else:
            alone = self.most(costs, self.branching.relaxation(costs), found.values)
        return most_of(self.task, (found.values, alone.values), alone.bound)


class _Rough(_Solve):
    """A rough search: the timetable and the merit-only optimum from one relaxation each.

    Ties are broken in the same search; they only ever add, so a bound with them is one without.
    """

    def outcome(self) -> Outcome:
        """Find prices, a timetable, bounds, and where the next round would begin."""
        costs = _tied(self.task, self.model)
        search = Search(self.branching, self.task, self.model, costs=costs, gap=self.gap)
        relaxation = self.branching.relaxation(costs)
        begun = search.roughly(relaxation)
        bound = max(search.bound, search.value)
        if begun is None:
            nothing = np.zeros(self.model.lp.num_row_)
            return self.write(search.values, bound, Most(0, np.inf), nothing)
        halfway, duals = begun
        merit = self._merit(search, relaxation)
        written = self.write(search.values, bound, merit, duals)
        return replace(written, halfway=halfway if search.is_open() else None)

    def _merit(self, found: Search, relaxation: Relaxation) -> Most:
        """Find many merit points, were nothing reserved, and a bound on them."""
        if not self.model.groups:
            return most_of(self.task, (found.values,), max(found.bound, found.value))
        costs = _costs(self.task, self.model, top_ups=0.0)
        relaxation.aim(costs, len(self.task))
        alone = self.most(costs, relaxation, found.values)
        return most_of(self.task, (found.values, alone.values), alone.bound)


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
