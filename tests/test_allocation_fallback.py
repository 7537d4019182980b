import copy
from typing import Any

import pytest

from booking.engine.allocation.components import split
from booking.engine.allocation.fallback import fall_back, solved_or_fallen_back
from booking.engine.allocation.model import Task, task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.price_bound import Shape, bound_by_prices
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.progress import Progress
from booking.engine.allocation.run import allocate
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.verification import verify
from booking.engine.allocation.worth import worth_at_least
from tests.solved import solve
from tests.strategies_allocation import SMALL, TINY, Size, changed, drawn_round

LINKED = Size(facilities=3, resources=9, requests=60, days=7, spread=16, linked=0.4)


def tasks_of(obj: dict[str, Any]) -> list[Task]:
    compiled = compile_problem(read_problem(obj))
    return [task_of(compiled, component) for component in split(compiled)]


def beyond_the_solver() -> dict[str, Any]:
    """Draw a round where one cap weighs hours so unlike that HiGHS refuses the model."""
    problem = copy.deepcopy(drawn_round(5, SMALL))
    for name, rate, quantity in (("coarse", 100, 10_000), ("fine", 1e-10, 1)):
        resource = {"id": name, "facility": "f0", "kind": "k0", "capacity": 100_000}
        problem["resources"].append({**resource, "rate": rate, "windows": [[0, 100]]})
        session = {
            "steps": 1,
            "quantity": quantity,
            "alternatives": [{"resource": name, "from": 0, "to": 4}],
        }
        problem["requests"].append(
            {"id": name, "organisation": "o0", "merit": 300, "sessions": [session]}
        )
    return problem


@pytest.mark.parametrize("seed", range(4))
def test_fall_back__any_round__is_feasible_and_bounded(seed: int) -> None:
    for task in tasks_of(drawn_round(seed, LINKED)):
        fallen, best = fall_back(task), solve(task, 0.0, None)
        worth = worth_at_least(task, fallen.chosen)
        assert fallen.fallback
        assert worth <= worth_at_least(task, best.chosen) * (1 + 1e-9) + 1e-6 or not best.optimal
        assert worth_at_least(task, best.chosen) <= fallen.bound
        assert worth > 0.6 * fallen.bound
        assert fallen == fall_back(task)


