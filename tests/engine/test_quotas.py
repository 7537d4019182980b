from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.quotas import (
    PPM,
    GroupShare,
    LadderStep,
    PolicyCode,
    PolicyTerms,
    UsageEntry,
    check_policy,
    decayed,
    fair_share_factor,
    percent,
    reserved_shares,
    share_out,
)

ON = date(2026, 11, 23)
GROUPS = (GroupShare("ldc", 2, 120_000), GroupShare("startup", 1, 140_000))
TERMS = PolicyTerms(GROUPS)


def faults(terms: PolicyTerms) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in check_policy(terms)]


def test_check_policy__the_default__is_sound() -> None:
    assert check_policy(TERMS) == ()
    assert check_policy(PolicyTerms()) == ()


CASES: list[tuple[PolicyTerms, PolicyTerms, str, str]] = [
    (
        replace(TERMS, groups=(GroupShare("a", 0, 0),)),
        replace(TERMS, groups=(GroupShare("a", 0, -1),)),
        "negative_share",
        "/groups/0/reserved_share_ppm",
    ),
    (
        replace(TERMS, groups=(GroupShare("a", 1, PPM - 1), GroupShare("b", 1, 1))),
        replace(TERMS, groups=(GroupShare("a", 1, PPM), GroupShare("b", 1, 1))),
        "shares_above_one",
        "/groups",
    ),
    (
        replace(TERMS, reserved_ppm=1),
        replace(TERMS, reserved_ppm=0),
        "reserved_out_of_range",
        "/reserved_ppm",
    ),
    (
        replace(TERMS, reserved_ppm=PPM),
        replace(TERMS, reserved_ppm=PPM + 1),
        "reserved_out_of_range",
        "/reserved_ppm",
    ),
    (
        replace(TERMS, reserved_ppm=PPM, groups=(GroupShare("a", 1, 2 * PPM),)),
        replace(TERMS, reserved_ppm=PPM, groups=(GroupShare("a", 0, 0),)),
        "reserved_without_weight",
        "/reserved_ppm",
    ),
    (
        replace(TERMS, groups=(GroupShare("a", 0, 1),)),
        replace(TERMS, groups=(GroupShare("a", -1, 1),)),
        "negative_weight",
        "/groups/0/weight",
    ),
    (
        TERMS,
        replace(TERMS, groups=(GROUPS[0], GROUPS[0])),
        "repeated_group",
        "/groups/1/key",
    ),
    (
        replace(TERMS, ladder=(LadderStep(1, 2), LadderStep(2, 1))),
        replace(TERMS, ladder=(LadderStep(2, 2), LadderStep(2, 1))),
        "ladder_not_rising",
        "/ladder/1/up_to_ppm",
    ),
    (
        replace(TERMS, ladder=(LadderStep(1, 2),)),
        replace(TERMS, ladder=(LadderStep(0, 2),)),
        "ladder_not_rising",
        "/ladder/0/up_to_ppm",
    ),
    (
        replace(TERMS, ladder=(LadderStep(PPM, 2),)),
        replace(TERMS, ladder=(LadderStep(PPM + 1, 2),)),
        "ladder_above_one",
        "/ladder/0/up_to_ppm",
    ),
    (
        replace(TERMS, ladder=(LadderStep(1, 2), LadderStep(2, 1))),
        replace(TERMS, ladder=(LadderStep(1, 2), LadderStep(2, 2))),
        "points_not_falling",
        "/ladder/1/points",
    ),
    (
        replace(TERMS, ladder=(LadderStep(1, 0),)),
        replace(TERMS, ladder=(LadderStep(1, -1),)),
        "negative_points",
        "/ladder/0/points",
    ),
    (
        replace(TERMS, cap_share_ppm=1),
        replace(TERMS, cap_share_ppm=0),
        "cap_out_of_range",
        "/cap_share_ppm",
    ),
    (
        replace(TERMS, cap_share_ppm=PPM),
        replace(TERMS, cap_share_ppm=PPM + 1),
        "cap_out_of_range",
        "/cap_share_ppm",
    ),
    (
        replace(TERMS, release_first_days=8),
        replace(TERMS, release_first_days=7),
        "releases_out_of_order",
        "/release_all_days",
    ),
    (
        replace(TERMS, release_all_days=0),
        replace(TERMS, release_all_days=-1),
        "releases_out_of_order",
        "/release_all_days",
    ),
]


@pytest.mark.parametrize(("kept", "broken", "code", "pointer"), CASES)
def test_check_policy__at_the_boundary_and_past_it__points_at_the_fault(
    kept: PolicyTerms, broken: PolicyTerms, code: str, pointer: str
) -> None:
    assert faults(kept) == []
    assert faults(broken) == [(code, pointer)]


def test_check_policy__every_code__is_tested() -> None:
    assert {code for _, _, code, _ in CASES} == set(PolicyCode)


def test_check_policy__no_cap_and_no_ladder__is_sound() -> None:
    assert faults(replace(TERMS, cap_share_ppm=None, ladder=())) == []


def test_check_policy__shares_above_one__says_by_how_much() -> None:
    groups = (GroupShare("a", 1, 900_000), GroupShare("b", 1, 125_000))
    (found,) = check_policy(PolicyTerms(groups))
    assert found.reason == (
        "The reserved shares add up to 102.5 %; lower them by 2.5 % to at most 100 %."
    )


@pytest.mark.parametrize(
    ("ppm", "words"), [(0, "0 %"), (1, "0.0001 %"), (-25_000, "-2.5 %"), (PPM, "100 %")]
)
def test_percent__parts__are_worded_exactly(ppm: int, words: str) -> None:
    assert percent(ppm) == words


