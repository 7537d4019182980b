"""What a calendar account was told: kept, so that what left its calendar can be told too."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, update
from sqlmodel import Session, col

from booking.models import SyncState
from booking.queries import calendar_accounts

KEPT: Final = 50


def digest_of(members: Mapping[str, str]) -> str:
    """Return what stands for a calendar's members and their ETags, in any order."""
    return hashlib.sha256(msgspec.json.encode(sorted(members.items()))).hexdigest()


def remember(session: Session, *, token_id: UUID, members: Mapping[str, str], now: datetime) -> str:
    """Keep what an account is told, and return its digest; the newest 50 are kept."""
    digest = digest_of(members)
    if calendar_accounts.knows_state(session, token_id, digest):
        same = (col(SyncState.calendar_token_id) == token_id, col(SyncState.digest) == digest)
        session.exec(update(SyncState).where(*same).values(made_at=now))
        return digest
    session.add(
        SyncState(calendar_token_id=token_id, digest=digest, members=dict(members), made_at=now)
    )
    session.flush()
    old = calendar_accounts.old_states(session, token_id, keep=KEPT)
    if old:
        session.exec(delete(SyncState).where(col(SyncState.id).in_(old)))
    return digest


def recall(session: Session, *, token_id: UUID, digest: str) -> dict[str, str] | None:
    """Return what an account was told; None where that is not known, or no longer."""
    found = calendar_accounts.sync_state(session, token_id, digest)
    return None if found is None else dict(found.members)
