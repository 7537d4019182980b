"""Solve one component strictly: the most reserved hours credited first, then the most points.

Two solves, the first's optimum a row of the second. The second's prices, with the row's own
as the price of a reserved credit, bound the points of every timetable that credits as much.
"""

from dataclasses import replace
from math import isfinite
from typing import Final

import highspy
import numpy as np

from booking.engine.allocation.branching import Branching, Found
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats
from booking.engine.allocation.pricing import price, priced_by
from booking.engine.allocation.solver import EXACT_UP_TO, Outcome, columns_of, with_most
from booking.engine.allocation.solver import solve_roughly as solve_by_ladder

SLACK: Final = 1e-6
"""Credits or points within which two timetables count as equal."""


def solve_roughly(task: Task, gap: float, seconds: float | None) -> Outcome:
    """Solve a component as its policy says; a large one by the ladder is left halfway."""
    if not (task.strict and task.reserves and len(task)):
        return solve_by_ladder(task, gap, seconds)
    return _Strict(task, gap, seconds).outcome()


class _Strict:
    """One component's solves: credited, points, ties, and the merit-only optimum."""

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.model = build(task)
        self.exact = len(task) <= EXACT_UP_TO
        self.gap = 0.0 if self.exact else gap
        self.credited = self.model.top_ups
        self.points = _column(self.model, task.points)
        self.branching = Branching(self.model, seconds, exact=self.exact)

    def outcome(self) -> Outcome:
        """Find the timetable, its prices, and what is proved of both aims."""
        first = self.branching.branch(self.credited, self.gap)
        least = float(self.credited @ first.values)
        held = with_least(self.model, self.credited, least - SLACK)
        second = Branching(held, self._left(), exact=self.exact)
        relaxed = second.relax(self.points)
        found = second.branch(self.points, self.gap, start=first.values)
        proved = self.exact and first.optimal and found.optimal
        chosen = self._untied(second, found) if proved else found
        alone = self.branching.branch(self.points, self.gap, start=found.values)
        duals = np.zeros(held.lp.num_row_) if relaxed is None else relaxed.duals
        paid = price(-duals[-1])
        prices = priced_by(self.task, held, duals, most=paid)
        outcome = Outcome(
            chosen=columns_of(self.task, chosen.values),
            bound=found.bound,
            optimal=proved,
            merit=0,
            merit_bound=np.inf,
            slots=prices.slots,
            caps=prices.caps,
            groups=prices.groups,
            stopped=self.branching.stopped or second.stopped,
            seconds=self.branching.spent + second.spent,
            strict=(paid, first.bound),
        )
        most = alone.bound if isfinite(alone.bound) else float(self.task.points.sum())
        return with_most(outcome, self.task, (found.values, alone.values), most)

    def _left(self) -> float | None:
        budget = self.branching.budget
        return None if budget is None else max(0.0, budget - self.branching.spent)

    def _untied(self, second: Branching, best: Found) -> Found:
        """Among timetables equal in both aims take the one with the highest sum of ties."""
        ties = _column(self.model, self.task.tie)
        least = float(self.points @ best.values) - SLACK
        tied = second.branch(ties, 0.0, start=best.values, least=(self.points, least))
        return best if float(self.points @ tied.values) < least - SLACK else tied


def with_least(model: Model, costs: Floats, least: float) -> Model:
    """Add a last row: these costs add up to at least so much."""
    old = model.lp
    used = np.flatnonzero(costs)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = old.num_col_, old.num_row_ + 1
    lp.sense_ = old.sense_
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = old.col_cost_, old.col_lower_, old.col_upper_
    lp.row_lower_ = np.append(old.row_lower_, least)
    lp.row_upper_ = np.append(old.row_upper_, highspy.kHighsInf)
    matrix, before = lp.a_matrix_, old.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    ends = np.array(before.start_, dtype=np.int32)
    matrix.start_ = np.append(ends, ends[-1] + len(used)).astype(np.int32)
    matrix.index_ = np.append(before.index_, used).astype(np.int32)
    matrix.value_ = np.append(before.value_, costs[used])
    return replace(model, lp=lp)


def _column(model: Model, values: Floats) -> Floats:
    costs = np.zeros(model.lp.num_col_)
    costs[: len(values)] = values
    return costs
