"""Who is next in line, which slot is offered, and until when."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.intervals import Interval
from booking.engine.waitlist import (
    Attained,
    Waiter,
    attainment,
    deadline,
    earliest_offer,
    in_line,
    may_be_met,
    neediest,
    slots_to_offer,
)
from tests.engine.spans import at, minutes_of, span, span_lists

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GRID = 5


def waiter(
    number: int = 1, *groups: Attained, fair_share: int = 1_000_000, waited: int = 0
) -> Waiter:
    return Waiter(
        id=UUID(int=number),
        groups=groups,
        fair_share_millionths=fair_share,
        entered_at=NOW - timedelta(hours=waited),
    )


def numbers(*waiters: Waiter) -> list[int]:
    return [each.id.int for each in in_line(waiters)]


def test_attainment__several_groups__is_the_lowest_below_target() -> None:
    groups = (Attained("ldc", 30, 40), Attained("sme", 12, 40), Attained("startup", 40, 40))
    assert attainment(groups) == Fraction(12, 40)
    assert neediest(groups) == groups[1]


@pytest.mark.parametrize(("credited", "part"), [(39, Fraction(39, 40)), (40, 1), (41, 1)])
def test_attainment__around_its_target__is_never_above_one(
    credited: int, part: Fraction | int
) -> None:
    assert attainment((Attained("sme", credited, 40),)) == part


@pytest.mark.parametrize("groups", [(), (Attained("sme", 0, 0),)])
def test_attainment__nothing_reserved__is_one(groups: tuple[Attained, ...]) -> None:
    assert attainment(groups) == 1
    assert neediest(groups) is None


def test_neediest__equally_filled__is_the_earlier_key() -> None:
    groups = (Attained("sme", 1, 2), Attained("ldc", 2, 4))
    assert neediest(groups) == groups[1]


def test_in_line__lower_attainment__comes_before_all_else() -> None:
    needy = waiter(2, Attained("sme", 1, 4), fair_share=500_000)
    assert numbers(waiter(1, waited=9), needy) == [2, 1]


def test_in_line__same_attainment__larger_fair_share_comes_first() -> None:
    assert numbers(waiter(1, fair_share=750_000, waited=9), waiter(2, fair_share=750_001)) == [2, 1]


def test_in_line__same_in_both__longer_wait_comes_first() -> None:
    assert numbers(waiter(1), waiter(2, waited=1)) == [2, 1]


def test_in_line__same_in_all__smaller_id_comes_first() -> None:
    assert numbers(waiter(2), waiter(1)) == [1, 2]


attained = st.builds(Attained, st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 9))
waiters = st.builds(
    Waiter,
    id=st.integers(0, 99).map(lambda number: UUID(int=number)),
    groups=st.lists(attained, max_size=3).map(tuple),
    fair_share_millionths=st.integers(500_000, 500_003),
    entered_at=st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours)),
)
lines = st.lists(waiters, max_size=8, unique_by=lambda each: each.id)


@given(lines, st.randoms(use_true_random=False))
def test_line_does_not_depend_on_the_order_it_is_given_in(line: list[Waiter], by: Random) -> None:
    shuffled = list(line)
    by.shuffle(shuffled)
    assert in_line(shuffled) == in_line(line)
    assert sorted(each.id for each in in_line(line)) == sorted(each.id for each in line)


@given(lines, waiters, attained)
def test_one_more_group_never_moves_anybody_back(
    line: list[Waiter], who: Waiter, more: Attained
) -> None:
    others = [each for each in line if each.id != who.id]
    helped = Waiter(who.id, (*who.groups, more), who.fair_share_millionths, who.entered_at)
    assert in_line([*others, helped]).index(helped) <= in_line([*others, who]).index(who)


@given(lines, waiters)
def test_who_leaves_changes_nobody_elses_order(line: list[Waiter], who: Waiter) -> None:
    others = [each for each in line if each.id != who.id]
    kept = tuple(each for each in in_line([*others, who]) if each != who)
    assert kept == in_line(others)


@pytest.mark.parametrize(
    ("lead", "held"),
    [
        (timedelta(hours=1), timedelta(minutes=30)),
        (timedelta(hours=47), timedelta(hours=23, minutes=30)),
        (timedelta(hours=48), timedelta(hours=24)),
        (timedelta(hours=49), timedelta(hours=24)),
    ],
)
def test_deadline__lead_time__is_half_of_it_up_to_a_day(lead: timedelta, held: timedelta) -> None:
    assert deadline(NOW, NOW + lead) == NOW + held


@pytest.mark.parametrize(("lead_minutes", "minutes"), [(0, 10), (9, 10), (10, 10), (11, 11)])
def test_earliest_offer__window_under_way__leaves_time_to_answer(
    lead_minutes: int, minutes: int
) -> None:
    window = span(0, 600)
    assert earliest_offer(window, at(60), lead_minutes=lead_minutes) == at(60 + minutes)
    assert earliest_offer(window, at(-600), lead_minutes=lead_minutes) == at(0)


@pytest.mark.parametrize(("now", "met"), [(50, True), (51, False)])
def test_may_be_met__last_start_of_the_window__is_the_last_to_be_offered(
    now: int, *, met: bool
) -> None:
    assert may_be_met(span(0, 120), at(now), minutes=60, grid_minutes=15, lead_minutes=0) is met


@given(
    span_lists,
    st.integers(0, 60),
    st.integers(61, 120),
    st.integers(1, 40),
    st.integers(0, 120),
    span_lists,
)
def test_slots_offered_are_free_wanted_and_the_earliest_is_first(
    free: tuple[Interval, ...],
    start: int,
    end: int,
    minutes: int,
    first: int,
    refused: tuple[Interval, ...],
) -> None:
    found = list(
        slots_to_offer(
            free,
            span(start, end),
            minutes=minutes,
            grid_minutes=GRID,
            first=at(first),
            refused=refused,
        )
    )
    usable = minutes_of(free) & set(range(start, end)) - minutes_of(refused)
    starts = [
        each
        for each in range(0, 120, GRID)
        if each >= first and set(range(each, each + minutes)) <= usable
    ]
    assert [at(each) for each in starts[:1]] == [each.start for each in found[:1]]
    assert {each.start for each in found} <= {at(each) for each in starts}
    assert all(each.minutes == minutes for each in found)


def test_slots_to_offer__long_stretch__are_about_an_hour_apart() -> None:
    found = slots_to_offer(
        [span(0, 24 * 60)], span(0, 240), minutes=30, grid_minutes=40, first=at(0)
    )
    assert [each.start for each in found] == [at(0), at(80), at(160)]
