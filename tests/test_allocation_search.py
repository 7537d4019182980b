"""Laws of the search: its timetable is one, its bound holds, and it answers the same twice."""

from dataclasses import replace

import numpy as np
import pytest

from booking.engine.allocation.blocks import blocks_of, priced, solve_block
from booking.engine.allocation.branching import Branching
from booking.engine.allocation.components import split
from booking.engine.allocation.cutting import Columns
from booking.engine.allocation.diving import dive
from booking.engine.allocation.model import Task, build, task_of
from booking.engine.allocation.placements import Floats, compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.search import Halfway, Search
from booking.engine.allocation.seats import Options
from booking.engine.allocation.tightening import Tightening
from tests.strategies_allocation import Size, drawn_round

CROWDED = Size(facilities=1, resources=6, requests=50, days=4, spread=8, cap_share=0.3, pools=0.4)


def crowded_task(seed: int) -> Task:
    compiled = compile_problem(read_problem(drawn_round(seed, CROWDED)))
    return task_of(compiled, split(compiled)[0])


def costs_of(task: Task) -> Floats:
    costs = build(task).top_ups.copy()
    costs[: len(task)] = task.points
    return costs


def searched(task: Task, *, gap: float = 0.0) -> tuple[float, float, Floats]:
    model, costs = build(task), costs_of(task)
    branching = Branching(model, None, exact=False)
    search = Search(branching, task, model, costs=costs, gap=gap)
    begun = search.roughly(branching.relaxation(costs))
    assert begun is not None
    halfway: Halfway | None = begun[0]
    while halfway is not None:
        before = search.value, search.bound
        halfway = search.one_round(halfway)
        assert search.value >= before[0]
        assert search.bound <= before[1]
    return search.value, search.bound, search.values


@pytest.mark.parametrize("seed", range(3))
def test_a_search_brackets_the_optimum(seed: int) -> None:
    task = crowded_task(seed)
    optimum = optimum_of(task)
    value, bound, values = searched(task)
    assert value <= optimum + 1e-6
    assert bound >= optimum - 1e-6
    assert value >= 0.97 * optimum
    used = Columns(build(task)).used(values)
    assert (used <= Columns(build(task)).upper + 1e-6).all()


@pytest.mark.parametrize("seed", [8, 33, 42])
def test_a_bound_proved_by_branching_is_not_lowered_by_blocks_as_well(seed: int) -> None:
    task = crowded_task(seed)
    model, costs = build(task), costs_of(task)
    branching = Branching(model, None, exact=False)
    search = Search(branching, task, model, costs=costs, gap=0.0)
    begun = search.roughly(branching.relaxation(costs))
    assert begun is not None
    search.branch(0.0, 1000)
    unsolved = np.zeros(len(costs))
    for wide in (False, True):
        at_last = replace(begun[0], values=unsolved, bound=search.bound, fruitless=100 * wide)
        after = Search(branching, task, model, costs=costs, gap=0.0)
        after.one_round(at_last)
        assert after.bound >= optimum_of(task) - 1e-6


def test_a_search_answers_the_same_twice() -> None:
    task = crowded_task(1)
    assert searched(task)[2].tolist() == searched(task)[2].tolist()


@pytest.mark.parametrize("step", [0.03, 0.5])
def test_a_dive_seats_whole_requests_where_they_fit(step: float) -> None:
    task = crowded_task(2)
    model, options = build(task), Options(task)
    relaxation = Branching(model, None, exact=False).relaxation(costs_of(task))
    relaxed = relaxation.solve()
    assert relaxed is not None
    chosen = dive(task, options, relaxation, relaxed, step)
    values = np.zeros(model.lp.num_col_)
    values[chosen] = 1.0
    columns = Columns(model)
    fits = columns.used(values)[: len(columns.upper)] <= columns.upper + 1e-6
    assert fits[[row for row, _, _ in model.slots] + [row for row, _ in model.caps]].all()
    served = task.request[chosen]
    for request in np.unique(served).tolist():
        sessions = np.unique(task.session[task.request == request])
        assert sorted(task.session[chosen][served == request].tolist()) == sessions.tolist()


@pytest.mark.parametrize("seed", [8, 33, 42])
def test_blocks_share_no_request_and_lower_the_bound_by_no_more_than_is_true(seed: int) -> None:
    task = crowded_task(seed)
    model = build(task)
    branching = Branching(model, None, exact=False)
    relaxation = branching.relaxation(costs_of(task))
    relaxed = relaxation.solve()
    assert relaxed is not None
    blocks = blocks_of(task)
    tightening = Tightening(task, blocks)
    cuts = tightening.broken(relaxed.values[: len(task)])
    assert cuts
    relaxation.add(cuts)
    tightened = relaxation.solve()
    assert tightened is not None
    assert tightened.value < relaxed.value - 1
    assert sum(len(block.columns) for block in blocks) == len(task)
    asking = [set(task.request[block.columns].tolist()) for block in blocks]
    assert sum(map(len, asking)) == len(set().union(*asking))
    worth = priced(task, model, tightened)
    empty = np.zeros(len(task))
    solved = [
        solve_block(branching, task, block, worth, cuts, empty[block.columns]) for block in blocks
    ]
    lowered = sum(one.lowers for one in solved)
    assert lowered > 0
    assert tightened.value - lowered >= optimum_of(task) - 1e-6


def optimum_of(task: Task) -> float:
    best = Branching(build(task), None, exact=True).branch(costs_of(task), 0.0)
    return float(costs_of(task) @ best.values)
