"""Until when a booking waits or may be changed."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.intervals import MINUTE, Interval
from booking.engine.violations import Violation
from booking.engine.wording import at_words

HOLD: Final = timedelta(minutes=15)
# How long a booking that a calendar program deleted can be brought back.
UNDO_FOR: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)


class ChangeCode(StrEnum):
    """Why a booking cannot be changed; part of the API, never renamed."""

    OVER = "over"
    AFTER_CANCEL_BY = "after_cancel_by"
    NEEDS_APPROVAL = "needs_approval"
    HOLD_LAPSED = "hold_lapsed"


def approval_lapses_at(
    asked_at: datetime, starts_at: datetime, *, approval_days: int | None
) -> datetime:
    """Say until when a booking waits for approval: so many days of 24 hours, up to its start."""
    if approval_days is None:
        return starts_at
    return min(asked_at + approval_days * DAY, starts_at)


def while_held(expires_at: datetime | None, now: datetime) -> Violation | None:
    """Require that the hold has not lapsed; at its very end it has."""
    if expires_at is None or now < expires_at:
        return None
    return Violation(
        ChangeCode.HOLD_LAPSED,
        f"The time was held for you until {at_words(expires_at)}; book it again if it is free.",
    )


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


def gives_back(booked: Interval, wanted: Interval, now: datetime) -> bool:
    """Say whether a change only gives back time at either end, none of it yet past.

    All of `wanted` lies within `booked`; a start that is later, and the end, are not before
    now; now itself will do.
    """
    starts = wanted.start == booked.start or wanted.start >= now
    return booked.contains(wanted) and starts and wanted.end >= now
