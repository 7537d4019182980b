"""Short ways to write intervals, and strategies that draw them."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from booking.engine.availability import Held
from booking.engine.intervals import Interval

DAY_ONE = datetime(2026, 12, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """Give the instant so many minutes after the first of December 2026."""
    return DAY_ONE + timedelta(minutes=minutes)


def span(start: int, end: int) -> Interval:
    """Give the interval between two counts of minutes."""
    return Interval(at(start), at(end))


def minute(instant: datetime) -> int:
    """Count the minutes from the first of December 2026."""
    return (instant - DAY_ONE) // timedelta(minutes=1)


def minutes_of(intervals: tuple[Interval, ...]) -> set[int]:
    """List the minutes inside, one by one: the naive model."""
    return {each for i in intervals for each in range(minute(i.start), minute(i.end))}


@st.composite
def spans(draw: st.DrawFn, longest: int = 60) -> Interval:
    """Draw an interval inside the first two hours."""
    start = draw(st.integers(0, 119))
    return span(start, draw(st.integers(start + 1, min(start + longest, 120))))


span_lists = st.lists(spans(), max_size=8).map(tuple)
held = st.builds(Held, spans(), st.integers(1, 3))
held_lists = st.lists(held, max_size=6).map(tuple)
