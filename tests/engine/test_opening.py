from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.intervals import Interval
from booking.engine.opening import WeeklyHours, open_windows, to_local

ZONES = (
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Europe/Berlin",
)
NINE_TO_FIVE = tuple(WeeklyHours(day, time(9), time(17)) for day in range(5))
ALL_WEEK = tuple(WeeklyHours(day, time(0), time(0)) for day in range(7))


def utc(*parts: int) -> datetime:
    year, month, day, *rest = parts
    hour, minute = [*rest, 0, 0][:2]
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def daily(opens: time, closes: time) -> tuple[WeeklyHours, ...]:
    return tuple(WeeklyHours(day, opens, closes) for day in range(7))


def test_open_windows__a_week_in_kathmandu__keeps_its_quarter_hour() -> None:
    week = Interval(utc(2026, 11, 30), utc(2026, 12, 7))
    windows = open_windows(NINE_TO_FIVE, zone="Asia/Kathmandu", within=week)
    assert windows[0] == Interval(utc(2026, 11, 30, 3, 15), utc(2026, 11, 30, 11, 15))
    assert len(windows) == 5


def test_open_windows__no_hours__is_always_open() -> None:
    week = Interval(utc(2026, 11, 30), utc(2026, 12, 7))
    assert open_windows((), zone="Asia/Kathmandu", within=week) == (week,)


def test_open_windows__midnight_to_midnight__touching_days_become_one() -> None:
    span = Interval(utc(2026, 10, 1), utc(2026, 12, 1))
    for zone in ZONES:
        assert open_windows(ALL_WEEK, zone=zone, within=span) == (span,)


def test_open_windows__closes_at_midnight__ends_with_the_day() -> None:
    hours = (WeeklyHours(0, time(20), time(0)),)
    week = Interval(utc(2026, 11, 30), utc(2026, 12, 7))
    (window,) = open_windows(hours, zone="Europe/Berlin", within=week)
    assert window == Interval(utc(2026, 11, 30, 19), utc(2026, 11, 30, 23))


def test_open_windows__crossing_midnight__ends_next_day_and_is_cut_by_within() -> None:
    hours = (WeeklyHours(6, time(22), time(2)),)
    monday = Interval(utc(2026, 11, 30), utc(2026, 12, 1))
    (window,) = open_windows(hours, zone="UTC", within=monday)
    assert window == Interval(utc(2026, 11, 30), utc(2026, 11, 30, 2))


def test_open_windows__leap_day__has_its_hours() -> None:
    hours = (WeeklyHours(date(2028, 2, 29).weekday(), time(9), time(10)),)
    span = Interval(utc(2028, 2, 28), utc(2028, 3, 2))
    (window,) = open_windows(hours, zone="UTC", within=span)
    assert window == Interval(utc(2028, 2, 29, 9), utc(2028, 2, 29, 10))


def test_open_windows__opening_in_the_skipped_hour__opens_at_the_jump() -> None:
    hours = daily(time(2, 30), time(5))
    night = Interval(utc(2027, 3, 28), utc(2027, 3, 28, 12))
    (window,) = open_windows(hours, zone="Europe/Berlin", within=night)
    assert window == Interval(utc(2027, 3, 28, 1), utc(2027, 3, 28, 3))


def test_open_windows__wholly_in_the_skipped_hour__is_not_open() -> None:
    hours = daily(time(2, 10), time(2, 50))
    night = Interval(utc(2027, 3, 27, 12), utc(2027, 3, 28, 12))
    assert open_windows(hours, zone="Europe/Berlin", within=night) == ()


def test_open_windows__hour_shown_twice__opens_first_and_closes_last() -> None:
    hours = daily(time(2, 15), time(2, 45))
    night = Interval(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12))
    (window,) = open_windows(hours, zone="Europe/Berlin", within=night)
    assert window == Interval(utc(2026, 10, 25, 0, 15), utc(2026, 10, 25, 1, 45))


def test_open_windows__lord_howe__moves_by_half_an_hour() -> None:
    hours = daily(time(1, 45), time(2, 15))
    spring = Interval(utc(2026, 10, 3, 12), utc(2026, 10, 4, 12))
    (window,) = open_windows(hours, zone="Australia/Lord_Howe", within=spring)
    assert window == Interval(utc(2026, 10, 3, 15, 15), utc(2026, 10, 3, 15, 30))
    autumn = Interval(utc(2026, 4, 4, 12), utc(2026, 4, 5, 12))
    (window,) = open_windows(hours, zone="Australia/Lord_Howe", within=autumn)
    assert window.minutes == 60


def test_open_windows__casablanca_ramadan__keeps_the_wall_clock() -> None:
    # Morocco goes back to UTC for Ramadan: 15 February to 22 March 2026.
    before = Interval(utc(2026, 2, 12), utc(2026, 2, 13))
    during = Interval(utc(2026, 2, 19), utc(2026, 2, 20))
    (first,) = open_windows(NINE_TO_FIVE, zone="Africa/Casablanca", within=before)
    (second,) = open_windows(NINE_TO_FIVE, zone="Africa/Casablanca", within=during)
    assert (first.start.hour, second.start.hour) == (8, 9)


