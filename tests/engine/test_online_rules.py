from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from booking.engine.intervals import Interval
from booking.engine.online_quotas import Pool, Release, Reserve, Taken
from booking.engine.online_rules import (
    QuotaFacts,
    WeekCap,
    credited_group,
    hours,
    kept_by_quota,
    refused_by_cap,
    refused_by_quota,
)
from booking.engine.wording import credits_in_words, decimal

MONDAY = datetime(2027, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKS = (Interval(MONDAY, MONDAY + 7 * DAY), Interval(MONDAY + 7 * DAY, MONDAY + 14 * DAY))
RELEASE = Release(any_group=14 * DAY, everyone=7 * DAY)
SECOND = timedelta(seconds=1)
LONG_BEFORE = MONDAY - 100 * DAY
STARTUPS, LDC = ("startup", "Startups"), ("ldc", "Least developed countries")


def a_pool(week: Interval, free: int, *taken: Taken, startup: int = 0, ldc: int = 0) -> Pool:
    kept = (Reserve(*STARTUPS, startup * 1000), Reserve(*LDC, ldc * 1000))
    return Pool(week, week.start.date(), free * 1000, kept, taken)


def facts(*pools: Pool, groups: tuple[str, ...] = (), **given: Any) -> QuotaFacts:
    return QuotaFacts(groups, RELEASE, 1000, pools, **given)


def wanted(start: int, length: int) -> Interval:
    """Give the time from so many hours after Monday on, for so many hours."""
    begin = MONDAY + timedelta(hours=start)
    return Interval(begin, begin + timedelta(hours=length))


def allowed(known: QuotaFacts, when: Interval, *, now: datetime = LONG_BEFORE) -> bool:
    return refused_by_quota(known, when, quantity=1, now=now) is None


def test_quota__up_to_what_others_need__keeps_it_and_one_hour_more_does_not() -> None:
    known = facts(a_pool(WEEKS[0], 30, startup=20, ldc=5))

    assert allowed(known, wanted(0, 5))
    assert not allowed(known, wanted(0, 6))
    assert allowed(replace(known, groups=("startup",)), wanted(0, 25))
    assert not allowed(replace(known, groups=("startup",)), wanted(0, 26))


@pytest.mark.parametrize(
    ("groups", "before_start", "expected"),
    [
        ((), 7 * DAY, False),
        ((), 7 * DAY - SECOND, True),
        (("ldc",), 14 * DAY, False),
        (("ldc",), 14 * DAY - SECOND, True),
        (("startup",), 14 * DAY, True),
    ],
)
def test_quota__at_t1_and_t2_to_the_second__opens_just_after(
    groups: tuple[str, ...], before_start: timedelta, *, expected: bool
) -> None:
    known = facts(a_pool(WEEKS[0], 20, startup=20), groups=groups)
    when = wanted(30, 2)

    assert allowed(known, when, now=when.start - before_start) is expected


def test_quota__over_two_weeks__is_decided_in_each() -> None:
    first, second = a_pool(WEEKS[0], 30, startup=20), a_pool(WEEKS[1], 30, startup=27)
    across = wanted(160, 13)

    assert not allowed(facts(first, second), across)
    assert allowed(facts(first, second), wanted(160, 11))
    assert allowed(facts(first, second, groups=("startup",)), across)


def test_quota__over_two_weeks_when_the_first_has_opened__waits_for_the_second() -> None:
    known = facts(a_pool(WEEKS[0], 30, startup=30), a_pool(WEEKS[1], 30, startup=30))
    across = wanted(160, 13)
    opens_at = WEEKS[1].start - RELEASE.everyone

    refused = refused_by_quota(known, across, quantity=1, now=across.start - 7 * DAY + SECOND)

    assert refused is not None
    assert refused.opens_at == opens_at
    assert allowed(known, across, now=opens_at + SECOND)


def test_quota__the_one_that_gives_way__may_be_shortened_whatever_is_kept() -> None:
    pool = replace(a_pool(WEEKS[0], 30, startup=60), gives_way=4000)

    assert allowed(facts(pool), wanted(0, 4))
    assert not allowed(facts(pool), wanted(0, 5))


def test_quota__refused_to_a_member__says_the_numbers_and_when_the_rest_opens() -> None:
    pool = a_pool(WEEKS[0], 40, Taken(("startup",), 28_000), startup=40, ldc=26)

    refused = refused_by_quota(
        facts(pool, groups=("startup",)), wanted(9, 16), quantity=1, now=LONG_BEFORE
    )

    assert refused is not None
    assert (refused.code, refused.pointer) == ("quota", "/starts_at")
    assert refused.reason == (
        "Your group has 12 of 40 reserved hours left. Of 40 free hours in the week of 4 Jan 2027 "
        "you may book 14, and this asks for 16; ask for at most 14 there, or choose another "
        "week. Reserved hours open to members of any group at 2026-12-21 09:00 UTC and to "
        "everyone at 2026-12-28 09:00 UTC."
    )


def test_quota__refused_to_others__names_the_groups_it_is_kept_for() -> None:
    pool = a_pool(WEEKS[0], 40, Taken(("startup",), 28_000), startup=40, ldc=28)

    refused = refused_by_quota(facts(pool), wanted(9, 1), quantity=1, now=MONDAY - 10 * DAY)

    assert refused is not None
    assert refused.reason == (
        "40 hours are kept for Startups (12 of 40 left) and Least developed countries (28 of 28 "
        "left). Of 40 free hours in the week of 4 Jan 2027 you may book 0, and this asks for 1; "
        "choose another week. Reserved hours open to everyone at 2026-12-28 09:00 UTC."
    )


def test_cap__up_to_it__is_kept_and_above_it_says_how_much_is_left() -> None:
    cap = WeekCap(WEEKS[0], MONDAY.date(), most=10_000, used=6_000)
    known = facts(a_pool(WEEKS[0], 100), caps=(cap,))

    assert refused_by_cap(known, wanted(0, 4), quantity=1) is None
    reached = refused_by_cap(known, wanted(0, 5), quantity=1)
    above = refused_by_cap(known, wanted(0, 11), quantity=1)
    assert reached is not None
    assert above is not None
    assert (reached.code, above.code) == ("cap_reached", "above_cap")
    assert reached.reason == (
        "Your organisation has 6 of at most 10 credits of this facility in the week of "
        "4 Jan 2027, and this asks for 5; ask for at most 4, or take another week."
    )


def test_cap__already_exceeded__lets_a_booking_be_shortened() -> None:
    cap = WeekCap(WEEKS[0], MONDAY.date(), most=2_000, used=6_000, gives_way=5_000)
    known = facts(a_pool(WEEKS[0], 100), caps=(cap,))

    assert refused_by_cap(known, wanted(0, 5), quantity=1) is None
    assert refused_by_cap(known, wanted(0, 3), quantity=2) is not None


def test_kept_by_quota__leaves_out_weeks_and_hours_that_are_kept_for_others() -> None:
    known = facts(a_pool(WEEKS[0], 30, startup=30), a_pool(WEEKS[1], 30, startup=10))
    cut = MONDAY + 2 * DAY

    kept = kept_by_quota(known, minutes=60, quantity=1, now=cut - RELEASE.everyone)

    assert kept == (Interval(MONDAY, cut), WEEKS[1])


def test_credited_group__over_two_weeks__is_where_most_counts() -> None:
    known = facts(
        a_pool(WEEKS[0], 90, startup=90),
        a_pool(WEEKS[1], 90, ldc=90),
        groups=("startup", "ldc"),
    )

    assert credited_group(known, wanted(164, 12), quantity=1) == "ldc"
    assert credited_group(known, wanted(164, 8), quantity=1) == "startup"
    assert credited_group(replace(known, groups=()), wanted(164, 8), quantity=1) == ""


@pytest.mark.parametrize(
    ("amount", "rate", "words"),
    [(1500, 1000, "1.5"), (40_000, 2000, "20"), (333, 1000, "0.33"), (5, 0, "0")],
)
def test_hours__of_a_rate__are_unit_hours(amount: int, rate: int, words: str) -> None:
    assert hours(amount, rate) == words


def test_refusals__week_east_of_utc__begins_on_the_monday_of_the_facility() -> None:
    start = MONDAY - timedelta(hours=3)
    week = Interval(start, start + 7 * DAY)
    pool = replace(a_pool(week, 2, startup=2), monday=MONDAY.date())
    cap = WeekCap(week, MONDAY.date(), most=1_000, used=0)
    known = facts(pool, caps=(cap,))

    for refused in (
        refused_by_quota(known, wanted(9, 2), quantity=1, now=LONG_BEFORE),
        refused_by_cap(known, wanted(9, 2), quantity=1),
    ):
        assert refused is not None
        assert "in the week of 4 Jan 2027" in refused.reason


def test_credits__less_than_a_hundredth__is_dropped() -> None:
    assert [credits_in_words(each) for each in (12_349, 12_340, 12_000, 9)] == [
        "12.34",
        "12.34",
        "12",
        "0",
    ]


def test_decimal__keeps_the_zeros_of_whole_numbers() -> None:
    assert [decimal(each, 3) for each in (100_000, 1_050, 1)] == ["100", "1.05", "0.001"]
