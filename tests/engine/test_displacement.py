"""Which closure a booking falls under, by bisection and by looking at each."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.displacement import (
    LONGEST_REASON,
    ClosedSpan,
    ClosedTimes,
    still_to_come,
    why_closed,
)
from booking.engine.intervals import Interval
from booking.engine.vocabulary import ClosureKind

START = datetime(2026, 11, 24, tzinfo=UTC)
HERE, THERE = UUID(int=1), UUID(int=2)


def hours(first: int, last: int) -> Interval:
    return Interval(START + timedelta(hours=first), START + timedelta(hours=last))


intervals = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(
    lambda pair: hours(pair[0], pair[0] + pair[1])
)
spans = st.builds(
    ClosedSpan,
    closure_id=st.integers(1, 10_000).map(lambda number: UUID(int=number)),
    resource_id=st.sampled_from((None, HERE, THERE)),
    interval=intervals,
)


@given(st.lists(spans, max_size=12), intervals)
def test_first_over_is_the_earliest_that_overlaps(closed: list[ClosedSpan], at: Interval) -> None:
    over = [
        each for each in closed if each.resource_id in {None, HERE} and each.interval.overlaps(at)
    ]

    found = ClosedTimes(closed).first_over(HERE, at)

    earliest = min((each.interval.start for each in over), default=None)
    assert (None if found is None else found.interval.start) == earliest
    assert found is None or found in over


@pytest.mark.parametrize(("now", "left"), [(-1, (0, 5)), (0, (0, 5)), (4, (4, 5)), (5, None)])
def test_still_to_come__by_now__leaves_what_is_not_past(
    now: int, left: tuple[int, int] | None
) -> None:
    whole = hours(0, 5)
    found = still_to_come(whole.start, whole.end, START + timedelta(hours=now))
    assert found == (None if left is None else hours(*left))


def test_why_closed__long_reason_of_lines__is_one_line_and_cut() -> None:
    assert why_closed(ClosureKind.OUTAGE, " ") == "Out of service."
    words = why_closed(ClosureKind.HOLIDAY, "Eid\nal-Fitr " + "x" * LONGEST_REASON)
    assert words.startswith("Closed for a holiday: Eid al-Fitr xxx")
    assert len(words) == len("Closed for a holiday: ") + LONGEST_REASON
