"""Plain HiGHS: the telescope formulation of a whole round, and clique rows facility by facility."""

import time
from typing import Any

import highspy
import numpy as np

from benchmarks._effort import Answer, Effort, Share
from benchmarks._program import program_of, solver_of
from benchmarks._table import Table, table_of
from booking.engine.allocation.entities import Problem


def telescope(problem: Problem, effort: Effort) -> Answer:
    """Solve one program with a row for every resource and step."""
    table = table_of(problem)
    placements, bound, *_ = _solved(table, effort.gap, effort.seconds, every_step=True)
    return Answer(table.bookings(placements), bound)


def cliques(problem: Problem, effort: Effort) -> Answer:
    """Solve each facility's, or linked facilities', program with rows of the largest sets."""
    bookings, worst = [], 0.0
    parts = list(table_of(problem).parts())
    share = Share(effort.seconds, len(parts))
    for part in parts:
        placements, bound, own, spent = _solved(part, effort.gap, share.next(), every_step=False)
        bookings += part.bookings(placements)
        share.bounds.append(bound)
        share.spent += spent
        worst = max(worst, own)
    return Answer(bookings, sum(share.bounds), worst)


def _solved(
    table: Table, gap: float, seconds: float, *, every_step: bool
) -> tuple[list[int], float, float, float]:
    """Give the chosen rows, the bound, the gap and the seconds spent."""
    solver = solver_of(program_of(table, every_step=every_step), len(table.rows))
    solver.setOptionValue("mip_rel_gap", gap)
    began = time.process_time()

    def look_at_the_clock(event: Any) -> None:
        # HiGHS's own limit is of wall time, which is not the same on a shared machine.
        if time.process_time() - began > seconds:
            event.interrupt()

    solver.cbMipInterrupt.subscribe(look_at_the_clock)
    solver.cbSimplexInterrupt.subscribe(look_at_the_clock)
    solver.run()
    information = solver.getInfo()
    found = information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(solver.getSolution().col_value) if found else np.zeros(0)
    chosen = np.flatnonzero(values[: len(table.rows)] > 0.5).tolist()
    bound = float(information.mip_dual_bound)
    gap = 1 - information.objective_function_value / bound if found and bound else 1.0
    return chosen, bound, gap, time.process_time() - began
