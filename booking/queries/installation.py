"""Reads about the installation itself: who leads, what time it is, what happened last."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, func, text
from sqlmodel import Session, col, select

from booking.models import Event

LEADER_LOCK: Final = 7_310_002


def try_to_lead(connection: Connection) -> bool:
    """Take the leader's lock for as long as the connection lives, if nobody holds it."""
    asked = text("SELECT pg_try_advisory_lock(:key)")
    return bool(connection.execute(asked, {"key": LEADER_LOCK}).scalar_one())


def still_answers(connection: Connection) -> None:
    """Return if the connection lives, and its lock with it."""
    connection.execute(text("SELECT 1"))


def somebody_leads(session: Session) -> bool:
    """Say whether a process holds the leader's lock (PostgreSQL only)."""
    asked = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND classid = 0 AND objid = :key AND objsubid = 1 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(session.connection().execute(asked, {"key": LEADER_LOCK}).scalar_one())


def database_time(session: Session) -> datetime:
    """Return the instant it is by the database's clock."""
    said = session.connection().execute(text("SELECT CAST(CURRENT_TIMESTAMP AS text)"))
    at = datetime.fromisoformat(str(said.scalar_one()))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def newest_event_at(session: Session) -> datetime | None:
    """Return when the latest event happened."""
    return session.exec(select(func.max(col(Event.happened_at)))).one()