def test_bound_by_prices__more_rounds__never_weaker() -> None:
    shape = Shape(tasks_of(drawn_round(7, SMALL))[0])
    bounds = [bound_by_prices(shape, rounds).bound for rounds in (1, 10, 50, 150)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > 1.05 * bounds[-1]


def test_fall_back__nothing_to_place__is_proved_at_nothing() -> None:
    empty = tasks_of(changed(drawn_round(1, TINY), "requests", []))[0]
    assert fall_back(empty).optimal


def test_allocate__the_solver_refuses_one_model__falls_back_there_alone() -> None:
    problem = read_problem(beyond_the_solver())
    result = allocate(problem)
    assert [one["fallback"] for one in result["facilities"]] == [True, False]
    assert 0 < result["facilities"][0]["gap"] < 1
    assert not result["stopped"]
    assert {"coarse", "fine"} <= {one["request"] for one in result["bookings"]}
    assert verify(problem, result) == ()
    assert allocate(problem, workers=2)["result_sha256"] == result["result_sha256"]


def test_verify__figures_of_a_million_million_points__allow_for_their_last_digits() -> None:
    vast = copy.deepcopy(drawn_round(5, SMALL))
    for resource in vast["resources"]:
        resource["rate"] = resource["rate"] * 1_000_000 + 0.123
    problem = read_problem(vast)
    assert verify(problem, allocate(problem, stop=lambda: True)) == ()


def raising(task: Task, gap: float, seconds: float | None) -> Outcome:
    raise RuntimeError((len(task), gap, seconds))


def unproved(task: Task, gap: float, seconds: float | None) -> Outcome:
    del gap, seconds
    found = solve(task, 0.0, None)
    nothing: tuple[Any, ...] = ()
    return Outcome(
        found.chosen, float("inf"), False, found.merit, float("inf"), nothing, nothing, nothing,
        stopped=True, seconds=2.0,
    )  # fmt: skip


def test_solve_or_fall_back__the_solver_raises__by_value() -> None:
    task = tasks_of(drawn_round(5, SMALL))[0]
    assert solved_or_fallen_back(0.01, task, None, solve=raising) == fall_back(task)


def test_solve_or_fall_back__nothing_proved__what_was_found_is_kept_if_better() -> None:
    task = tasks_of(drawn_round(5, SMALL))[0]
    outcome = solved_or_fallen_back(0.01, task, None, solve=unproved)
    assert outcome.fallback
    assert outcome.stopped
    assert outcome.chosen == solve(task, 0.0, None).chosen
    assert outcome.bound == fall_back(task).bound


def test_solve_or_fall_back__the_solver_answers__is_left_alone() -> None:
    task = tasks_of(drawn_round(5, SMALL))[0]
    assert solved_or_fallen_back(0.01, task, None).chosen == solve(task, 0.01, None).chosen


def test_allocate__stopped_at_once__by_value_and_says_so() -> None:
    problem = read_problem(drawn_round(3, LINKED))
    result = allocate(problem, stop=lambda: True)
    assert result["stopped"]
    assert all(one["fallback"] for one in result["facilities"])
    assert 0 < result["gap"] < 0.4
    assert verify(problem, result) == ()


def test_allocate__a_strict_policy_stopped_at_once__credits_first_and_says_so() -> None:
    problem = read_problem(drawn_round(3, LINKED) | {"strict": True})
    result, whole = allocate(problem, stop=lambda: True), allocate(problem, gap=0.05)
    assert result["stopped"]
    assert verify(problem, result) == ()
    assert result["strict"]["credited"] <= whole["strict"]["credited_bound"] + 1e-6
    assert result["strict"]["credited"] > 0.7 * whole["strict"]["credited"]
    assert result["strict"]["credited_bound"] >= whole["strict"]["credited"]


def test_allocate__stopped_after_one_component__that_one_counts() -> None:
    problem = read_problem(drawn_round(1, SMALL))
    seen: list[Progress] = []
    result = allocate(problem, progress=seen.append, stop=lambda: bool(seen) and seen[-1].done == 1)
    assert result["stopped"]
    assert sorted(one["fallback"] for one in result["facilities"]) == [False, True]
    assert verify(problem, result) == ()


def test_progress__as_components_are_done__bound_falls_to_the_result() -> None:
    problem = read_problem(drawn_round(1, SMALL))
    seen: list[Progress] = []
    result = allocate(problem, progress=seen.append)
    assert [(now.done, now.total) for now in seen] == [(0, 2), (1, 2), (2, 2), (2, 2)]
    bounds = [now.bound for now in seen]
    assert bounds == sorted(bounds, reverse=True)
    assert seen[0].gap > seen[-1].gap >= 0
    assert seen[-2].bound >= result["bound"] - 1e-3
    assert seen[-2].objective <= result["objective"] + 1e-3


@pytest.mark.parametrize("rules", [{}, {"strict": True}])
def test_progress__told_last__has_the_figures_of_the_result(rules: dict[str, bool]) -> None:
    problem = read_problem(drawn_round(1, SMALL) | rules)
    seen: list[Progress] = []
    result = allocate(problem, progress=seen.append)
    assert (seen[-1].objective, seen[-1].bound) == (result["objective"], result["bound"])
    assert seen[-1].gap == pytest.approx(result["gap"], abs=1e-8)


@pytest.mark.parametrize(("worth", "gap"), [(8.0, 0.2), (10.0, 0.0), (10.5, 0.0)])
def test_gap__of_progress__is_the_share_still_open(worth: float, gap: float) -> None:
    assert Progress(1, 2, worth, 10.0).gap == pytest.approx(gap)
    assert Progress(0, 0, 0.0, 0.0).gap == 0
