"""Free, taken, kept and shut: the same as the rules of booking and the free slots say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from api.pages.calendar_cells import by_day, cell_rows, runs
from api.pages.calendar_days import Period, View, hour_rows, period_of
from api.pages.calendar_spans import Drawn, Look, draw, free_spans
from booking.engine.availability import Held, free_time
from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.queries.month import Closed, Kept, Line, Taken, Times

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ZERO = int(NOW.timestamp())
WEEK = (ZERO, ZERO + 7 * 86_400)
PERIOD: Period = period_of(View.WEEK, NOW.date(), "UTC")
LINE = Line(
    id=uuid4(),
    facility_id=uuid4(),
    name="Microscope",
    capacity=1,
    unit_label="unit",
    state=ResourceState.PUBLISHED,
    mode=BookingMode.INSTANT,
    grid_minutes=60,
    minimum_minutes=None,
    maximum_minutes=None,
    lead_minutes=0,
    horizon_days=365,
    buffer_before_minutes=0,
    buffer_after_minutes=0,
    zone="UTC",
)


def _s(hours: float) -> int:
    return ZERO + round(hours * 3600)


def _taken(first: float, last: float, quantity: int = 1) -> Taken:
    status = BookingStatus.CONFIRMED
    return Taken(_s(first), _s(last), quantity, status, None, "", "", "")


def _times(*taken: Taken, line: Line = LINE, **given: Any) -> Times:
    nothing: dict[str, Any] = {"open": (WEEK,), "closed": (), "kept": ()}
    return Times(**nothing | given, line=line, taken=taken)


def _drawn(times: Times, **given: Any) -> Drawn:
    return draw(times, within=WEEK, now=NOW, **given)


def _looks(times: Times) -> list[tuple[Look, float, float]]:
    return [
        (each.look, (each.start - ZERO) / 3600, (each.end - ZERO) / 3600)
        for each in _drawn(times).pieces
    ]


def test_pieces__nothing_happens__free_throughout() -> None:
    assert _looks(_times()) == [(Look.FREE, 0, 168)]


def test_pieces__taken_closed_and_shut__each_in_its_time() -> None:
    closed = Closed(_s(30), _s(40), "holiday", "Feast")
    opened = ((_s(0), _s(20)), (_s(24), _s(48)))
    assert _looks(_times(_taken(2, 4), open=opened, closed=(closed,))) == [
        (Look.FREE, 0, 2),
        (Look.TAKEN, 2, 4),
        (Look.FREE, 4, 20),
        (Look.SHUT, 20, 24),
        (Look.FREE, 24, 30),
        (Look.CLOSED, 30, 40),
        (Look.FREE, 40, 48),
        (Look.SHUT, 48, 168),
    ]


def test_pieces__kept_for_a_round__only_while_open() -> None:
    kept = Kept(_s(0), _s(48), "Spring", NOW + timedelta(days=1))
    looks = _looks(_times(open=((_s(8), _s(16)),), kept=(kept,)))
    assert [each for each in looks if each[0] is Look.KEPT] == [(Look.KEPT, 8, 16)]


def test_pieces__pool__so_many_units_are_free() -> None:
    line = replace(LINE, capacity=4)
    drawn = _drawn(_times(_taken(2, 4, 3), line=line))
    assert [each.units for each in drawn.pieces] == [4, 1, 4]
    assert [
        each.look for each in _drawn(_times(_taken(2, 4, 3), line=line), quantity=2).pieces
    ] == [
        Look.FREE,
        Look.TAKEN,
        Look.FREE,
    ]


def test_days__amounts__add_up() -> None:
    days = by_day(_drawn(_times(_taken(20, 28))), PERIOD.days)
    assert [(each.free // 3600, each.taken // 3600) for each in days[:3]] == [
        (20, 4),
        (20, 4),
        (24, 0),
    ]
    assert (days[0].look, days[1].first, days[0].taken_percent) == (Look.FREE, _s(28), 17)


def test_cells__booking_of_three_hours__one_cell_of_three_rows() -> None:
    rows = cell_rows(_drawn(_times(_taken(2, 5))), hour_rows(PERIOD.days, "UTC"))
    monday = [row.cells[0] for row in rows]
    assert [None if each is None else each.rows for each in monday[:6]] == [1, 1, 3, None, None, 1]


def test_cells__shut_mornings_and_nights__left_out() -> None:
    opened = tuple((_s(24 * day + 8), _s(24 * day + 10)) for day in range(7))
    rows = cell_rows(_drawn(_times(open=opened)), hour_rows(PERIOD.days, "UTC"))
    assert [each.hour.hour for each in rows] == [8, 9]


@st.composite
def _weeks(draw_: st.DrawFn) -> tuple[Times, int]:
    line = replace(
        LINE,
        capacity=draw_(st.integers(1, 3)),
        grid_minutes=15,
        buffer_before_minutes=draw_(st.sampled_from((0, 15, 40))),
        buffer_after_minutes=draw_(st.sampled_from((0, 10))),
    )
    spans = st.tuples(st.integers(0, 660), st.integers(1, 40), st.integers(1, 3))
    taken = sorted(
        _taken(first / 4, (first + long) / 4, units)
        for first, long, units in draw_(st.lists(spans, max_size=8))
    )
    return _times(*taken, line=line), draw_(st.integers(1, 3))


def test_free__two_share_a_pool_with_buffers__a_short_gap_between_them_has_room() -> None:
    line = replace(LINE, capacity=3, grid_minutes=15, buffer_after_minutes=10)
    times = _times(_taken(0, 0.25, 1), _taken(0.5, 4, 1), line=line)
    assert free_spans(times, now=NOW, quantity=2)[0] == WEEK


@given(_weeks())
def test_free_is_what_the_rules_find_free(given_: tuple[Times, int]) -> None:
    times, quantity = given_
    line = times.line
    before, after = line.buffer_before_minutes * MINUTE, line.buffer_after_minutes * MINUTE
    held = [
        Held(Interval(_at(each.start) - before, _at(each.end) + after), each.quantity)
        for each in times.taken
    ]
    free = free_time(
        [Interval(_at(WEEK[0]), _at(WEEK[1]))],
        (),
        held,
        capacity=line.capacity,
        quantity=quantity,
        before=before,
        after=after,
    )
    minutes = {
        each // 900
        for start, end in free_spans(times, now=NOW, quantity=quantity)
        for each in range(start, end, 900)
    }
    expected = {
        quarter
        for each in free
        for quarter in range(
            -(-int(each.start.timestamp()) // 900), int(each.end.timestamp()) // 900
        )
    }
    assert minutes == expected


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_runs__idle_days_side_by_side__are_one_and_others_alone() -> None:
    opened = ((_s(24), _s(48)), (_s(120), _s(168)))
    days = by_day(_drawn(_times(open=opened)), PERIOD.days)
    assert [len(run) for run in runs(days)] == [1, 1, 3, 1, 1]
    assert [day for run in runs(days) for day in run] == list(days)
