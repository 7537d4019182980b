"""A digest is due at seven by its reader's clock, once a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from booking.engine.digests import digest_day, digest_instant

SEVEN_IN_NAIROBI = datetime(2026, 11, 23, 4, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        (SEVEN_IN_NAIROBI, "Africa/Nairobi", 23),
        (SEVEN_IN_NAIROBI - MOMENT, "Africa/Nairobi", 22),
        (SEVEN_IN_NAIROBI, "Pacific/Kiritimati", 23),
        (SEVEN_IN_NAIROBI, "Pacific/Honolulu", 22),
        (SEVEN_IN_NAIROBI, "Nowhere/Land", 22),
    ],
)
def test_digest_day__around_seven__is_the_newest_that_has_come(
    now: datetime, zone: str, day: int
) -> None:
    assert digest_day(now, zone) == date(2026, 11, day)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 1)])
def test_digest_instant__of_a_day__is_the_first_on_which_it_is_that_day(day: date) -> None:
    at = digest_instant(day, "Europe/Rome")
    assert digest_day(at, "Europe/Rome") == day
    assert digest_day(at - MOMENT, "Europe/Rome") == day - timedelta(days=1)
