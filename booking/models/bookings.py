"""Bookings, their series, texts and use; who waits for time, and what is offered to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import BookingSource, CheckInBy, OfferState, WaitlistState
from booking.models.columns import Json, UtcDateTime, Word


class BookingSeries(SQLModel, table=True):
    """What several bookings were expanded from: a repetition on the facility's clock.

    `repeats` is what was asked for, as JSON; the bookings stand on their own.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    resource_id: UUID = Field(foreign_key="resource.id", index=True)
    project_id: UUID = Field(foreign_key="project.id", index=True)
    repeats: dict[str, Any] = Field(sa_type=Json)
    created_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class Booking(SQLModel, table=True):
    """A project's right to a quantity of a resource for an interval.

    `exclusive` is set by the database's guard: true where the resource has one unit.
    `sequence` rises with time, place, resource or iCalendar STATUS; `revision` at any change.
    `expires_at` is when a held or pending booking lapses. `groups` are the equity groups of
    its organisation when it was made, `group_key` the one it is charged to. `waiver` is why
    a manager set rules aside.
    """

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="booking_ends_after_it_starts"),
        CheckConstraint("quantity >= 1", name="quantity_at_least_one"),
        Index("ix_booking_resource_starts", "resource_id", "starts_at"),
        Index("ix_booking_resource_ends", "resource_id", "ends_at"),
        Index("ix_booking_project_starts", "project_id", "starts_at"),
        Index("ix_booking_person_starts", "person_id", "starts_at"),
        Index("ix_booking_status_expires", "status", "expires_at"),
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
    groups: list[str] = Field(default_factory=list, sa_type=Json)
    waiver: str = ""
    request_id: UUID | None = Field(default=None, foreign_key="accessrequest.id", index=True)
    # No foreign key: to add one SQLite rebuilds the table, and loses its guards and rows' keys.
    series_id: UUID | None = Field(default=None, index=True)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class BookingText(SQLModel, table=True):
    """The VEVENT of a booking, rendered once per revision and joined by every outlet."""

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    revision: int
    vevent: str = Field(sa_type=Text)


class UsageRecord(SQLModel, table=True):
    """When a booking's use began and ended, as somebody recorded it.

    `used_minutes` are those of actual use; None until check-out.
    """

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    checked_in_at: datetime = Field(sa_type=UtcDateTime)
    checked_in_by: UUID | None = Field(default=None, foreign_key="person.id")
    via: CheckInBy = Field(sa_type=Word(CheckInBy))
    checked_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    checked_out_by: UUID | None = Field(default=None, foreign_key="person.id")
    booked_minutes: int
    used_minutes: int | None = None
    note: str = ""


class WaitlistEntry(SQLModel, table=True):
    """A wish for time that is taken: so many minutes anywhere within a window."""

    __table_args__ = (
        CheckConstraint("earliest_at < latest_at", name="window_ends_after_it_starts"),
        CheckConstraint("minutes >= 1", name="minutes_at_least_one"),
        CheckConstraint("quantity >= 1", name="quantity_at_least_one"),
        Index("ix_waitlistentry_resource_state", "resource_id", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    resource_id: UUID = Field(foreign_key="resource.id")
    project_id: UUID = Field(foreign_key="project.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    earliest_at: datetime = Field(sa_type=UtcDateTime)
    latest_at: datetime = Field(sa_type=UtcDateTime)
    minutes: int
    quantity: int = 1
    title: str = Field(default="", max_length=200)
    state: WaitlistState = Field(default=WaitlistState.WAITING, sa_type=Word(WaitlistState))
    entered_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Offer(SQLModel, table=True):
    """Freed time offered to one project until a deadline: a held booking of it.

    Made to an entry of the waiting list, or to the holder of a displaced booking.
    `standing` says in numbers why it was this one's turn.
    """

    __table_args__ = (
        UniqueConstraint("booking_id"),
        Index("ix_offer_state_deadline", "state", "deadline_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    entry_id: UUID | None = Field(default=None, foreign_key="waitlistentry.id", index=True)
    displaced_id: UUID | None = Field(default=None, foreign_key="booking.id", index=True)
    state: OfferState = Field(default=OfferState.MADE, sa_type=Word(OfferState))
    standing: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    made_at: datetime = Field(sa_type=UtcDateTime)
    deadline_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FreedTime(SQLModel, table=True):
    """Time of a resource that became free and that the waiting list has yet to look at."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    resource_id: UUID = Field(foreign_key="resource.id", index=True)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    freed_at: datetime = Field(sa_type=UtcDateTime)
