"""One component's program in HiGHS: relax it, or branch on a part of its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from booking.engine.allocation.cuts import Cut
from booking.engine.allocation.model import Model
from booking.engine.allocation.placements import Floats
from booking.engine.allocation.stopping import heed

MOST_NODES: Final = 20_000
"""Branch-and-bound nodes after which an inexact solve returns what it has proved."""

EXACT_WORK: Final = 100_000_000
"""Nodes times placements squared after which an exact solve returns what it has proved: a node
of a large component costs more. Few components need as many; those say they are not proved."""

LEAST_EXACT_NODES: Final = 60

ENDED_EARLY: Final = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt)


class SolverFailedError(RuntimeError):
    """The solver took no model or found no answer: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A linear relaxation's value, its row prices, its columns' values and reduced costs."""

    value: float
    duals: Floats
    values: Floats
    reduced: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """What branch and bound found: the columns' values, a bound, whether it is proved.

    `iterations` of the simplex method are what it cost.
    """

    values: Floats
    bound: float
    optimal: bool
    iterations: int = 0


def solver_version() -> str:
    """Name the solver and its version."""
    return f"HiGHS {_fresh_solver().version()}"


class Branching:
    """Solves of one model, one after another, on one budget of seconds."""

    def __init__(self, model: Model, seconds: float | None, *, exact: bool) -> None:
        self.model = model
        self.exact = exact
        self.budget = seconds
        self.spent = 0.0
        self.stopped = False

    def relax(self, costs: Floats, *, interior: bool = False) -> Relaxed | None:
        """Solve the linear relaxation; None where the budget ran out.

        By an `interior` point method a network of 45,000 placements takes half the time.
        """
        solver = self._solver(costs)
        if interior:
            solver.setOptionValue("solver", "ipm")
        return Relaxation(self, solver).solve()

    def relaxation(self, costs: Floats) -> "Relaxation":
        """Give the linear relaxation, to be solved again and again."""
        return Relaxation(self, self._solver(costs))

    def linear(self, lp: highspy.HighsLp) -> Relaxed | None:
        """Solve a linear program of its own; None where the budget ran out."""
        solver = _quiet_solver()
        solver.passModel(lp)
        return Relaxation(self, solver).solve()

    def part(
        self,
        lp: highspy.HighsLp,
        gap: float,
        *,
        nodes: int,
        whole: int,
        start: Floats | None = None,
    ) -> Found:
        """Solve a small program of its own, whose first `whole` columns are binaries.

        Nothing is found (all values 0) where there is no start and it ended early. With a start
        neither restarts nor heuristics are worth their time: measured, a third less for the same.
        """
        solver = _quiet_solver()
        solver.passModel(lp)
        for option, value in (("mip_rel_gap", gap), ("mip_abs_gap", 0.5)):
            solver.setOptionValue(option, value)
        if start is not None:
            solver.setOptionValue("mip_allow_restart", False)
            solver.setOptionValue("mip_detect_symmetry", False)
            solver.setOptionValue("mip_heuristic_effort", 0.0)
            solver.setOptionValue("mip_pscost_minreliable", 0)
        solver.setOptionValue("mip_max_nodes", nodes)
        kinds = np.full(whole, highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        solver.changeColsIntegrality(whole, np.arange(whole, dtype=np.int32), kinds)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            solver.setSolution(solution)
        self.run(solver)
        return _found(solver, np.zeros(lp.num_col_) if start is None else start)

    def branch(
        self,
        costs: Floats,
        gap: float,
        *,
        cuts: Sequence[Cut] = (),
        start: Floats | None = None,
        least: tuple[Floats, float] | None = None,
    ) -> Found:
        """Solve to a relative gap, from a start, with cuts.

        `least` adds a row: these costs may not add up to less. What is found is never
        worse than a start.
        """
        solver = self._solver(costs)
        if cuts:
            _add(solver, cuts)
        if least is not None:
            used = np.flatnonzero(least[0]).astype(np.int32)
            solver.addRow(least[1], highspy.kHighsInf, len(used), used, least[0][used])
        self._integral(solver, gap)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            solver.setSolution(solution)
        self.run(solver)
        return _found(solver, np.zeros(self.model.lp.num_col_) if start is None else start)

    def _solver(self, costs: Floats) -> highspy.Highs:
        solver = _quiet_solver()
        solver.passModel(self.model.lp)
        columns = np.arange(len(costs), dtype=np.int32)
        solver.changeColsCost(len(costs), columns, costs)
        return solver

    def _integral(self, solver: highspy.Highs, gap: float) -> None:
        for option, value in (
            ("mip_rel_gap", gap),
            ("mip_abs_gap", 0.0),
            ("mip_max_nodes", self._most_nodes()),
            ("mip_feasibility_tolerance", 1e-9 if self.exact else 1e-6),
            ("primal_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
            ("dual_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
        ):
            solver.setOptionValue(option, value)
        whole = np.arange(self.model.binaries, dtype=np.int32)
        kinds = np.full(len(whole), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        solver.changeColsIntegrality(len(whole), whole, kinds)

    def _most_nodes(self) -> int:
        if not self.exact:
            return MOST_NODES
        return max(LEAST_EXACT_NODES, EXACT_WORK // max(1, self.model.binaries) ** 2)

    def run(self, solver: highspy.Highs) -> None:
        """Run a solver on what is left of the budget."""
        before = solver.getRunTime()
        if self.stopped:
            solver.setOptionValue("time_limit", 0.0)
        elif self.budget is not None:
            solver.setOptionValue("time_limit", max(0.0, self.budget - self.spent) + before)
        heed(solver)
        if solver.run() == highspy.HighsStatus.kError:
            raise SolverFailedError(f"HiGHS ended with {solver.getModelStatus().name}.")
        self.spent += solver.getRunTime() - before
        self.stopped |= solver.getModelStatus() in ENDED_EARLY


class Relaxation:
    """A linear relaxation that keeps its last basis: solved anew, it begins there."""

    def __init__(self, branching: Branching, solver: highspy.Highs) -> None:
        self._branching = branching
        self._solver = solver

    def solve(self) -> Relaxed | None:
        """Solve it as it stands; None where the budget ran out."""
        self._branching.run(self._solver)
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        return Relaxed(
            value=float(self._solver.getInfo().objective_function_value),
            duals=np.array(solution.row_dual, dtype=np.float64),
            values=np.array(solution.col_value, dtype=np.float64),
            reduced=np.array(solution.col_dual, dtype=np.float64),
        )

    def add(self, cuts: Sequence[Cut]) -> None:
        """Add a row for each cut."""
        _add(self._solver, cuts)

    def aim(self, costs: Floats, binaries: int) -> None:
        """Aim at other costs, and let the first columns be anything from 0 to 1 again."""
        columns = np.arange(len(costs), dtype=np.int32)
        self._solver.changeColsCost(len(costs), columns, costs)
        self._solver.changeColsBounds(
            binaries, columns[:binaries], np.zeros(binaries), np.ones(binaries)
        )

    def within(self, lower: Floats, upper: Floats) -> Relaxed | None:
        """Solve it with the first columns between these bounds."""
        columns = np.arange(len(lower), dtype=np.int32)
        self._solver.changeColsBounds(len(lower), columns, lower, upper)
        return self.solve()


def _add(solver: highspy.Highs, cuts: Sequence[Cut]) -> None:
    columns = np.concatenate([cut.columns for cut in cuts]).astype(np.int32)
    lengths = [len(cut.columns) for cut in cuts]
    solver.addRows(
        len(cuts),
        np.full(len(cuts), -highspy.kHighsInf),
        np.array([cut.most for cut in cuts]),
        len(columns),
        np.append(0, np.cumsum(lengths)[:-1]).astype(np.int32),
        columns,
        np.concatenate([cut.values for cut in cuts]),
    )


def _found(solver: highspy.Highs, start: Floats) -> Found:
    information = solver.getInfo()
    feasible = highspy.SolutionStatus.kSolutionStatusFeasible
    placed = information.primal_solution_status == feasible
    bound = float(information.mip_dual_bound)
    return Found(
        values=np.array(solver.getSolution().col_value) if placed else start,
        bound=bound if abs(bound) < highspy.kHighsInf else np.inf,
        optimal=placed and solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        iterations=information.simplex_iteration_count,
    )


def _quiet_solver() -> highspy.Highs:
    solver = _fresh_solver()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 0),
    ):
        solver.setOptionValue(option, value)
    return solver


def _fresh_solver() -> highspy.Highs:
    return highspy.Highs()  # type: ignore[no-untyped-call]
