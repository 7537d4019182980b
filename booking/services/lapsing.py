"""What time itself does to bookings: holds and waits for approval expire, no-shows are missed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from booking.engine.permissions import SYSTEM
from booking.queries.lapsing import lapsing, lock_lapsing
from booking.services.booking_changes import next_step, write_step

AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Lapsed:
    """How many bookings expired, and how many were missed."""

    expired: int = 0
    missed: int = 0

    def __bool__(self) -> bool:
        """Say whether there were any."""
        return bool(self.expired or self.missed)


def is_due(session: Session, *, now: datetime) -> bool:
    """Say whether `lapse` would find anything; one query, nothing is locked."""
    return bool(lapsing(session, now=now, limit=1))


def lapse(session: Session, *, now: datetime, limit: int = AT_ONCE) -> Lapsed:
    """Let up to `limit` bookings lapse that are due; again, it finds those that are left.

    Held ones and those that wait for approval expire, confirmed ones past their grace are
    missed. Those of offers are left to them, what others hold locked is left for later.
    """
    taken = [
        step
        for seen, step in lock_lapsing(session, lapsing(session, now=now, limit=limit), now=now)
        if write_step(session, SYSTEM, seen, next_step(seen.booking, step), {}, now=now)
    ]
    return Lapsed(expired=taken.count("expire"), missed=taken.count("miss"))
