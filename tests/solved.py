"""A component solved in both stages, as a run solves it."""

from booking.engine.allocation.model import Task
from booking.engine.allocation.solver import Outcome, solve_roughly, solve_thoroughly


def solve(task: Task, gap: float, seconds: float | None = None) -> Outcome:
    """Solve a component roughly, then thoroughly."""
    return solve_thoroughly(task, solve_roughly(task, gap, seconds), gap, seconds)
