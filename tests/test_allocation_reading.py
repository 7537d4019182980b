import copy
import json
from typing import Any

import pytest

from booking.engine.allocation.doubts import ABOVE_CAP, NEVER_PLACED, UNRESERVED
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import (
    Fault,
    ProblemRefused,
    problem_sha256,
    read_problem,
    sha256_of,
    write_problem,
)
from tests.strategies_allocation import SMALL, changed, drawn_round

PROBLEM = {
    "format": "benchshare-allocation/1",
    "origin": "2027-01-04T00:00:00Z",
    "step_minutes": 60,
    "seed": "a seed",
    "ladder": [{"up_to": 0.5, "points": 1200}, {"up_to": 1.0, "points": 600}],
    "facilities": [{"id": "f1", "reserved_share": {"startup": 0.4, "ldc": 0.6}, "cap_share": 1}],
    "resources": [
        {
            "id": "r1",
            "facility": "f1",
            "kind": "xrd",
            "capacity": 1,
            "rate": 1,
            "windows": [[8, 20], [32, 44]],
        }
    ],
    "organisations": [{"id": "o1", "fair_share": 1.0}],
    "requests": [
        {
            "id": "q1",
            "organisation": "o1",
            "groups": ["startup"],
            "merit": 1000,
            "sessions": [
                {
                    "steps": 4,
                    "quantity": 1,
                    "alternatives": [
                        {"resource": "r1", "starts": [8, 9], "rank": 0},
                        {"resource": "r1", "from": 32, "to": 44, "rank": 1},
                    ],
                }
            ],
        }
    ],
}
SESSION = "requests.0.sessions.0"
HERE = "requests[0].sessions[0]"
CHOICE = f"{SESSION}.alternatives"

REFUSED: list[tuple[str, Any, str]] = [
    ("format", "benchshare-allocation/2", "format"),
    ("format", ["x"], "format"),
    ("origin", "2027-01-04", "origin"),
    ("origin", "2027-01-04T00:00:00", "origin"),
    ("origin", 20270104, "origin"),
    ("step_minutes", 0, "step_minutes"),
    ("step_minutes", True, "step_minutes"),
    ("step_minutes", 60.0, "step_minutes"),
    ("seed", "", "seed"),
    ("extra", 1, "extra"),
    ("ladder.1.up_to", 0.5, "ladder[1].up_to"),
    ("ladder.1.up_to", 1.01, "ladder[1].up_to"),
    ("ladder.1.points", 1200, "ladder[1].points"),
    ("ladder.1.points", -1, "ladder[1].points"),
    ("ladder.0", 7, "ladder[0]"),
    ("requests.0.id", "", "requests[0].id"),
    ("facilities.0.reserved_share", {"a": 0.5, "b": 0.5001}, "facilities[0].reserved_share"),
    ("facilities.0.reserved_share", {"a": -0.1}, "facilities[0].reserved_share.a"),
    ("facilities.0.reserved_share", [], "facilities[0].reserved_share"),
    ("facilities.0.cap_share", 1.1, "facilities[0].cap_share"),
    ("facilities.0.cap_share", [], "facilities[0].cap_share"),
    ("resources.0.facility", "f9", "resources[0].facility"),
    ("facilities.0.reserved_share", {"a": 1.0001}, "facilities[0].reserved_share.a"),
    ("resources.0.rate", 416_666_667, "facilities[0]"),
    ("resources.0.capacity", 0, "resources[0].capacity"),
    ("resources.0.capacity", 1.5, "resources[0].capacity"),
    ("resources.0.rate", 0, "resources[0].rate"),
    ("resources.0.rate", float("nan"), "resources[0].rate"),
    ("resources.0.rate", float("inf"), "resources[0].rate"),
    ("resources.0.rate", 10**400, "resources[0].rate"),
    ("resources.0.windows", [[8, 20], [20, 30]], "resources[0].windows[1]"),
    ("resources.0.windows", [[32, 44], [8, 20]], "resources[0].windows[1]"),
    ("resources.0.windows", [[8, 8]], "resources[0].windows[0][1]"),
    ("resources.0.windows", [[8]], "resources[0].windows[0]"),
    ("resources.0.windows", [[-1, 8]], "resources[0].windows[0][0]"),
    ("resources.0.windows", None, "resources[0].windows"),
    ("organisations.0.fair_share", 0, "organisations[0].fair_share"),
    ("organisations.0.fair_share", 1.01, "organisations[0].fair_share"),
    ("requests.0.organisation", "o9", "requests[0].organisation"),
    ("requests.0.groups", ["a", "a"], "requests[0].groups[1]"),
    ("requests.0.groups", "startup", "requests[0].groups"),
    ("requests.0.merit", -1, "requests[0].merit"),
    ("requests.0.merit", 1001, "requests[0].merit"),
    ("requests.0.merit", "812", "requests[0].merit"),
    ("requests.0.sessions", [], "requests[0].sessions"),
    (f"{SESSION}.steps", 0, f"{HERE}.steps"),
    (f"{SESSION}.quantity", False, f"{HERE}.quantity"),
    (CHOICE, [], f"{HERE}.alternatives"),
    (f"{CHOICE}.0.resource", "r9", f"{HERE}.alternatives[0].resource"),
    (f"{CHOICE}.0.starts", [], f"{HERE}.alternatives[0].starts"),
    (f"{CHOICE}.0.starts", [8, "9"], f"{HERE}.alternatives[0].starts[1]"),
    (f"{CHOICE}.0.rank", -1, f"{HERE}.alternatives[0].rank"),
    (f"{CHOICE}.0.from", 8, f"{HERE}.alternatives[0]"),
    (f"{CHOICE}.1.to", 32, f"{HERE}.alternatives[1].to"),
    (f"{CHOICE}.1", {"resource": "r1", "from": 3}, f"{HERE}.alternatives[1].to"),
    (f"{CHOICE}.1", {"resource": "r1"}, f"{HERE}.alternatives[1]"),
]


