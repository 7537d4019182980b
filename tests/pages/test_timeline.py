"""A week as bars and free spans: what is free, taken and kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from api.pages.timeline import FREE, KEPT, TAKEN, bookable, span_of, week
from booking.engine.availability import Held
from booking.engine.booking_facts import ReservingRound
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.opening import monday_of
from booking.engine.vocabulary import AccessBy
from booking.queries.availability import Availability
from booking.queries.catalogue import ResourceFacts

MONDAY = date(2026, 11, 23)
START = datetime(2026, 11, 23, tzinfo=UTC)
WHOLE = span_of(MONDAY, "UTC")


def _hours(first: float, last: float) -> Interval:
    return Interval(START + timedelta(hours=first), START + timedelta(hours=last))


def _resource(**given: Any) -> ResourceFacts:
    texts = dict.fromkeys(
        (
            *("facility_slug", "facility_name", "country", "name", "kind", "description"),
            *("technique", "persistent_identifier", "manufacturer", "model", "location"),
            *("contact_name", "contact_email", "contact_url", "web_address"),
        ),
        "",
    )
    base: dict[str, Any] = {
        "id": uuid4(),
        "facility_id": uuid4(),
        "zone": "UTC",
        "capacity": 1,
        "unit_label": "unit",
        "rate_thousandths": 1000,
        "rates": [],
        "grid_minutes": 60,
        "minimum_minutes": None,
        "maximum_minutes": None,
        "lead_minutes": 0,
        "horizon_days": 365,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "cancel_by_minutes": None,
        "concurrent_per_project": None,
        "concurrent_per_organisation": None,
        "no_show_grace_minutes": None,
        "approval_days": None,
        "mode": BookingMode.INSTANT,
        "access_by": AccessBy.PHYSICAL,
        "qualification_needed": False,
        "measured_variables": [],
        "state": ResourceState.PUBLISHED,
        "created_at": START,
        "updated_at": START,
    }
    return ResourceFacts(**texts | base | given)


def _times(**given: Any) -> Availability:
    nothing: dict[str, Any] = {"closures": (), "holds": (), "rounds": ()}
    return Availability(**{"open_windows": (WHOLE,)} | nothing | given)


def _drawn(found: ResourceFacts, times: Availability, *, quantity: int = 1) -> Any:
    return week(found, times, monday=MONDAY, now=START, quantity=quantity)


def test_week__nothing_taken__free_all_week() -> None:
    drawn = _drawn(_resource(), _times())
    assert [each.interval for each in drawn.free] == [WHOLE]
    assert {each.words for each in drawn.days} == {"free all day"}
    assert [(bar.look, bar.x, bar.width) for bar in drawn.days[0].bars] == [(FREE, 0, 1440)]


def test_week__taken_in_the_morning__free_after_it() -> None:
    drawn = _drawn(_resource(), _times(holds=(Held(_hours(6, 10), 1),)))
    assert drawn.days[0].words == "free 00:00 to 06:00, 10:00 to 24:00"
    taken = [bar for bar in drawn.days[0].bars if bar.look == TAKEN]
    assert [(bar.x, bar.width, bar.height) for bar in taken] == [(360, 240, 24)]


def test_week__half_a_pool_taken__column_of_half_the_height() -> None:
    found = _resource(capacity=4)
    drawn = _drawn(found, _times(holds=(Held(_hours(6, 10), 2),)))
    taken = [bar for bar in drawn.days[0].bars if bar.look == TAKEN]
    assert [(bar.y, bar.height) for bar in taken] == [(12, 12)]
    assert [each.units for each in drawn.free] == [2]


def test_week__three_wanted_and_two_left__free_around_it() -> None:
    found = _resource(capacity=4)
    drawn = _drawn(found, _times(holds=(Held(_hours(6, 10), 2),)), quantity=3)
    assert drawn.free[0].interval == _hours(0, 6)
    assert drawn.free[1].interval.start == _hours(10, 11).start


def test_week__kept_for_a_round__not_free_until_it_is_decided() -> None:
    kept = ReservingRound("Spring", _hours(0, 24), START + timedelta(days=9))
    drawn = _drawn(_resource(), _times(rounds=(kept,)))
    assert [bar.look for bar in drawn.days[0].bars] == [KEPT]
    assert drawn.rounds == (kept,)
    late = replace(kept, until=START)
    assert _drawn(_resource(), _times(rounds=(late,))).days[0].words == "free all day"


def test_week__free_time_off_the_grid__drawn_in_to_it() -> None:
    found = _resource(grid_minutes=60)
    drawn = _drawn(found, _times(open_windows=(_hours(1.5, 4.25), _hours(6.25, 7.75))))
    assert [each.interval for each in drawn.free] == [_hours(2, 4)]


def test_week__shorter_than_the_shortest_booking__not_free() -> None:
    exact, short = _hours(1, 3), _hours(5, 6)
    drawn = _drawn(_resource(minimum_minutes=120), _times(open_windows=(exact, short)))
    assert [each.interval for each in drawn.free] == [exact]


def test_bookable__round_only_or_not_published__never() -> None:
    assert bookable(_resource(mode=BookingMode.ROUND_ONLY), START) is None
    assert bookable(_resource(state=ResourceState.DRAFT), START) is None


def test_bookable__lead_time_and_horizon__bound_it() -> None:
    span = bookable(_resource(lead_minutes=120, horizon_days=2, maximum_minutes=60), START)
    assert span == Interval(START + timedelta(hours=2), START + timedelta(days=2, hours=1))


@given(day=st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_a_week_begins_on_the_monday_before(day: date) -> None:
    monday = monday_of(day)
    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday < timedelta(days=7)


@given(
    holds=st.lists(
        st.tuples(st.integers(0, 167), st.integers(1, 60), st.integers(1, 4)), max_size=12
    )
)
def test_bars_stay_within_their_day(holds: list[tuple[int, int, int]]) -> None:
    held = tuple(Held(_hours(first, first + long), units) for first, long, units in holds)
    for day in _drawn(_resource(capacity=4), _times(holds=held)).days:
        for bar in day.bars:
            assert 0 <= bar.x < bar.x + bar.width <= day.minutes
            assert 0 <= bar.y < bar.y + bar.height <= 24
