import copy
import json
import random
from typing import Any

import pytest

from booking.engine.allocation.components import split
from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.entities import LadderStep
from booking.engine.allocation.placements import Reserve, compile_problem
from booking.engine.allocation.problem import read_problem, sha256_of
from booking.engine.allocation.replay import (
    made_otherwise,
    make_bundle,
    second_run_alone,
    verify_bundle,
)
from booking.engine.allocation.run import ENGINE, allocate
from booking.engine.allocation.verification import verify
from tests.strategies_allocation import SMALL, TINY, changed, drawn_round
from tests.test_allocation_reading import PROBLEM


def asking(**changes: Any) -> dict[str, Any]:
    """A request like the plain one, with changes."""
    plain: dict[str, Any] = copy.deepcopy(PROBLEM)
    return {**plain["requests"][0], **changes}


def a_session(steps: int = 4, quantity: int = 1, **span: int) -> dict[str, Any]:
    alternative = {"resource": "r1", "rank": 0, "from": 8, "to": 20, **span}
    return {"steps": steps, "quantity": quantity, "alternatives": [alternative]}


def codes(*requests: dict[str, Any], **facility: Any) -> dict[str, set[str]]:
    problem: dict[str, Any] = changed(PROBLEM, "requests", list(requests))
    problem["facilities"][0].update(facility)
    problem["organisations"].append({"id": "o2", "fair_share": 1})
    read = read_problem(problem)
    result = allocate(read)
    assert verify(read, result) == ()
    return {
        one["request"]: {reason["code"] for reason in one["reasons"]} for one in result["decisions"]
    }


def test_explain__a_better_request_holds_the_only_slot__outbid() -> None:
    whole = [a_session(12)]
    rival = asking(id="q2", organisation="o2", sessions=whole, merit=999)
    assert codes(asking(sessions=whole), rival) == {"q2": {"outbid"}}


def test_explain__the_points_it_would_have_taken__place_it() -> None:
    whole = [a_session(12)]
    plain = asking(sessions=whole, groups=[], merit=700)
    rival = asking(id="q2", organisation="o2", sessions=whole, merit=600, groups=[])
    problem = changed(PROBLEM, "requests", [plain, rival])
    problem["organisations"].append({"id": "o2", "fair_share": 1})
    decision = allocate(read_problem(problem))["decisions"][0]
    assert decision["request"] == "q2"
    needed = decision["points_needed_per_hour"]
    assert needed == 701
    rival["merit"] = needed
    again = allocate(read_problem(changed(problem, "requests", [plain, rival])))
    assert [one["request"] for one in again["decisions"]] == ["q1"]


def test_explain__larger_than_the_cap__above_cap() -> None:
    # 24 credits are offered: a third is 8.
    nine = asking(sessions=[a_session(9)])
    assert codes(nine, cap_share=0.3333) == {"q1": {"above_cap"}}


def test_explain__exactly_the_cap__is_granted() -> None:
    assert codes(asking(sessions=[a_session(6)]), cap_share=0.25) == {}


def test_explain__the_organisation_has_used_its_cap__cap_reached() -> None:
    first, second = asking(), asking(id="q2", merit=999)
    assert codes(first, second, cap_share=0.25) == {"q2": {"cap_reached"}}


def test_explain__room_for_one_session_of_two__partner_session() -> None:
    both = asking(sessions=[a_session(8), a_session(8)])
    assert codes(both) == {"q1": {"partner_session"}}


def test_explain__no_window_is_long_enough__no_placement() -> None:
    assert codes(asking(sessions=[a_session(13, to=30)])) == {"q1": {"no_placement"}}


def test_explain__more_units_than_there_are__no_placement() -> None:
    assert codes(asking(sessions=[a_session(quantity=2)])) == {"q1": {"no_placement"}}


@pytest.mark.parametrize(("merit", "expected"), [(299, {"q1": {"below_threshold"}}), (300, {})])
def test_explain__merit_at_the_threshold__decides_eligibility(
    merit: int, expected: dict[str, set[str]]
) -> None:
    assert codes(asking(merit=merit)) == expected


