"""Times in refusals, by the facility's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from api.pages.local_reasons import by_the_clock_of, in_zone
from booking.engine.intervals import Interval
from booking.engine.violations import Violation
from booking.engine.wording import at_words, in_words
from booking.errors import RulesBroken

START = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("worded", "shown"),
    [
        (at_words(START), "Tue 24 Nov 2026, 12:00 (Nairobi time)"),
        (
            in_words(Interval(START, START + timedelta(hours=1))),
            "Tue 24 Nov 2026, 12:00 to 13:00 (Nairobi time)",
        ),
        (
            in_words(Interval(START, START + timedelta(days=1))),
            "Tue 24 Nov 2026, 12:00 to Wed 25 Nov 2026, 12:00 (Nairobi time)",
        ),
        ("no time at all", "no time at all"),
    ],
)
def test_in_zone__as_rules_word_it__by_the_facilitys_clock(worded: str, shown: str) -> None:
    assert in_zone(f"Closed {worded}; go on.", "Africa/Nairobi") == f"Closed {shown}; go on."


def test_by_the_clock_of__refusal__stays_the_same_refusal() -> None:
    refused = RulesBroken(
        f"Not {at_words(START)}.",
        [Violation("taken", f"Not {at_words(START)}.", "/starts_at")],
        beside={"alternatives": []},
    )
    shown = by_the_clock_of(refused, "Africa/Nairobi")
    assert type(shown) is RulesBroken
    assert shown.message == "Not Tue 24 Nov 2026, 12:00 (Nairobi time)."
    assert [(each.code, each.pointer) for each in shown.violations] == [("taken", "/starts_at")]
    assert shown.beside == {"alternatives": []}
