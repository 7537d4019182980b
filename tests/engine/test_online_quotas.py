from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.intervals import Interval
from booking.engine.online_quotas import (
    Pool,
    Release,
    Reserve,
    Stage,
    Taken,
    charged_group,
    left_of,
    most_bookable,
    stage_at,
    standing,
)
from booking.engine.reserve_flow import Demand, flows

MONDAY = datetime(2027, 1, 4, tzinfo=UTC)
WEEK = Interval(MONDAY, MONDAY + timedelta(days=7))
RELEASE = Release(any_group=timedelta(days=14), everyone=timedelta(days=7))
SECOND = timedelta(seconds=1)
KEYS = ("a", "b", "c")

groups = st.sets(st.sampled_from(KEYS)).map(lambda keys: tuple(sorted(keys)))
amounts = st.integers(0, 60)
taken = st.builds(Taken, groups=groups, credits=amounts, of_round=st.booleans())
reserves = st.builds(
    lambda sizes: tuple(
        Reserve(key, key.upper(), *size) for key, size in zip(KEYS, sizes, strict=True)
    ),
    st.lists(st.tuples(amounts, amounts), min_size=3, max_size=3),
)
pools = st.builds(
    Pool,
    week=st.just(WEEK),
    monday=st.just(WEEK.start.date()),
    free=st.integers(0, 200),
    reserves=reserves,
    taken=st.lists(taken, max_size=6).map(tuple),
)


def a_pool(free: int, *bookings: Taken, **kept: int) -> Pool:
    return Pool(
        WEEK,
        WEEK.start.date(),
        free,
        tuple(Reserve(key, key, each) for key, each in kept.items()),
        bookings,
    )


def cut(rooms: list[int], demands: list[Demand]) -> int:
    """Find the maximum flow as the smallest cut, over every set of reserves."""
    places = range(len(rooms))
    return min(
        sum(rooms[at] for at in chosen)
        + sum(each.amount for each in demands if not set(each.reserves) <= set(chosen))
        for size in range(len(rooms) + 1)
        for chosen in combinations(places, size)
    )


@given(
    st.lists(amounts, min_size=1, max_size=5).flatmap(
        lambda rooms: st.tuples(
            st.just(rooms),
            st.lists(
                st.builds(
                    Demand,
                    st.sets(st.integers(0, len(rooms) - 1)).map(lambda at: tuple(sorted(at))),
                    amounts,
                ),
                max_size=6,
            ),
        )
    )
)
def test_flows_fill_what_the_smallest_cut_lets_through(
    network: tuple[list[int], list[Demand]],
) -> None:
    rooms, demands = network

    placed = flows(rooms, demands)

    assert sum(map(sum, placed)) == cut(rooms, demands)
    for each, demand in zip(placed, demands, strict=True):
        assert sum(each) <= demand.amount
        assert all(at in demand.reserves for at, amount in enumerate(each) if amount)
    for at, room in enumerate(rooms):
        assert 0 <= sum(each[at] for each in placed) <= room


@given(pools, groups, groups, st.sampled_from(Stage), st.integers(0, 250))
def test_whoever_is_accepted_is_accepted_with_one_more_group(
    pool: Pool,
    own: tuple[str, ...],
    more: tuple[str, ...],
    stage: Stage,
    amount: int,
) -> None:
    fewer = standing(pool, own, stage)
    larger = standing(pool, {*own, *more}, stage)

    assert larger.accepts(amount) or not fewer.accepts(amount)
    assert most_bookable(pool, fewer) <= most_bookable(pool, larger)


@given(pools, groups, st.sampled_from(Stage))
def test_protected_hours_never_exceed_free_hours(
    pool: Pool, own: tuple[str, ...], stage: Stage
) -> None:
    found = standing(pool, own, stage)

    assert 0 <= found.protected <= pool.free
    assert found.open_to_all == pool.free - found.protected


@given(pools, groups, st.sampled_from(Stage), st.integers(0, 200))
def test_what_is_accepted_leaves_the_reserves_what_they_need(
    pool: Pool, own: tuple[str, ...], stage: Stage, amount: int
) -> None:
    before = standing(pool, own, stage)
    if amount > pool.free or not before.accepts(amount):
        return
    after = replace(pool, free=pool.free - amount, taken=(*pool.taken, Taken(own, amount)))

    counted = min(amount, before.headroom)
    assert standing(after, own, stage).protected >= before.protected - counted


