import copy
from decimal import Decimal
from typing import Any

import pytest

from booking.engine.allocation.certificate import bound_from_prices
from booking.engine.allocation.problem import (
    ProblemRefused,
    problem_sha256,
    read_problem,
    write_problem,
)
from booking.engine.allocation.result import result_sha256
from booking.engine.allocation.run import allocate
from booking.engine.allocation.verification import verify
from tests.brute_force import best_objective
from tests.strategies_allocation import TINY, Size, drawn_round
from tests.test_allocation_reading import PROBLEM

OUTWEIGHS = 10**9
CROWDED = Size(facilities=1, resources=3, requests=30, days=4, spread=10, lengths=(4, 8), pools=0.3)
LARGE = Size(1, 2, 40, 6, 70, sessions=(1,), lengths=(6, 10), pools=0, cap_share=None)


def strictly(seed: int, size: Size) -> dict[str, Any]:
    return {**drawn_round(seed, size), "strict": True}


def contested(seed: int, size: Size) -> dict[str, Any]:
    """Half are members; each of their hours costs points, and the ladder pays little for it."""
    obj = strictly(seed, size)
    obj["ladder"] = [{"up_to": 1, "points": 100}]
    for at, request in enumerate(obj["requests"]):
        request["groups"] = [["ldc"], ["startup"], [], []][at % 4]
        if request["groups"]:
            request["merit"] = 300 + request["merit"] // 10
    return obj


@pytest.mark.parametrize("seed", [2, 3, 5, 9, 12, 17])
def test_no_feasible_timetable_credits_more_nor_as_much_with_more_points(seed: int) -> None:
    """P4, against every timetable of a tiny round."""
    obj = strictly(seed, TINY)
    problem = read_problem(obj)
    result = allocate(problem)
    assert verify(problem, result) == ()
    assert all(one["proved_optimal"] for one in result["facilities"])
    by_weight = {**obj, "ladder": [{"up_to": 1, "points": OUTWEIGHS}]}
    found = Decimal(str(result["strict"]["credited"])) * OUTWEIGHS + Decimal(result["objective"])
    assert found == best_objective(by_weight)
    assert result["strict"]["credited_bound"] == result["strict"]["credited"]


@pytest.mark.parametrize("seed", [2])
def test_a_strict_round_is_verified_and_bounded_by_its_prices(seed: int) -> None:
    obj = contested(seed, CROWDED)
    problem = read_problem(obj)
    result = allocate(problem)
    assert verify(problem, result) == ()
    plain = allocate(read_problem({**obj, "strict": False}))
    credited = [
        sum(group["credited"] for one in each["facilities"] for group in one["groups"].values())
        for each in (result, plain)
    ]
    assert credited[0] == pytest.approx(result["strict"]["credited"])
    assert credited[0] > credited[1]
    assert result["certificate_bound"] >= result["bound"] >= result["objective"]
    assert any(one["price"] for one in result["strict"]["components"])


def test_a_strict_round_within_a_gap_says_how_far_each_aim_may_be_off() -> None:
    problem = read_problem(contested(3, LARGE))
    result = allocate(problem, gap=0.1)
    assert verify(problem, result) == ()
    assert not result["facilities"][0]["proved_optimal"]
    assert result["strict"]["credited"] >= 0.9 * result["strict"]["credited_bound"]
    assert result["gap"] <= 0.1


def test_any_prices_bound_the_points_of_a_strict_round() -> None:
    problem = read_problem(contested(4, CROWDED))
    result = allocate(problem)
    for factor in (0.0, 0.5, 3.0):
        priced = copy.deepcopy(result)
        for one in [*priced["prices"]["slots"], *priced["strict"]["components"]]:
            one["price"] = round(one["price"] * factor, 6)
        assert bound_from_prices(problem, priced).total >= result["objective"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("credited", 10_000, "credited is 10000"),
        ("credited_bound", 0, "credited_bound is 0"),
        ("components", [], "published form"),
    ],
)
def test_verify__a_strict_figure_is_wrong__is_said(key: str, value: object, said: str) -> None:
    problem = read_problem(contested(4, TINY))
    result = allocate(problem)
    wrong = {**result, "strict": {**result["strict"], key: value}}
    wrong["result_sha256"] = result_sha256(wrong)
    assert any(said in fault for fault in verify(problem, wrong))


def test_verify__a_strict_part_where_the_policy_is_not__is_said() -> None:
    problem = read_problem(drawn_round(4, TINY))
    result = {**allocate(problem), "strict": {"credited": 0, "components": []}}
    assert any("not strict" in fault for fault in verify(problem, result))


def test_read__strict_is_left_out_or_false__no_hash_changes() -> None:
    plain = read_problem(PROBLEM)
    assert read_problem({**PROBLEM, "strict": False}) == plain
    assert "strict" not in write_problem(plain)
    strict = read_problem({**PROBLEM, "strict": True})
    assert problem_sha256(strict) != problem_sha256(plain)
    assert read_problem(write_problem(strict)) == strict
    assert "strict" not in allocate(plain)


def test_read__strict_is_no_truth__is_refused() -> None:
    for value in (1, "yes", None):
        with pytest.raises(ProblemRefused, match="write true or false"):
            read_problem({**PROBLEM, "strict": value})


def test_explain__no_score_would_have_helped__says_so() -> None:
    problem = read_problem(contested(1, CROWDED))
    decisions = allocate(problem)["decisions"]
    needed = {one["points_needed_per_hour"] for one in decisions}
    assert max(needed) <= 1001
    hopeless = [one for one in decisions if not one["points_needed_per_hour"]]
    details = [reason["detail"] for one in hopeless for reason in one["reasons"]]
    assert any("no score would" in one for one in details)
