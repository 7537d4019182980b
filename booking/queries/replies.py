"""Reads of the replies kept for repeated writes."""

from uuid import UUID

from sqlmodel import Session

from booking.models import KeptReply


def kept_reply(session: Session, *, person_id: UUID, key: str) -> KeptReply | None:
    """Return the reply that was kept for this person's key."""
    return session.get(KeptReply, (person_id, key))
