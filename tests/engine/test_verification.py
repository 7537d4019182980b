from datetime import date, timedelta

import pytest

from booking.engine.verification import (
    LONGEST_DAYS,
    LONGEST_EVIDENCE,
    Verification,
    evidence_faults,
    verification,
)

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (None, Verification.VERIFIED),
        (61, Verification.VERIFIED),
        (60, Verification.EXPIRING),
        (0, Verification.EXPIRING),
        (-1, Verification.EXPIRED),
    ],
)
def test_verification__days_left__tell_its_state(days: int | None, state: Verification) -> None:
    until = None if days is None else ON + timedelta(days=days)
    assert verification(verified=True, until=until, on=ON) is state
    assert verification(verified=False, until=until, on=ON) is Verification.UNVERIFIED


@pytest.mark.parametrize(
    ("days", "right"), [(-1, False), (0, True), (LONGEST_DAYS, True), (LONGEST_DAYS + 1, False)]
)
def test_evidence_faults__last_day__is_from_today_to_ten_years(days: int, *, right: bool) -> None:
    assert (evidence_faults("", ON + timedelta(days=days), on=ON) == ()) is right


def test_evidence_faults__text_too_long__is_pointed_at() -> None:
    assert evidence_faults("x" * LONGEST_EVIDENCE, None, on=ON) == ()
    (found,) = evidence_faults("x" * (LONGEST_EVIDENCE + 1), None, on=ON)
    assert found.pointer == "/evidence"
