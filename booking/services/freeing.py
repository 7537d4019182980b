"""Note time that became free, for the waiting list to look at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval, subtract
from booking.engine.lifecycle import HOLDING
from booking.models import Booking, FreedTime


@dataclass(frozen=True, slots=True)
class Taken:
    """What a booking takes of a resource; one that holds nothing has a quantity of 0."""

    resource_id: UUID
    interval: Interval
    quantity: int


def taken_by(booking: Booking) -> Taken:
    """Say what the booking takes, as it stands."""
    return Taken(
        resource_id=booking.resource_id,
        interval=Interval(booking.starts_at, booking.ends_at),
        quantity=booking.quantity if booking.status in HOLDING else 0,
    )


def note_freed(session: Session, *, resource_id: UUID, interval: Interval, now: datetime) -> None:
    """Note that time of the resource became free, in the transaction that frees it.

    What is past is left out; where all of it is, nothing is noted.
    """
    if interval.end <= now:
        return
    session.add(
        FreedTime(
            resource_id=resource_id,
            starts_at=max(interval.start, now),
            ends_at=interval.end,
            freed_at=now,
        )
    )


def note_given_up(session: Session, *, was: Taken, booking: Booking, now: datetime) -> None:
    """Note what a changed booking no longer takes of what it took before."""
    takes = taken_by(booking)
    if not was.quantity:
        return
    kept = takes.resource_id == was.resource_id and takes.quantity >= was.quantity
    for freed in subtract([was.interval], [takes.interval] if kept else []):
        note_freed(session, resource_id=was.resource_id, interval=freed, now=now)