def test_open_windows__sao_paulo_without_midnight__starts_at_the_jump() -> None:
    # On 4 November 2018 the clock went from 00:00 to 01:00.
    hours = (WeeklyHours(6, time(0), time(6)),)
    day = Interval(utc(2018, 11, 3, 12), utc(2018, 11, 4, 12))
    (window,) = open_windows(hours, zone="America/Sao_Paulo", within=day)
    assert window == Interval(utc(2018, 11, 4, 3), utc(2018, 11, 4, 8))


def test_open_windows__apia_skipped_a_friday__has_no_hours_that_day() -> None:
    hours = (WeeklyHours(4, time(9), time(17)),)
    year_end = Interval(utc(2011, 12, 26), utc(2012, 1, 2))
    assert open_windows(hours, zone="Pacific/Apia", within=year_end) == ()
    thursday_night = (WeeklyHours(3, time(22), time(4)),)
    (window,) = open_windows(thursday_night, zone="Pacific/Apia", within=year_end)
    assert window == Interval(utc(2011, 12, 30, 8), utc(2011, 12, 30, 10))


@pytest.mark.parametrize("weekday", [-1, 7])
def test_weekly_hours__no_such_weekday__is_refused(weekday: int) -> None:
    with pytest.raises(ValueError, match="weekday"):
        WeeklyHours(weekday, time(9), time(17))


def test_weekly_hours__zone_or_seconds__is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        WeeklyHours(0, time(9, tzinfo=UTC), time(17))
    with pytest.raises(ValueError, match="leave the seconds out"):
        WeeklyHours(0, time(9), time(17, 0, 1))


def test_open_windows__unknown_zone__is_refused() -> None:
    week = Interval(utc(2026, 11, 30), utc(2026, 12, 7))
    with pytest.raises(ZoneInfoNotFoundError):
        open_windows(NINE_TO_FIVE, zone="Europe/Nowhere", within=week)


def test_to_local__an_instant__shows_the_wall_clock() -> None:
    assert to_local(utc(2026, 7, 1), "Asia/Kathmandu").isoformat() == "2026-07-01T05:45:00+05:45"


def wall_is_open(hours: tuple[WeeklyHours, ...], wall: datetime) -> bool:
    """Say whether a wall clock that never jumps would be within hours."""
    for each in hours:
        opens = each.opens.hour * 60 + each.opens.minute
        closes = each.closes.hour * 60 + each.closes.minute
        closes += 24 * 60 if closes <= opens else 0
        minute = ((wall.weekday() - each.weekday) % 7) * 24 * 60 + wall.hour * 60 + wall.minute
        if opens <= minute < closes or opens <= minute + 7 * 24 * 60 < closes:
            return True
    return False


def near_a_jump(at: datetime, zone: str) -> bool:
    place = ZoneInfo(zone)
    offsets = {
        (at + timedelta(hours=h)).astimezone(place).utcoffset() for h in (-26, -3, -1, 0, 1, 3, 26)
    }
    return len(offsets) > 1


quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
some_hours = st.lists(
    st.builds(WeeklyHours, st.integers(0, 6), quarters, quarters), min_size=1, max_size=5
).map(tuple)
instants = st.one_of(
    st.integers(0, 60 * 24 * 4 * 366).map(lambda m: utc(2026, 1, 1) + timedelta(minutes=m)),
    st.sampled_from(
        [
            utc(2011, 12, 30, 10),
            utc(2018, 11, 4, 3),
            utc(2026, 2, 15, 2),
            utc(2026, 3, 22, 2),
            utc(2026, 10, 3, 15, 30),
            utc(2026, 4, 4, 15),
            utc(2028, 2, 29, 12),
        ]
    ).flatmap(
        lambda jump: st.integers(-200, 200).map(lambda m: jump + timedelta(minutes=m)),
    ),
)


@given(some_hours, st.sampled_from(ZONES), instants)
def test_an_instant_is_open_when_its_wall_clock_is_within_hours(
    hours: tuple[WeeklyHours, ...], zone: str, at: datetime
) -> None:
    within = Interval(at, at + timedelta(minutes=1))
    is_open = open_windows(hours, zone=zone, within=within) == (within,)
    by_the_wall = wall_is_open(hours, to_local(at, zone).replace(tzinfo=None))
    if by_the_wall:
        assert is_open
    if not near_a_jump(at, zone):
        assert is_open == by_the_wall


@given(some_hours, st.sampled_from(ZONES), instants, st.integers(1, 5000))
def test_windows_of_two_halves_are_those_of_the_whole(
    hours: tuple[WeeklyHours, ...], zone: str, at: datetime, cut: int
) -> None:
    middle, end = at + timedelta(minutes=cut), at + timedelta(minutes=6000)
    whole = open_windows(hours, zone=zone, within=Interval(at, end))
    halves = [
        window
        for part in (Interval(at, middle), Interval(middle, end))
        for window in open_windows(hours, zone=zone, within=part)
    ]
    assert sum(each.minutes for each in whole) == sum(each.minutes for each in halves)
