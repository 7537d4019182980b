"""Use of a booking: when it may begin, when it is missed, what an early end gives back."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.availability import grid_ceiling
from booking.engine.booking_changes import before_its_end
from booking.engine.intervals import MINUTE, Interval, in_utc
from booking.engine.lifecycle import BookingStatus
from booking.engine.violations import Violation
from booking.engine.wording import at_words, length_in_words

EARLIEST_CHECK_IN: Final = timedelta(minutes=30)


class AttendanceCode(StrEnum):
    """Why use cannot be recorded now; part of the API, never renamed."""

    TOO_EARLY = "too_early"
    NOT_MISSED_YET = "not_missed_yet"


def check_in_window(booked: Interval) -> Interval:
    """Find when check-in is open: from 30 minutes before the start, up to the end."""
    return booked.widened(before=EARLIEST_CHECK_IN, after=timedelta())


def while_check_in(booked: Interval, now: datetime) -> Violation | None:
    """Require a time from 30 minutes before the start, up to the end."""
    opens_at = check_in_window(booked).start
    if now >= opens_at:
        return before_its_end(booked, now)
    return Violation(
        AttendanceCode.TOO_EARLY,
        f"Check-in opens {at_words(opens_at)}, 30 minutes before the start; come back then.",
        opens_at=opens_at,
    )


def missed_at(booked: Interval, *, grace_minutes: int) -> datetime:
    """Find from when on a booking nobody checked in for is missed.

    That is so many minutes after its start, and at its end at the latest: then nobody can
    check in any more.
    """
    return min(booked.start + grace_minutes * MINUTE, booked.end)


def while_missed(booked: Interval, now: datetime, *, grace_minutes: int | None) -> Violation | None:
    """Require that the booking is missed; without a grace that is from its start on.

    For somebody who looks: without a grace a booking is never missed by itself.
    """
    at = missed_at(booked, grace_minutes=grace_minutes or 0)
    if now >= at:
        return None
    return Violation(
        AttendanceCode.NOT_MISSED_YET,
        f"Its people may still come: it counts as missed from {at_words(at)} on; look again then.",
        opens_at=at,
    )


def released_end(booked: Interval, now: datetime, *, grid_minutes: int) -> datetime | None:
    """Find the end of a booking whose use ends now; None where nothing is given back.

    The end is on the grid, at `now` or the next step, and one step after the start at the
    least. The grid is counted from 1970-01-01 00:00 UTC.
    """
    least = booked.start + grid_minutes * MINUTE
    end = max(grid_ceiling(now, grid_minutes), least)
    return end if end < booked.end else None


def given_back_in_words(
    booked: Interval, now: datetime, *, ends_at: datetime, grid_minutes: int
) -> str:
    """Say what an end of use `now` gave back, the booking ending at `ends_at` since.

    Nothing is said where its time was over anyway.
    """
    if ends_at < booked.end:
        left = length_in_words((booked.end - ends_at) // MINUTE)
        return f"What is left of the time, {left}, can be booked by others."
    if now >= booked.end:
        return ""
    step = length_in_words(grid_minutes)
    return f"Nothing could be given back: the shortest step here is {step}."


def minutes_used(booked: Interval, *, checked_in_at: datetime, checked_out_at: datetime) -> int:
    """Count whole minutes of use from check-in to check-out; a part of a minute is dropped.

    Use ends at the booking's end: who checks out later forgot to, or used the time of others.
    """
    used = min(in_utc(checked_out_at), booked.end) - in_utc(checked_in_at)
    return max(used // MINUTE, 0)


def use_in_words(*, booked_minutes: int, used_minutes: int | None) -> str:
    """Say how much of the booked time was used, `None` while it still is."""
    booked = length_in_words(booked_minutes)
    if used_minutes is None:
        return f"In use, booked for {booked}"
    return f"Used {length_in_words(used_minutes)} of {booked}"


def lapse_step(
    booked: Interval,
    now: datetime,
    *,
    status: BookingStatus,
    expires_at: datetime | None,
    grace_minutes: int | None,
) -> str | None:
    """Name the step that time itself takes with a booking by now; None where there is none.

    A hold expires at `expires_at`; what waits for approval too, and at its start in any
    case; a confirmed one is missed once its grace is over, if it has one; one that is being
    cancelled is cancelled at `expires_at`.
    """
    if status is BookingStatus.CANCELLING:
        return "cancel" if expires_at is not None and now >= expires_at else None
    if status is BookingStatus.CONFIRMED and grace_minutes is not None:
        return "miss" if now >= missed_at(booked, grace_minutes=grace_minutes) else None
    if status is BookingStatus.PENDING and now >= booked.start:
        return "expire"
    if status in {BookingStatus.HELD, BookingStatus.PENDING} and expires_at is not None:
        return "expire" if now >= expires_at else None
    return None
