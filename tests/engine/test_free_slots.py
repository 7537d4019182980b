from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from booking.engine.availability import Held, free_time, slots
from booking.engine.free_slots import SlotShape, open_span, shut_span, slot_starts
from booking.engine.intervals import MINUTE, Interval
from tests.engine.spans import at, held_lists, span, span_lists

HOUR = SlotShape(quantity=1, capacity=1, length=3600, grid=900)


def seconds(minutes: int) -> int:
    return int(at(minutes).timestamp())


def starts(shape: SlotShape, *taken: tuple[int, int], last: int = 240) -> list[int]:
    """List the starts from 0 to 240 minutes in an open time of 240, in minutes."""
    found = slot_starts(
        [(seconds(0), seconds(240))],
        [(seconds(start), seconds(end)) for start, end in taken],
        [],
        shape,
        first=seconds(0),
        last=seconds(last),
    )
    return [(each - seconds(0)) // 60 for each in found]


def test_slot_starts__taken_in_the_middle__are_before_and_after() -> None:
    assert starts(HOUR, (75, 150)) == [0, 15, 150, 165, 180]
    assert starts(HOUR, (60, 180)) == [0, 180]
    assert starts(HOUR, (59, 181)) == []


def test_slot_starts__first_and_last__may_be_starts() -> None:
    assert starts(HOUR, last=15) == [0, 15]
    assert starts(HOUR, last=14) == [0]


def test_slot_starts__quantity_above_capacity__are_none() -> None:
    assert starts(SlotShape(quantity=2, capacity=1, length=60, grid=60)) == []


def test_spans__parts_of_a_second__are_never_bookable() -> None:
    start, end = datetime.fromisoformat("2026-12-01T00:00:00.2Z"), at(1)
    assert open_span(start, end)[0] == shut_span(start, end)[0] + 1
    assert open_span(at(0), start)[1] == shut_span(at(0), start)[1] - 1


@given(
    windows=span_lists,
    shut=span_lists,
    holds=held_lists,
    capacity=st.integers(1, 4),
    quantity=st.integers(1, 4),
    before=st.integers(0, 10),
    after=st.integers(0, 10),
    length=st.integers(1, 30),
    grid=st.sampled_from([1, 5, 7, 15]),
)
def test_slots_in_seconds_are_those_in_free_time(
    windows: tuple[Interval, ...],
    shut: tuple[Interval, ...],
    holds: tuple[Held, ...],
    capacity: int,
    quantity: int,
    before: int,
    after: int,
    length: int,
    grid: int,
) -> None:
    buffers = {"before": before * MINUTE, "after": after * MINUTE}
    widened = [Held(each.interval.widened(**buffers), each.quantity) for each in holds]
    free = free_time(windows, shut, widened, capacity=capacity, quantity=quantity, **buffers)
    expected = slots(free, minutes=length, grid_minutes=grid, first=at(3))
    found = slot_starts(
        [open_span(each.start, each.end) for each in windows],
        [shut_span(each.start, each.end) for each in shut],
        [(*open_span(each.interval.start, each.interval.end), each.quantity) for each in holds],
        SlotShape(quantity, capacity, length * 60, grid * 60, before * 60, after * 60),
        first=seconds(3),
        last=seconds(1000),
    )
    assert list(found) == [int(each.start.timestamp()) for each in expected]


def test_slot_starts__window_inside_another__is_not_counted_twice() -> None:
    windows = [open_span(each.start, each.end) for each in (span(0, 120), span(30, 60))]
    found = list(slot_starts(windows, [], [], HOUR, first=0, last=seconds(1000)))
    assert len(found) == 5
