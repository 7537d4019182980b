"""What a closure must keep."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.violations import Violation
from booking.engine.wording import at_words

LONGEST: Final = timedelta(days=366)


class ClosureCode(StrEnum):
    """Why a closure is refused; part of the API, never renamed."""

    ENDS_BEFORE_START = "ends_before_start"
    TOO_LONG = "closure_too_long"
    PAST = "closure_past"


def closure_faults(
    starts_at: datetime, ends_at: datetime, *, now: datetime
) -> tuple[Violation, ...]:
    """List what is wrong with a closure's time; exactly 366 days are in order.

    One that ends now or earlier is past: it would close nothing any more.
    """
    if ends_at <= starts_at:
        reason = (
            f"The closure ends {at_words(ends_at)}, not after it starts, {at_words(starts_at)}: "
            "put the end after the start."
        )
        return (Violation(ClosureCode.ENDS_BEFORE_START, reason, "/ends_at"),)
    found = []
    if ends_at - starts_at > LONGEST:
        days = (ends_at - starts_at).days
        reason = (
            f"The closure lasts {days} days and at most {LONGEST.days} are possible: check its "
            "year, or retire the resource."
        )
        found.append(Violation(ClosureCode.TOO_LONG, reason, "/ends_at"))
    if ends_at <= now:
        reason = f"The closure was over by {at_words(ends_at)}: choose an end that is to come."
        found.append(Violation(ClosureCode.PAST, reason, "/ends_at"))
    return tuple(found)
