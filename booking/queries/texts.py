"""Reads of the calendar texts kept of bookings, and of which bookings a feed shows."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import BookingText


def kept_texts(session: Session, revisions: Mapping[UUID, int]) -> dict[UUID, str]:
    """Return the texts kept of those bookings, where the revision is that one or a later one."""
    rows = session.exec(
        select(BookingText).where(col(BookingText.booking_id).in_(list(revisions)))
    ).all()
    return {row.booking_id: row.vevent for row in rows if row.revision >= revisions[row.booking_id]}
