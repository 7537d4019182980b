"""Outside calendars, read and kept: what REST, pages and the clock do alike.

Nothing is fetched or read inside a transaction: look, fetch, then write.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlmodel import Session

from api.busy_files import read_busy
from api.outside import Outside
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.busy_calendars import looked_at
from booking.engine.intervals import Interval
from booking.engine.outside_addresses import read_url
from booking.engine.violations import Violation
from booking.errors import Malformed, RulesBroken
from booking.queries.busy_calendars import Owner, uids_named_elsewhere
from booking.services import busy_calendars
from booking.services.busy_calendars import Answer, Source, ToFetch

CLAIMED_FOR: Final = timedelta(minutes=2)
CLAIMED_AT_ONCE: Final = 4
READ_AGAIN_AFTER: Final = timedelta(hours=20)
LastWrite = Callable[[Session], None]


def subscribed(
    database: Database,
    outside: Outside,
    *,
    url: str,
    owner: Owner,
    settings: Settings,
    now: datetime,
) -> Answer:
    """Fetch and read a calendar for the first time.

    Raises: Malformed for what is no address; RulesBroken if it cannot be had or read.
    """
    address = read_url(url)
    if isinstance(address, Violation):
        raise Malformed(address.reason, [address])
    found = outside.fetch(address)
    content = found.content or b""
    busy = _busy(database, content, owner=owner, settings=settings, now=now)
    return Answer(Source(address, _digest(content), found.etag, found.last_modified), busy)


def uploaded(
    database: Database, content: bytes, *, owner: Owner, settings: Settings, now: datetime
) -> Answer:
    """Read an uploaded calendar.

    Raises: RulesBroken if it cannot be read.
    """
    busy = _busy(database, content, owner=owner, settings=settings, now=now)
    return Answer(Source(None, _digest(content)), busy)


def refresh(
    database: Database,
    outside: Outside,
    *,
    asked: ToFetch,
    settings: Settings,
    now: datetime,
    with_last: LastWrite | None = None,
) -> Any:
    """Fetch a calendar again and keep what it says, or why it failed; None where it is gone."""
    try:
        answer = _again(database, outside, asked, settings, now)
    except RulesBroken as refused:
        with database.writing() as session:
            _last(with_last, session)
            return busy_calendars.note_failure(
                session, now=now, asked=asked, problem=refused.message
            )
    with database.writing() as session:
        _last(with_last, session)
        return busy_calendars.take_in(session, now=now, asked=asked, answer=answer)


def refresh_due(database: Database, outside: Outside, *, settings: Settings) -> int:
    """Fetch a few of the calendars that are due; count them."""
    now = utc_now()
    with database.writing() as session:
        claimed = busy_calendars.claim_due(
            session, now=now, until=now + CLAIMED_FOR, limit=CLAIMED_AT_ONCE
        )
    for each in claimed:
        refresh(database, outside, asked=each, settings=settings, now=utc_now())
    return len(claimed)


def _again(
    database: Database, outside: Outside, asked: ToFetch, settings: Settings, now: datetime
) -> Answer:
    """Fetch again; what has not changed within a day is not read again, as later days come in."""
    fresh = asked.read_at is not None and now - asked.read_at < READ_AGAIN_AFTER
    found = outside.fetch(
        asked.url,
        etag=asked.etag if fresh else "",
        last_modified=asked.last_modified if fresh else "",
    )
    if found.content is None:
        return Answer(Source(asked.url, asked.digest, asked.etag, asked.last_modified), None)
    source = Source(asked.url, _digest(found.content), found.etag, found.last_modified)
    if fresh and source.digest == asked.digest:
        return Answer(source, None)
    busy = _busy(database, found.content, owner=asked.owner, settings=settings, now=now)
    return Answer(source, busy)


def _busy(
    database: Database, content: bytes, *, owner: Owner, settings: Settings, now: datetime
) -> tuple[Interval, ...]:
    """Read what takes time; the owner's bookings that calendar programs named do not."""
    since = looked_at(now).start
    with database.reading() as session:
        own = uids_named_elsewhere(session, owner, host=settings.host, since=since)
    return read_busy(content, zone=owner.zone, host=settings.host, own_uids=own, now=now)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _last(claim: LastWrite | None, session: Session) -> None:
    if claim is not None:
        claim(session)
