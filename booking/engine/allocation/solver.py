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
"""Placements up to which a component is solved to optimality, whatever the gap, as far as a
counted limit goes."""

AT_ONCE_UP_TO: Final = 600
"""Placements up to which that is tried at once; above, where it takes seconds, in a last round of
its own, once the gap is met or the search brings no more."""

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
    next round would begin; where `unproved`, the last one tries for optimality.
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
    unproved: bool = False


def with_most(outcome: Outcome, task: Task, timetables: Sequence[Floats], bound: float) -> Outcome:
    """Add the timetable of most merit points among some, the first of equals, and a bound."""
    merits = [int(task.points @ _placed(task, one)) for one in timetables]
    merit = max(merits)
    return replace(
        outcome,
        merit=merit,
        merit_bound=max(bound, float(merit)),
        alone=columns_of(task, timetables[merits.index(merit)]),
    )


def solve_roughly(task: Task, gap: float, seconds: float | None) -> Outcome:
    """Solve a small component to optimality; of a larger one give what is found quickly."""
    if not len(task):
        return Outcome((), 0.0, True, 0, 0.0, (), (), (), stopped=False, seconds=0.0)
    return _Solve(task, gap, seconds).outcome()


def go_on(task: Task, begun: Outcome, gap: float, seconds: float | None) -> Outcome:
    """Go on with a component, for a round, from where it was left; its prices stay as they are."""
    if begun.halfway is None:
        return begun
    model = build(task)
    branching = Branching(model, seconds, exact=begun.unproved)
    search = Search(branching, task, model, costs=_tied(task, model), gap=gap)
    search.resume(begun.halfway)
    proves = begun.unproved and (begun.halfway.searched or not search.is_open())
    proved = _proved(search, begun) if proves else None
    if proved is not None:
        return replace(proved, seconds=begun.seconds + branching.spent)
    halfway = None if proves else search.one_round(begun.halfway)
    unproved = begun.unproved and not proves and not branching.stopped
    if unproved and halfway is None:
        halfway = replace(begun.halfway, values=search.values, bound=search.bound)
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
        unproved=unproved,
    )


def _proved(search: Search, begun: Outcome) -> Outcome | None:
    """Branch to optimality: the timetable, its ties, and the merit-only optimum.

    None where it is not proved; what was found then is the search's.
    """
    task, model = search.task, search.model
    costs = _costs(task, model, top_ups=1.0)
    found = alone = _branched(search, costs, search.values)
    if not found.optimal:
        search.learn(found.values, found.bound)
        return None
    if model.groups:
        alone = _branched(search, _costs(task, model, top_ups=0.0), found.values)
    chosen = columns_of(task, _untied(search, costs, found.values))
    proved = replace(
        begun,
        chosen=chosen,
        bound=found.bound,
        optimal=True,
        stopped=search.branching.stopped,
        seconds=search.branching.spent,
        halfway=None,
        unproved=False,
    )
    return with_most(proved, task, (found.values, alone.values), alone.bound)


def _untied(search: Search, costs: Floats, best: Floats) -> Floats:
    """Among timetables of equal objective take the one with the highest sum of ties."""
    ties = np.zeros(len(costs))
    ties[: len(search.task)] = search.task.tie
    least = float(costs @ best) - TIE_SLACK
    tied = _branched(search, ties, best, least=(costs, least))
    return best if float(costs @ tied.values) < least - TIE_SLACK else tied.values


def _branched(
    search: Search, costs: Floats, start: Floats, least: tuple[Floats, float] | None = None
) -> Found:
    return search.branching.branch(costs, 0.0, cuts=search.cuts, start=start, least=least)


class _Solve:
    """A component's first solve: rough, and to optimality where it is small.

    Ties are broken in the rough search itself; they only ever add, so a bound with them is one
    without.
    """

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.model: Model = build(task)
        self.branching = Branching(self.model, seconds, exact=len(task) <= AT_ONCE_UP_TO)
        self.search = self._searching(_tied(task, self.model), gap)

    def outcome(self) -> Outcome:
        """Find prices, a timetable, bounds, and where the next round would begin."""
        relaxation = self.branching.relaxation(self.search.costs)
        begun = self.search.roughly(relaxation)
        if begun is None:
            return self._written(self.search.bound, np.zeros(self.model.lp.num_row_))
        halfway, duals = begun
        if self.branching.exact:
            proved = _proved(self.search, self._written(self.search.bound, duals))
            if proved is not None:
                return proved
        written = self._with_most(relaxation, duals)
        unproved = AT_ONCE_UP_TO < len(self.task) <= EXACT_UP_TO and not self.branching.stopped
        goes_on = unproved or self.search.is_open()
        halfway = replace(halfway, values=self.search.values, bound=self.search.bound)
        return replace(written, halfway=halfway if goes_on else None, unproved=unproved)

    def _with_most(self, relaxation: Relaxation, duals: Floats) -> Outcome:
        """Write it with many merit points, were nothing reserved, and a bound on them."""
        found = self.search
        if not self.model.groups:
            bound = max(found.bound, found.value)
            return with_most(self._written(bound, duals), self.task, (found.values,), bound)
        costs = _costs(self.task, self.model, top_ups=0.0)
        relaxation.aim(costs, len(self.task))
        alone = self._searching(costs, found.gap)
        alone.most(relaxation, found.values)
        written = self._written(found.bound, duals)
        return with_most(written, self.task, (found.values, alone.values), alone.bound)

    def _searching(self, costs: Floats, gap: float) -> Search:
        return Search(self.branching, self.task, self.model, costs=costs, gap=gap)

    def _written(self, bound: float, duals: Floats) -> Outcome:
        """Put together what was found; not proved, and with nothing left to go on from.

        Its seconds are those until now, and it knows of no timetable by merit alone.
        """
        prices = priced_by(self.task, self.model, duals)
        return Outcome(
            chosen=columns_of(self.task, self.search.values),
            bound=max(bound, self.search.value),
            optimal=False,
            merit=0,
            merit_bound=np.inf,
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
