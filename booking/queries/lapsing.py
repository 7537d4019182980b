"""Bookings whose time has run out: found cheaply, and locked to be looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Select, cast, exists, null, select, union_all
from sqlmodel import Session, col

from booking.engine.attendance import lapse_step
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import OfferState
from booking.models import Booking, Offer, Resource
from booking.queries.bookings import BookingSeen, lock_at_hand, lock_resource_at_hand

LOOK_BACK: Final = timedelta(days=2)
EXPIRING: Final = (BookingStatus.HELD, BookingStatus.PENDING, BookingStatus.CANCELLING)
_BOOKING: Final[tuple[Any, ...]] = (
    col(Booking.id),
    col(Booking.resource_id),
    col(Booking.status),
    col(Booking.starts_at),
    col(Booking.ends_at),
    col(Booking.expires_at),
)


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A booking that is due to take a step by itself."""

    booking_id: UUID
    resource_id: UUID
    step: str


def lapsing(session: Session, *, now: datetime, limit: int) -> tuple[Lapsing, ...]:
    """Return bookings due to expire, to be missed or cancelled, by resource and id; unlocked.

    Holds of an unanswered offer are left to it. A booking that began two days ago stays as
    it is, and one that began before its resource's rules were last changed: nobody is to
    miss a check-in that was not asked for.

    Cost: one query.
    """
    rows = session.connection().execute(union_all(*_expiring(now), _missed(now))).all()
    due = [
        Lapsing(row.id, row.resource_id, step)
        for row in rows
        if (step := _step_of(row, row.grace, now)) is not None
    ]
    return tuple(sorted(due, key=lambda each: (each.resource_id, each.booking_id))[:limit])


def lock_lapsing(
    session: Session, due: Sequence[Lapsing], *, now: datetime
) -> tuple[tuple[BookingSeen, str], ...]:
    """Return those of `due` that still are, locked with their resources, and their steps.

    Locks resources by id, then their bookings; what others hold meanwhile is left for later.
    """
    ids = sorted({each.resource_id for each in due})
    at_hand = {each: lock_resource_at_hand(session, each) for each in ids}
    graces = {key: row.no_show_grace_minutes for key, row in at_hand.items() if row is not None}
    wanted = [each.booking_id for each in due if each.resource_id in graces]
    return tuple(
        (seen, step)
        for seen in lock_at_hand(session, wanted)
        if (step := _step_of(seen.booking, graces.get(seen.booking.resource_id), now)) is not None
    )


def _expiring(now: datetime) -> tuple[Select[Any], ...]:
    """Find what has expired; a wait for approval without an end of its own ends at its start.

    A part each, and without the resource: so the index of states and ends serves them.
    """
    offered = exists().where(
        col(Offer.booking_id) == col(Booking.id), col(Offer.state) == OfferState.MADE
    )
    columns = (*_BOOKING, cast(null(), Integer).label("grace"))
    return (
        select(*columns).where(
            col(Booking.status).in_(EXPIRING), col(Booking.expires_at) <= now, ~offered
        ),
        select(*columns).where(
            col(Booking.status) == BookingStatus.PENDING,
            col(Booking.expires_at).is_(None),
        ),
    )


def _missed(now: datetime) -> Select[Any]:
    columns = (*_BOOKING, col(Resource.no_show_grace_minutes).label("grace"))
    of_resource = col(Resource.id) == col(Booking.resource_id)
    return (
        select(*columns)
        .join_from(Booking, Resource, of_resource)
        .where(
            col(Booking.status) == BookingStatus.CONFIRMED,
            col(Resource.no_show_grace_minutes).is_not(None),
            col(Booking.starts_at) <= now,
            col(Booking.starts_at) > now - LOOK_BACK,
            col(Booking.starts_at) >= col(Resource.updated_at),
        )
    )


def _step_of(booking: Any, grace_minutes: int | None, now: datetime) -> str | None:
    return lapse_step(
        Interval(booking.starts_at, booking.ends_at),
        now,
        status=booking.status,
        expires_at=booking.expires_at,
        grace_minutes=grace_minutes,
    )
