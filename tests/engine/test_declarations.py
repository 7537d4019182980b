from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from booking.engine.declarations import DeclaredFact, organisation_facts
from booking.engine.eligibility import CountryStay, OrganisationFacts
from booking.engine.enterprise_size import (
    Enterprise,
)
from booking.engine.enterprise_ties import RelatedEnterprise, YearFigures

ON = date(2026, 11, 23)


def fact(
    name: str,
    value: Any,
    as_of: date = date(2025, 12, 31),
    declared_on: date = date(2026, 2, 1),
    verified_by: str | None = "officer",
) -> DeclaredFact:
    return DeclaredFact(name, as_of, value, declared_on, "owner", verified_by)


def add_up(*declared: DeclaredFact, on: date = ON) -> OrganisationFacts:
    return organisation_facts(declared, on=on, past_bookings=2, attributes={"kind": "sme"})


def test_organisation_facts__nothing_declared__knows_nothing() -> None:
    assert add_up() == OrganisationFacts(
        Enterprise(ties_verified=False),
        past_bookings=2,
        attributes={"kind": "sme"},
        unverified=frozenset({"kind"}),
    )


def test_organisation_facts__one_tie_unverified__is_not_verified() -> None:
    control = fact("public_control_percent", 0)
    assert add_up(control, fact("related", [])).enterprise.ties_verified
    unverified = fact("related", [], verified_by=None)
    assert not add_up(control, unverified).enterprise.ties_verified


def test_organisation_facts__figures_of_a_year__are_gathered() -> None:
    found = add_up(fact("staff", 9), fact("turnover_eur", 5))
    (year,) = found.enterprise.figures
    assert year == YearFigures(
        2025, date(2026, 2, 1), "owner", 9, 5, None, "officer", date(2025, 12, 31)
    )


def test_organisation_facts__one_figure_unverified__is_not_verified() -> None:
    found = add_up(fact("staff", 9), fact("turnover_eur", 5, verified_by=None))
    assert found.enterprise.figures[0].verified_by is None


def test_organisation_facts__declared_after_the_day__is_left_out() -> None:
    later = fact("staff", 9, declared_on=ON)
    assert add_up(later).enterprise.figures
    assert not add_up(later, on=date(2026, 11, 22)).enterprise.figures


def test_organisation_facts__ties__are_read_and_none_differs_from_unknown() -> None:
    ties = [{"name": "Big", "percent": 60, "figures": [{"year": 2025, "staff": 4}]}]
    found = add_up(fact("related", ties), fact("public_control_percent", 10))
    figures = YearFigures(2025, date(2026, 2, 1), "owner", 4, verified_by="officer")
    assert found.enterprise == Enterprise(
        (), (RelatedEnterprise("Big", 60, (figures,)),), 10, ties_verified=True
    )
    assert add_up(fact("related", [])).enterprise.related == ()
    assert add_up().enterprise.related is None


def test_organisation_facts__newer_fact__takes_the_place_from_its_day() -> None:
    first = fact("public_control_percent", 30, date(2024, 1, 1))
    second = fact("public_control_percent", 10, date(2026, 6, 1))
    assert add_up(second, first).enterprise.public_control_percent == 10
    before = add_up(second, first, on=date(2026, 5, 31))
    assert before.enterprise.public_control_percent == 30


def test_organisation_facts__countries__follow_one_another() -> None:
    found = add_up(
        fact("country", "DE", date(2026, 5, 1), verified_by=None),
        fact("country", "NP", date(2020, 1, 1)),
        fact("founded_on", "2021-11-23"),
    )
    assert found.countries == (
        CountryStay("NP", date(2020, 1, 1), date(2026, 5, 1), "officer"),
        CountryStay("DE", date(2026, 5, 1)),
    )
    assert found.founded_on == date(2021, 11, 23)


def test_organisation_facts__attributes__declared_ones_stand_behind_known_ones() -> None:
    found = add_up(fact("attributes", {"kind": "ngo", "campuses": 3}))
    assert found.attributes == {"kind": "sme", "campuses": 3}
    assert found.unverified == {"kind"}
    assert add_up(fact("attributes", {"campuses": 3}, as_of=date(2026, 12, 1))).attributes == {
        "kind": "sme"
    }


def test_organisation_facts__order_of_rows__does_not_matter() -> None:
    rows = (fact("staff", 9), fact("country", "NP"), fact("related", []))
    assert add_up(*rows) == add_up(*reversed(rows))


@pytest.mark.parametrize(
    ("on", "verified"),
    [
        (date(2026, 2, 9), False),
        (date(2026, 2, 10), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
    ],
)
def test_organisation_facts__verification__lasts_to_the_end_of_its_day(
    on: date, *, verified: bool
) -> None:
    looked_at = {"verified_on": date(2026, 2, 10), "verified_until": date(2026, 11, 23)}
    facts = [
        replace(each, **looked_at)  # type: ignore[arg-type]
        for each in (
            fact("country", "NP"),
            fact("staff", 9),
            fact("founded_on", "2021-11-23"),
            fact("related", []),
            fact("public_control_percent", 0),
            fact("attributes", {"campuses": 3}),
            fact("kind", "sme"),
        )
    ]
    found = add_up(*facts, on=on)
    assert (found.countries[0].verified_by is not None) is verified
    assert (found.enterprise.figures[0].verified_by is not None) is verified
    assert (found.founded_on_verified_by is not None) is verified
    assert found.enterprise.ties_verified is verified
    assert found.unverified == (set() if verified else {"campuses", "kind", "country"})


def test_organisation_facts__kind__is_verified_by_a_fact_that_says_the_same() -> None:
    assert add_up(fact("kind", "sme")).unverified == set()
    assert add_up(fact("kind", "ngo")).unverified == {"kind"}
    assert add_up(fact("kind", "sme", verified_by=None)).unverified == {"kind"}


def test_organisation_facts__country__is_an_attribute_of_the_day() -> None:
    assert add_up(fact("country", "NP", date(2020, 1, 1))).attributes["country"] == "NP"


def test_organisation_facts__ties_of_ties__are_read() -> None:
    inner = {"name": "Inner", "percent": 70}
    outer = {"name": "Outer", "percent": 60, "related": [inner], "investor": "university"}
    (found,) = add_up(fact("related", [outer])).enterprise.related or ()
    assert found == RelatedEnterprise(
        "Outer", 60, (), (RelatedEnterprise("Inner", 70),), "university"
    )
