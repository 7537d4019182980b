"""What calendars need beside bookings: attendees, answers, links, sync and busy time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.vocabulary import (
    ClientEditKind,
    LinkPurpose,
    Participation,
    ReplyOutcome,
    ReplyVia,
)
from booking.models.columns import Json, UtcDateTime, Word


class BookingAttendee(SQLModel, table=True):
    """Somebody invited to a booking; its holder has a row once they answered an invite.

    `answered_sequence` and `answered_stamp` are the SEQUENCE and DTSTAMP of the newest answer.
    """

    __table_args__ = (UniqueConstraint("booking_id", "address"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    booking_id: UUID = Field(foreign_key="booking.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    address: str = Field(max_length=254, index=True)
    name: str = Field(default="", max_length=200)
    participation: Participation = Field(
        default=Participation.NEEDS_ACTION, sa_type=Word(Participation)
    )
    answered_sequence: int | None = None
    answered_stamp: datetime | None = Field(default=None, sa_type=UtcDateTime)
    added_by: UUID | None = Field(default=None, foreign_key="person.id")
    added_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BookingAlarm(SQLModel, table=True):
    """How long before one booking a person's calendar rings, where it differs from their rule.

    `minutes_before` None is silence.
    """

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id", index=True)
    minutes_before: int | None = None


class IncomingMail(SQLModel, table=True):
    """A mail that came to the bookings' address, and what became of it; its text is not kept.

    `digest` is the SHA-256 of its Message-ID, or of the whole where it has none.
    """

    __table_args__ = (Index("ix_incomingmail_outcome_received", "outcome", "received_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    via: ReplyVia = Field(sa_type=Word(ReplyVia))
    outcome: ReplyOutcome = Field(sa_type=Word(ReplyOutcome))
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id", index=True)
    detail: str = ""
    received_at: datetime = Field(sa_type=UtcDateTime)


class ActionLink(SQLModel, table=True):
    """A one-time link in a mail that does one thing to one booking; its token's hash is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    purpose: LinkPurpose = Field(sa_type=Word(LinkPurpose))
    booking_id: UUID = Field(foreign_key="booking.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BookingHref(SQLModel, table=True):
    """The name under which a calendar program made a booking; others are named by their id."""

    booking_id: UUID = Field(primary_key=True, foreign_key="booking.id")
    name: str = Field(max_length=255, index=True)


class SyncState(SQLModel, table=True):
    """What a calendar account was last told: the members of its collection and their ETags.

    `digest` is the SHA-256 of `members`, which maps names to ETags.
    """

    __table_args__ = (Index("ix_syncstate_token_made", "calendar_token_id", "made_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    calendar_token_id: UUID = Field(foreign_key="calendartoken.id")
    digest: str = Field(max_length=64)
    members: dict[str, Any] = Field(sa_type=Json)
    made_at: datetime = Field(sa_type=UtcDateTime)


class ClientEdit(SQLModel, table=True):
    """A refused change or a deletion by a calendar program, kept to tell a slip from a wish."""

    __table_args__ = (Index("ix_clientedit_token_happened", "calendar_token_id", "happened_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    calendar_token_id: UUID = Field(foreign_key="calendartoken.id")
    name: str = Field(max_length=255)
    booking_id: UUID | None = Field(default=None, foreign_key="booking.id", index=True)
    kind: ClientEditKind = Field(sa_type=Word(ClientEditKind))
    happened_at: datetime = Field(sa_type=UtcDateTime)


class BusyCalendar(SQLModel, table=True):
    """An outside calendar, of a person or of a resource, whose events are busy time.

    `url` is None for an uploaded file. `etag` and `last_modified` are those of the last answer;
    `due_at` is when it is fetched next, None for never. `problem` says why the last try failed.
    """

    __table_args__ = (
        CheckConstraint(
            "(person_id IS NULL) <> (resource_id IS NULL)", name="busy_calendar_of_one"
        ),
        Index("ix_busycalendar_due", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    resource_id: UUID | None = Field(default=None, foreign_key="resource.id", index=True)
    name: str = Field(max_length=100)
    url: str | None = Field(default=None, max_length=2000)
    etag: str = Field(default="", max_length=500)
    last_modified: str = Field(default="", max_length=100)
    content_sha256: str = Field(default="", max_length=64)
    added_by: UUID | None = Field(default=None, foreign_key="person.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    fetched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    problem: str = ""


class BusyTime(SQLModel, table=True):
    """When a person is busy elsewhere; no title is kept."""

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="busy_time_ends_after_it_starts"),
        Index("ix_busytime_calendar_starts", "busy_calendar_id", "starts_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    busy_calendar_id: UUID = Field(foreign_key="busycalendar.id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
