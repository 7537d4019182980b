"""Reads of who is invited to bookings beside their holders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from booking.engine.vocabulary import Participation
from booking.models import Booking, BookingAttendee, Person, ProjectMember

_INVITER: Final = aliased(Person)


@dataclass(frozen=True, slots=True)
class AttendeeSeen:
    """Somebody invited to a booking, with the name of whoever invited them.

    `zone` and `locale` are None for who has no account. `on_project` says whether they may
    open the booking's page. An answer counts for the SEQUENCE it was given to, or a later one.
    """

    id: UUID
    booking_id: UUID
    person_id: UUID | None
    address: str
    name: str
    participation: Participation
    answered_sequence: int | None
    added_at: datetime
    removed_at: datetime | None
    invited_by: str
    zone: str | None
    locale: str | None
    on_project: bool
    alarm_minutes: int | None = None

    def answer_to(self, sequence: int) -> Participation:
        """Return the answer that counts for that SEQUENCE of the booking."""
        if self.answered_sequence is None or self.answered_sequence < sequence:
            return Participation.NEEDS_ACTION
        return self.participation


def attendees_of(session: Session, booking_id: UUID) -> tuple[AttendeeSeen, ...]:
    """Return who is invited to the booking now, in the order they were invited."""
    found = _seen(session, col(BookingAttendee.booking_id) == booking_id)
    return tuple(each for each in found if each.removed_at is None)


def attendees_by_id(session: Session, ids: Sequence[UUID]) -> dict[UUID, AttendeeSeen]:
    """Return those attendees, removed or not, by their id."""
    if not ids:
        return {}
    return {each.id: each for each in _seen(session, col(BookingAttendee.id).in_(ids))}


def attendees_at(
    session: Session, booking_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[AttendeeSeen, ...]]:
    """Return everybody who was ever invited to each of the bookings, but for its holder."""
    found: dict[UUID, tuple[AttendeeSeen, ...]] = {}
    if not booking_ids:
        return found
    for each in _seen(session, col(BookingAttendee.booking_id).in_(booking_ids)):
        found[each.booking_id] = (*found.get(each.booking_id, ()), each)
    return found


def attendee_row(session: Session, booking_id: UUID, address: str) -> BookingAttendee | None:
    """Return the row of that address, removed or not."""
    return session.exec(
        select(BookingAttendee).where(
            BookingAttendee.booking_id == booking_id, BookingAttendee.address == address
        )
    ).one_or_none()


def attendee_of(session: Session, booking_id: UUID, attendee_id: UUID) -> BookingAttendee | None:
    """Return the row of that id, removed or not, if it is one of the booking."""
    return session.exec(
        select(BookingAttendee).where(
            BookingAttendee.id == attendee_id, BookingAttendee.booking_id == booking_id
        )
    ).one_or_none()


def count_attendees(session: Session, booking_id: UUID) -> int:
    """Count who is invited to the booking now; its holder's own row is not counted."""
    return session.exec(
        select(func.count())
        .select_from(BookingAttendee)
        .join(Booking, col(Booking.id) == col(BookingAttendee.booking_id))
        .join(Person, col(Person.id) == col(Booking.person_id))
        .where(
            BookingAttendee.booking_id == booking_id,
            col(BookingAttendee.removed_at).is_(None),
            col(BookingAttendee.address) != col(Person.email),
        )
    ).one()


def rows_at(session: Session, address: str) -> Sequence[BookingAttendee]:
    """Return the rows of an address that name no person yet."""
    return session.exec(
        select(BookingAttendee).where(
            BookingAttendee.address == address, col(BookingAttendee.person_id).is_(None)
        )
    ).all()


def _seen(session: Session, *where: ColumnElement[bool]) -> tuple[AttendeeSeen, ...]:
    row, holder, reader = BookingAttendee, aliased(Person), aliased(Person)
    columns: Any = (
        row.id,
        row.booking_id,
        row.person_id,
        row.address,
        row.name,
        row.participation,
        row.answered_sequence,
        row.added_at,
        row.removed_at,
        func.coalesce(_INVITER.name, holder.name),
        reader.zone,
        reader.locale,
        col(ProjectMember.person_id).is_not(None),
        reader.alarm_minutes,
    )
    found = session.exec(
        select(*columns)
        .join_from(row, Booking, col(Booking.id) == col(row.booking_id))
        .join(holder, col(holder.id) == col(Booking.person_id))
        .join(_INVITER, col(_INVITER.id) == col(row.added_by), isouter=True)
        .join(reader, col(reader.id) == col(row.person_id), isouter=True)
        .join(
            ProjectMember,
            and_(
                col(ProjectMember.project_id) == col(Booking.project_id),
                col(ProjectMember.person_id) == col(row.person_id),
            ),
            isouter=True,
        )
        .where(
            *where,
            col(row.address) != col(holder.email),
            or_(col(row.person_id).is_(None), col(row.person_id) != col(Booking.person_id)),
        )
        .order_by(col(row.added_at), col(row.id))
    ).all()
    return tuple(AttendeeSeen(*each) for each in found)
