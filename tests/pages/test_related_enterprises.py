from typing import Any

import pytest

from api.pages.related_enterprises import read_related, related_in_words
from booking.engine.declared_facts import FactName, fact_faults
from tests.builders import NOW

WRITTEN = """Sample Ltd 30 %
  2025: staff 40, turnover 3000000, balance sheet 2000000
Daughter 2 Ltd 60 % of Sample Ltd
Sample University 30 % (university)
Fund 20 % of Daughter 2 Ltd (venture capital)"""
READ: list[dict[str, Any]] = [
    {
        "name": "Sample Ltd",
        "percent": 30,
        "figures": [
            {
                "year": 2025,
                "staff": 40,
                "turnover_eur": 3_000_000,
                "balance_sheet_eur": 2_000_000,
            }
        ],
        "related": [
            {
                "name": "Daughter 2 Ltd",
                "percent": 60,
                "related": [{"name": "Fund", "percent": 20, "investor": "venture_capital"}],
            }
        ],
    },
    {"name": "Sample University", "percent": 30, "investor": "university"},
]


def test_read_related__as_the_page_describes__is_a_value_that_may_be_declared() -> None:
    assert read_related(WRITTEN) == READ
    assert fact_faults(FactName.RELATED, READ, owner="Kilimo Labs", on=NOW.date()) == ()


def test_read_related__side_and_identifier__stand_in_the_brackets() -> None:
    own_id = "0192f0c1-2d4f-7c3a-9a51-0a0b0c0d0e0f"
    text = (
        "Parent AG 60 % (owner, 05dxps055)\n"
        f"Fund 20 % of Parent AG (venture capital, Owned, {own_id})"
    )
    fund = {
        "name": "Fund",
        "percent": 20,
        "investor": "venture_capital",
        "side": "owned",
        "organisation": own_id,
    }
    ror = "https://ror.org/05dxps055"
    parent = {"name": "Parent AG", "percent": 60, "side": "owner", "organisation": ror}
    value = [parent | {"related": [fund]}]
    assert read_related(text) == value
    assert read_related(related_in_words(value)) == value
    assert fact_faults(FactName.RELATED, value, owner="Kilimo Labs", on=NOW.date()) == ()


def test_related_in_words__written_back__is_read_the_same() -> None:
    assert read_related(related_in_words(READ)) == READ
    assert related_in_words([]) == "none"
    assert read_related("  \n") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sample Ltd", "cannot be read: Sample Ltd"),
        ("2025: staff 4", "cannot be read: 2025: staff 4"),
        ("A 30 %\n2025: shoes 4", "cannot be read: 2025: shoes 4"),
        ("A" * 501, "at most 500 characters"),
        ("A 30 % of B", "Write the line of B before this one"),
    ],
)
def test_read_related__line_that_cannot_be_read__is_named(text: str, words: str) -> None:
    found = read_related(text)
    assert isinstance(found, str)
    assert words in found
