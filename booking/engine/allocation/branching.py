"""One component's program in HiGHS: relax it, or branch on a part of its columns."""

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from booking.engine.allocation.model import Model
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.stopping import heed

MOST_NODES: Final = 20_000
"""Branch-and-bound nodes after which an inexact solve returns what it has proved."""

ENDED_EARLY: Final = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt)


class SolverFailedError(RuntimeError):
    """The solver took no model or found no answer: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A linear relaxation's value, its row prices and its columns' reduced costs."""

    value: float
    duals: Floats
    reduced: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """What branch and bound found: the columns' values, a bound, whether it is proved."""

    values: Floats
    bound: float
    optimal: bool


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

    def relax(self, costs: Floats) -> Relaxed | None:
        """Solve the linear relaxation; None where the budget ran out."""
        solver = self._solver(costs)
        self._run(solver)
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = solver.getSolution()
        return Relaxed(
            value=float(solver.getInfo().objective_function_value),
            duals=np.array(solution.row_dual, dtype=np.float64),
            reduced=np.array(solution.col_dual, dtype=np.float64),
        )

    def branch(
        self,
        costs: Floats,
        gap: float,
        *,
        start: Floats | None = None,
        without: Ints | None = None,
        least: tuple[Floats, float] | None = None,
    ) -> Found:
        """Solve to a relative gap, from a start, without some columns.

        `least` adds a row: these costs may not add up to less. What is found is never
        worse than a start.
        """
        solver = self._solver(costs)
        if without is not None and len(without):
            columns = without.astype(np.int32)
            nothing = np.zeros(len(columns))
            solver.changeColsBounds(len(columns), columns, nothing, nothing)
        if least is not None:
            used = np.flatnonzero(least[0]).astype(np.int32)
            solver.addRow(least[1], highspy.kHighsInf, len(used), used, least[0][used])
        self._integral(solver, gap)
        if start is not None:
            solution = highspy.HighsSolution()
            solution.col_value = start.tolist()
            solver.setSolution(solution)
        self._run(solver)
        return self._found(solver, start)

    def _solver(self, costs: Floats) -> highspy.Highs:
        solver = _fresh_solver()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
        ):
            solver.setOptionValue(option, value)
        solver.passModel(self.model.lp)
        columns = np.arange(len(costs), dtype=np.int32)
        solver.changeColsCost(len(costs), columns, costs)
        return solver

    def _integral(self, solver: highspy.Highs, gap: float) -> None:
        for option, value in (
            ("mip_rel_gap", gap),
            ("mip_abs_gap", 0.0),
            ("mip_max_nodes", highspy.kHighsIInf if self.exact else MOST_NODES),
            ("mip_feasibility_tolerance", 1e-9 if self.exact else 1e-6),
            ("primal_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
            ("dual_feasibility_tolerance", 1e-9 if self.exact else 1e-7),
        ):
            solver.setOptionValue(option, value)
        whole = np.arange(self.model.binaries, dtype=np.int32)
        kinds = np.full(len(whole), highspy.HighsVarType.kInteger.value, dtype=np.uint8)
        solver.changeColsIntegrality(len(whole), whole, kinds)

    def _run(self, solver: highspy.Highs) -> None:
        if self.stopped:
            solver.setOptionValue("time_limit", 0.0)
        elif self.budget is not None:
            solver.setOptionValue("time_limit", max(0.0, self.budget - self.spent))
        heed(solver)
        if solver.run() == highspy.HighsStatus.kError:
            raise SolverFailedError(f"HiGHS ended with {solver.getModelStatus().name}.")
        self.spent += solver.getRunTime()
        self.stopped |= solver.getModelStatus() in ENDED_EARLY

    def _found(self, solver: highspy.Highs, start: Floats | None) -> Found:
        information = solver.getInfo()
        feasible = highspy.SolutionStatus.kSolutionStatusFeasible
        placed = information.primal_solution_status == feasible
        nothing = np.zeros(self.model.lp.num_col_) if start is None else start
        bound = float(information.mip_dual_bound)
        return Found(
            values=np.array(solver.getSolution().col_value) if placed else nothing,
            bound=bound if abs(bound) < highspy.kHighsInf else np.inf,
            optimal=placed and solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        )


def _fresh_solver() -> highspy.Highs:
    return highspy.Highs()  # type: ignore[no-untyped-call]