def test_compile__the_same_start_twice__counts_at_its_lowest_rank() -> None:
    alternatives = [
        {"resource": "r1", "starts": [8], "rank": 4},
        {"resource": "r1", "starts": [8], "rank": 2},
    ]
    session = {"steps": 4, "quantity": 1, "alternatives": alternatives}
    compiled = compile_problem(
        read_problem(changed(PROBLEM, "requests", [asking(sessions=[session])]))
    )
    assert [one.points for one in compiled.offers] == [3960]
    assert len(compiled.placements) == 1


def test_compile__a_placement_may_end_with_its_window__and_not_later() -> None:
    compiled = compile_problem(
        read_problem(changed(PROBLEM, "requests", [asking(sessions=[a_session(4, to=40)])]))
    )
    assert compiled.placements.start.tolist() == [*range(8, 17), *range(32, 37)]


def test_compile__half_a_point__rounds_to_even() -> None:
    # 1001 x 0.5 is no merit, so 325 x 0.1 x 1 hour: 32.5 goes to 32.
    problem = changed(PROBLEM, "organisations.0.fair_share", 0.1)
    problem["requests"] = [asking(merit=325, sessions=[a_session(1)])]
    assert {one.points for one in compile_problem(read_problem(problem)).offers} == {32}


def test_price__of_a_group_nobody_is_of__is_the_whole_top_up() -> None:
    problem = changed(PROBLEM, "requests", [asking(groups=[])])
    read = read_problem(problem)
    result = allocate(read)
    prices = {one["price"] for one in result["facilities"][0]["groups"].values()}
    assert prices == {float(problem["ladder"][0]["points"])}
    assert result["certificate_bound"] == result["objective"]
    assert verify(read, result) == ()


def test_split__a_request_that_could_use_two_facilities__links_them() -> None:
    problem: dict[str, Any] = copy.deepcopy(PROBLEM)
    problem["facilities"] += [{"id": "f2"}, {"id": "f3"}]
    problem["resources"].append({**problem["resources"][0], "id": "r3", "facility": "f3"})
    session = a_session()
    session["alternatives"].append({"resource": "r3", "from": 8, "to": 20, "rank": 1})
    problem["requests"] = [asking(sessions=[session])]
    read = read_problem(problem)
    assert [one.facilities for one in split(compile_problem(read))] == [(0, 2), (1,)]
    result = allocate(read)
    assert [one["component"] for one in result["facilities"]] == ["f1", "f2", "f1"]
    assert verify(read, result) == ()


def test_credit__hours_of_two_groups__go_where_the_top_up_is_best() -> None:
    ladder = (LadderStep(0.5, 1200), LadderStep(1.0, 600))
    reserves = (Reserve("a", 8, (4, 4)), Reserve("b", 4, (2, 2)))  # type: ignore[arg-type]
    crediting = Crediting(reserves, {(0,): 4, (0, 1): 3})
    assert [crediting.credited(at) for at in (0, 1)] == [5, 2] or [
        crediting.credited(at) for at in (0, 1)
    ] == [4, 3]
    assert crediting.top_up(ladder) == 6 * 1200 + 600


WRONG = [
    "objective",
    "bound",
    "certificate_bound",
    "gap",
    "seed",
    "problem_sha256",
    "result_sha256",
    "bookings.0.start",
    "bookings.0.quantity",
    "bookings.0.resource",
    "bookings.0.request",
    "facilities.0.objective",
    "facilities.0.bound",
    "facilities.0.groups.startup.credited",
    "facilities.0.groups.startup.reserved",
    "facilities.0.groups.startup.attainment",
    "facilities.0.groups.startup.price",
    "prices.slots.0.price",
    "report.jain",
    "report.gini",
    "report.utilisation",
    "report.mean_merit",
]


def signed(result: dict[str, Any]) -> dict[str, Any]:
    """Give a changed result a hash that fits, so that only the content can betray it."""
    kept = {key: one for key, one in result.items() if key not in {"work", "result_sha256"}}
    return {**result, "result_sha256": sha256_of(kept)}


@pytest.mark.parametrize("path", WRONG)
def test_verify__one_figure_changed__is_found(path: str) -> None:
    problem = read_problem(drawn_round(5, SMALL))
    result = allocate(problem)
    assert verify(problem, result) == ()
    at: Any = result
    for part in path.split("."):
        at = at[int(part)] if part.isdigit() else at[part]
    wrong = changed(result, path, at + 977 if isinstance(at, int | float) else f"{at}x")
    assert verify(problem, wrong if path == "result_sha256" else signed(wrong))


