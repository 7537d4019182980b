"""When use may begin, when it is missed, and what an early end gives back."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.attendance import (
    check_in_window,
    given_back_in_words,
    minutes_used,
    missed_at,
    released_end,
    use_in_words,
    while_check_in,
    while_missed,
)
from booking.engine.availability import on_grid
from booking.engine.intervals import Interval
from tests.engine.spans import at, span, spans

SECOND = timedelta(seconds=1)
BOOKED = span(600, 660)
GRIDS = st.sampled_from([1, 5, 7, 15, 60])
INSTANTS = st.integers(-60, 200).map(at)


def test_check_in_window__opens_half_an_hour_before_and_shuts_at_the_end() -> None:
    assert check_in_window(BOOKED) == span(570, 660)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (at(570) - SECOND, "too_early"),
        (at(570), None),
        (at(660) - SECOND, None),
        (at(660), "over"),
    ],
)
def test_while_check_in__at_its_limits__opens_inclusive_and_shuts_exclusive(
    now: datetime, found: str | None
) -> None:
    violation = while_check_in(BOOKED, now)
    assert (violation and violation.code) == found


def test_while_check_in__too_early__says_when_it_opens() -> None:
    violation = while_check_in(BOOKED, at(0))
    assert violation is not None
    assert violation.opens_at == at(570)
    assert "2026-12-01 09:30 UTC" in violation.reason


@pytest.mark.parametrize(
    ("grace", "expected"), [(0, at(600)), (15, at(615)), (60, at(660)), (90, at(660))]
)
def test_missed_at__grace__counts_from_the_start_and_never_beyond_the_end(
    grace: int, expected: datetime | None
) -> None:
    assert missed_at(BOOKED, grace_minutes=grace) == expected


@pytest.mark.parametrize(
    ("grace", "now", "found"),
    [
        (15, at(615) - SECOND, "not_missed_yet"),
        (15, at(615), None),
        (15, at(9000), None),
        (None, at(600) - SECOND, "not_missed_yet"),
        (None, at(600), None),
    ],
)
def test_while_missed__at_its_limit__counts_from_the_very_instant(
    grace: int | None, now: datetime, found: str | None
) -> None:
    violation = while_missed(BOOKED, now, grace_minutes=grace)
    assert (violation and violation.code) == found


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(580), at(615)),
        (at(600), at(615)),
        (at(615), at(615)),
        (at(615) + SECOND, at(630)),
        (at(645), at(645)),
        (at(645) + SECOND, None),
        (at(700), None),
    ],
)
def test_released_end__on_the_grid__keeps_one_step_and_the_step_in_use(
    now: datetime, expected: datetime | None
) -> None:
    assert released_end(BOOKED, now, grid_minutes=15) == expected


def test_released_end__start_off_the_grid__keeps_a_whole_step() -> None:
    assert released_end(span(607, 660), at(608), grid_minutes=15) == at(622)


def test_released_end__one_step_long__gives_nothing_back() -> None:
    assert released_end(span(600, 615), at(601), grid_minutes=15) is None


@pytest.mark.parametrize(
    ("now", "grid", "end", "words"),
    [
        (at(596), 60, None, "Nothing could be given back: the shortest step here is 1 h."),
        (at(600), 60, None, "Nothing could be given back: the shortest step here is 1 h."),
        (at(596), 15, at(615), "What is left of the time, 45 min, can be booked by others."),
        (at(600), 15, at(615), "What is left of the time, 45 min, can be booked by others."),
        (at(646), 15, None, "Nothing could be given back: the shortest step here is 15 min."),
        (at(660), 15, None, ""),
    ],
)
def test_given_back_in_words__as_much_as_is_released(
    now: datetime, grid: int, end: datetime | None, words: str
) -> None:
    assert released_end(BOOKED, now, grid_minutes=grid) == end
    ends_at = end or BOOKED.end
    assert given_back_in_words(BOOKED, now, ends_at=ends_at, grid_minutes=grid) == words


@given(spans(), INSTANTS, GRIDS)
def test_what_is_released_lies_within_the_booking_and_after_now(
    booked: Interval, now: datetime, grid: int
) -> None:
    end = released_end(booked, now, grid_minutes=grid)
    if end is not None:
        assert booked.start < end < booked.end
        assert end >= now
        assert on_grid(end, grid) or end == booked.start + timedelta(minutes=grid)


@given(spans(), INSTANTS, GRIDS)
def test_no_step_is_kept_that_could_be_released(booked: Interval, now: datetime, grid: int) -> None:
    end = released_end(booked, now, grid_minutes=grid) or booked.end
    step = timedelta(minutes=grid)
    assert end - step < max(now, booked.start + SECOND) or end == booked.start + step


@given(spans(), st.integers(-30, 119), st.integers(0, 300))
def test_use_is_never_longer_than_from_check_in_to_the_end(
    booked: Interval, after: int, more: int
) -> None:
    checked_in = min(max(booked.start, at(after)), booked.end - SECOND)
    used = minutes_used(
        booked, checked_in_at=checked_in, checked_out_at=checked_in + timedelta(minutes=more)
    )
    assert 0 <= used <= min(more, booked.minutes)


@given(spans(), INSTANTS)
def test_check_in_is_open_exactly_within_its_window(booked: Interval, now: datetime) -> None:
    window = check_in_window(booked)
    assert (while_check_in(booked, now) is None) == (window.start <= now < window.end)


@pytest.mark.parametrize(
    ("left", "minutes"), [(at(640), 40), (at(640) - SECOND, 39), (at(660), 60), (at(900), 60)]
)
def test_minutes_used__part_of_a_minute_or_beyond_the_end__is_dropped(
    left: datetime, minutes: int
) -> None:
    used = minutes_used(BOOKED, checked_in_at=at(600), checked_out_at=left)
    assert used == minutes


def test_minutes_used__came_early__counts_from_check_in() -> None:
    assert minutes_used(BOOKED, checked_in_at=at(580), checked_out_at=at(590)) == 10


def test_use_in_words__in_use_and_after__says_both_lengths() -> None:
    assert use_in_words(booked_minutes=90, used_minutes=None) == "In use, booked for 1 h 30 min"
    assert use_in_words(booked_minutes=60, used_minutes=45) == "Used 45 min of 1 h"
