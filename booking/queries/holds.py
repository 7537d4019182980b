"""What is booked of resources, at any time."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.availability import Held
from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING
from booking.models import Booking


def held_by(session: Session, resource_ids: Collection[UUID]) -> dict[UUID, tuple[Held, ...]]:
    """Return every booking that holds time of each resource, without buffers, by resource id."""
    rows = session.exec(
        select(Booking.resource_id, Booking.starts_at, Booking.ends_at, Booking.quantity).where(
            col(Booking.resource_id).in_(resource_ids), col(Booking.status).in_(HOLDING)
        )
    )
    held: dict[UUID, list[Held]] = defaultdict(list)
    for resource_id, starts_at, ends_at, quantity in rows:
        held[resource_id].append(Held(Interval(starts_at, ends_at), quantity))
    return {each: tuple(found) for each, found in held.items()}
