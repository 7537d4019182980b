import copy
import json
from fractions import Fraction
from typing import Any

import pytest

from booking.engine.allocation.changes import (
    Change,
    CorrectedGroups,
    FairShare,
    GroupAdded,
    GroupRemoved,
    MoreAlternatives,
    Score,
    SessionLength,
    Units,
    change_as_json,
    changed,
    read_change,
)
from booking.engine.allocation.counterfactual import (
    tried,
    verified,
    without,
    workable,
    worth_of,
)
from booking.engine.allocation.differences import difference
from booking.engine.allocation.entities import Alternative
from booking.engine.allocation.parts import linked, part_of, part_of_result, reached
from booking.engine.allocation.problem import (
    Problem,
    ProblemRefused,
    problem_sha256,
    read_problem,
    write_problem,
)
from booking.engine.allocation.run import allocate
from booking.engine.allocation.shortlist import suggestions
from tests.strategies_allocation import SMALL, drawn_round
from tests.test_allocation_reading import PROBLEM

WINDOW = Alternative(resource="r1", rank=1, starts=None, span=(32, 44))


def a_round(*requests: dict[str, Any]) -> Problem:
    """One resource, open 8 to 20 and 32 to 44, two organisations, no reserves, these requests."""
    obj: dict[str, Any] = copy.deepcopy(PROBLEM)
    obj["facilities"][0].update(reserved_share={"ldc": 0.25}, cap_share=None)
    obj["resources"][0].update(capacity=1, rate=1, windows=[[8, 20], [32, 44]])
    obj["resources"] = obj["resources"][:1]
    obj["organisations"] = [{"id": "o1", "fair_share": 1}, {"id": "o2", "fair_share": 0.5}]
    return read_problem({**obj, "requests": list(requests)})


def asks(name: str, merit: int, steps: int = 12, **more: Any) -> dict[str, Any]:
    alternative = {"resource": "r1", "from": 8, "to": 20}
    session = {"steps": steps, "quantity": 1, "alternatives": [alternative]}
    request = {"id": name, "organisation": "o1", "merit": merit, "sessions": [session]}
    return {**request, **more}


TWO = (asks("q1", 700), asks("q2", 600))


@pytest.mark.parametrize(
    ("change", "granted"),
    [
        (Score("q2", 701), True),
        (Score("q2", 699), False),
        (MoreAlternatives("q2", 0, (WINDOW,)), True),
        (SessionLength("q2", 0, 11), False),
        (GroupAdded("q2", "ldc"), True),
        (GroupAdded("q2", "startup"), False),
        (CorrectedGroups("q2", ("ldc",), whole_organisation=False), True),
        (CorrectedGroups("q2", ("ldc",)), False),
        (FairShare("q2", 0.5), False),
        (Score("q1", 599), True),
    ],
)
def test_try__one_thing_changed__is_what_the_whole_round_would_say(
    change: Change, *, granted: bool
) -> None:
    problem = a_round(*TWO)
    answer = tried(problem, allocate(problem), "q2", change)
    assert answer.granted is granted
    assert answer.exact
    assert bool(answer.places) is granted
    again = allocate(changed(problem, change))
    assert granted == any(one["request"] == "q2" for one in again["bookings"])
    assert json.loads(json.dumps(answer.as_json())) == answer.as_json()


def test_try__a_higher_score__says_who_gains_and_who_loses() -> None:
    problem = a_round(*TWO)
    answer = tried(problem, allocate(problem), "q2", Score("q2", 701))
    found = answer.difference
    assert [one.request for one in found.gained] == ["q2"]
    assert [one.request for one in found.lost] == ["q1"]
    assert found.organisations == ()
    assert (found.objective.before, found.objective.after) == (8400, 8412)
    assert found.gained[0].points.after == 8412
    assert answer.places[0].start == 8


@pytest.mark.parametrize(
    "change",
    [
        Score("q1", 1001),
        Score("q1", -1),
        FairShare("q1", 0),
        SessionLength("q1", 0, 0),
        SessionLength("q1", 1, 4),
        Units("q1", 0, 0),
        MoreAlternatives("q1", 0, (Alternative("nowhere", 0, (1,), None),)),
        CorrectedGroups("q1", ("ldc", "ldc")),
        GroupAdded("q9", "ldc"),
    ],
)
def test_change__no_request_of_the_file__is_refused(change: Change) -> None:
    with pytest.raises(ProblemRefused):
        changed(a_round(*TWO), change)


