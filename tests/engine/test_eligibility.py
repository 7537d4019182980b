from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from booking.engine.eligibility import (
    CountryFact,
    CountryStay,
    Leaver,
    ListsInForce,
    Membership,
    OrganisationFacts,
    leavers,
    membership,
)
from booking.engine.enterprise_size import (
    Enterprise,
)
from booking.engine.enterprise_ties import RelatedEnterprise, YearFigures
from booking.engine.group_rules import (
    AllOf,
    AnyOf,
    Attribute,
    CountryScheme,
    FirstTimeUser,
    GroupRule,
    Sme,
    Startup,
)
from tests.engine.test_enterprise_size import CEILINGS, M, year

ON = date(2026, 11, 23)
LDC = CountryScheme("un_ldc", ("member",))
LOW = CountryScheme("wb_income", ("low", "lower_middle"))
LISTS = ListsInForce(
    CEILINGS,
    (
        CountryFact("NP", "un_ldc", "member", date(2024, 12, 13), date(2026, 11, 24), "UN"),
        CountryFact("SN", "un_ldc", "member", date(2024, 12, 13), None, "UN"),
        CountryFact("PH", "wb_income", "lower_middle", date(2025, 7, 1), date(2026, 7, 1), "WB"),
        CountryFact("PH", "wb_income", "upper_middle", date(2026, 7, 1), date(2027, 7, 1), "WB"),
    ),
    "2026-11",
)
FACTS = OrganisationFacts(
    enterprise=Enterprise((year(2025, 8, M, M),), (), 0),
    founded_on=date(2021, 11, 23),
    founded_on_verified_by="officer",
    countries=(CountryStay("NP", date(2020, 1, 1), None, "officer"),),
    attributes={"kind": "startup", "campuses": 3, "public": False},
)


def decide(rule: GroupRule, on: date = ON, **changes: Any) -> Membership:
    return membership("group", rule, replace(FACTS, **changes), lists=LISTS, on=on)


@pytest.mark.parametrize(("day", "member"), [(22, True), (23, True), (24, False), (25, False)])
def test_membership__nepal_in_november_2026__leaves_on_the_24th(day: int, *, member: bool) -> None:
    assert decide(LDC, date(2026, 11, day)).member is member


def test_membership__nepal_before_and_after__shows_why() -> None:
    assert decide(LDC).working == (
        "un_ldc: NP is on the list from 2024-12-13 until 2026-11-24 (UN); list 2026-11",
    )
    assert decide(LDC, date(2026, 11, 25)).working == (
        (
            "un_ldc: NP left on 2026-11-24, on the list from 2024-12-13 till then (UN), "
            "so it does not count on 2026-11-25; list 2026-11"
        ),
    )


@pytest.mark.parametrize(
    ("grace", "day", "member"), [(1, 24, True), (1, 25, False), (30, 25, True)]
)
def test_membership__grace_period__lasts_its_days(grace: int, day: int, *, member: bool) -> None:
    found = decide(replace(LDC, grace_days=grace), date(2026, 11, day))
    assert found.member is member
    assert "days of grace" in found.working[0]


def test_membership__grace_of_the_policy__is_for_rules_without_their_own() -> None:
    after = date(2026, 11, 25)
    rules = {rule: AnyOf((replace(LDC, grace_days=rule),)) for rule in (None, 0)}
    found = {
        own: membership("g", rule, FACTS, lists=LISTS, on=after, grace_days=30).member
        for own, rule in rules.items()
    }
    assert found == {None: True, 0: False}


def test_membership__income_year_turns__takes_the_group_of_the_day() -> None:
    philippines = (CountryStay("PH", date(2020, 1, 1)),)
    assert decide(LOW, date(2026, 6, 30), countries=philippines).member
    found = decide(LOW, date(2026, 7, 1), countries=philippines)
    assert not found.member
    assert decide(replace(LOW, grace_days=365), ON, countries=philippines).member
    high = decide(CountryScheme("wb_income", ("high",)), ON, countries=philippines)
    assert high.working == ("wb_income: PH is upper middle on 2026-11-23, not high; list 2026-11",)


def test_membership__country_changes__decides_by_the_day() -> None:
    moved = (
        CountryStay("NP", date(2020, 1, 1), date(2026, 5, 1)),
        CountryStay("DE", date(2026, 5, 1)),
    )
    assert decide(LDC, date(2026, 4, 30), countries=moved).member
    found = decide(LDC, date(2026, 5, 1), countries=moved)
    assert not found.member
    assert "DE has no entry" in found.working[0]


def test_membership__no_end_known__stays() -> None:
    assert decide(LDC, date(2040, 1, 1), countries=(CountryStay("SN", date(2020, 1, 1)),)).member


def test_membership__country_missing__says_to_give_it() -> None:
    found = decide(LDC, countries=())
    assert not found.member
    assert found.working == ("country: give the country it is of on 2026-11-23",)


@pytest.mark.parametrize(
    ("founded", "member"),
    [
        (date(2021, 11, 23), True),
        (date(2021, 11, 22), False),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
    ],
)
def test_membership__startup_by_age__ends_after_its_anniversary(
    founded: date, *, member: bool
) -> None:
    assert decide(Startup(), founded_on=founded).member is member


def test_membership__founded_on_a_leap_day__counts_to_the_first_of_march() -> None:
    leap = date(2024, 2, 29)
    estimate = replace(year(2024, 8, M, M), declared_on=date(2024, 6, 1))
    own = {"founded_on": leap, "enterprise": Enterprise((estimate,), (), 0)}
    assert decide(Startup(1), date(2025, 3, 1), **own).member
    assert not decide(Startup(1), date(2025, 3, 2), **own).member


