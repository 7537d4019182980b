from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.reference.countries import (
    INCOME_GROUPS,
    SCHEMES,
    countries,
    country_code,
    country_facts,
    country_name,
    facts_of,
    status,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("United States", "US"),
        ("USA", "US"),
        ("US", "US"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("the United States", "US"),
        ("Czechia", "CZ"),
        ("Czech Republic", "CZ"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Russia", "RU"),
        ("Taiwan", "TW"),
        ("Puerto Rico", "PR"),
        ("  côte d'ivoire ", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("Türkiye", "TR"),
        ("turkey", "TR"),
        ("Lao People's Democratic Republic", "LA"),
        ("Laos", "LA"),
        ("Lao PDR", "LA"),
        ("Namibia", "NA"),
        ("NA", "NA"),
        ("npl", "NP"),
        ("Trinidad & Tobago", "TT"),
        ("St. Lucia", "LC"),
        ("Saint Lucia", "LC"),
        ("Viet Nam", "VN"),
        ("The Gambia", "GM"),
        ("Sao Tome and Principe", "ST"),
        ("", None),
        ("Atlantis", None),
        ("UNKNOWN", None),
    ],
)
def test_country_code__as_people_write_it__is_the_code_or_none(text: str, code: str | None) -> None:
    assert country_code(text) == code


def test_country_code__every_code_and_name__finds_itself() -> None:
    for each in countries().values():
        assert country_code(each.country) == each.country
        assert country_code(each.iso3.lower()) == each.country
        assert country_code(each.name.upper()) == each.country


@given(st.text(max_size=20))
def test_country_code_is_always_a_country_or_none(text: str) -> None:
    code = country_code(text)
    assert code is None or code in countries()


def test_country_name__unknown_code__is_the_code() -> None:
    assert country_name("NP") == "Nepal"
    assert country_name("ZZ") == "ZZ"


@pytest.mark.parametrize("country", ["NP", "LA"])
def test_status__leaving_the_ldc_list__changes_on_24_november_2026(country: str) -> None:
    assert status(country, "un_ldc", date(2026, 11, 22)) is not None
    assert status(country, "un_ldc", date(2026, 11, 23)) is not None
    assert status(country, "un_ldc", date(2026, 11, 24)) is None
    assert status(country, "un_ldc", date(2026, 11, 25)) is None


def test_status__bangladesh__stays_and_says_that_it_is_unverified() -> None:
    fact = status("BD", "un_ldc", date(2026, 11, 25))
    assert fact is not None
    assert "unverified" in fact.source
    assert fact.valid_to == date(2029, 11, 24)


def test_status__income_year__turns_on_the_first_of_july() -> None:
    before = status("PH", "wb_income", date(2026, 6, 30))
    after = status("PH", "wb_income", date(2026, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == ("lower_middle", "upper_middle")
    assert "unverified" in after.source


def test_status__outside_a_scheme_or_before_its_list__is_none() -> None:
    assert status("DE", "un_ldc", date(2026, 1, 1)) is None
    assert status("NP", "un_ldc", date(2024, 12, 12)) is None
    assert status("NP", "un_ldc", date(2024, 12, 13)) is not None


def test_status__no_such_scheme__is_refused() -> None:
    with pytest.raises(ValueError, match="choose from un_ldc"):
        status("NP", "ldc", date(2026, 1, 1))


def test_country_facts__counts__are_those_of_the_published_lists() -> None:
    on = date(2026, 11, 23)
    held = Counter(each.scheme for each in country_facts() if each.holds_on(on))
    assert (held["un_ldc"], held["un_lldc"], held["un_sids"]) == (44, 32, 53)
    later = [f for f in country_facts() if f.scheme == "un_ldc" and f.holds_on(date(2026, 11, 24))]
    assert len(later) == 42
    assert len(countries()) == 250


def test_country_facts__any_country_scheme_and_day__has_one_at_most() -> None:
    days = [date(2024, 12, 1) + timedelta(days=30 * n) for n in range(40)]
    for day in days:
        held = Counter((f.country, f.scheme) for f in country_facts() if f.holds_on(day))
        assert set(held.values()) <= {1}


def test_country_facts__every_row__is_well_formed() -> None:
    for each in country_facts():
        assert each.country in countries()
        assert each.scheme in SCHEMES
        assert each.valid_to is None or each.valid_from < each.valid_to
        assert each.value in ((*INCOME_GROUPS,) if each.scheme == "wb_income" else ("member",))
        assert each.source
    assert {fact.scheme for fact in facts_of("NP")} == {"un_ldc", "un_lldc", "wb_income"}
