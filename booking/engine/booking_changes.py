"""Until when a booking may be changed, and when its use may be recorded."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.intervals import MINUTE, Interval
from booking.engine.violations import Violation
from booking.engine.wording import at_words

EARLIEST_CHECK_IN: Final = timedelta(minutes=30)


class ChangeCode(StrEnum):
    """Why a booking cannot be changed; part of the API, never renamed."""

    OVER = "over"
    AFTER_CANCEL_BY = "after_cancel_by"
    TOO_EARLY = "too_early"
    NEEDS_APPROVAL = "needs_approval"


def before_its_end(booked: Interval, now: datetime) -> Violation | None:
    """Require that the booking is not over; at its very end it is."""
    if now < booked.end:
        return None
    return Violation(
        ChangeCode.OVER,
        f"It ended {at_words(booked.end)}, and what is past stays as it was; book a new time.",
    )


def while_changeable(
    booked: Interval, now: datetime, *, cancel_by_minutes: int | None, by_manager: bool
) -> Violation | None:
    """Require a time up to the cancel-by instant, or a manager up to the booking's end.

    The cancel-by instant itself will do. No `cancel_by_minutes` is no such instant.
    """
    over = before_its_end(booked, now)
    if over is not None or by_manager or cancel_by_minutes is None:
        return over
    cancel_by = booked.start - cancel_by_minutes * MINUTE
    if now <= cancel_by:
        return None
    return Violation(
        ChangeCode.AFTER_CANCEL_BY,
        f"It could be moved or cancelled until {at_words(cancel_by)}; "
        "ask a manager of the facility to do it now.",
    )


def while_check_in(booked: Interval, now: datetime) -> Violation | None:
    """Require a time from 30 minutes before the start, up to the end."""
    opens_at = booked.start - EARLIEST_CHECK_IN
    if now >= opens_at:
        return before_its_end(booked, now)
    return Violation(
        ChangeCode.TOO_EARLY,
        f"Check-in opens {at_words(opens_at)}, 30 minutes before the start; come back then.",
        opens_at=opens_at,
    )