@pytest.mark.parametrize(("path", "value", "named"), REFUSED)
def test_read_problem__one_thing_wrong__is_refused_by_its_path(
    path: str, value: Any, named: str
) -> None:
    with pytest.raises(ProblemRefused) as refused:
        read_problem(changed(PROBLEM, path, value))
    assert [one.path for one in refused.value.errors] == [named]
    assert all(one.sentence.endswith(".") for one in refused.value.errors)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("facilities.0.reserved_share", {"a": 0.1, "b": 0.2, "c": 0.7}),
        ("facilities.0.cap_share", None),
        ("facilities.0.cap_share", 0),
        ("resources.0.windows", [[8, 20], [21, 30]]),
        ("resources.0.windows", []),
        ("resources.0.rate", 0.25),
        ("resources.0.rate", 416_666_666),
        ("requests.0.merit", 0),
        ("requests.0.groups", ["elsewhere"]),
        ("requests", []),
        ("ladder", []),
        ("origin", "2027-01-04T05:45:00+05:45"),
    ],
)
def test_read_problem__at_the_boundary__is_read(path: str, value: Any) -> None:
    read_problem(changed(PROBLEM, path, value))


def test_read_problem__many_things_wrong__names_every_one() -> None:
    wrong = changed(changed(PROBLEM, "requests.0.merit", 2000), "seed", 3)
    wrong = changed(changed(wrong, "resources.0.facility", "f9"), "organisations", [])
    del wrong["origin"]
    with pytest.raises(ProblemRefused) as refused:
        read_problem(wrong)
    assert {one.path for one in refused.value.errors} == {
        "origin",
        "seed",
        "requests[0].merit",
        "resources[0].facility",
        "requests[0].organisation",
    }


@pytest.mark.parametrize("obj", [None, [], "x", 3, {}, {"requests": 3}, {1: 2}])
def test_read_problem__no_problem_at_all__is_refused(obj: object) -> None:
    with pytest.raises(ProblemRefused):
        read_problem(obj)


@pytest.mark.parametrize("obj", [None, [], "x", 3])
def test_read_problem__no_object__says_what_the_whole_file_is_to_be(obj: object) -> None:
    with pytest.raises(ProblemRefused) as refused:
        read_problem(obj)
    assert str(refused.value).startswith(f"the whole file: is {obj!r}; a problem is one object")


@pytest.mark.parametrize("key", ["facilities", "resources", "organisations", "requests"])
def test_read_problem__an_id_twice__is_refused(key: str) -> None:
    twice = copy.deepcopy(PROBLEM)
    listed: Any = twice[key]
    listed.append(copy.deepcopy(listed[0]))
    with pytest.raises(ProblemRefused) as refused:
        read_problem(twice)
    assert [one.path for one in refused.value.errors] == [f"{key}[1].id"]


@pytest.mark.parametrize(
    ("path", "value", "doubted"),
    [
        (f"{CHOICE}.0.starts", [8, 16], []),
        (f"{CHOICE}.0.starts", [7, 16, 17, 40, 44, 100], [".starts[0]", ".starts[2]"]),
        (f"{CHOICE}.0", {"resource": "r1", "from": 0, "to": 12}, []),
        (f"{CHOICE}.0", {"resource": "r1", "from": 0, "to": 11}, [""]),
        (f"{CHOICE}.0", {"resource": "r1", "from": 18, "to": 35}, [""]),
        (f"{SESSION}.steps", 12, [".starts[1]"]),
    ],
)
def test_read_problem__what_can_never_be_placed__is_doubted_by_its_path(
    path: str, value: Any, doubted: list[str]
) -> None:
    found: list[Fault] = []
    read_problem(changed(PROBLEM, path, value), doubt=found.append)
    assert {one.code for one in found} <= {NEVER_PLACED}
    named = [one.path.removeprefix(f"{HERE}.alternatives[0]") for one in found]
    assert named[: len(doubted)] == doubted
    assert bool(named) is bool(doubted)


