from typing import Any

import pytest

from booking.engine.allocation.adoption import adopted_instead, allocate_adopting
from booking.engine.allocation.finish import finish
from booking.engine.allocation.placements import Compiled, compile_problem
from booking.engine.allocation.problem import (
    Problem,
    ProblemRefused,
    read_problem,
    write_problem,
)
from booking.engine.allocation.replay import make_bundle, verify_bundle
from booking.engine.allocation.run import allocate
from booking.engine.allocation.timetable import Timetable
from tests.strategies_allocation import SMALL, drawn_round
from tests.test_allocation_counterfactuals import a_round, asks

DAYS = frozenset(("f1",))


def two_for_one(*, long: int) -> Problem:
    """One long request, or two short ones together: no one-for-one swap leads there."""
    morning, evening = asks("q2", 500, steps=6), asks("q3", 500, steps=6)
    morning["sessions"][0]["alternatives"] = [{"resource": "r1", "starts": [8]}]
    evening["sessions"][0]["alternatives"] = [{"resource": "r1", "starts": [14]}]
    return a_round(asks("q1", long), morning, evening)


def holding(compiled: Compiled, request: str) -> Timetable:
    """Let the solver have chosen this request alone."""
    at = [one.id for one in compiled.problem.requests].index(request)
    rows = enumerate(compiled.placements.offer.tolist())
    return finish(compiled, [row for row, offer in rows if compiled.offers[offer].request == at])


def booked(request: str, start: int) -> dict[str, Any]:
    return {"request": request, "session": 0, "resource": "r1", "start": start, "quantity": 1}


@pytest.mark.parametrize(("long", "adopted"), [(499, True), (500, True), (501, False)])
def test_adopt__the_other_timetable__only_if_it_scores_as_much(long: int, *, adopted: bool) -> None:
    compiled = compile_problem(two_for_one(long=long))
    timetable = holding(compiled, "q1")
    assert len(timetable.held) == 1
    found = adopted_instead(timetable, "q2", DAYS, [booked("q2", 8), booked("q3", 14)])
    assert (found is not None) is adopted
    if found is not None:
        assert sorted(found.held) == [1, 2]


def test_adopt__the_request_has_its_place__nothing() -> None:
    compiled = compile_problem(two_for_one(long=400))
    best = adopted_instead(holding(compiled, "q1"), "q2", DAYS, [booked("q2", 8), booked("q3", 14)])
    assert best is not None
    assert adopted_instead(best, "q2", DAYS, [booked("q2", 8), booked("q3", 14)]) is None


def test_allocate_adopting__at_the_optimum__is_the_round_itself() -> None:
    problem = read_problem(drawn_round(5, SMALL))
    members = [one for one in problem.requests if one.groups]
    contested = [(one.id, one.groups[0]) for one in members[:2]]
    result = allocate_adopting(problem, contested)
    assert "adopted" not in result
    assert result["result_sha256"] == allocate(problem)["result_sha256"]


def test_allocate_adopting__a_request_that_is_not_there__is_refused() -> None:
    with pytest.raises(ProblemRefused, match="q9"):
        allocate_adopting(a_round(asks("q1", 500)), [("q9", "ldc")])


def test_verify_bundle__says_what_was_adopted__is_run_again_with_it() -> None:
    obj = drawn_round(5, SMALL)
    problem = read_problem(obj)
    result = allocate(problem)
    claimed = {**result, "adopted": [{"request": problem.requests[0].id, "group": "ldc"}]}
    faults = verify_bundle(make_bundle({}, obj, claimed, {}))
    assert any("adopted" in one for one in faults)
    assert verify_bundle(make_bundle({}, obj, result, {})) == ()


@pytest.mark.parametrize("wrong", [[{}], ["q1"], 1, [{"request": "q9", "group": "ldc"}]])
def test_verify_bundle__adopted_makes_no_sense__is_said(wrong: object) -> None:
    obj = write_problem(a_round(asks("q1", 500)))
    result = {**allocate(read_problem(obj)), "adopted": wrong}
    faults = verify_bundle(make_bundle({}, obj, result, {}))
    assert any("adopted does not list" in one for one in faults)