def test_change__a_fact_of_the_organisation__concerns_all_its_requests() -> None:
    problem = a_round(*TWO, asks("q3", 500, organisation="o2"))
    after = changed(problem, CorrectedGroups("q1", ("ldc",)))
    assert [one.groups for one in after.requests] == [("ldc",), ("ldc",), ()]
    assert changed(after, CorrectedGroups("q1", ())) == problem


@pytest.mark.parametrize(
    "change",
    [
        Score("q1", 812.5),
        MoreAlternatives("q1", 0, (WINDOW, Alternative("r1", 0, (8, 9), None))),
        SessionLength("q1", 0, 3),
        Units("q1", 0, 2),
        GroupAdded("q1", "ldc"),
        GroupRemoved("q1", "ldc"),
        CorrectedGroups("q1", ("ldc", "startup"), whole_organisation=False),
        FairShare("q1", 0.75),
    ],
)
def test_write__a_change__is_read_again(change: Change) -> None:
    assert read_change(json.loads(json.dumps(change_as_json(change)))) == change


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({}, "kind"),
        ({"kind": "luck", "request": "q1"}, "kind"),
        ({"kind": "score", "request": "q1"}, "merit"),
        ({"kind": "score", "request": "q1", "merit": "many"}, "merit"),
        ({"kind": "score", "request": "q1", "merit": 5, "rank": 1}, "rank"),
        ({"kind": "units", "request": "", "session": 0, "quantity": 1}, "request"),
        ({"kind": "corrected_groups", "request": "q", "groups": [], "whole_organisation": 1}, "w"),
    ],
)
def test_read__no_change__is_named_by_its_key(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(ProblemRefused) as refused:
        read_change(wrong)
    assert refused.value.errors[0].path.startswith(path)


def test_the_part_solved_again_is_what_the_whole_round_finds_there() -> None:
    problem = read_problem(drawn_round(5, SMALL))
    result = allocate(problem)
    name = problem.requests[0].id
    facilities = linked((problem,), reached(problem, (name,)))
    part = part_of(problem, facilities)
    assert len(part.facilities) < len(problem.facilities)
    alone, cut = allocate(part), part_of_result(part, result)
    for key in ("bookings", "facilities", "decisions"):
        assert alone[key] == cut[key]
    found = difference(part, cut, part, alone)
    assert (found.gained, found.lost, found.moved, found.organisations) == ((), (), (), ())
    assert found.objective.before == found.objective.after
    assert read_problem(write_problem(part)) == part
    assert problem_sha256(part) != problem_sha256(problem)


def test_compare__two_policies__shifts_by_group_and_by_figure() -> None:
    problem = a_round(asks("q1", 700), asks("q2", 650, groups=["ldc"]))
    plain = read_problem(
        {**write_problem(problem), "facilities": [{"id": problem.facilities[0].id}]}
    )
    found = difference(plain, allocate(plain), problem, allocate(problem))
    shift = found.network[0]
    assert (shift.group, shift.facility) == ("ldc", None)
    assert (shift.reserved.before, shift.reserved.after) == (0, 6)
    assert (shift.credited.after, shift.attainment.after) == (6, 1)
    assert (shift.held.before, shift.held.after) == (0, 12)
    assert found.groups[0].facility == problem.facilities[0].id
    assert (found.points.before, found.points.after) == (8400, 7800)
    assert dict(found.report)["price_of_fairness"].before == 0
    assert dict(found.report)["price_of_fairness"].after > 0
    assert json.dumps(found.as_json())


def test_audit__the_declaration_did_no_harm__nothing_is_adopted() -> None:
    problem = a_round(asks("q1", 700), asks("q2", 600, groups=["startup"]))
    audit = without(problem, allocate(problem), "q2", "startup")
    assert not audit.granted
    assert not audit.adopt
    assert audit.objective == audit.without == 8400


def test_audit__the_declaration_did_harm__the_better_timetable_is_adopted() -> None:
    problem = a_round(asks("q1", 600), asks("q2", 700, groups=["startup"]))
    result = allocate(problem)
    harmed = {**result, "bookings": [{**result["bookings"][0], "request": "q1"}]}
    audit = without(problem, harmed, "q2", "startup")
    assert audit.adopt
    assert [audit.objective, audit.without] == [7200, 8400]
    assert worth_of(problem, audit.bookings) >= worth_of(problem, harmed["bookings"])
    assert json.dumps(audit.as_json())
    assert not without(problem, result, "q2", "startup").adopt


def test_evaluate__bookings_that_break_a_rule__are_refused() -> None:
    problem = a_round(*TWO)
    booking = {"request": "q1", "session": 0, "resource": "r1", "start": 8, "quantity": 1}
    assert worth_of(problem, [booking])[1] == Fraction(8400)
    with pytest.raises(ValueError, match="q1"):
        worth_of(problem, [{**booking, "start": 9}])


def test_suggest__a_request_with_a_place__nothing() -> None:
    problem = a_round(*TWO)
    assert suggestions(problem, allocate(problem), "q1") == ()


def test_suggest__outbid__score_shorter_and_wider_are_verified() -> None:
    early = asks("q1", 700, steps=8)
    early["sessions"][0]["alternatives"] = [{"resource": "r1", "starts": [8]}]
    problem = a_round(early, asks("q2", 400))
    result = allocate(problem)
    wanted = suggestions(problem, result, "q2")
    assert [one.change.kind for one in wanted] == [
        "score",
        "session_length",
        "session_length",
        "more_alternatives",
    ]
    answers = list(verified(problem, result, "q2", wanted))
    found = {one.change.kind: one.change for one in workable(answers)}
    least = found["score"]
    assert isinstance(least, Score)
    assert least.merit == 467
    shorter, wider = found["session_length"], found["more_alternatives"]
    assert isinstance(shorter, SessionLength)
    assert shorter.steps == 4
    assert isinstance(wider, MoreAlternatives)
    assert wider.alternatives[0].span == (8, 44)
    assert len(answers) <= sum(one.solves for one in wanted)


def test_suggest__the_least_score__one_less_would_not_do() -> None:
    problem = a_round(asks("q1", 437), asks("q2", 400, organisation="o2"))
    result = allocate(problem)
    wanted = suggestions(problem, result, "q2")[:1]
    change = workable(verified(problem, result, "q2", wanted))[0].change
    assert isinstance(change, Score)
    assert not tried(problem, result, "q2", Score("q2", change.merit - 1)).granted
    assert tried(problem, result, "q2", change).granted
    assert change.merit == 875


def test_suggest__no_score_would_do__one_solve_says_so() -> None:
    problem = a_round(asks("q1", 900), asks("q2", 400, organisation="o2"))
    result = allocate(problem)
    answers = list(verified(problem, result, "q2", suggestions(problem, result, "q2")[:1]))
    assert [one.granted for one in answers] == [False]
    assert workable(answers) == ()


def test_suggest__another_resource_of_the_kind__is_named() -> None:
    obj = write_problem(a_round(*TWO))
    obj["resources"] += [{**obj["resources"][0], "id": "r2"}]
    obj["resources"] += [{**obj["resources"][0], "id": "r3", "kind": "nmr"}]
    problem = read_problem(obj)
    result = allocate(problem)
    answers = verified(problem, result, "q2", suggestions(problem, result, "q2"))
    named = [
        one.resource
        for answer in workable(answers)
        if isinstance(answer.change, MoreAlternatives)
        for one in answer.change.alternatives
    ]
    assert named == ["r2", "r1"]


def test_suggest__above_the_cap__what_fits_below_it() -> None:
    obj = write_problem(a_round(asks("q1", 700)))
    obj["facilities"][0]["cap_share"] = 0.25
    problem = read_problem(obj)
    result = allocate(problem)
    assert result["decisions"][0]["reasons"][0]["code"] == "above_cap"
    wanted = suggestions(problem, result, "q1")
    assert [one.change for one in wanted] == [SessionLength("q1", 0, 9), SessionLength("q1", 0, 6)]
    assert [one.granted for one in verified(problem, result, "q1", wanted)] == [False, True]
    assert json.dumps([one.as_json() for one in wanted])


def test_what_is_suggested_can_be_asked_for() -> None:
    problem = read_problem(drawn_round(5, SMALL))
    result = allocate(problem)
    refused = [one["request"] for one in result["decisions"] if not one["granted"]]
    wanted = [one.change for name in refused for one in suggestions(problem, result, name)]
    assert {one.request for one in wanted} == set(refused)
    assert all(changed(problem, one) != problem for one in wanted)
