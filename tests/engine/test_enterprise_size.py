from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.engine.enterprise_size import (
    Ceiling,
    Enterprise,
    Finding,
    in_millions,
    independence,
    within_size,
)
from booking.engine.enterprise_ties import RelatedEnterprise, YearFigures

M = 1_000_000
ON = date(2026, 11, 23)
CEILINGS = (
    Ceiling("micro", 10, 2 * M, 2 * M),
    Ceiling("small", 50, 10 * M, 10 * M),
    Ceiling("medium", 250, 50 * M, 43 * M),
)


def year(
    number: int = 2025,
    staff: int | None = 180,
    turnover: int | None = 41 * M,
    balance: int | None = 60 * M,
) -> YearFigures:
    return YearFigures(
        number, date(number + 1, 2, 1), "owner", staff, turnover, balance, verified_by="officer"
    )


def enterprise(*years: YearFigures, related: tuple[RelatedEnterprise, ...] = ()) -> Enterprise:
    return Enterprise(years, related, 0)


def decide(of: Enterprise, at_most: str = "medium", on: date = ON) -> Finding:
    return within_size(of, at_most, ceilings=CEILINGS, on=on)


def test_within_size__medium__shows_its_working() -> None:
    found = decide(enterprise(year()))
    assert found == Finding(
        holds=True,
        working=("medium: 180 staff < 250 and turnover 41 M EUR <= 50 M EUR in 2025",),
        verified=True,
    )


@pytest.mark.parametrize(
    ("staff", "turnover", "balance", "size"),
    [
        (9, 2 * M, 99 * M, "micro"),
        (9, 99 * M, 2 * M, "micro"),
        (10, 2 * M, 2 * M, "small"),
        (9, 2 * M + 1, 2 * M + 1, "small"),
        (49, 10 * M, 99 * M, "small"),
        (50, 10 * M, 10 * M, "medium"),
        (49, 10 * M + 1, 10 * M + 1, "medium"),
        (249, 50 * M, 99 * M, "medium"),
        (249, 50 * M + 1, 43 * M, "medium"),
        (250, 1, 1, "large"),
        (249, 50 * M + 1, 43 * M + 1, "large"),
    ],
)
def test_within_size__at_each_boundary__is_that_size(
    staff: int, turnover: int, balance: int, size: str
) -> None:
    of = enterprise(year(2025, staff, turnover, balance))
    fitting = [each.size for each in CEILINGS if decide(of, each.size).holds]
    assert (fitting[0] if fitting else "large") == size


def test_within_size__too_large__says_what_is_over() -> None:
    assert decide(enterprise(year(2025, 250))).working == ("medium: 250 staff, not < 250, in 2025",)
    assert decide(enterprise(year(2025, 249, 50 * M + 1, 60 * M))).working == (
        (
            "medium: 249 staff < 250, but turnover 50.000001 M EUR > 50 M EUR "
            "and balance sheet 60 M EUR > 43 M EUR in 2025"
        ),
    )


def test_within_size__one_year_above__keeps_its_size_and_two_lose_it() -> None:
    small, large = year(2024), year(2025, 400)
    kept = decide(enterprise(small, large))
    assert kept.holds
    assert "kept, since a size changes only when two years in a row agree" in kept.working[-1]
    assert decide(enterprise(year(2023), year(2024, 400), large)).holds is False


def test_within_size__one_year_below__does_not_gain_it_and_two_do() -> None:
    large = year(2023, 400)
    once = decide(enterprise(year(2024, 400), year(2025)))
    assert once.holds is False
    assert "not yet gained" in once.working[-1]
    assert decide(enterprise(large, year(2024), year(2025))).holds


def test_within_size__gap_in_the_years__starts_anew() -> None:
    assert decide(enterprise(year(2022, 400), year(2023, 400), year(2025))).holds


@pytest.mark.parametrize(
    ("percent", "staff"), [(24, 100), (25, 125), (30, 130), (50, 150), (51, 200), (100, 200)]
)
def test_within_size__related_enterprises__count_by_their_share(percent: int, staff: int) -> None:
    other = RelatedEnterprise("Other", percent, (year(2025, 100, 0, 0),))
    found = decide(enterprise(year(2025, 100, 1, 1), related=(other,)))
    assert f"medium: {staff} staff < 250" in found.working[0]


