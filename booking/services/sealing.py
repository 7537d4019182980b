"""Events in a chain: each seal covers the one before, so a changed or missing event shows."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Final

from sqlmodel import Session

from booking.models import Event
from booking.queries.events import last_sealed, lock_sealing, sealed_events, unsealed_events

START: Final = "0" * 64
AT_ONCE: Final = 2000


def seal(session: Session, *, limit: int = AT_ONCE) -> int:
    """Give up to `limit` unsealed events their position and hash, oldest first; count them.

    One seals at a time: the second waits for the first one's transaction to end.
    """
    lock_sealing(session)
    last = last_sealed(session)
    position, before = (last.position or 0, last.hash or START) if last else (0, START)
    found = unsealed_events(session, limit=limit)
    for event in found:
        position += 1
        before = chained(event, position=position, before=before)
        event.position, event.hash = position, before
        session.add(event)
    session.flush()
    return len(found)


def chained(event: Event, *, position: int, before: str) -> str:
    """Return the sha256 of the seal before and of all that the event says, in hexadecimal."""
    said = {
        "position": position,
        "id": str(event.id),
        "kind": event.kind,
        "happened_at": event.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "facility_id": str(event.facility_id) if event.facility_id else None,
        "subject_id": str(event.subject_id),
        "payload": event.payload,
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def verify_chain(session: Session) -> tuple[str, ...]:
    """Say what is wrong with the chain, a sentence a fault; empty when every seal holds."""
    return tuple(_faults(session))


def _faults(session: Session) -> Iterator[str]:
    position, before = 0, START
    while found := sealed_events(session, after=position, limit=AT_ONCE):
        for event in found:
            at = event.position or 0
            if at != position + 1:
                yield f"Events {position + 1} to {at - 1} are missing from the audit trail."
            elif event.hash != chained(event, position=at, before=before):
                yield f"Event {at} ({event.id}) is not what was sealed."
            position, before = at, event.hash or START
