"""Take away what has had its time: sign-in links, signed-in browsers, kept replies."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col

from booking.models import KeptReply, SignInLink, WebSession

LINKS_KEPT: Final = timedelta(days=7)
"""Longer than the mail with a link may be tried again."""

REPLIES_KEPT: Final = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Cleared:
    """How many rows were taken away."""

    links: int
    sessions: int
    replies: int


def clear(session: Session, *, now: datetime) -> Cleared:
    """Delete what expired; a row that ends exactly at its limit goes."""
    links = session.exec(delete(SignInLink).where(col(SignInLink.expires_at) <= now - LINKS_KEPT))
    sessions = session.exec(delete(WebSession).where(col(WebSession.expires_at) <= now))
    replies = session.exec(delete(KeptReply).where(col(KeptReply.kept_at) <= now - REPLIES_KEPT))
    return Cleared(links.rowcount, sessions.rowcount, replies.rowcount)