def test_within_size__partner_tips_the_ceiling_by_a_part__is_exact() -> None:
    partner = RelatedEnterprise("Partner", 25, (year(2025, 1, 0, 0),))
    assert decide(enterprise(year(2025, 249, 1, 1), related=(partner,))).holds
    four = replace(partner, figures=(year(2025, 4, 0, 0),))
    assert decide(enterprise(year(2025, 249, 1, 1), related=(four,))).holds is False


@pytest.mark.parametrize(("percent", "holds"), [(24, True), (25, False)])
def test_within_size__public_control__excludes_from_a_quarter(percent: int, *, holds: bool) -> None:
    found = decide(replace(enterprise(year()), public_control_percent=percent))
    assert found.holds is holds


@pytest.mark.parametrize(
    ("of", "line"),
    [
        (Enterprise((year(),), (), None), "give the percentage that public bodies hold"),
        (Enterprise((year(),), None, 0), "give partner and linked enterprises, or say none"),
        (enterprise(), "give staff, turnover and balance sheet of 2025: none are declared"),
        (enterprise(year(2023)), "those of 2023 are too old"),
        (enterprise(year(2025, None)), "medium: give staff in 2025"),
        (enterprise(year(2025, 20, 51 * M, None)), "medium: give balance sheet in 2025"),
        (
            enterprise(year(), related=(RelatedEnterprise("Holding", 60),)),
            "give staff of Holding in 2025, turnover of Holding in 2025",
        ),
    ],
)
def test_within_size__figure_missing__says_which_to_give(of: Enterprise, line: str) -> None:
    found = decide(of)
    assert found.holds is None
    assert line in found.working[0]


def test_within_size__two_years_back__is_new_enough() -> None:
    assert decide(enterprise(year(2024))).holds


def test_within_size__other_amount_suffices__needs_no_more() -> None:
    assert decide(enterprise(year(2025, 20, 5 * M, None))).holds
    assert decide(enterprise(year(2025, 300, None, None))).holds is False


def test_within_size__declared_after_the_day__does_not_count_yet() -> None:
    first = replace(year(2025, 300), declared_on=date(2026, 3, 1))
    mended = replace(year(2025, 200), declared_on=date(2026, 10, 1))
    of = enterprise(mended, first)
    assert decide(of, on=date(2026, 9, 30)).holds is False
    assert decide(of, on=date(2026, 10, 1)).holds


def test_within_size__no_accounts_closed__takes_the_newest_estimate() -> None:
    estimate = replace(year(2026, 5, 1, 1), declared_on=date(2026, 3, 1))
    assert decide(enterprise(estimate), "micro").holds
    closed_early = replace(estimate, staff=300, closed_on=date(2026, 6, 30))
    assert decide(enterprise(year(2024), year(2025), closed_early), on=ON).holds
    assert "2025" in decide(enterprise(year(2025), estimate)).working[0]


def test_within_size__somebody_has_not_verified__says_so() -> None:
    found = decide(enterprise(replace(year(), verified_by=None)))
    assert found.holds
    assert not found.verified
    tied = replace(enterprise(year()), ties_verified=False)
    assert not decide(tied).verified
    assert not independence(tied).verified


def test_within_size__no_such_size__is_refused() -> None:
    with pytest.raises(ValueError, match="'huge'"):
        decide(enterprise(year()), "huge")


@pytest.mark.parametrize(("percent", "holds"), [(24, True), (25, False), (80, False)])
def test_independence__tie_of_a_quarter__ends_it(percent: int, *, holds: bool) -> None:
    found = independence(enterprise(related=(RelatedEnterprise("Other", percent),)))
    assert found.holds is holds


def test_within_size__two_years__stand_in_the_working() -> None:
    same = decide(enterprise(year(2024), year(2025)))
    assert same.working == (
        "medium: 180 staff < 250 and turnover 41 M EUR <= 50 M EUR in 2024, 2025",
    )
    other = decide(enterprise(year(2023), year(2024, 170), year(2025)))
    assert [each[-7:] for each in other.working] == ["in 2024", "in 2025"]


