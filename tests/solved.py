"""A component solved in all its rounds, as a run solves it."""

from booking.engine.allocation.model import Task
from booking.engine.allocation.solver import Outcome, go_on, solve_roughly


def solve(task: Task, gap: float, seconds: float | None = None) -> Outcome:
    """Solve a component roughly, then round by round."""
    outcome = solve_roughly(task, gap, seconds)
    while outcome.halfway is not None:
        outcome = go_on(task, outcome, gap, seconds)
    return outcome
