"""Which components are solved to optimality, and when."""

import pytest

from booking.engine.allocation.components import split
from booking.engine.allocation.model import Task, task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.solver import AT_ONCE_UP_TO, EXACT_UP_TO, go_on, solve_roughly
from booking.engine.allocation.worth import worth_at_least
from tests.solved import solve
from tests.strategies_allocation import Size, drawn_round

BUSY = Size(facilities=1, resources=8, requests=60, days=5, spread=16)
BUSIER = Size(facilities=1, resources=8, requests=60, days=5, spread=40)


def task_drawn(seed: int, size: Size) -> Task:
    compiled = compile_problem(read_problem(drawn_round(seed, size)))
    return task_of(compiled, split(compiled)[0])


@pytest.mark.parametrize("gap", [0.05, 0.0])
@pytest.mark.parametrize("seed", [4, 75, 85])
def test_solve__up_to_1500_placements__is_proved_whatever_the_gap(seed: int, gap: float) -> None:
    task = task_drawn(seed, BUSY)
    assert AT_ONCE_UP_TO < len(task) <= EXACT_UP_TO
    outcome = solve(task, gap)
    assert outcome.optimal
    assert outcome.bound == pytest.approx(worth_at_least(task, outcome.chosen), abs=1e-3)


def test_solve_roughly__above_600_placements__leaves_the_proof_to_a_last_round() -> None:
    task = task_drawn(4, BUSY)
    begun = solve_roughly(task, 0.05, None)
    assert (begun.optimal, begun.unproved) == (False, True)
    assert begun.chosen
    proved = go_on(task, begun, 0.05, None)
    assert (proved.optimal, proved.unproved, proved.halfway) == (True, False, None)
    assert (proved.slots, proved.caps, proved.groups) == (begun.slots, begun.caps, begun.groups)
    assert proved.bound <= begun.bound + 1e-6
    assert proved.seconds > begun.seconds


def test_go_on__the_gap_is_open__searches_before_it_proves() -> None:
    task = task_drawn(4, BUSY)
    begun = solve_roughly(task, 0.0, None)
    searched = go_on(task, begun, 0.0, None)
    assert (searched.optimal, searched.unproved) == (False, True)
    assert searched.halfway is not None


def test_solve_roughly__up_to_600_placements__proves_at_once() -> None:
    task = task_drawn(1, Size(facilities=1, resources=8, requests=50, days=7, spread=10))
    assert len(task) <= AT_ONCE_UP_TO
    assert solve_roughly(task, 0.05, None).optimal


def test_solve_roughly__above_1500_placements__tries_for_no_proof() -> None:
    task = task_drawn(1, BUSIER)
    assert len(task) > EXACT_UP_TO
    begun = solve_roughly(task, 0.9, None)
    assert (begun.optimal, begun.unproved, begun.halfway) == (False, False, None)
