"""What a decision says would have been enough is enough: solved again with it, it is placed."""

import copy
from itertools import product
from math import ceil
from typing import Any

import pytest

from benchmarks._rounds import NAMES, Size, drawn
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate

BEST = 1000
ENOUGH = 10
LEAST_FOR_RANK = 0.95
"""What is left of a point at the last rank."""


def unplaced(problem: dict[str, Any]) -> dict[str, dict[str, Any]]:
    result = allocate(read_problem(problem))
    assert all(one["proved_optimal"] for one in result["facilities"])
    return {one["request"]: one for one in result["decisions"] if not one["granted"]}


def test_points_needed__solved_again_with_them__the_request_is_placed() -> None:
    tried = 0
    for family, seed in product(NAMES, range(1, 4)):
        size = Size(facilities=2, resources=8, requests=40, rules=seed == 1)
        problem = drawn(size, seed, family)
        for name, decision in unplaced(problem).items():
            again = with_points(problem, name, decision["points_needed_per_hour"])
            if again is not None:
                assert name not in unplaced(again), (family, seed, name)
                tried += 1
    assert tried > ENOUGH


def with_points(problem: dict[str, Any], name: str, needed: int) -> dict[str, Any] | None:
    """Give a request so many points per hour at each rank; None where no score does."""
    again = copy.deepcopy(problem)
    (request,) = (one for one in again["requests"] if one["id"] == name)
    (fair,) = (
        one["fair_share"]
        for one in problem["organisations"]
        if one["id"] == request["organisation"]
    )
    score = ceil(needed / fair / LEAST_FOR_RANK)
    if not needed or score > BEST:
        return None
    request["merit"] = score
    return again


def test_points_needed__sessions_that_only_fit_one_by_one__no_score_helps() -> None:
    """One unit, twelve hours, and two sessions of eight: whoever leaves, there is no room."""
    window = {"resource": "r1", "from": 0, "to": 12, "rank": 0}
    both = [{"steps": 8, "quantity": 1, "alternatives": [window]}] * 2
    problem = a_round([asking("q1", 500, both[:1]), asking("q2", 600, both)])
    decision = unplaced(problem)["q2"]
    assert decision["points_needed_per_hour"] == 0
    assert "no score would" in decision["reasons"][0]["detail"]


@pytest.mark.parametrize(("steps", "needed"), [(6, 501), (7, 0)])
def test_points_needed__sessions_side_by_side__are_priced_to_the_last_hour(
    steps: int, needed: int
) -> None:
    window = {"resource": "r1", "from": 0, "to": 12, "rank": 0}
    two = [{"steps": steps, "quantity": 1, "alternatives": [window]}] * 2
    whole = [{"steps": 12, "quantity": 1, "alternatives": [window]}]
    problem = a_round([asking("q1", 500, whole), asking("q2", 400, two)])
    assert unplaced(problem)["q2"]["points_needed_per_hour"] == needed


def a_round(requests: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": "benchshare-allocation/1",
        "origin": "2027-01-04T00:00:00Z",
        "step_minutes": 60,
        "seed": "points needed",
        "ladder": [],
        "facilities": [{"id": "f1", "reserved_share": {}, "cap_share": None}],
        "resources": [
            {
                "id": "r1",
                "facility": "f1",
                "kind": "xrd",
                "capacity": 1,
                "rate": 1,
                "windows": [[0, 12]],
            }
        ],
        "organisations": [{"id": "o1", "fair_share": 1}],
        "requests": requests,
    }


def asking(name: str, merit: int, sessions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": name,
        "organisation": "o1",
        "groups": [],
        "merit": merit,
        "sessions": sessions,
    }
