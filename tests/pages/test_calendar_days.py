"""Days, weeks and hours of calendars: by instants, and so right when the clock jumps."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.calendar_days import View, hour_rows, offset_words, period_of

ZONES = (
    *("Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"),
    *("America/Sao_Paulo", "America/Havana", "Europe/Berlin", "UTC"),
)


@pytest.mark.parametrize(
    ("zone", "on", "minutes"),
    [
        ("Europe/Berlin", date(2027, 3, 28), 23 * 60),
        ("Europe/Berlin", date(2027, 10, 31), 25 * 60),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24 * 60 + 30),
        ("Australia/Lord_Howe", date(2027, 10, 3), 24 * 60 - 30),
        ("Asia/Kathmandu", date(2028, 2, 29), 24 * 60),
    ],
)
def test_day__of_a_jump__has_its_own_length(zone: str, on: date, minutes: int) -> None:
    day = next(each for each in period_of(View.WEEK, on, zone).days if each.on == on)
    assert (day.end - day.start) // 60 == minutes


def test_day__that_the_zone_skipped__is_none() -> None:
    days = [each.on.day for each in period_of(View.WEEK, date(2011, 12, 30), "Pacific/Apia").days]
    assert days == [26, 27, 28, 29, 31, 1]


def test_hours__clock_goes_back__one_row_more_and_only_that_day_has_it() -> None:
    days = period_of(View.WEEK, date(2027, 10, 31), "Europe/Berlin").days
    rows = hour_rows(days, "Europe/Berlin")
    assert len(rows) == 25
    (again,) = [each for each in rows if each.again]
    assert (again.hour, [each is not None for each in again.days]) == (2, [False] * 6 + [True])


def test_hours__clock_goes_forward__the_skipped_hour_is_nothing() -> None:
    days = period_of(View.WEEK, date(2027, 3, 28), "Europe/Berlin").days
    rows = hour_rows(days, "Europe/Berlin")
    assert len(rows) == 24
    assert [each.hour for each in rows if each.days[6] is None] == [2]


def test_hours__half_an_hour_of_jump__half_a_row() -> None:
    days = period_of(View.WEEK, date(2027, 4, 4), "Australia/Lord_Howe").days
    (again,) = [each for each in hour_rows(days, "Australia/Lord_Howe") if each.again]
    half = again.days[6]
    assert half is not None
    assert (again.hour, half.end - half.start) == (1, 1800)


@given(
    view=st.sampled_from(View),
    on=st.dates(date(1991, 1, 1), date(2100, 1, 1)),
    zone=st.sampled_from(ZONES),
)
def test_days_and_their_hours_follow_one_another_without_gap(
    view: View, on: date, zone: str
) -> None:
    period = period_of(view, on, zone)
    assert all(one.end == other.start for one, other in zip(period.days, period.days[1:]))  # noqa: B905
    for number, day in enumerate(period.days[:7]):
        hours = [row.days[number] for row in hour_rows(period.days[:7], zone)]
        spans = sorted((each.start, each.end) for each in hours if each is not None)
        assert (spans[0][0], spans[-1][1]) == (day.start, day.end)
        assert sum(end - start for start, end in spans) == day.end - day.start


@given(view=st.sampled_from(View), on=st.dates(date(1991, 1, 1), date(2100, 1, 1)))
def test_neighbours_lead_back(view: View, on: date) -> None:
    period = period_of(view, on, "UTC")
    assert period_of(view, period.after, "UTC").before == period.first
    assert period.first <= on <= period.last
    assert period.last + timedelta(days=1) == period.after


def test_offset__same_clock__nothing_to_say() -> None:
    days = period_of(View.WEEK, date(2026, 12, 1), "UTC").days
    assert offset_words(days, "UTC", "Europe/London") == ""
    assert offset_words(days, "UTC", "Asia/Kathmandu") == "5 h 45 min ahead"
    assert offset_words(days, "Africa/Nairobi", "Europe/Berlin") == "2 h behind"