def test_membership__startup__is_independent_and_small() -> None:
    found = decide(Startup())
    assert found.member
    assert found.verified
    assert found.working == (
        "age: founded 2021-11-23, 2026-11-23 is not after 2026-11-23, 5 years on",
        "independent: no tie of 25 % or more",
        "micro: 8 staff < 10 and turnover 1 M EUR <= 2 M EUR in 2025",
    )
    tied = Enterprise(FACTS.enterprise.figures, (RelatedEnterprise("Big", 25),), 0)
    assert not decide(Startup(), enterprise=tied).member
    assert not decide(Startup(), enterprise=Enterprise((year(2025, 50),), (), 0)).member


def test_membership__figures_missing__is_no_member_and_says_which() -> None:
    found = decide(Sme(), enterprise=Enterprise())
    assert not found.member
    assert not found.decided
    assert found.working[0] == "public control: give the percentage that public bodies hold"
    assert "age: give the date" in decide(Startup(), founded_on=None).working[0]


@pytest.mark.parametrize(("bookings", "member"), [(0, True), (1, False)])
def test_membership__first_time_user__has_no_bookings(bookings: int, *, member: bool) -> None:
    assert decide(FirstTimeUser(), past_bookings=bookings).member is member


@pytest.mark.parametrize(
    ("rule", "member"),
    [
        (Attribute("kind", "eq", "startup"), True),
        (Attribute("kind", "ne", "startup"), False),
        (Attribute("kind", "in", ("ngo", "startup")), True),
        (Attribute("campuses", "lt", 3), False),
        (Attribute("campuses", "le", 3), True),
        (Attribute("campuses", "gt", 2), True),
        (Attribute("campuses", "ge", 4), False),
        (Attribute("public", "eq", False), True),
        (Attribute("kind", "lt", 3), False),
        (Attribute("public", "lt", 3), False),
        (Attribute("rooms", "lt", 3), False),
    ],
)
def test_membership__attribute__is_compared(rule: Attribute, *, member: bool) -> None:
    assert decide(rule).member is member


def test_membership__attribute_missing_or_no_number__says_to_give_it() -> None:
    assert decide(Attribute("rooms", "lt", 3)).working == ("rooms: give it",)
    assert "as a whole number" in decide(Attribute("kind", "lt", 3)).working[0]
    assert decide(Attribute("kind", "in", ("ngo", "sme"))).working == (
        "kind: startup in ngo, sme: no",
    )


def test_membership__any__one_suffices_and_shows_its_working_alone() -> None:
    found = decide(AnyOf((FirstTimeUser(), LDC)), past_bookings=3)
    assert found.member
    assert len(found.working) == 1
    none = decide(AnyOf((FirstTimeUser(), LDC)), past_bookings=3, countries=())
    assert not none.member
    assert len(none.working) == 2


def test_membership__any__prefers_what_is_verified() -> None:
    unverified = (replace(FACTS.countries[0], verified_by=None),)
    assert not decide(LDC, countries=unverified).verified
    assert decide(AnyOf((LDC, FirstTimeUser())), countries=unverified).verified


def test_membership__all__needs_each() -> None:
    assert decide(AllOf((FirstTimeUser(), LDC))).member
    assert not decide(AllOf((FirstTimeUser(), LDC)), past_bookings=1).member
    assert not decide(AllOf((FirstTimeUser(), LDC)), countries=()).member


def test_membership__declared_without_proof__is_not_verified() -> None:
    own = Enterprise((YearFigures(2025, date(2026, 2, 1), "owner", 8, M, M),), (), 0)
    found = decide(Sme(), enterprise=own)
    assert found.member
    assert not found.verified


def test_membership__names_of_the_lists__are_used() -> None:
    named = replace(LISTS, names={"NP": "Nepal", "un_ldc": "least developed countries"})
    found = membership("g", LDC, FACTS, lists=named, on=date(2026, 11, 25))
    assert found.working[0].startswith("least developed countries: Nepal left on 2026-11-24")


def test_membership__after_the_end_of_the_list__keeps_its_last_value() -> None:
    philippines = (CountryStay("PH", date(2020, 1, 1)),)
    upper = CountryScheme("wb_income", ("upper_middle",))
    found = decide(upper, date(2027, 7, 1), countries=philippines)
    assert found.member
    assert "until there is a newer list" in found.working[0]
    assert not decide(LOW, date(2027, 7, 1), countries=philippines).member


def test_membership__attribute__is_as_verified_as_it_was_declared() -> None:
    rule = Attribute("kind", "eq", "startup")
    assert decide(rule).verified
    assert not decide(rule, unverified=frozenset({"kind"})).verified


def test_leavers__country_leaves_or_turns__is_named_with_its_grace() -> None:
    year_on = (date(2026, 1, 1), date(2027, 1, 1))
    rule = AnyOf((LDC, replace(LOW, grace_days=10)))
    assert leavers(rule, lists=LISTS, between=year_on, grace_days=30) == (
        Leaver("PH", "wb_income", date(2026, 7, 1), date(2026, 7, 11)),
        Leaver("NP", "un_ldc", date(2026, 11, 24), date(2026, 12, 24)),
    )
    assert leavers(rule, lists=LISTS, between=(date(2026, 11, 25), date(2027, 1, 1))) == ()


def test_leavers__list_ends_or_country_stays_in_the_rule__nobody_left() -> None:
    income = CountryScheme("wb_income", ("lower_middle", "upper_middle"))
    ever = (date(2026, 1, 1), date(2030, 1, 1))
    assert leavers(income, lists=LISTS, between=ever) == ()
    assert leavers(FirstTimeUser(), lists=LISTS, between=ever) == ()
