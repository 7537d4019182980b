"""When a person's calendar rings for bookings: by their rule, or as they chose for one."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import BookingAlarm, Person


def alarms_of(session: Session, person_id: UUID, booking_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many minutes before each booking the person's calendar rings; none for silence."""
    rule = session.exec(
        select(col(Person.alarm_minutes)).where(Person.id == person_id)
    ).one_or_none()
    chosen = dict(
        session.exec(
            select(BookingAlarm.booking_id, col(BookingAlarm.minutes_before)).where(
                BookingAlarm.person_id == person_id
            )
        ).all()
    )
    if rule is None and not chosen:
        return {}
    rings = {each: chosen.get(each, rule) for each in booking_ids}
    return {each: minutes for each, minutes in rings.items() if minutes is not None}


def alarm_row(session: Session, booking_id: UUID, person_id: UUID) -> BookingAlarm | None:
    """Return what the person chose for one booking."""
    return session.get(BookingAlarm, (booking_id, person_id))
