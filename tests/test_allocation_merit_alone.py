"""What the timetable by merit alone gives out is told beside the result, and not in it."""

import copy
from typing import Any

import pytest

from booking.engine.allocation.components import split
from booking.engine.allocation.fallback import fall_back
from booking.engine.allocation.model import task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from booking.engine.allocation.solver import EXACT_UP_TO
from tests.solved import solve
from tests.strategies_allocation import SMALL, TINY, Size, drawn_round
from tests.test_allocation_reading import PROBLEM

LARGE = Size(1, 3, 60, 7, 70, sessions=(1,), lengths=(6, 10), pools=0, cap_share=None)


def allocated(problem: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    told: dict[str, float] = {}
    return allocate(read_problem(problem), by_merit=told.update), told


def two_for_one_slot(steps: int, groups: list[str]) -> dict[str, Any]:
    """Let a better request want the slot for eight hours, and one of merit 600 for some."""
    problem: dict[str, Any] = copy.deepcopy(PROBLEM)
    requests = []
    for name, merit, hours, its in (("q1", 800, 8, []), ("q2", 600, steps, groups)):
        wanted = {"resource": "r1", "starts": [8], "rank": 0}
        session = {"steps": hours, "quantity": 1, "alternatives": [wanted]}
        one = {"id": name, "organisation": "o1", "groups": its, "merit": merit}
        requests.append(one | {"sessions": [session]})
    return problem | {"requests": requests}


def test_merit_alone__a_reserve_decides__tells_who_would_have_been_served() -> None:
    result, told = allocated(two_for_one_slot(8, ["startup"]))
    assert [one["request"] for one in result["bookings"]] == ["q2"]
    assert result["report"]["mean_merit"] == 600
    assert told == {"credits": 8, "mean_merit": 800}


def test_merit_alone__as_many_points_as_the_result__is_the_result() -> None:
    # 800 x 9 hours are as many points as 600 x 12: the reserve costs nothing.
    problem = two_for_one_slot(12, ["startup"])
    problem["requests"][0]["sessions"][0]["steps"] = 9
    result, told = allocated(problem)
    assert result["report"]["price_of_fairness"] == 0
    assert told == {"credits": 12, "mean_merit": 600}


def test_merit_alone__weighs_by_hours_over_facilities() -> None:
    problem = two_for_one_slot(8, ["startup"])
    elsewhere = {"resource": "r2", "starts": [0], "rank": 0}
    session = {"steps": 2, "quantity": 1, "alternatives": [elsewhere]}
    problem["requests"].append(problem["requests"][0] | {"id": "q3", "merit": 300})
    problem["requests"][-1]["sessions"] = [session]
    problem["facilities"].append({"id": "f2", "reserved_share": {}, "cap_share": None})
    other = {"id": "r2", "facility": "f2", "rate": 1, "windows": [[0, 2]]}
    problem["resources"].append(problem["resources"][0] | other)
    _, told = allocated(problem)
    assert told == {"credits": 10, "mean_merit": 700}


def test_merit_alone__nothing_granted__is_nothing() -> None:
    assert allocated(PROBLEM | {"requests": []})[1] == {"credits": 0, "mean_merit": 0}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_leaves_the_result_as_it_is(seed: int) -> None:
    problem = drawn_round(seed, TINY)
    told, plain = allocated(problem)[0], allocate(read_problem(problem))
    assert (told["result_sha256"], set(told)) == (plain["result_sha256"], set(plain))


@pytest.mark.parametrize("seed", range(4))
def test_without_reserves_merit_alone_is_the_result(seed: int) -> None:
    problem = drawn_round(seed, SMALL)
    for one in problem["facilities"]:
        one["reserved_share"] = {}
    result, told = allocated(problem)
    steps = {
        (each["id"], at): session["steps"] * session["quantity"]
        for each in problem["requests"]
        for at, session in enumerate(each["sessions"])
    }
    rate = {each["id"]: each["rate"] for each in problem["resources"]}
    given = sum(
        steps[each["request"], each["session"]] * rate[each["resource"]]
        for each in result["bookings"]
    )
    assert told["mean_merit"] == result["report"]["mean_merit"]
    assert told["credits"] == pytest.approx(given)


@pytest.mark.parametrize(
    ("size", "strict"),
    [(SMALL, False), (SMALL, True), (LARGE, False)],
    ids=["small", "strict", "large"],
)
def test_the_most_merit_points_are_those_of_the_columns_told(
    size: Size,
    strict: bool,  # noqa: FBT001 - one column of the table above
) -> None:
    problem = drawn_round(3, size) | ({"strict": True} if strict else {})
    compiled = compile_problem(read_problem(problem))
    for component in split(compiled):
        task = task_of(compiled, component)
        assert (len(task) > EXACT_UP_TO) is (size is LARGE)
        for outcome in (solve(task, 0.05), fall_back(task)):
            assert task.points[list(outcome.alone)].sum() == outcome.merit
