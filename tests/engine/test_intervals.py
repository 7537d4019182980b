from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from booking.engine.intervals import (
    Interval,
    in_utc,
    intersect,
    overlaps,
    peak,
    steps,
    subtract,
    union,
)
from tests.engine.spans import DAY_ONE, at, minutes_of, span, span_lists


def test_interval__end_after_start__counts_minutes() -> None:
    assert span(0, 90).minutes == 90
    assert Interval(DAY_ONE, DAY_ONE + timedelta(seconds=119)).minutes == 1


@pytest.mark.parametrize("length", [0, -1])
def test_interval__end_not_after_start__is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Interval(DAY_ONE, DAY_ONE + timedelta(microseconds=length))


def test_interval__smallest_length__stands() -> None:
    assert Interval(DAY_ONE, DAY_ONE + timedelta(microseconds=1)).minutes == 0


def test_interval__no_zone__is_refused() -> None:
    naive = DAY_ONE.replace(tzinfo=None)
    with pytest.raises(ValueError, match="add an offset"):
        Interval(naive, DAY_ONE + timedelta(hours=1))


def test_interval__other_zone__becomes_utc() -> None:
    kathmandu = datetime(2026, 12, 1, 5, 45, tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert Interval(kathmandu, kathmandu + timedelta(hours=1)) == span(0, 60)
    assert in_utc(DAY_ONE.astimezone(timezone(timedelta(hours=3)))).tzinfo is UTC


def test_overlaps__touching__is_not_sharing() -> None:
    assert not overlaps(span(0, 10), span(10, 20))
    assert overlaps(span(0, 11), span(10, 20))
    assert not overlaps(span(0, 10), span(11, 20))


def test_contains__same_ends__holds() -> None:
    assert span(0, 10).contains(span(0, 10))
    assert not span(0, 10).contains(span(0, 11))


def test_union__touching__becomes_one() -> None:
    assert union([span(10, 20), span(0, 10), span(21, 22)]) == (span(0, 20), span(21, 22))


def test_peak__end_meets_start__is_not_added() -> None:
    assert peak([(span(0, 10), 2), (span(10, 20), 3)]) == 3
    assert peak([(span(0, 11), 2), (span(10, 20), 3)]) == 5
    assert peak([]) == 0


def test_steps__two_loads__gives_each_level() -> None:
    assert steps([(span(0, 10), 2), (span(5, 20), 3)]) == (
        (at(0), 2),
        (at(5), 5),
        (at(10), 3),
        (at(20), 0),
    )


@given(span_lists, span_lists)
def test_sets_of_intervals_are_sets_of_minutes(
    a: tuple[Interval, ...], b: tuple[Interval, ...]
) -> None:
    assert minutes_of(union([*a, *b])) == minutes_of(a) | minutes_of(b)
    assert minutes_of(intersect(a, b)) == minutes_of(a) & minutes_of(b)
    assert minutes_of(subtract(a, b)) == minutes_of(a) - minutes_of(b)


@given(span_lists, span_lists)
def test_results_are_sorted_and_never_touch(
    a: tuple[Interval, ...], b: tuple[Interval, ...]
) -> None:
    for result in (union(a), intersect(a, b), subtract(a, b)):
        assert all(left.end < right.start for left, right in pairwise(result))


@given(span_lists)
def test_peak_is_the_fullest_minute(a: tuple[Interval, ...]) -> None:
    fullest = max((sum(m in minutes_of((each,)) for each in a) for m in range(120)), default=0)
    assert peak((each, 1) for each in a) == fullest
