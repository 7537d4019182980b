from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.intervals import Interval
from booking.engine.online_quotas import Taken
from booking.engine.online_weeks import Holding, Share, WeekOffer, pool_of, week_cap
from booking.engine.opening import weeks_touching

MONDAY = datetime(2027, 1, 4, tzinfo=UTC)
WEEK = Interval(MONDAY, MONDAY + timedelta(days=7))
BEFORE = MONDAY - timedelta(days=30)


def span(start: float, end: float) -> Interval:
    """Give the time between two hours of the week."""
    return Interval(MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end))


def held(start: float, end: float, quantity: int = 1, **given: Any) -> Holding:
    when = span(start, end)
    return Holding(when.start, when.end, quantity, **given)


def an_offer(**given: Any) -> WeekOffer:
    defaults: dict[str, Any] = {
        "week": WEEK,
        "monday": MONDAY.date(),
        "windows": (span(8, 18), span(32, 42)),
        "capacity": 2,
        "rate_thousandths": 1000,
        "shares": (Share("ldc", "LDC", 250_000),),
    }
    return WeekOffer(**defaults | given)


def test_pool_of__bookings_of_the_week__leave_the_rest_free() -> None:
    pool = pool_of(an_offer(), [held(8, 10), held(9, 11, 2, groups=("ldc",))], now=BEFORE)

    assert (pool.offered, pool.free) == (40_000, 34_000)
    assert pool.reserves[0].credits == 10_000
    assert pool.taken == (Taken(("ldc",), 4_000),)


def test_pool_of__within_the_week__counts_only_what_is_ahead_as_free() -> None:
    now = MONDAY + timedelta(hours=10)

    pool = pool_of(an_offer(), [held(8, 12, groups=("ldc",))], now=now)

    assert pool.free == (8 + 10) * 2_000 - 2_000
    assert pool.taken == (Taken(("ldc",), 4_000),)


def test_pool_of__after_the_week__has_nothing_free() -> None:
    assert pool_of(an_offer(), [], now=WEEK.end).free == 0


def test_pool_of__booking_from_the_week_before__counts_by_its_part() -> None:
    pool = pool_of(an_offer(windows=(WEEK,)), [held(-5, 3, groups=("ldc",))], now=BEFORE)

    assert pool.taken == (Taken(("ldc",), 3_000),)
    assert pool.free == 336_000 - 3_000


def test_pool_of__time_of_a_published_round__is_not_shared_by_the_policy() -> None:
    shares = (Share("ldc", "LDC", 250_000, by_rounds=700),)
    by_round = held(38, 41, groups=("ldc",), of_round=True)

    pool = pool_of(
        an_offer(shares=shares, shared_out=(span(32, 40),)), [by_round, held(8, 9)], now=BEFORE
    )

    assert (pool.reserves[0].by_share, pool.reserves[0].by_rounds) == (6_000, 700)
    assert pool.taken == (Taken(("ldc",), 1_000, of_round=True),)


def test_pool_of__what_gives_way__is_no_holding() -> None:
    pool = pool_of(an_offer(), [], now=BEFORE, gives_way=held(8, 10, 2))

    assert (pool.free, pool.gives_way) == (40_000, 4_000)


@given(st.lists(st.tuples(st.integers(0, 160), st.integers(1, 8), st.integers(1, 3)), max_size=8))
def test_free_and_held_hours_add_up_to_what_is_offered(
    bookings: list[tuple[int, int, int]],
) -> None:
    holdings = [held(start, min(start + length, 168), units) for start, length, units in bookings]
    offer = an_offer(windows=(WEEK,), capacity=24)

    pool = pool_of(offer, holdings, now=BEFORE)

    taken = sum((each.end - each.start) // timedelta(hours=1) * each.quantity for each in holdings)
    assert pool.free + taken * 1_000 == pool.offered


def test_week_cap__holdings_at_rates__are_credits() -> None:
    cap = week_cap(
        WEEK,
        monday=MONDAY.date(),
        offered=100_000,
        cap_ppm=100_000,
        holdings=[(held(-2, 2), 1_500), (held(5, 6, 3), 1_000)],
        gives_way=(held(7, 8), 500),
    )

    assert (cap.most, cap.used, cap.left, cap.gives_way) == (10_000, 6_000, 4_000, 500)
    uncapped = week_cap(WEEK, monday=MONDAY.date(), offered=100_000, cap_ppm=None, holdings=[])
    assert (uncapped.most, uncapped.left) == (None, None)


@pytest.mark.parametrize(
    ("zone", "monday", "hours"),
    [
        ("UTC", date(2027, 1, 4), 168),
        ("Europe/Berlin", date(2027, 3, 22), 167),
        ("Europe/Berlin", date(2027, 10, 25), 169),
        ("Asia/Kathmandu", date(2027, 1, 4), 168),
        ("Pacific/Apia", date(2011, 12, 26), 144),
    ],
)
def test_weeks_touching__where_the_clock_jumps__last_as_long_as_they_do(
    zone: str, monday: date, hours: int
) -> None:
    noon = datetime(monday.year, monday.month, monday.day, 12, tzinfo=UTC) + timedelta(days=2)

    (week,) = weeks_touching(Interval(noon, noon + timedelta(hours=1)), zone)

    assert week.monday == monday
    assert week.interval.end - week.interval.start == timedelta(hours=hours)


def test_weeks_touching__a_span__covers_it_without_a_gap() -> None:
    within = Interval(MONDAY - timedelta(minutes=1), MONDAY + timedelta(days=21))

    weeks = weeks_touching(within, "America/St_Johns")

    assert weeks[0].interval.start <= within.start
    assert weeks[-1].interval.end >= within.end
    for one, following in pairwise(weeks):
        assert one.interval.end == following.interval.start
