"""Laws of networks: what is solved in parts is a timetable, and its bound holds for the whole."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from booking.engine.allocation.components import split
from booking.engine.allocation.fallback import fall_back
from booking.engine.allocation.finish import finish
from booking.engine.allocation.model import Task, task_of
from booking.engine.allocation.network import WHOLE_UP_TO, is_network, joined, parts_of, relax
from booking.engine.allocation.placements import Compiled, compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.verification import verify
from tests.solved import solve
from tests.strategies_allocation import Size, drawn_round

LINKED = Size(
    facilities=3, resources=9, requests=40, days=4, spread=8, linked=0.5, cap_share=0.3, pools=0.3
)


def compiled_and_task(seed: int) -> tuple[Compiled, Task]:
    compiled = compile_problem(read_problem(drawn_round(seed, LINKED)))
    largest = max(split(compiled), key=lambda one: len(one.placements))
    assert len(largest.facilities) > 1
    return compiled, task_of(compiled, largest)


def solved_in_parts(task: Task) -> Outcome:
    relaxation = relax(task, None)
    parts = parts_of(task, relaxation)
    assert sum(len(part.task) for part in parts) == len(task)
    return joined(task, relaxation, parts, [solve(part.task, 0.01, None) for part in parts])


@pytest.mark.parametrize("seed", range(4))
def test_a_network_in_parts_bounds_the_whole_and_is_a_timetable(seed: int) -> None:
    compiled, task = compiled_and_task(seed)
    whole = solve(task, 0.0, None)
    parts = solved_in_parts(task)
    objective = _objective(compiled, task, whole)
    assert objective <= parts.bound + 1e-6
    assert _objective(compiled, task, parts) <= objective + 1e-6
    requests = task.request[list(parts.chosen)]
    sessions = task.session[list(parts.chosen)]
    assert len(np.unique(np.stack((requests, sessions)), axis=1).T) == len(requests)


def test_a_linked_request_pays_once_what_its_place_is_worth() -> None:
    _, task = compiled_and_task(1)
    relaxation = relax(task, None)
    paid = relaxation.paid
    several = {
        one
        for one in np.unique(task.request).tolist()
        if len(np.unique(task.facility[task.request == one])) > 1
    }
    assert set(np.flatnonzero(paid).tolist()) <= several
    assert paid.sum() > 0


def test_is_network__small_or_of_one_facility__solved_whole() -> None:
    _, task = compiled_and_task(1)
    assert len(task) <= WHOLE_UP_TO
    assert not is_network(task)


def _objective(compiled: Compiled, task: Task, outcome: Outcome) -> float:
    component = next(one for one in split(compiled) if len(one.placements) == len(task))
    timetable = finish(compiled, [int(component.placements[one]) for one in outcome.chosen])
    points = sum(
        timetable.points(request)
        for request in timetable.held
        if timetable.facility(request) in component.facilities
    )
    top_ups = sum((timetable.top_up(at) for at in component.facilities), Fraction(0))
    return float(points + top_ups)


def test_allocate__a_large_linked_round__verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("booking.engine.allocation.network.WHOLE_UP_TO", 100)
    problem = read_problem(drawn_round(2, LINKED))
    result: dict[str, Any] = allocate(problem)
    assert verify(problem, result) == ()
    assert result["gap"] < 0.2


def test_parts_of__a_part_that_the_solver_fails_on__can_be_filled_by_value() -> None:
    _, task = compiled_and_task(1)
    parts = parts_of(task, relax(task, None))
    for part in parts:
        assert part.task.credit.tolist() == task.credit[part.columns].tolist()
        assert set(fall_back(part.task).chosen) <= set(range(len(part.task)))
