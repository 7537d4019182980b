"""Take away what has had its time: links, signed-in browsers, kept replies, notes of mails."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col

from booking.models import (
    ActionLink,
    ClientEdit,
    IncomingMail,
    KeptReply,
    SignInLink,
    SyncState,
    WebSession,
)

LINKS_KEPT: Final = timedelta(days=7)
"""Longer than the mail with a link may be tried again."""

REPLIES_KEPT: Final = timedelta(hours=48)
INCOMING_KEPT: Final = timedelta(days=400)
EDITS_KEPT: Final = timedelta(days=30)
"""A program that did not synchronise for so long does it from the beginning."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """How many rows were taken away."""

    links: int
    sessions: int
    replies: int
    incoming: int = 0
    edits: int = 0


def clear(session: Session, *, now: datetime) -> Cleared:
    """Delete what expired; a row that ends exactly at its limit goes."""
    links = session.exec(delete(SignInLink).where(col(SignInLink.expires_at) <= now - LINKS_KEPT))
    sessions = session.exec(delete(WebSession).where(col(WebSession.expires_at) <= now))
    replies = session.exec(delete(KeptReply).where(col(KeptReply.kept_at) <= now - REPLIES_KEPT))
    old = now - LINKS_KEPT
    one_time = session.exec(delete(ActionLink).where(col(ActionLink.expires_at) <= old))
    incoming = session.exec(
        delete(IncomingMail).where(col(IncomingMail.received_at) <= now - INCOMING_KEPT)
    )
    edits = session.exec(delete(ClientEdit).where(col(ClientEdit.happened_at) <= now - EDITS_KEPT))
    states = session.exec(delete(SyncState).where(col(SyncState.made_at) <= now - EDITS_KEPT))
    return Cleared(
        links.rowcount + one_time.rowcount,
        sessions.rowcount,
        replies.rowcount,
        incoming.rowcount,
        edits.rowcount + states.rowcount,
    )
