"""The telescope formulation, one row for every resource and step, solved by SCIP."""

import tempfile
from pathlib import Path

import numpy as np
from pyscipopt import Model

from benchmarks._effort import Answer, Effort, Share
from benchmarks._program import program_of, solver_of
from benchmarks._table import Table, table_of
from booking.engine.allocation.entities import Problem


def telescope(problem: Problem, effort: Effort) -> Answer:
    """Solve the whole round as one program."""
    table = table_of(problem)
    placements, bound, _ = _solved(table, effort.gap, effort.seconds)
    return Answer(table.bookings(placements), bound)


def by_facility(problem: Problem, effort: Effort) -> Answer:
    """Solve each facility's, or linked facilities', program by itself: kinder to SCIP."""
    bookings = []
    parts = list(table_of(problem).parts())
    share = Share(effort.seconds, len(parts))
    for part in parts:
        placements, bound, spent = _solved(part, effort.gap, share.next())
        bookings += part.bookings(placements)
        share.bounds.append(bound)
        share.spent += spent
    return Answer(bookings, sum(share.bounds))


def _solved(table: Table, gap: float, seconds: float) -> tuple[list[int], float, float]:
    """Give the chosen rows, the bound and the seconds spent."""
    model = Model()
    model.hideOutput()
    with tempfile.TemporaryDirectory() as folder:
        # Written once and read by SCIP's own reader: row by row from Python would be unfair.
        path = Path(folder, "round.mps")
        solver_of(program_of(table, every_step=True), len(table.rows)).writeModel(str(path))
        model.readProblem(str(path))
    model.setParam("limits/gap", gap)
    model.setParam("timing/clocktype", 1)  # of the processor, not of the wall
    model.setParam("limits/time", seconds)
    model.optimize()
    chosen: list[int] = []
    best = model.getBestSol() if model.getNSols() else None
    if best is not None:
        values = {one.name: best[one] for one in model.getVars()}
        chosen = [at for at in range(len(table.rows)) if values.get(f"c{at}", 0.0) > 0.5]
    bound = model.getDualbound()
    return chosen, bound if abs(bound) < model.infinity() else np.inf, model.getSolvingTime()
