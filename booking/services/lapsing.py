"""What time itself does to bookings: they expire, are missed, or end being cancelled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from booking.engine.booking_changes import UNDO_FOR
from booking.engine.permissions import SYSTEM
from booking.queries.bookings import BookingSeen
from booking.queries.lapsing import lapsing, lock_lapsing
from booking.services.booking_changes import next_step, write_step

AT_ONCE: Final = 100
DELETED: Final = "Deleted in a calendar program."


@dataclass(frozen=True, slots=True)
class Lapsed:
    """How many bookings expired, were missed, and were cancelled since nobody brought them back."""

    expired: int = 0
    missed: int = 0
    cancelled: int = 0

    def __bool__(self) -> bool:
        """Say whether there were any."""
        return bool(self.expired or self.missed or self.cancelled)


def is_due(session: Session, *, now: datetime) -> bool:
    """Say whether `lapse` would find anything; one query, nothing is locked."""
    return bool(lapsing(session, now=now, limit=1))


def lapse(session: Session, *, now: datetime, limit: int = AT_ONCE) -> Lapsed:
    """Let up to `limit` bookings lapse that are due; again, it finds those that are left.

    Held ones and those that wait for approval expire, confirmed ones past their grace are
    missed, those deleted in a calendar are cancelled once they can no longer be brought back.
    Those of offers are left to them, what others hold locked is left for later.
    """
    due = lock_lapsing(session, lapsing(session, now=now, limit=limit), now=now)
    taken = [step for seen, step in due if _take(session, seen, step, now=now)]
    return Lapsed(
        expired=taken.count("expire"),
        missed=taken.count("miss"),
        cancelled=taken.count("cancel"),
    )


def _take(session: Session, seen: BookingSeen, name: str, *, now: datetime) -> bool:
    """Take the step; a cancellation is charged as of when it was asked for."""
    booking = seen.booking
    to = next_step(booking, name)
    if name != "cancel" or booking.expires_at is None:
        return write_step(session, SYSTEM, seen, to, {}, now=now)
    asked_at = booking.expires_at - UNDO_FOR
    return write_step(session, SYSTEM, seen, to, {"reason": DELETED}, now=now, asked_at=asked_at)
