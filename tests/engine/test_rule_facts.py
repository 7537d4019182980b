from dataclasses import dataclass
from datetime import date

import pytest

from booking.engine.declared_facts import FactName
from booking.engine.group_rules import (
    AllOf,
    Attribute,
    CountryScheme,
    FirstTimeUser,
    GroupRule,
    Sme,
    Startup,
)
from booking.engine.rule_facts import facts_behind, standing


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    as_of: date


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (FirstTimeUser(), ""),
        (CountryScheme("un_ldc", ("member",)), "country"),
        (Attribute("kind", "eq", "ngo"), "kind"),
        (Attribute("country", "in", ("KE",)), "country"),
        (Attribute("campuses", "gt", 1), "attributes"),
        (Sme(), "balance_sheet_eur public_control_percent related staff turnover_eur"),
        (AllOf((CountryScheme("un_ldc", ("member",)), FirstTimeUser())), "country"),
    ],
)
def test_facts_behind__each_rule__names_what_decides_it(rule: GroupRule, names: str) -> None:
    assert sorted(facts_behind(rule)) == names.split()


def test_facts_behind__startup__is_its_size_and_age() -> None:
    assert facts_behind(Startup()) == facts_behind(Sme()) | {"founded_on"}


def test_standing__newest_of_each_and_three_years_of_figures() -> None:
    staff = [Fact("staff", date(year, 12, 31)) for year in range(2021, 2027)]
    countries = [Fact("country", date(year, 1, 1)) for year in (2020, 2026, 2027)]
    found = standing(
        [*staff, *countries, Fact("founded_on", date(2020, 1, 1))],
        [FactName.STAFF, FactName.COUNTRY],
        on=date(2026, 11, 23),
    )
    assert [(each.name, each.as_of.year) for each in found] == [
        ("country", 2026),
        ("staff", 2023),
        ("staff", 2024),
        ("staff", 2025),
    ]