def test_read_problem__more_units_than_there_are__is_doubted_once_an_alternative() -> None:
    found: list[Fault] = []
    read_problem(changed(PROBLEM, f"{SESSION}.quantity", 2), doubt=found.append)
    assert [one.path for one in found] == [f"{HERE}.alternatives[{at}]" for at in (0, 1)]


def doubts_about(problem: dict[str, Any], code: str) -> list[Fault]:
    found: list[Fault] = []
    read_problem(problem, doubt=found.append)
    return [one for one in found if one.code == code]


def test_read_problem__a_group_no_facility_lists__is_doubted_once_with_its_requests() -> None:
    asked: Any = PROBLEM["requests"]
    groups = (["ldc", "start-up"], ["startup"], ["start-up", "elsewhere"])
    several = [
        asked[0] | {"id": f"q{3 - at}", "groups": some} for at, some in enumerate(groups, start=1)
    ]
    found = doubts_about(changed(PROBLEM, "requests", several), UNRESERVED)
    assert [one.path for one in found] == ["requests[0].groups[1]", "requests[2].groups[1]"]
    assert "in 2 requests; did you mean 'startup'?" in found[0].sentence
    assert "in 1 request; correct it" in found[1].sentence


@pytest.mark.parametrize("groups", [[], ["startup", "ldc"], ["none"]])
def test_read_problem__groups_that_a_facility_lists__are_not_doubted(groups: list[str]) -> None:
    shares = {"startup": 0.4, "ldc": 0.6, "none": 0}
    asked = changed(PROBLEM, "facilities.0.reserved_share", shares)
    assert doubts_about(changed(asked, "requests.0.groups", groups), UNRESERVED) == []


@pytest.mark.parametrize(
    ("changes", "above"),
    [
        ({"facilities.0.cap_share": None}, False),
        ({"facilities.0.cap_share": 0.16667}, False),
        ({"facilities.0.cap_share": 0.166}, True),
        ({"facilities.0.cap_share": 0}, True),
        ({"facilities.0.cap_share": 0, "requests.0.merit": 299}, False),
        ({"facilities.0.cap_share": 0, f"{SESSION}.quantity": 2}, False),
    ],
)
def test_read_problem__a_request_above_its_cap__is_doubted_where_the_engine_refuses_it(
    changes: dict[str, Any], *, above: bool
) -> None:
    asked = PROBLEM
    for path, value in changes.items():
        asked = changed(asked, path, value)
    found = doubts_about(asked, ABOVE_CAP)
    assert [one.path for one in found] == ["requests[0]"] * above
    assert all("at least 4 credits at 'f1'" in one.sentence for one in found)
    refused = compile_problem(read_problem(asked)).refused
    assert ("above_cap" in refused.values()) is above


@pytest.mark.parametrize("seed", range(12))
def test_read_problem__many_requests__doubts_those_that_the_engine_refuses(seed: int) -> None:
    drawn = drawn_round(seed, SMALL)
    for facility in drawn["facilities"]:
        facility["cap_share"] = 0.04
    problem = read_problem(drawn)
    refused = compile_problem(problem).refused
    above = {problem.requests[at].id for at, code in refused.items() if code == "above_cap"}
    doubted = {one.path for one in doubts_about(drawn, ABOVE_CAP)}
    paths = {f"requests[{at}]" for at, one in enumerate(drawn["requests"]) if one["id"] in above}
    assert doubted == paths


def test_read_problem__keys_with_a_plain_meaning_left_out__are_filled_in() -> None:
    short = copy.deepcopy(PROBLEM)
    facility: Any = short["facilities"]
    del facility[0]["cap_share"], facility[0]["reserved_share"]
    request: Any = short["requests"]
    del request[0]["groups"], request[0]["sessions"][0]["alternatives"][0]["rank"]
    problem = read_problem(short)
    assert problem.facilities[0].cap_share is None
    assert problem.requests[0].groups == ()


def test_write_problem__what_was_read__gives_the_file_and_its_hash() -> None:
    problem = read_problem(json.loads(json.dumps(PROBLEM)))
    assert write_problem(problem) == PROBLEM
    assert problem_sha256(problem) == sha256_of(PROBLEM)


def test_write_problem__read_again__is_the_same_problem() -> None:
    problem = read_problem(drawn_round(1, SMALL))
    assert read_problem(write_problem(problem)) == problem


def test_read_problem__share_that_is_none__no_sum_is_told_of_it() -> None:
    shares = {"startup": 1.4, "ldc": 0.6}
    with pytest.raises(ProblemRefused) as refused:
        read_problem(changed(PROBLEM, "facilities.0.reserved_share", shares))
    assert [each.path for each in refused.value.errors] == ["facilities[0].reserved_share.startup"]