@given(pools, groups, st.sampled_from(Stage), st.integers(0, 250))
def test_a_booking_is_accepted_up_to_the_most_bookable(
    pool: Pool, own: tuple[str, ...], stage: Stage, amount: int
) -> None:
    found = standing(pool, own, stage)

    if amount <= pool.free:
        assert found.accepts(amount) is (amount <= most_bookable(pool, found))


@given(pools, groups, st.integers(1, 60))
def test_the_charged_group_is_one_of_its_own_or_none(
    pool: Pool, own: tuple[str, ...], amount: int
) -> None:
    charged = charged_group(pool, own, amount)

    counted = standing(pool, own, Stage.OWN_GROUPS).headroom > 0
    assert (charged in own) is counted
    assert charged in {*own, ""}


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (RELEASE.any_group + SECOND, Stage.OWN_GROUPS),
        (RELEASE.any_group, Stage.OWN_GROUPS),
        (RELEASE.any_group - SECOND, Stage.ANY_GROUP),
        (RELEASE.everyone + SECOND, Stage.ANY_GROUP),
        (RELEASE.everyone, Stage.ANY_GROUP),
        (RELEASE.everyone - SECOND, Stage.EVERYONE),
        (-SECOND, Stage.EVERYONE),
    ],
)
def test_stage_at__around_t1_and_t2__changes_just_after(lead: timedelta, expected: Stage) -> None:
    assert stage_at(lead, RELEASE) is expected


@pytest.mark.parametrize(
    ("own", "stage", "most"),
    [
        ((), Stage.OWN_GROUPS, 70),
        (("a",), Stage.OWN_GROUPS, 90),
        (("b",), Stage.OWN_GROUPS, 80),
        (("a", "b"), Stage.OWN_GROUPS, 100),
        ((), Stage.ANY_GROUP, 70),
        (("b",), Stage.ANY_GROUP, 100),
        ((), Stage.EVERYONE, 100),
    ],
)
def test_most_bookable__of_a_week_of_two_reserves__is_what_others_leave(
    own: tuple[str, ...], stage: Stage, most: int
) -> None:
    pool = a_pool(100, a=20, b=10)
    found = standing(pool, own, stage)

    assert most_bookable(pool, found) == most
    assert found.accepts(most)
    assert not found.accepts(most + 1)


def test_standing__of_bookings_without_a_group__protects_what_is_left_of_the_week() -> None:
    pool = a_pool(15, Taken((), 85), a=20)

    assert standing(pool, (), Stage.OWN_GROUPS).protected == 15
    assert most_bookable(pool, standing(pool, ("a",), Stage.OWN_GROUPS)) == 15


def test_left_of__bookings_of_two_groups__count_where_they_leave_the_most_room() -> None:
    pool = a_pool(100, Taken(("a", "b"), 10), a=10, b=10)

    assert (left_of(pool, "a"), left_of(pool, "b")) == (10, 10)
    assert standing(pool, ("a", "b"), Stage.OWN_GROUPS).headroom == 10


def test_standing__bookings_of_rounds__fill_no_reserve_that_a_round_left() -> None:
    pool = Pool(
        WEEK,
        WEEK.start.date(),
        100,
        (Reserve("a", "A", 0, 20),),
        (Taken(("a",), 15, of_round=True),),
    )

    assert standing(pool, ("a",), Stage.OWN_GROUPS).headroom == 20
    assert standing(pool, ("a",), Stage.OWN_GROUPS, of_round=True).headroom == 0


@pytest.mark.parametrize(
    ("own", "amount", "expected"),
    [
        ((), 5, ""),
        (("a",), 5, "a"),
        (("a", "b"), 5, "a"),
        (("a", "b"), 20, "a"),
        (("a", "b"), 25, "b"),
        (("b", "c"), 5, "b"),
        (("c",), 5, ""),
    ],
)
def test_charged_group__several__is_where_most_counts_and_else_the_first(
    own: tuple[str, ...], amount: int, expected: str
) -> None:
    assert charged_group(a_pool(100, a=10, b=15, c=0), own, amount) == expected
