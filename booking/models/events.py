"""Facts that happened, the messages about them, and replies kept for repeated writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from booking.clock import new_id
from booking.engine.vocabulary import DeliveryState
from booking.models.columns import Json, UtcDateTime, Word


class Event(SQLModel, table=True):
    """A recorded fact: audit trail and outbox in one; append-only.

    `position` and `hash` are set once, by sealing: each hash covers the one before it,
    so that a changed or missing event shows.
    """

    __table_args__ = (Index("ix_event_subject", "subject_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=60)
    happened_at: datetime = Field(sa_type=UtcDateTime)
    actor_id: UUID | None = Field(default=None, foreign_key="person.id")
    facility_id: UUID | None = Field(default=None, foreign_key="facility.id", index=True)
    subject_id: UUID
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    fanned_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    position: int | None = Field(default=None, unique=True)
    hash: str | None = Field(default=None, max_length=64)


class Delivery(SQLModel, table=True):
    """One message to one person about one event.

    `message_id` never changes, so a message sent twice after a crash is one to its reader.
    """

    __table_args__ = (
        UniqueConstraint("event_id", "address"),
        Index("ix_delivery_state_due", "state", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    event_id: UUID = Field(foreign_key="event.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    address: str = Field(max_length=254)
    message_id: str = Field(unique=True, max_length=200)
    state: DeliveryState = Field(default=DeliveryState.DUE, sa_type=Word(DeliveryState))
    attempts: int = 0
    due_at: datetime = Field(sa_type=UtcDateTime)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str = ""


class KeptReply(SQLModel, table=True):
    """The first answer to a write that carried an Idempotency-Key."""

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    key: str = Field(primary_key=True, max_length=200)
    request_sha256: str = Field(max_length=64)
    status: int
    body: str = Field(sa_type=Text)
    kept_at: datetime = Field(sa_type=UtcDateTime)
