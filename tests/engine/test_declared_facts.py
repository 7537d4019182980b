from typing import Any

import pytest

from booking.engine.declared_facts import LARGEST_FIGURE, FactName, fact_fault

GOOD: dict[FactName, list[Any]] = {
    FactName.STAFF: [0, 10**7],
    FactName.TURNOVER_EUR: [0, LARGEST_FIGURE],
    FactName.BALANCE_SHEET_EUR: [0, LARGEST_FIGURE],
    FactName.FOUNDED_ON: ["2021-03-31", "2024-02-29"],
    FactName.COUNTRY: ["KE"],
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


def test_fact_fault__every_fact__is_tried_here() -> None:
    assert set(GOOD) == set(BAD) == set(FactName)


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_fact_fault__right_shape__is_none(name: FactName, value: Any) -> None:
    assert fact_fault(name, value) is None


@pytest.mark.parametrize(("name", "value"), cases(BAD))
def test_fact_fault__wrong_shape__points_at_the_value(name: FactName, value: Any) -> None:
    found = fact_fault(name, value)
    assert found is not None
    assert (found.code, found.pointer) == ("fact_value", "/value")
    assert found.reason.startswith("Give ")
