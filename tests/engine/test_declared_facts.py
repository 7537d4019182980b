from datetime import date
from typing import Any

import pytest

from booking.engine.declared_facts import FactName, fact_faults
from booking.engine.related_faults import LARGEST_FIGURE
from booking.engine.violations import Violation

ON = date(2026, 11, 23)

GOOD: dict[FactName, list[Any]] = {
    FactName.STAFF: [0, 10**7],
    FactName.TURNOVER_EUR: [0, LARGEST_FIGURE],
    FactName.BALANCE_SHEET_EUR: [0, LARGEST_FIGURE],
    FactName.FOUNDED_ON: ["2021-03-31", "2024-02-29"],
    FactName.COUNTRY: ["KE"],
    FactName.KIND: ["startup", "public-body"],
    FactName.PUBLIC_CONTROL_PERCENT: [0, 100],
    FactName.RELATED: [
        [],
        [{"name": "Big", "percent": 60}],
        [{"name": "Big", "percent": 25, "figures": [{"year": 2025, "staff": 4}]}],
    ],
    FactName.ATTRIBUTES: [{}, {"led_by_women": True, "staff_abroad": 3, "field": "optics"}],
}
BAD: dict[FactName, list[Any]] = {
    FactName.STAFF: [-1, 10**7 + 1, 1.0, "3", True, None],
    FactName.TURNOVER_EUR: [-1, LARGEST_FIGURE + 1, "1"],
    FactName.BALANCE_SHEET_EUR: [-1, LARGEST_FIGURE + 1],
    FactName.FOUNDED_ON: ["2023-02-29", "20210331", "2021-W01-1", 20210331, None],
    FactName.COUNTRY: ["ke", "KEN", None, 1],
    FactName.KIND: ["Startup", "", None, 1, []],
    FactName.PUBLIC_CONTROL_PERCENT: [-1, 101, 50.0],
    FactName.RELATED: [
        {},
        [1],
        [{"name": "Big"}],
        [{"name": "", "percent": 1}],
        [{"name": "Big\0", "percent": 1}],
        [{"name": "Big", "percent": 101}],
        [{"name": "Big", "percent": 50, "more": 1}],
        [{"name": "Big", "percent": 50, "figures": [{"staff": 1}]}],
        [{"name": "Big", "percent": 50, "figures": [{"year": 0}]}],
        [{"name": "Big", "percent": 50, "figures": [{"year": 2025, "staff": -1}]}],
        [{"name": "Big", "percent": 50, "figures": 3}],
        [{"name": "Big", "percent": 50}] * 51,
    ],
    FactName.ATTRIBUTES: [[], {"": 1}, {"a": None}, {"a": 1.5}, {"a": "x" * 201}, {"a": 10**14}],
}


def cases(table: dict[FactName, list[Any]]) -> list[tuple[FactName, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


def test_fact_faults__every_fact__is_tried_here() -> None:
    assert set(GOOD) == set(BAD) == set(FactName)


def faults(name: FactName, value: Any) -> tuple[Violation, ...]:
    return fact_faults(name, value, owner="Kilimo Labs", on=ON)


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_fact_faults__right_shape__are_none(name: FactName, value: Any) -> None:
    assert faults(name, value) == ()


@pytest.mark.parametrize(("name", "value"), cases(BAD))
def test_fact_faults__wrong_shape__point_into_the_value(name: FactName, value: Any) -> None:
    found = faults(name, value)
    assert found
    for each in found:
        assert each.code == "fact_value"
        assert each.pointer.startswith("/value")


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ([{"name": "A", "percent": 101}], "/value/0/percent", "0 to 100"),
        ([{"name": "A", "percent": -1}], "/value/0/percent", "0 to 100"),
        (
            [{"name": "A", "percent": 30, "figures": [{"year": 2025}, {"year": 2025}]}],
            "/value/0/figures/1/year",
            "Give 2025 once",
        ),
        (
            [{"name": "A", "percent": 30, "figures": [{"year": 2027}]}],
            "/value/0/figures/0/year",
            "to 2026",
        ),
        (
            [{"name": "A", "percent": 30, "figures": [{"year": 2025, "staff": -4}]}],
            "/value/0/figures/0/staff",
            "from 0 to",
        ),
        ([{"name": "A", "percent": 30, "investor": "bank"}], "/value/0/investor", "university"),
        ([{"name": "A", "percent": 51, "investor": "university"}], "/value/0/investor", "51 %"),
        ([{"name": "A", "percent": 51, "side": "above"}], "/value/0/side", "owner, owned"),
        (
            [{"name": "A", "percent": 51, "organisation": "05dxps055"}],
            "/value/0/organisation",
            "https://ror.org/05dxps055",
        ),
        (
            [{"name": "A", "percent": 60, "related": [{"name": "B", "percent": 200}]}],
            "/value/0/related/0/percent",
            "0 to 100",
        ),
    ],
)
def test_fact_faults__related_enterprise__is_pointed_at_by_its_field(
    value: Any, pointer: str, words: str
) -> None:
    (found,) = faults(FactName.RELATED, value)
    assert found.pointer == pointer
    assert words in found.reason


def test_fact_faults__a_tie_to_oneself__is_named_as_such() -> None:
    (found,) = faults(FactName.RELATED, [{"name": "kilimo  LABS", "percent": 10}])
    assert (found.code, found.pointer) == ("cyclic_ownership", "/value/0/name")
    assert "cannot be its own partner or owner; name the other enterprise" in found.reason


@pytest.mark.parametrize(
    "value",
    [
        [{"name": "A", "percent": 60, "related": [{"name": "Kilimo Labs", "percent": 60}]}],
        [
            {
                "name": "A",
                "percent": 60,
                "related": [{"name": "B", "percent": 60, "related": [{"name": "a", "percent": 9}]}],
            }
        ],
    ],
)
def test_fact_faults__ownership_in_a_circle__is_named(value: Any) -> None:
    (found,) = faults(FactName.RELATED, value)
    assert found.code == "cyclic_ownership"
    assert "and back to" in found.reason


def test_fact_faults__two_ways_to_one_enterprise__are_no_circle() -> None:
    shared = {"name": "D", "percent": 60}
    both = [{"name": each, "percent": 60, "related": [shared]} for each in ("A", "B")]
    assert faults(FactName.RELATED, both) == ()


def test_fact_faults__chain_too_long__is_refused() -> None:
    chain: dict[str, Any] = {"name": "E7", "percent": 60}
    for number in range(6, 0, -1):
        chain = {"name": f"E{number}", "percent": 60, "related": [chain]}
    (found,) = faults(FactName.RELATED, [chain])
    assert "at most 6" in found.reason
    assert faults(FactName.RELATED, chain["related"]) == ()


@pytest.mark.parametrize(("day", "right"), [("2026-11-23", True), ("2026-11-24", False)])
def test_fact_faults__founded_on_a_day_to_come__is_refused(day: str, *, right: bool) -> None:
    assert (faults(FactName.FOUNDED_ON, day) == ()) is right
