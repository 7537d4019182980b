"""Solve one component: prices by its linear relaxation, a timetable by branch and bound.

A stateless function of picklable arrays; one thread, no clock but the solver's own for the
safety stop, no randomness: the same task gives the same outcome.
"""

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats

EXACT_UP_TO: Final = 1500
"""Placements up to which a component is solved to optimality, whatever the gap."""

TIE_RANGE: Final = 2.0**-20
"""Points by which a placement may be perturbed where ties are broken in the same solve."""

TIE_SLACK: Final = 1e-6
"""Points within which two timetables count as equal: top-ups are exact to that."""

MOST_NODES: Final = 100_000
"""Branch-and-bound nodes after which an inexact solve returns what it has proved."""

PRICE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a component's solve found, with indices of the compiled round.

    `chosen` are columns of the task; `bound` and `merit_bound` are infinite where nothing
    was proved; `merit` is the most merit points found. Prices are at least 0 and not 0.
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


def solve(task: Task, gap: float, seconds: float | None) -> Outcome:
    """Solve a component to `gap`, or to optimality where it is small enough.

    `seconds` is a safety stop; a stopped outcome says so, and still is a valid one.
    """
    if not len(task):
        return Outcome((), 0.0, True, 0, 0.0, (), (), (), stopped=False, seconds=0.0)
    return _Solve(task, gap, seconds).outcome()


def solver_version() -> str:
    """Name the solver and its version."""
    return f"HiGHS {_fresh_solver().version()}"


def _fresh_solver() -> highspy.Highs:
    return highspy.Highs()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Found:
    values: Floats
    bound: float
    finished: bool
    optimal: bool


class _Solve:
    """One component's solves, one after another, on one budget."""

    def __init__(self, task: Task, gap: float, seconds: float | None) -> None:
        self.task = task
        self.model: Model = build(task)
        self.exact = len(task) <= EXACT_UP_TO
        self.gap = 0.0 if self.exact else gap * 0.999
        self.budget = seconds
        self.spent = 0.0
        self.stopped = False

    def outcome(self) -> Outcome:
        """Find prices, timetable and the merit-only optimum."""
        prices = self._duals()
        found = self._best(self._costs(top_ups=1.0, ties=True), None)
        if self.exact and found.optimal:
            found = self._untied(found)
        merit, merit_bound = self._merit(found)
        return Outcome(
            chosen=tuple(np.flatnonzero(self._placed(found)).tolist()),
            bound=found.bound,
            optimal=self.exact and found.optimal,
            merit=merit,
            merit_bound=merit_bound,
            slots=_slot_prices(self.model, prices),
            caps=_cap_prices(self.model, prices),
            groups=_group_prices(self.model, prices, self.task.top_ups),
            stopped=self.stopped,
            seconds=self.spent,
        )

    def _costs(self, *, top_ups: float, ties: bool = False) -> Floats:
        """Points and top-ups by column, perturbed where no second solve breaks the ties."""
        costs = self.model.top_ups * top_ups
        costs[: len(self.task)] = self.task.points
        if ties and not self.exact:
            costs[: len(self.task)] += self.task.tie * TIE_RANGE
        return costs

    def _placed(self, found: _Found) -> Floats:
        return np.round(found.values[: len(self.task)])

    def _duals(self) -> Floats:
        solver = self._solver(self._costs(top_ups=1.0))
        self._run(solver)
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return np.zeros(self.model.lp.num_row_)
        return np.array(solver.getSolution().row_dual, dtype=np.float64)

    def _best(self, costs: Floats, start: Floats | None) -> _Found:
        solver = self._solver(costs)
        self._branch(solver, self.gap, start)
        return self._found(solver)

    def _untied(self, best: _Found) -> _Found:
        """Among timetables of equal objective take the one with the highest sum of ties."""
        costs = self._costs(top_ups=1.0)
        ties = np.zeros(len(costs))
        ties[: len(self.task)] = self.task.tie
        solver = self._solver(ties)
        used = np.flatnonzero(costs).astype(np.int32)
        least = float(costs @ best.values) - TIE_SLACK
        solver.addRow(least, highspy.kHighsInf, len(used), used, costs[used])
        self._branch(solver, 0.0, best.values)
        tied = self._found(solver)
        if not tied.finished or float(costs @ tied.values) < least - TIE_SLACK:
            return best
        return _Found(tied.values, best.bound, finished=True, optimal=True)

    def _merit(self, found: _Found) -> tuple[int, float]:
        """Find the most merit points there are, were nothing reserved, and a bound on them."""
        placed = self._placed(found)
        if not self.model.groups:
            return int(self.task.points @ placed), found.bound
        alone = self._best(self._costs(top_ups=0.0), found.values)
        most = max(self.task.points @ placed, self.task.points @ self._placed(alone))
        return int(most), max(alone.bound, float(most))

    def _solver(self, costs: Floats) -> highspy.Highs:
        solver = _fresh_solver()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
            ("mip_max_nodes", highspy.kHighsIInf if self.exact else MOST_NODES),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(self.model.lp)
        columns = np.arange(len(costs), dtype=np.int32)
        solver.changeColsCost(len(costs), columns, costs)
        return solver

    def _branch(self, solver: highspy.Highs, gap: float, start: Floats | None) -> None:
        for option, value in (
            ("mip_rel_gap", gap),
            ("mip_abs_gap", 0.0),
            ("mip_feasibility_tolerance", 1e-9 if self.exact else 1e-6),
            ("primal_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
            ("dual_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
        ):
            solver.setOptionValue(option, value)
        whole = np.arange(self.model.binaries, dtype=np.int32)
        kinds = np.full(len(whole), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        solver.changeColsIntegrality(len(whole), whole, kinds)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            solver.setSolution(solution)
        self._run(solver)

    def _run(self, solver: highspy.Highs) -> None:
        if self.budget is not None:
            solver.setOptionValue("time_limit", max(0.0, self.budget - self.spent))
        solver.run()
        self.spent += solver.getRunTime()
        self.stopped |= solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit

    def _found(self, solver: highspy.Highs) -> _Found:
        info = solver.getInfo()
        placed = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        columns = self.model.lp.num_col_
        values = np.array(solver.getSolution().col_value) if placed else np.zeros(columns)
        bound = float(info.mip_dual_bound)
        return _Found(
            values=values,
            bound=bound if np.isfinite(bound) and bound < highspy.kHighsInf else np.inf,
            finished=placed,
            optimal=placed and solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        )


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
    priced = (
        (facility, group, min(_price(float(duals[row])), top_ups[0]))
        for row, facility, group in model.groups
    )
    return tuple(one for one in priced if one[2])