def test_within_size__above_and_within_by_turns__never_changes() -> None:
    turns = [year(2021), *(year(each, 400 if each % 2 else 180) for each in range(2022, 2026))]
    assert decide(enterprise(*turns)).holds


def test_within_size__years_before_those_that_decide__need_no_verification() -> None:
    old = replace(year(2022), verified_by=None)
    assert decide(enterprise(old, year(2023), year(2024), year(2025, 400))).verified
    between = replace(year(2024), verified_by=None)
    assert not decide(enterprise(old, year(2023), between, year(2025, 400))).verified


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_a_size_changes_only_after_two_years_that_agree(within: list[bool]) -> None:
    years = [year(2021 + at, 180 if each else 400) for at, each in enumerate(within)]
    state = within[0]
    for before, now in pairwise(within):
        state = now if before == now else state
    last = date(2021 + len(within), 6, 1)
    assert decide(enterprise(*years), on=last).holds is state


def test_within_size__partner_of_what_is_linked__counts_and_shows_itself() -> None:
    partner = RelatedEnterprise("Partner", 30, (year(2025, 100, 0, 0),))
    linked = RelatedEnterprise("Linked", 60, (year(2025, 50, 0, 0),), (partner,))
    found = decide(enterprise(year(2025, 100, 1, 1), related=(linked,)))
    assert found.working[0].startswith("medium: 180 staff < 250")
    assert found.working[-1] == "counted with it: Linked in full, Partner at 30 %"


@pytest.mark.parametrize(("percent", "holds"), [(50, True), (51, False)])
def test_within_size__university_holds_it__up_to_half_is_no_partner(
    percent: int, *, holds: bool
) -> None:
    held = RelatedEnterprise("Uni", percent, (year(2025, 200, 0, 0),), investor="university")
    of = replace(enterprise(year(2025, 100, 1, 1), related=(held,)), public_control_percent=percent)
    assert decide(of).holds is holds
    assert independence(of).holds is holds


@pytest.mark.parametrize(("control", "holds"), [(54, True), (55, False)])
def test_within_size__public_control_beside_a_spared_investor__is_what_is_left(
    control: int, *, holds: bool
) -> None:
    held = RelatedEnterprise("Uni", 30, investor="university")
    of = replace(enterprise(year(), related=(held,)), public_control_percent=control)
    assert decide(of).holds is holds
    fund = replace(held, investor="venture_capital")
    assert decide(replace(of, related=(fund,))).holds is False


def test_within_size__nothing_given__names_all_that_is_missing() -> None:
    lines = decide(Enterprise()).working
    assert [each.split(":")[0] for each in lines] == ["public control", "independence", "size"]


def test_in_millions__parts__are_rounded_up_to_the_euro() -> None:
    assert in_millions(Fraction(41 * M)) == "41 M EUR"
    assert in_millions(Fraction(41_250_000)) == "41.25 M EUR"
    assert in_millions(Fraction(100 * M + 1, 2)) == "50.000001 M EUR"
    assert in_millions(Fraction(0)) == "0 M EUR"


amounts = st.one_of(st.none(), st.integers(0, 60 * M))
some_years = st.lists(
    st.builds(
        year,
        st.integers(2021, 2025),
        st.one_of(st.none(), st.integers(0, 300)),
        amounts,
        amounts,
    ),
    max_size=5,
    unique_by=lambda each: each.year,
).map(lambda years: enterprise(*years))


@given(some_years)
def test_a_smaller_size_is_within_every_larger_one(of: Enterprise) -> None:
    holds = [decide(of, each.size).holds is True for each in CEILINGS]
    assert holds == sorted(holds)


@given(some_years, st.integers(0, 100))
def test_a_missing_figure_or_a_decision_always_has_a_working(of: Enterprise, percent: int) -> None:
    tied = replace(of, related=(RelatedEnterprise("Other", percent, of.figures),))
    assert decide(tied).working
