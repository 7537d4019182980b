"""Claim the digests that are due, one a day for each reader, and record those with news."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col

from booking.engine.digests import digest_day, digest_instant
from booking.engine.lifecycle import EventKind
from booking.events import record
from booking.models import Person
from booking.queries import digests
from booking.queries.digests import DigestReader


def record_due(session: Session, *, now: datetime, kinds: Collection[EventKind]) -> int:
    """Record the digests that are due, and count them; of events those of `kinds` are news.

    Each day is claimed once, however many claim at once. A day without news passes silently.
    """
    told = 0
    for reader in digests.digest_readers(session, now=now):
        day = digest_day(now, reader.zone)
        if (reader.digest_on is None or reader.digest_on < day) and _claimed(session, reader, day):
            told += _record(session, reader, now=now, kinds=kinds)
    return told


def _claimed(session: Session, reader: DigestReader, day: date) -> bool:
    done = session.exec(
        update(Person)
        .where(
            col(Person.id) == reader.id,
            or_(col(Person.digest_on).is_(None), col(Person.digest_on) < day),
        )
        .values(digest_on=day)
    )
    return bool(done.rowcount)


def _record(
    session: Session, reader: DigestReader, *, now: datetime, kinds: Collection[EventKind]
) -> bool:
    since = now - timedelta(days=1)
    if reader.digest_on is not None:
        since = digest_instant(reader.digest_on, reader.zone)
    card = digests.digest_card(session, reader.id, since=since, until=now, kinds=kinds)
    if card is None or not (card.changed or card.coming):
        return False
    record(
        session,
        EventKind.DIGEST_DUE,
        subject_id=reader.id,
        now=now,
        payload={"since": since.isoformat()},
    )
    return True
