from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.engine.quotas import UsageEntry
from booking.engine.usage_decay import (
    DecayRules,
    days_between,
    factor_millionths,
    factors_over_time,
    kind_shares,
)

TODAY = date(2027, 1, 4)
RULES = DecayRules(half_life_days=90, cap_share_ppm=100_000)
# One unit of each at rate 1: in one half-life it is worth 2,160 credits.
HOURLY = {"xrd": Decimal(1), "gpu": Decimal(64)}
ENTITLED = Decimal(216)

entries = st.lists(
    st.builds(
        UsageEntry,
        on=st.integers(0, 700).map(lambda days: TODAY - timedelta(days=days)),
        credits=st.integers(0, 400_000).map(lambda number: Decimal(number) / 1000),
        no_show=st.booleans(),
    ),
    max_size=6,
)
usages = st.dictionaries(st.sampled_from(["xrd", "gpu"]), entries, max_size=2)


def factor(usage: dict[str, list[UsageEntry]], rules: DecayRules = RULES) -> int:
    found = kind_shares(usage, HOURLY, on=TODAY, half_life_days=rules.half_life_days)
    return factor_millionths(found, rules)


def used(charged: Decimal, *, days_ago: int = 0, no_show: bool = False) -> UsageEntry:
    return UsageEntry(TODAY - timedelta(days=days_ago), charged, no_show)


@given(usage=usages, kind=st.sampled_from(["xrd", "gpu"]), more=entries)
@settings(max_examples=60)
def test_more_past_use_never_raises_the_factor(
    usage: dict[str, list[UsageEntry]], kind: str, more: list[UsageEntry]
) -> None:
    heavier = usage | {kind: [*usage.get(kind, []), *more]}

    assert 500_000 <= factor(heavier) <= factor(usage) <= 1_000_000


@given(usage=usages)
@settings(max_examples=30)
def test_missing_a_booking_never_raises_the_factor(usage: dict[str, list[UsageEntry]]) -> None:
    missed = {
        kind: [UsageEntry(each.on, each.credits, no_show=True) for each in kept]
        for kind, kept in usage.items()
    }

    assert factor(missed) <= factor(usage)


@pytest.mark.parametrize(
    ("usage", "millionths"),
    [
        ({}, 1_000_000),
        ({"xrd": [used(ENTITLED)]}, 750_000),
        ({"xrd": [used(2 * ENTITLED)]}, 625_000),
        ({"xrd": [used(2 * ENTITLED, days_ago=90)]}, 750_000),
        ({"xrd": [used(ENTITLED, no_show=True)]}, 676_777),
        ({"gpu": [used(64 * ENTITLED)]}, 750_000),
        ({"xrd": [used(ENTITLED)], "gpu": [used(32 * ENTITLED)]}, 750_000),
        ({"retired kind": [used(ENTITLED)]}, 1_000_000),
        ({"xrd": [used(ENTITLED), used(-ENTITLED)]}, 1_000_000),
    ],
)
def test_factor__of_past_use__is_by_the_kind_used_most(
    usage: dict[str, list[UsageEntry]], millionths: int
) -> None:
    assert factor(usage) == millionths


def test_factor__without_a_cap__takes_a_tenth_as_the_entitlement() -> None:
    usage = {"xrd": [used(ENTITLED)]}

    assert factor(usage, DecayRules(90, None)) == factor(usage)


def test_shares__of_kinds__stand_largest_first() -> None:
    usage = {"gpu": [used(Decimal(6400))], "xrd": [used(Decimal(540))]}

    found = kind_shares(usage, HOURLY, on=TODAY, half_life_days=90)

    assert [(each.kind, each.share) for each in found] == [
        ("xrd", Decimal("0.25")),
        ("gpu", Decimal(6400) / Decimal(138_240)),
    ]


def test_factors_over_time__with_nothing_used_any_more__rise_back_towards_one() -> None:
    usage = {"xrd": [used(ENTITLED, days_ago=1)]}
    days = [TODAY - timedelta(days=1), TODAY - timedelta(days=1) + timedelta(days=90)]

    over_time = factors_over_time(usage, HOURLY, RULES, days=days)

    assert [each for _, each in over_time] == [1_000_000, 853_553]


def test_days_between__not_a_whole_number_of_weeks__end_on_the_last_day() -> None:
    assert days_between(date(2027, 1, 1), date(2027, 1, 10), every=7) == (
        date(2027, 1, 1),
        date(2027, 1, 8),
        date(2027, 1, 10),
    )
    assert days_between(TODAY, TODAY, every=7) == (TODAY,)
