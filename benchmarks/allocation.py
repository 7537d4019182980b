"""Gap and CPU of the allocation engine, against plain HiGHS with a row for each time slice.

Both get the same rounds in the same run, one thread each; what counts is the ratio.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from booking.engine.allocation.branching import Branching
from booking.engine.allocation.components import split
from booking.engine.allocation.model import build, task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.allocation.run import allocate
from tests.strategies_allocation import MIDDLE, SMALL, Size, drawn_round

SIZES = {
    "40 requests, pools": SMALL,
    "500 requests": MIDDLE,
    "500 requests, crowded": Size(5, 50, 500, 7, 12, lengths=(4, 6, 8, 10), pools=0.3),
}
GAP = 0.01
HEADER = (
    f"{'round':24}{'placements':>11}{'gap':>9}{'CPU s':>8}"
    f"{'plain gap':>11}{'plain s':>9}{'ratio':>7}"
)


def main() -> None:
    """Print one line a size."""
    print(HEADER)
    for name, size in SIZES.items():
        problem = read_problem(drawn_round(1, size))
        began = time.process_time()
        result = allocate(problem, gap=GAP, timer=time.process_time)
        spent = time.process_time() - began
        plain_gap, plain_spent, placements = plainly(problem)
        print(
            f"{name:24}{placements:>11}{result['gap']:>9.4%}{spent:>8.2f}"
            f"{plain_gap:>11.4%}{plain_spent:>9.2f}{plain_spent / spent:>7.2f}"
        )


def plainly(problem: Problem) -> tuple[float, float, int]:
    """Solve each component once, by HiGHS alone, with a row for every step of every resource."""
    compiled = compile_problem(problem)
    objective = bound = 0.0
    began = time.process_time()
    for component in split(compiled):
        task = task_of(compiled, component)
        if not len(task):
            continue
        model = build(task, every_step=True)
        costs = model.top_ups.copy()
        costs[: len(task)] = task.points
        found = Branching(model, 60.0, exact=False).branch(costs, GAP)
        objective += float(costs @ found.values)
        bound += found.bound
    return (bound - objective) / bound, time.process_time() - began, len(compiled.placements)


if __name__ == "__main__":
    main()
