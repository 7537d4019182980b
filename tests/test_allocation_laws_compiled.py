"""Laws that hold before anything is solved, and laws of asking where hours are scarce."""

import copy
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.engine.allocation.certificate import bound_from_prices
from booking.engine.allocation.placements import Compiled, compile_problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from tests.strategies_allocation import Size, drawn_round, small_rounds, tiny_rounds
from tests.test_allocation_laws import marginal

SCARCE = Size(
    facilities=1,
    resources=1,
    requests=9,
    days=2,
    spread=8,
    sessions=(1, 1, 2),
    lengths=(3, 4, 6),
    cap_share=None,
    starts=(8, 14),
)

few = settings(
    deadline=None,
    derandomize=True,
    max_examples=10,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def compiled(obj: dict[str, Any]) -> Compiled:
    return compile_problem(read_problem(obj))


def points_by_place(found: Compiled) -> dict[tuple[str, int, str, int], int]:
    """Give the points of each request's session on each resource from each start."""
    problem, places = found.problem, {}
    for at, start in zip(
        found.placements.offer.tolist(), found.placements.start.tolist(), strict=True
    ):
        offer = found.offers[at]
        request, resource = problem.requests[offer.request].id, problem.resources[offer.resource].id
        places[request, offer.session, resource, start] = offer.points
    return places


@few
@given(tiny_rounds())
def test_splitting_into_single_steps_leaves_the_points(obj: dict[str, Any]) -> None:
    for request in obj["requests"]:
        request["sessions"] = [{**request["sessions"][0], "quantity": 1}]
    for facility in obj["facilities"]:
        facility["cap_share"] = None
    split = copy.deepcopy(obj)
    for request in split["requests"]:
        session = request["sessions"][0]
        request["sessions"] = [{**session, "steps": 1} for _ in range(session["steps"])]
    whole, singles = points_by_place(compiled(obj)), points_by_place(compiled(split))
    steps = {one["id"]: one["sessions"][0]["steps"] for one in obj["requests"]}
    for (name, _, resource, start), points in whole.items():
        parts = [singles[name, number, resource, start] for number in range(steps[name])]
        assert abs(points - sum(parts)) <= (len(parts) + 1) / 2


@few
@given(tiny_rounds(), st.integers(1, 999))
def test_more_past_usage_never_raises_a_placements_points(
    obj: dict[str, Any], thousandths: int
) -> None:
    used = copy.deepcopy(obj)
    for organisation in used["organisations"]:
        organisation["fair_share"] = round(organisation["fair_share"] * thousandths / 1000, 6)
        organisation["fair_share"] = max(organisation["fair_share"], 0.001)
    before, after = points_by_place(compiled(obj)), points_by_place(compiled(used))
    assert before.keys() == after.keys()
    assert all(after[place] <= before[place] for place in before)


@few
@given(tiny_rounds(), st.integers(0, 99))
def test_a_ties_draw_depends_on_no_other_request(obj: dict[str, Any], seed: int) -> None:
    alone = copy.deepcopy(obj)
    alone["requests"] = [random.Random(seed).choice(alone["requests"])]
    every, one = compiled(obj), compiled(alone)
    kept = [
        float(tie)
        for tie, offer in zip(every.placements.tie, every.placements.offer.tolist(), strict=True)
        if every.problem.requests[every.offers[offer].request].id == one.problem.requests[0].id
    ]
    assert kept == one.placements.tie.tolist()
    assert all(0 <= tie < 1 for tie in kept)


@pytest.mark.parametrize("strict", [False, True])
@settings(few, max_examples=5)
@given(seed=st.integers(0, 10_000))
def test_asking_with_more_never_loses_a_place_where_hours_are_scarce(
    *, strict: bool, seed: int
) -> None:
    obj = {**drawn_round(seed, SCARCE), "strict": strict}
    for name in marginal(obj, allocate(read_problem(obj)))[:2]:
        for more in ("startup", "ldc", "merit", "window"):
            asked = copy.deepcopy(obj)
            request = next(one for one in asked["requests"] if one["id"] == name)
            if more == "merit":
                request["merit"] = min(1000, request["merit"] + 150)
            elif more == "window":
                first = request["sessions"][0]["alternatives"]
                first.append({"resource": first[0]["resource"], "from": 0, "to": 30, "rank": 9})
            else:
                request["groups"] = sorted({*request["groups"], more})
            bookings = allocate(read_problem(asked))["bookings"]
            assert any(one["request"] == name for one in bookings)


@settings(few, max_examples=5)
@given(small_rounds(), st.integers(0, 99))
def test_prices_that_are_made_up_bound_the_objective(obj: dict[str, Any], seed: int) -> None:
    """Weak duality needs nothing of the solver: not even slots that it priced."""
    draw, problem = random.Random(seed), read_problem(obj)
    result = allocate(problem)
    made_up = {
        "prices": {
            "slots": [
                {"resource": one.id, "step": step, "price": draw.choice([0.5, 90, 700])}
                for one in problem.resources
                for low, high in one.windows
                for step in range(low, high)
                if draw.random() < 0.3
            ],
            "caps": [
                {"organisation": one.id, "facility": at.id, "price": draw.choice([0, 25, 400])}
                for one in problem.organisations
                for at in problem.facilities
            ],
        },
        "facilities": [
            {
                "id": at.id,
                "groups": {
                    group: {"price": draw.choice([0, 600, 1500])} for group, _ in at.reserved_share
                },
            }
            for at in problem.facilities
        ],
    }
    assert bound_from_prices(problem, made_up).total >= result["objective"]
    assert result["certificate_bound"] >= result["bound"] >= result["objective"]


@settings(few, max_examples=5)
@given(small_rounds(), st.integers(0, 99))
def test_new_names_everywhere_leave_the_objective_within_a_point(
    obj: dict[str, Any], seed: int
) -> None:
    names: dict[str, str] = {}
    for kind in ("facilities", "resources", "organisations", "requests"):
        olds = [one["id"] for one in obj[kind]]
        news = [f"{kind[:2]}{at:03}" for at in range(len(olds))]
        random.Random(seed).shuffle(news)
        names |= dict(zip(olds, news, strict=True))
    renamed = _renamed(obj, names)
    one, other = allocate(read_problem(obj)), allocate(read_problem(renamed))
    assert abs(one["objective"] - other["objective"]) <= 1


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


@settings(few, max_examples=5)
@given(small_rounds())
def test_a_reserve_that_nobody_may_fill_is_as_if_it_were_not(obj: dict[str, Any]) -> None:
    for request in obj["requests"]:
        request["groups"] = [one for one in request["groups"] if one != "ldc"]
    dropped = copy.deepcopy(obj)
    for facility in dropped["facilities"]:
        facility["reserved_share"].pop("ldc")
    one, other = allocate(read_problem(obj)), allocate(read_problem(dropped))
    for key in ("objective", "bookings", "decisions"):
        assert one[key] == other[key]
    for mine, theirs in zip(one["facilities"], other["facilities"], strict=True):
        assert mine["groups"]["startup"] == theirs["groups"]["startup"]
        assert mine["groups"]["ldc"]["credited"] == 0
