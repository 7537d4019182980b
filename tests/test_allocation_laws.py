import copy
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import islice, product
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.engine.allocation.certificate import Round, bound_from_prices
from booking.engine.allocation.placements import points_of
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.progress import Progress
from booking.engine.allocation.recount import Recount
from booking.engine.allocation.run import allocate
from booking.engine.allocation.verification import verify
from tests.brute_force import best_objective
from tests.strategies_allocation import (
    MIDDLE,
    SMALL,
    TINY,
    changed,
    drawn_round,
    small_rounds,
)

few = settings(
    deadline=None,
    derandomize=True,
    max_examples=8,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def allocated(obj: dict[str, Any], **options: Any) -> dict[str, Any]:
    return allocate(read_problem(obj), **options)


def served(result: dict[str, Any]) -> set[str]:
    return {one["request"] for one in result["bookings"]}


def marginal(problem: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """Name the three served requests with the fewest points per hour: the first to lose."""
    fair = {one["id"]: one["fair_share"] for one in problem["organisations"]}
    worth = {one["id"]: one["merit"] * fair[one["organisation"]] for one in problem["requests"]}
    return sorted(served(result), key=lambda name: (worth[name], name))[:3]


@pytest.mark.parametrize("seed", range(50))
def test_the_objective_of_a_tiny_round_is_the_best_there_is(seed: int) -> None:
    problem = drawn_round(seed, TINY)
    result = allocated(problem)
    assert verify(read_problem(problem), result) == ()
    assert result["gap"] == 0
    assert all(one["proved_optimal"] for one in result["facilities"])
    assert float(result["objective"]) == pytest.approx(float(best_objective(problem)), abs=2e-6)


@few
@given(small_rounds())
def test_every_result_passes_the_independent_check(problem: dict[str, Any]) -> None:
    assert verify(read_problem(problem), allocated(problem)) == ()


def test_a_middle_round_is_within_one_in_a_hundred_of_the_best() -> None:
    problem = drawn_round(1, MIDDLE)
    result = allocated(problem)
    assert verify(read_problem(problem), result) == ()
    assert result["gap"] <= 0.01
    assert all(one["gap"] <= 0.01 for one in result["facilities"])
    assert not result["stopped"]


@few
@given(small_rounds(), st.sampled_from(["startup", "ldc"]))
def test_declaring_a_group_never_loses_a_place(problem: dict[str, Any], group: str) -> None:
    for name in marginal(problem, allocated(problem)):
        declared = copy.deepcopy(problem)
        request = next(one for one in declared["requests"] if one["id"] == name)
        request["groups"] = sorted({*request["groups"], group})
        assert name in served(allocated(declared))


@few
@given(small_rounds(), st.sampled_from(["merit", "window", "resource"]))
def test_asking_with_more_never_loses_a_place(problem: dict[str, Any], more: str) -> None:
    for name in marginal(problem, allocated(problem)):
        asked = copy.deepcopy(problem)
        request = next(one for one in asked["requests"] if one["id"] == name)
        alternatives = request["sessions"][0]["alternatives"]
        first = alternatives[0]["resource"]
        if more == "merit":
            request["merit"] = min(1000, request["merit"] + 37)
        elif more == "window":
            alternatives.append({"resource": first, "from": 0, "to": 30, "rank": 9})
        else:
            alternatives.append({"resource": "r4", "from": 0, "to": 30, "rank": 9})
        assert name in served(allocated(asked))


def ways(around: Round, name: str) -> Iterator[list[dict[str, Any]]]:
    """List ways to place a request, as bookings."""
    request = around.requests[name]
    for sessions in around.possible(request).values():
        places = [
            [
                {
                    "request": name,
                    "session": number,
                    "resource": one.resource,
                    "start": start,
                    "quantity": request.sessions[number].quantity,
                }
                for one in choices
                for start in one.starts
            ]
            for number, choices in enumerate(sessions)
        ]
        yield from (list(way) for way in islice(product(*places), 3000))


def worth(around: Round, bookings: list[dict[str, Any]]) -> Fraction | None:
    """Give the objective of bookings, or None where they break a rule."""
    recount = Recount(around, bookings)
    if recount.faults:
        return None
    return sum(
        (recount.points_at(one) + recount.top_up(one) for one in around.facilities), Fraction(0)
    )


@few
@given(small_rounds())
def test_no_unserved_request_fits_what_is_left(problem: dict[str, Any]) -> None:
    result, around = allocated(problem), Round(read_problem(problem))
    for one in result["decisions"]:
        for way in ways(around, one["request"]):
            assert Recount(around, [*result["bookings"], *way]).faults


@settings(few, max_examples=3)
@given(small_rounds())
def test_no_unserved_request_envies_a_served_one(problem: dict[str, Any]) -> None:
    result, around = allocated(problem), Round(read_problem(problem))
    for one in result["decisions"]:
        options = list(islice(ways(around, one["request"]), 60))
        for rival in sorted(served(result)):
            kept = [booking for booking in result["bookings"] if booking["request"] != rival]
            for way in options:
                found = worth(around, [*kept, *way])
                assert found is None or found <= Fraction(str(result["objective"])) + 1


@few
@given(st.integers(300, 1000), st.integers(500, 1000), st.integers(1, 12), st.integers(0, 12))
def test_splitting_a_request_leaves_its_points(
    merit: int, thousandths: int, parts: int, rank: int
) -> None:
    whole = points_of(merit, thousandths / 1000, Fraction(parts), rank)
    single = points_of(merit, thousandths / 1000, Fraction(1), rank)
    assert abs(whole - parts * single) <= Fraction(parts + 1, 2)


@few
@given(small_rounds(), st.integers(0, 99))
def test_the_order_of_the_file_changes_nothing(problem: dict[str, Any], seed: int) -> None:
    mixed = copy.deepcopy(problem)
    for key in ("facilities", "resources", "organisations", "requests"):
        random.Random(seed).shuffle(mixed[key])
    assert allocated(mixed)["result_sha256"] == allocated(problem)["result_sha256"]


@few
@given(small_rounds(), st.integers(0, 99))
def test_new_names_leave_the_objective_within_a_point(problem: dict[str, Any], seed: int) -> None:
    renamed = copy.deepcopy(problem)
    names = [f"n{at:03}" for at in range(len(renamed["requests"]))]
    random.Random(seed).shuffle(names)
    for request, name in zip(renamed["requests"], names, strict=True):
        request["id"] = name
    assert abs(allocated(renamed)["objective"] - allocated(problem)["objective"]) <= 1


def test_workers_and_executors_change_nothing() -> None:
    problem = drawn_round(3, SMALL)
    alone = allocated(problem)
    assert allocated(problem, workers=2)["result_sha256"] == alone["result_sha256"]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        given_one = allocated(problem, workers=3, executor=executor)
    assert given_one["result_sha256"] == alone["result_sha256"]
    assert given_one["work"]["workers"] == 3


def test_the_hash_seed_changes_nothing() -> None:
    problem = drawn_round(4, SMALL)
    script = (
        "import json, sys; from booking.engine.allocation.run import allocate;"
        "from booking.engine.allocation.problem import read_problem;"
        "print(allocate(read_problem(json.load(sys.stdin)))['result_sha256'])"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(problem),
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert hashes == {allocated(problem)["result_sha256"]}


@few
@given(small_rounds(), st.integers(0, 99))
def test_any_prices_bound_the_objective(problem: dict[str, Any], seed: int) -> None:
    draw, result = random.Random(seed), allocated(problem)
    prices = [*result["prices"]["slots"], *result["prices"]["caps"]]
    prices += [group for one in result["facilities"] for group in one["groups"].values()]
    for one in prices:
        one["price"] = round(one["price"] * draw.uniform(0, 2) + draw.choice([0, 50]), 6)
    bound = bound_from_prices(read_problem(problem), result).total
    assert bound >= Fraction(str(result["objective"])) - Fraction(1, 10**6)


@few
@given(small_rounds())
def test_a_group_that_nobody_is_in_changes_nothing(problem: dict[str, Any]) -> None:
    asked = copy.deepcopy(problem)
    for request in asked["requests"]:
        request["groups"] = [one for one in request["groups"] if one != "ldc"]
    dropped = copy.deepcopy(asked)
    for facility in dropped["facilities"]:
        facility["reserved_share"]["ldc"] = 0
    assert allocated(asked)["bookings"] == allocated(dropped)["bookings"]


@few
@given(st.integers(300, 1000), st.integers(500, 1000), st.integers(500, 1000))
def test_more_past_usage_never_raises_points(merit: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    credit = Fraction(7, 2)
    assert points_of(merit, low / 1000, credit, 0) <= points_of(merit, high / 1000, credit, 0)


def test_allocate__the_gap_is_no_share__is_refused() -> None:
    problem = read_problem(drawn_round(1, TINY))
    for wrong in ({"gap": 1.0}, {"gap": -0.1}, {"time_limit": 0}, {"workers": 0}):
        with pytest.raises(ValueError, match="give"):
            allocate(problem, **wrong)


def test_allocate__no_time_at_all__stops_with_a_true_result() -> None:
    problem = read_problem(drawn_round(2, MIDDLE))
    result = allocate(problem, time_limit=1e-6)
    assert result["stopped"]
    assert result["bookings"]
    assert verify(problem, result) == ()


def test_allocate__no_requests__allocates_nothing() -> None:
    problem = read_problem(changed(drawn_round(1, TINY), "requests", []))
    result = allocate(problem)
    assert result["objective"] == result["bound"] == result["gap"] == 0
    assert verify(problem, result) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ladder", []),
        ("ladder", [{"up_to": 0.7, "points": 333.3}]),
        ("facilities.0.reserved_share", {}),
        ("facilities.0.reserved_share", {"startup": 0.3, "ldc": 0.5, "sme": 0.1}),
        ("step_minutes", 20),
        ("step_minutes", 7),
        ("resources.0.rate", 0.1234567),
        ("resources.0.windows", []),
        ("requests.0.merit", 299.99),
    ],
)
def test_allocate__unusual_rules__passes_the_independent_check(path: str, value: Any) -> None:
    problem = read_problem(changed(drawn_round(6, SMALL), path, value))
    assert verify(problem, allocate(problem)) == ()


def test_allocate__a_watcher__is_told_of_each_component_and_of_the_result() -> None:
    told: list[Progress] = []
    allocated(drawn_round(1, SMALL), progress=told.append)
    assert [(now.done, now.total) for now in told] == [(0, 2), (1, 2), (2, 2), (2, 2)]
