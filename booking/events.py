"""Record a fact in the caller's transaction: audit trail and outbox in one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.clock import new_id
from booking.engine.lifecycle import EventKind
from booking.models import Event


def record(
    session: Session,
    kind: EventKind,
    *,
    subject_id: UUID,
    now: datetime,
    actor_id: UUID | None = None,
    facility_id: UUID | None = None,
    payload: dict[str, Any] | None = None,
) -> Event:
    """Add the event to the caller's transaction, and return it.

    `payload` holds what a reader needs to understand the fact later: JSON values only,
    no personal data beyond ids.
    """
    event = Event(
        kind=kind,
        happened_at=now,
        actor_id=actor_id,
        facility_id=facility_id,
        subject_id=subject_id,
        payload=payload or {},
    )
    session.add(event)
    return event


def event_row(
    kind: EventKind,
    *,
    subject_id: UUID,
    now: datetime,
    actor_id: UUID | None,
    facility_id: UUID,
    payload: dict[str, Any],
) -> dict[str, Any]:
    """Make the row of an event for a statement that writes it with what it is about."""
    return {
        "id": new_id(),
        "kind": kind,
        "happened_at": now,
        "actor_id": actor_id,
        "facility_id": facility_id,
        "subject_id": subject_id,
        "payload": payload,
    }
