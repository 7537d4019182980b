"""A time repeated on a wall clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.intervals import Interval
from booking.engine.opening import to_local
from booking.engine.repetition import (
    MOST_DATES,
    Every,
    Repetition,
    occurrences,
    repetition_faults,
    skipped_by_the_clock,
)

LISBON, NAIROBI = "Europe/Lisbon", "Africa/Nairobi"
QUARTER = timedelta(minutes=15)
DAILY = Repetition(Every.DAY, count=3)
WEEKLY = Repetition(Every.WEEK, count=4)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def an_hour(*parts: int) -> Interval:
    return Interval(utc(*parts), utc(*parts) + timedelta(hours=1))


def dates(first: Interval, zone: str = "UTC", **given: Any) -> list[str]:
    repetition = Repetition(**given)
    assert repetition_faults(first, repetition, zone=zone) == ()
    return [f"{each.on:%m-%d}" for each in occurrences(first, repetition, zone=zone)]


MONDAY = an_hour(2026, 11, 23, 9)


def test_occurrences__by_day__are_so_many_days_apart() -> None:
    assert dates(MONDAY, every=Every.DAY, count=3) == ["11-23", "11-24", "11-25"]
    assert dates(MONDAY, every=Every.DAY, interval=10, count=3) == ["11-23", "12-03", "12-13"]


def test_occurrences__by_week__fall_on_the_weekdays() -> None:
    days = frozenset({0, 2})
    assert dates(MONDAY, every=Every.WEEK, count=2) == ["11-23", "11-30"]
    found = dates(MONDAY, every=Every.WEEK, interval=2, weekdays=days, count=4)
    assert found == ["11-23", "11-25", "12-07", "12-09"]


def test_occurrences__first_in_the_middle_of_the_week__leave_out_what_is_before() -> None:
    wednesday, days = an_hour(2026, 11, 25, 9), frozenset({0, 2})
    found = dates(wednesday, every=Every.WEEK, weekdays=days, count=3)
    assert found == ["11-25", "11-30", "12-02"]


def test_occurrences__until__is_the_last_day_itself() -> None:
    assert dates(MONDAY, every=Every.DAY, until=date(2026, 11, 25))[-1] == "11-25"
    assert dates(MONDAY, every=Every.DAY, until=date(2026, 11, 23)) == ["11-23"]


def test_occurrences__day_of_the_facility__is_not_that_of_utc() -> None:
    late = an_hour(2026, 11, 22, 22)
    assert dates(late, NAIROBI, every=Every.WEEK, weekdays=frozenset({0}), count=1) == ["11-23"]


def test_occurrences__across_a_change_of_clocks__keep_the_wall_clock() -> None:
    found = occurrences(an_hour(2026, 10, 24, 8), DAILY, zone=LISBON)
    assert [each.starts_at.hour for each in found] == [8, 9, 9]
    assert [each.ends_at - each.starts_at for each in found] == [timedelta(hours=1)] * 3


def test_occurrences__over_the_change_itself__are_longer_and_shorter() -> None:
    night = Interval(utc(2026, 10, 23, 21), utc(2026, 10, 24, 5))
    found = occurrences(night, DAILY, zone=LISBON)
    assert [(each.ends_at - each.starts_at).seconds // 3600 for each in found] == [8, 9, 8]
    spring = Interval(utc(2026, 3, 27, 22), utc(2026, 3, 28, 6))
    found = occurrences(spring, DAILY, zone=LISBON)
    assert [(each.ends_at - each.starts_at).seconds // 3600 for each in found] == [8, 7, 8]


def test_occurrences__time_the_clock_skips__is_said() -> None:
    found = occurrences(
        Interval(utc(2026, 3, 28, 1, 15), utc(2026, 3, 28, 1, 45)), DAILY, zone=LISBON
    )
    assert [each.interval is None for each in found] == [False, True, False]
    fault = skipped_by_the_clock(found[1])
    assert fault is not None
    assert fault.code == "no_such_time"
    assert skipped_by_the_clock(found[2]) is None


def test_occurrences__time_the_clock_shows_twice__is_the_first_but_for_the_one_asked_for() -> None:
    half = timedelta(minutes=30)
    before = occurrences(
        Interval(utc(2026, 10, 24, 0, 15), utc(2026, 10, 24, 0, 45)), DAILY, zone=LISBON
    )
    assert (before[1].starts_at, before[1].ends_at) == (
        utc(2026, 10, 25, 0, 15),
        utc(2026, 10, 25, 0, 45),
    )
    second = Interval(utc(2026, 10, 25, 1, 15), utc(2026, 10, 25, 1, 15) + half)
    assert occurrences(second, DAILY, zone=LISBON)[0].interval == second


def test_occurrences__leap_day__is_a_day_like_any_other() -> None:
    found = dates(an_hour(2028, 2, 28, 9), every=Every.DAY, count=3)
    assert found == ["02-28", "02-29", "03-01"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"count": None}, "count_or_until"),
        ({"until": date(2026, 12, 1)}, "count_or_until"),
        ({"count": None, "until": date(2026, 11, 22)}, "until_before_start"),
        ({"weekdays": frozenset({1})}, "not_a_weekday"),
        ({"every": Every.DAY, "weekdays": frozenset({0})}, "weekdays_by_day"),
        ({"count": MOST_DATES + 1}, "too_many_dates"),
        ({"every": Every.DAY, "count": None, "until": date(2027, 6, 11)}, "too_many_dates"),
    ],
)
def test_repetition_faults__senseless__are_named(changes: dict[str, Any], code: str) -> None:
    (fault,) = repetition_faults(MONDAY, replace(WEEKLY, **changes), zone="UTC")
    assert fault.code == code


def test_repetition_faults__two_hundred_dates__are_in_order() -> None:
    assert repetition_faults(MONDAY, replace(WEEKLY, count=MOST_DATES), zone="UTC") == ()
    last = Repetition(Every.DAY, until=date(2027, 6, 10))
    assert repetition_faults(MONDAY, last, zone="UTC") == ()
    assert len(occurrences(MONDAY, last, zone="UTC")) == MOST_DATES


zones = st.sampled_from([LISBON, NAIROBI, "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"])
firsts = st.integers(0, 3 * 365 * 96).map(lambda quarter: utc(2026, 1, 1) + quarter * QUARTER)


def is_shown(wall: datetime, zone: str) -> bool:
    there = ZoneInfo(zone)
    return wall.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == wall


@given(firsts, st.integers(1, 200), zones, st.sampled_from(Every), st.integers(1, 20))
def test_every_date_shows_the_same_clock_unless_it_is_skipped(
    start: datetime, quarters: int, zone: str, every: Every, interval: int
) -> None:
    first = Interval(start, start + quarters * QUARTER)
    found = occurrences(first, Repetition(every, interval, count=20), zone=zone)
    wall = to_local(first.start, zone).replace(tzinfo=None)
    days = interval * (1 if every is Every.DAY else 7)
    assert [each.on for each in found] == [
        wall.date() + number * timedelta(days=days) for number in range(20)
    ]
    for each in found:
        shown = to_local(each.starts_at, zone).replace(tzinfo=None)
        wanted = datetime.combine(each.on, wall.time())
        assert shown == wanted if is_shown(wanted, zone) else shown > wanted
        assert each.starts_at <= each.ends_at


@given(firsts, st.sets(st.integers(0, 6)), st.integers(1, 4), st.integers(0, 90))
def test_weekly_dates_are_those_a_walk_through_the_days_finds(
    start: datetime, more: set[int], interval: int, length: int
) -> None:
    first = start.date()
    weekdays = frozenset(more | {first.weekday()})
    until = first + timedelta(days=length)
    monday = first - timedelta(days=first.weekday())
    walked = [
        day
        for day in (first + timedelta(days=number) for number in range(length + 1))
        if day.weekday() in weekdays and (day - monday).days // 7 % interval == 0
    ]
    repetition = Repetition(Every.WEEK, interval, weekdays, until=until)
    found = occurrences(Interval(start, start + QUARTER), repetition, zone="UTC")
    assert [each.on for each in found] == walked
