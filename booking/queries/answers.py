"""Reads for incoming mail: what it is about, what was answered before, and how much came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from booking.engine.lifecycle import HOLDING, EventKind
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import ReplyOutcome
from booking.models import (
    Booking,
    BookingAttendee,
    Delivery,
    Event,
    IncomingMail,
    Resource,
)
from booking.queries.bookings import BookingSeen, lock_booking


@dataclass(frozen=True, slots=True)
class IncomingCounts:
    """How many mails came, by outcome: on a facility's bookings, and on none that is known."""

    here: Mapping[ReplyOutcome, int]
    nowhere: Mapping[ReplyOutcome, int]


def incoming_mail(session: Session, digest: str) -> IncomingMail | None:
    """Return what became of the mail with that digest; None for one that is new."""
    return session.exec(select(IncomingMail).where(IncomingMail.digest == digest)).one_or_none()


def lock_booking_with_uid(session: Session, uid: str) -> BookingSeen | None:
    """Return the booking with that UID, locked for a change.

    Raises: StaleVersion as lock_booking.
    """
    booking_id = session.exec(select(Booking.id).where(Booking.uid == uid)).one_or_none()
    return None if booking_id is None else lock_booking(session, booking_id, viewer=SYSTEM)


def answering_row(session: Session, booking_id: UUID, address: str) -> BookingAttendee | None:
    """Return the attendee of a booking with that address, also one who was removed."""
    return session.exec(
        select(BookingAttendee).where(
            BookingAttendee.booking_id == booking_id,
            func.lower(col(BookingAttendee.address)) == address,
        )
    ).first()


def invited_still(session: Session, booking_id: UUID, address: str) -> BookingAttendee | None:
    """Return the attendee with that address, if the booking stands and somebody else holds it."""
    found = answering_row(session, booking_id, address)
    booking = session.get(Booking, booking_id)
    if found is None or booking is None or found.removed_at is not None:
        return None
    stands = booking.status in HOLDING and found.person_id != booking.person_id
    return found if stands else None


def delivery_sent_as(session: Session, message_ids: Sequence[str]) -> tuple[Delivery, Event] | None:
    """Return the message that was sent under one of these ids, locked, with its event."""
    row = session.exec(
        select(Delivery, Event)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(col(Delivery.message_id).in_(message_ids))
        .order_by(col(Delivery.id))
        .limit(1)
        .with_for_update(of=Delivery)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def is_booking(session: Session, subject_id: UUID) -> bool:
    """Say whether that is the id of a booking."""
    return session.get(Booking, subject_id) is not None


def last_happened(session: Session, kind: EventKind, subject_id: UUID) -> datetime | None:
    """Return when an event of that kind was last recorded about something."""
    return session.exec(
        select(Event.happened_at)
        .where(Event.subject_id == subject_id, Event.kind == kind)
        .order_by(col(Event.id).desc())
        .limit(1)
    ).one_or_none()


def incoming_counts(session: Session, facility_id: UUID, *, since: datetime) -> IncomingCounts:
    """Count the mails since an instant, by outcome."""
    rows = session.exec(
        select(IncomingMail.outcome, col(IncomingMail.booking_id).is_(None), func.count())
        .join(Booking, col(Booking.id) == col(IncomingMail.booking_id), isouter=True)
        .join(Resource, col(Resource.id) == col(Booking.resource_id), isouter=True)
        .where(
            col(IncomingMail.received_at) >= since,
            or_(col(IncomingMail.booking_id).is_(None), col(Resource.facility_id) == facility_id),
        )
        .group_by(col(IncomingMail.outcome), col(IncomingMail.booking_id).is_(None))
    ).all()
    return IncomingCounts(
        here={ReplyOutcome(word): count for word, unknown, count in rows if not unknown},
        nowhere={ReplyOutcome(word): count for word, unknown, count in rows if unknown},
    )