def test_verify__a_booking_left_out_or_doubled__is_found() -> None:
    problem = read_problem(drawn_round(5, SMALL))
    result = allocate(problem)
    for bookings in (result["bookings"][1:], [*result["bookings"], result["bookings"][0]]):
        assert verify(problem, signed({**result, "bookings": bookings}))


def test_verify__a_decision_without_reason_or_missing__is_found() -> None:
    problem = read_problem(drawn_round(5, SMALL))
    result = allocate(problem)
    assert result["decisions"]
    assert verify(problem, signed(changed(result, "decisions.0.reasons", [])))
    assert verify(problem, signed({**result, "decisions": result["decisions"][1:]}))


@pytest.mark.parametrize("result", [{}, {"bookings": 3}, {"bookings": [{}]}])
def test_verify__no_result_at_all__is_one_sentence(result: dict[str, Any]) -> None:
    assert len(verify(read_problem(PROBLEM), result)) == 1


def numbers(value: Any, path: str = "") -> list[str]:
    """List the paths of all numbers in a JSON value."""
    if isinstance(value, dict):
        return [one for key in value for one in numbers(value[key], f"{path}/{key}")]
    if isinstance(value, list):
        return [one for at, part in enumerate(value) for one in numbers(part, f"{path}/{at}")]
    return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []


def a_bundle() -> dict[str, Any]:
    problem = drawn_round(2, TINY)
    result = allocate(read_problem(problem), gap=0.02)
    facts = {"slug": "spring", "weights": {"ldc": 3}}
    return make_bundle(facts, problem, result, {"engine": "1", "schema": 4}, gap=0.02)


def test_verify_bundle__as_it_was_written__agrees() -> None:
    assert verify_bundle(json.loads(json.dumps(a_bundle()))) == ()


def test_verify_bundle__any_number_changed__is_found() -> None:
    bundle = a_bundle()
    paths = numbers(bundle)
    chosen = random.Random(1).sample(paths, 40)
    chosen += [one for one in paths if one.startswith(("/round", "/versions", "/gap"))]
    for path in chosen:
        wrong = copy.deepcopy(bundle)
        *way, last = path[1:].split("/")
        at: Any = wrong
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        key: Any = int(last) if isinstance(at, list) else last
        at[key] += 1
        assert verify_bundle(wrong), path


def test_verify_bundle__a_result_changed_and_all_hashes_made_anew__is_found() -> None:
    bundle = a_bundle()
    wrong = signed(changed(bundle["result"], "report.price_of_fairness", 0.5))
    forged = make_bundle(
        bundle["round"], bundle["problem"], wrong, bundle["versions"], gap=bundle["gap"]
    )
    assert any("result.report.price_of_fairness " in one for one in verify_bundle(forged))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"},
        {"problem": {}},
        {"problem": None},
        {"result": []},
        {"result": {}},
        {"gap": "wide"},
        {"gap": True},
        {"more": 1},
    ],
)
def test_verify_bundle__no_bundle__says_what_is_wrong(change: dict[str, Any]) -> None:
    assert verify_bundle({**a_bundle(), **change})


def test_verify_bundle__a_part_missing__is_named() -> None:
    bundle = a_bundle()
    del bundle["result"]
    assert verify_bundle(bundle) == ("result is missing; add it.",)


def test_made_otherwise__another_solver_or_engine_here__says_what_to_install() -> None:
    bundle = {"result": {"work": {"solver": "HiGHS 1.15.1", "engine": ENGINE}}}
    older = {"result": {"work": {"solver": "HiGHS 1.15.1"}}}

    assert made_otherwise(bundle, solver="1.15.1") is None
    assert "pip install highspy==1.15.1" in (made_otherwise(bundle, solver="1.16.0") or "")
    assert "decided by engine 1" in (made_otherwise(older, solver="1.15.1") or "")
    assert made_otherwise({"result": {}}, solver="1.16.0") is None
    assert made_otherwise({}, solver="1.16.0") is None


def test_second_run_alone__a_certificate_that_is_wrong_too__is_not() -> None:
    moved = a_bundle()
    moved["result"]["report"]["jain"] = 0.123
    (*_, last) = verify_bundle(moved)

    assert second_run_alone([last])
    assert not second_run_alone(verify_bundle(moved))
