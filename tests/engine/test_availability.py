from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.availability import (
    Held,
    free_time,
    grid_ceiling,
    grid_floor,
    offered,
    on_grid,
    slots,
)
from booking.engine.intervals import MINUTE, Interval
from tests.engine.spans import at, held_lists, minutes_of, span, span_lists

OPEN = (span(0, 120),)
NOTHING = timedelta(0)


def free(
    holds: tuple[Held, ...],
    *,
    capacity: int = 1,
    quantity: int = 1,
    before: int = 0,
    after: int = 0,
) -> tuple[Interval, ...]:
    return free_time(
        OPEN,
        (),
        holds,
        capacity=capacity,
        quantity=quantity,
        before=before * MINUTE,
        after=after * MINUTE,
    )


def test_free_time__one_hold__is_before_and_after_it() -> None:
    assert free((Held(span(30, 60), 1),)) == (span(0, 30), span(60, 120))


def test_free_time__buffers__keep_clear_of_what_is_held() -> None:
    windows = free((Held(span(30, 60), 1),), before=5, after=10)
    assert windows == (span(0, 20), span(65, 120))


def test_free_time__pool__is_where_enough_units_are_left() -> None:
    holds = (Held(span(0, 60), 2), Held(span(30, 90), 1))
    assert free(holds, capacity=4, quantity=1) == OPEN
    assert free(holds, capacity=4, quantity=2) == (span(0, 30), span(60, 120))
    assert free(holds, capacity=4, quantity=4) == (span(90, 120),)


def test_free_time__quantity_above_capacity__is_none() -> None:
    assert free((), capacity=2, quantity=2) == OPEN
    assert free((), capacity=2, quantity=3) == ()


def test_free_time__closure__is_not_free() -> None:
    windows = free_time(
        OPEN, [span(10, 20)], (), capacity=1, quantity=1, before=NOTHING, after=NOTHING
    )
    assert windows == (span(0, 10), span(20, 120))


@given(
    span_lists,
    span_lists,
    held_lists,
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_free_time_is_what_is_open_and_not_busy(
    open_windows: tuple[Interval, ...],
    closures: tuple[Interval, ...],
    holds: tuple[Held, ...],
    capacity: int,
    quantity: int,
    before: int,
    after: int,
) -> None:
    load = [0] * 240
    for held in holds:
        for minute in minutes_of((held.interval,)):
            load[minute + 50] += held.quantity
    naive = {
        minute
        for minute in minutes_of(open_windows) - minutes_of(closures)
        if max(load[minute + 50 - before : minute + 51 + after]) + quantity <= capacity
    }
    windows = free_time(
        open_windows,
        closures,
        holds,
        capacity=capacity,
        quantity=quantity,
        before=before * MINUTE,
        after=after * MINUTE,
    )
    assert minutes_of(windows) == naive


def test_slots__grid_of_fifteen__start_on_it_and_fit() -> None:
    found = list(slots([span(7, 65)], minutes=30, grid_minutes=15))
    assert found == [span(15, 45), span(30, 60)]


def test_slots__exact_fit__is_one() -> None:
    assert list(slots([span(15, 45)], minutes=30, grid_minutes=15)) == [span(15, 45)]
    assert list(slots([span(15, 44)], minutes=30, grid_minutes=15)) == []


def test_slots__first__leaves_out_what_starts_before() -> None:
    found = list(slots([span(0, 60)], minutes=30, grid_minutes=15, first=at(15)))
    assert found == [span(15, 45), span(30, 60)]
    assert next(slots([span(0, 60)], minutes=30, grid_minutes=15, first=at(16))) == span(30, 60)


def test_slots__before_the_epoch__keep_the_grid() -> None:
    start = datetime(1969, 12, 31, 23, 50, tzinfo=UTC)
    window = Interval(start, start + timedelta(hours=1))
    assert next(slots([window], minutes=5, grid_minutes=60)).start.hour == 0


@pytest.mark.parametrize(("minutes", "grid"), [(0, 15), (15, 0)])
def test_slots__no_length_or_grid__is_refused(minutes: int, grid: int) -> None:
    with pytest.raises(ValueError, match="at least 1 minute"):
        next(slots(OPEN, minutes=minutes, grid_minutes=grid))


@given(span_lists, st.integers(1, 40), st.integers(1, 40))
def test_slots_are_all_grid_starts_that_fit(
    windows: tuple[Interval, ...], minutes: int, grid: int
) -> None:
    inside = minutes_of(windows)
    naive = {
        start
        for start in range(120)
        if on_grid(at(start), grid) and set(range(start, start + minutes)) <= inside
    }
    found = list(slots(windows, minutes=minutes, grid_minutes=grid))
    assert {(slot.start - at(0)) // MINUTE for slot in found} == naive
    assert len(found) == len(naive)


@given(st.integers(0, 10_000), st.integers(1, 1440))
def test_grid_floor_and_ceiling_are_the_nearest_on_the_grid(minute: int, grid: int) -> None:
    instant = at(minute)
    floor, ceiling = grid_floor(instant, grid), grid_ceiling(instant, grid)
    assert floor <= instant <= ceiling
    assert on_grid(floor, grid)
    assert on_grid(ceiling, grid)
    assert ceiling - floor == (NOTHING if on_grid(instant, grid) else grid * MINUTE)


def test_offered__nothing_held__is_everything() -> None:
    assert offered(OPEN, (), 8) == (8, OPEN)


def test_offered__small_long_hold__gives_up_the_unit() -> None:
    assert offered(OPEN, (Held(span(0, 120), 2),), 8) == (6, OPEN)


def test_offered__tie__takes_the_larger_capacity() -> None:
    # Two units for half the time are as many unit-minutes as one unit for all of it.
    assert offered(OPEN, (Held(span(0, 60), 1),), 2) == (2, (span(60, 120),))
    assert offered(OPEN, (Held(span(0, 61), 1),), 2) == (1, OPEN)


def test_offered__nothing_free__has_no_windows() -> None:
    assert offered(OPEN, (Held(span(0, 120), 3),), 3) == (3, ())


@given(span_lists, held_lists, st.integers(1, 5))
def test_no_other_capacity_offers_more(
    windows: tuple[Interval, ...], holds: tuple[Held, ...], capacity: int
) -> None:
    load = [0] * 120
    for held in holds:
        for minute in minutes_of((held.interval,)):
            load[minute] += held.quantity
    amounts = {
        level: level * sum(capacity - load[m] >= level for m in minutes_of(windows))
        for level in range(1, capacity + 1)
    }
    level, best = offered(windows, holds, capacity)
    most = max(amounts.values())
    assert level * len(minutes_of(best)) == most
    if most:
        assert level == max(each for each, amount in amounts.items() if amount == most)
