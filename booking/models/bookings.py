"""Bookings, and the calendar text that is kept of each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import BookingSource
from booking.models.columns import UtcDateTime, Word


class Booking(SQLModel, table=True):
    """A project's right to a quantity of a resource for an interval.

    `exclusive` is set by the database's guard: true where the resource has one unit.
    `sequence` rises with time, place, resource or iCalendar STATUS; `revision` at any change.
    """

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="booking_ends_after_it_starts"),
        CheckConstraint("quantity >= 1", name="quantity_at_least_one"),
        Index("ix_booking_resource_starts", "resource_id", "starts_at"),
        Index("ix_booking_resource_ends", "resource_id", "ends_at"),
        Index("ix_booking_project_starts", "project_id", "starts_at"),
        Index("ix_booking_person_starts", "person_id", "starts_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    uid: str = Field(unique=True, max_length=200)
    resource_id: UUID = Field(foreign_key="resource.id")
    project_id: UUID = Field(foreign_key="project.id")
    person_id: UUID = Field(foreign_key="person.id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    quantity: int = 1
    exclusive: bool = False
    status: BookingStatus = Field(sa_type=Word(BookingStatus))
    source: BookingSource = Field(sa_type=Word(BookingSource))
    title: str = Field(default="", max_length=200)
    reason: str = ""
    sequence: int = 0
    revision: int = 0
    group_key: str = Field(default="", max_length=60)
    request_id: UUID | None = Field(default=None, foreign_key="accessrequest.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class BookingText(SQLModel, table=True):
    """The VEVENT of a booking, rendered once per revision and joined by every outlet."""

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    revision: int
    vevent: str = Field(sa_type=Text)