def test_share_out__remainders__go_to_the_largest_then_the_earlier() -> None:
    assert share_out(10, {"b": 1, "a": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert share_out(7, {"a": 3, "b": 2, "c": 0}) == {"a": 4, "b": 3, "c": 0}
    assert share_out(0, {"a": 1}) == {"a": 0}


@pytest.mark.parametrize(
    ("capacity", "weights"), [(-1, {"a": 1}), (1, {"a": -1, "b": 2}), (1, {"a": 0}), (1, {})]
)
def test_share_out__nothing_to_split_by__is_refused(
    capacity: int, weights: Mapping[str, int]
) -> None:
    with pytest.raises(ValueError, match=r"above 0|0 or more"):
        share_out(capacity, weights)


some_weights = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2), st.integers(0, 50), min_size=1, max_size=6
).filter(lambda weights: any(weights.values()))


@given(st.integers(0, 10**9), some_weights)
def test_shares_add_up_and_each_is_within_one_of_exact(
    capacity: int, weights: dict[str, int]
) -> None:
    shares = share_out(capacity, weights)
    assert sum(shares.values()) == capacity
    for key, weight in weights.items():
        assert abs(shares[key] - Fraction(capacity * weight, sum(weights.values()))) < 1
    assert shares == share_out(capacity, dict(reversed(weights.items())))


def test_reserved_shares__weights_and_members__split_the_reserved_part() -> None:
    shares = reserved_shares(
        {"ldc": 2, "sme": 1, "new": 5}, {"ldc": 3, "sme": 6}, reserved_ppm=300_000
    )
    assert shares == {"ldc": 150_000, "new": 0, "sme": 150_000}


def test_reserved_shares__nobody__reserves_nothing() -> None:
    assert reserved_shares({"b": 1, "a": 0}, {"a": 4}, reserved_ppm=PPM) == {"a": 0, "b": 0}
    assert reserved_shares({}, {}, reserved_ppm=PPM) == {}


@pytest.mark.parametrize(
    ("weight", "members", "reserved"), [(1, 1, -1), (1, 1, PPM + 1), (-1, 1, 1), (1, -1, 1)]
)
def test_reserved_shares__out_of_range__is_refused(
    weight: int, members: int, reserved: int
) -> None:
    with pytest.raises(ValueError, match=r"0 to 1000000 ppm|0 or more"):
        reserved_shares({"a": weight}, {"a": members}, reserved_ppm=reserved)


@given(some_weights, some_weights, st.integers(0, PPM))
def test_derived_shares_always_make_a_sound_policy(
    weights: dict[str, int], members: dict[str, int], reserved: int
) -> None:
    shares = reserved_shares(weights, members, reserved_ppm=reserved)
    groups = tuple(GroupShare(key, weights[key], share) for key, share in shares.items())
    assert check_policy(PolicyTerms(groups)) == ()
    assert sum(shares.values()) in {0, reserved}


@pytest.mark.parametrize(
    ("used", "entitled", "factor"),
    [
        (0, 10, "1.000000"),
        (10, 10, "0.750000"),
        (20, 10, "0.625000"),
        (5, 10, "0.853553"),
        (10**9, 1, "0.500000"),
    ],
)
def test_fair_share_factor__past_use__lowers_it_to_a_half(
    used: int, entitled: int, factor: str
) -> None:
    assert str(fair_share_factor(used, entitled)) == factor


@pytest.mark.parametrize(("used", "entitled"), [(-1, 1), (0, 0), (1, -1)])
def test_fair_share_factor__out_of_range__is_refused(used: int, entitled: int) -> None:
    with pytest.raises(ValueError, match="entitlement above 0"):
        fair_share_factor(used, entitled)


amounts = st.decimals(0, 10**6, places=3)


@given(amounts, amounts, st.decimals("0.001", 10**4, places=3))
def test_more_past_usage_never_raises_the_factor(
    used: Decimal, more: Decimal, entitled: Decimal
) -> None:
    lower, higher = fair_share_factor(used + more, entitled), fair_share_factor(used, entitled)
    assert Decimal("0.5") <= lower <= higher <= 1


def used(days_ago: int, amount: str = "8", *, no_show: bool = False) -> UsageEntry:
    return UsageEntry(ON - timedelta(days=days_ago), Decimal(amount), no_show)


def test_decayed__each_half_life__halves() -> None:
    assert decayed([used(0)], on=ON) == 8
    assert decayed([used(90)], on=ON) == 4
    assert decayed([used(180), used(90)], on=ON) == 6
    assert decayed([used(10)], on=ON, half_life_days=10) == 4


def test_decayed__no_shows_refunds_and_the_future__count_as_said() -> None:
    assert decayed([used(0, no_show=True)], on=ON) == 12
    assert decayed([used(0), used(0, "-3")], on=ON) == 5
    assert decayed([used(-1)], on=ON) == 0
    assert decayed([], on=ON) == 0


def test_decayed__no_half_life__is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 day"):
        decayed([], on=ON, half_life_days=0)


entries = st.lists(
    st.builds(
        UsageEntry,
        st.integers(-5, 900).map(lambda days: ON - timedelta(days=days)),
        amounts,
        st.booleans(),
    ),
    max_size=6,
)


@given(entries)
def test_the_order_and_the_callers_precision_never_matter(usage: list[UsageEntry]) -> None:
    expected = decayed(usage, on=ON)
    with localcontext() as context:
        context.prec = 3
        assert decayed(usage[::-1], on=ON) == expected


@given(entries, st.integers(0, 400))
def test_use_only_fades_with_time(usage: list[UsageEntry], days: int) -> None:
    past = [each for each in usage if each.on <= ON]
    assert decayed(past, on=ON + timedelta(days=days)) <= decayed(past, on=ON)
