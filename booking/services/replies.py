"""Keep the first answer to a write, so that a repeat gets the same and does nothing."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.models import KeptReply
from booking.queries.replies import kept_reply

UNFINISHED = 0


def claim(
    session: Session, *, person_id: UUID, key: str, request_sha256: str, now: datetime
) -> KeptReply | None:
    """Claim `key` in the write's own transaction; return the earlier claim if there is one.

    The claim stands or falls with the write: a write that was refused or lost leaves none.
    """
    earlier = kept_reply(session, person_id=person_id, key=key)
    if earlier is not None:
        return earlier
    session.add(
        KeptReply(
            person_id=person_id,
            key=key,
            request_sha256=request_sha256,
            status=UNFINISHED,
            body="",
            kept_at=now,
        )
    )
    session.flush()
    return None


def keep(
    session: Session,
    *,
    person_id: UUID,
    key: str,
    request_sha256: str,
    status: int,
    body: str,
    done: bool,
    now: datetime,
) -> None:
    """Keep the answer that was given, a refusal too.

    A write that was not `done` left no claim; what is there then is another's, and stays.
    """
    if not done and kept_reply(session, person_id=person_id, key=key) is not None:
        return
    session.merge(
        KeptReply(
            person_id=person_id,
            key=key,
            request_sha256=request_sha256,
            status=status,
            body=body,
            kept_at=now,
        )
    )
