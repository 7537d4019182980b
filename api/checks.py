"""The checks of an installation: each says in words that all is well, or what mends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from booking.config import Settings
from booking.db import Database
from booking.guards import missing_guards
from booking.queries import events, installation
from booking.services.sealing import verify_chain
from migrations import current, head
from notifications import mail, mailboxes
from notifications.mail import SendFailed
from notifications.mailboxes import InboxFailed

SHORTEST_KEY: Final = 32
CLOCKS_MAY_DIFFER: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `words` say how it is, and the mend where it is wrong."""

    name: str
    ok: bool
    words: str


def examine(settings: Settings, *, now: datetime) -> tuple[Check, ...]:
    """Look at everything; what needs the database is left out while that is out of order."""
    database = Database(settings.database_url)
    try:
        return (
            _secret_key(settings),
            _mail(settings),
            _inbox(settings),
            *_database(database, now=now),
        )
    finally:
        database.dispose()


def _secret_key(settings: Settings) -> Check:
    if len(settings.secret_key) >= SHORTEST_KEY:
        return Check("secret key", ok=True, words="it is set")
    return Check(
        "secret key",
        ok=False,
        words=(
            f"it is shorter than {SHORTEST_KEY} characters; set BENCHSHARE_SECRET_KEY to the "
            "output of: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        ),
    )


def _mail(settings: Settings) -> Check:
    try:
        mail.check(settings.mail)
    except SendFailed as error:
        return Check("mail", ok=False, words=f"{error.reason} Look at BENCHSHARE_MAIL.")
    except ValueError as error:
        return Check("mail", ok=False, words=str(error))
    return Check("mail", ok=True, words="it can leave")


def _inbox(settings: Settings) -> Check:
    if not settings.inbox:
        hooked = "mail relays hand them over" if settings.inbox_secret else "none are read"
        return Check("inbox", ok=True, words=f"no mailbox is set; answers to invites: {hooked}")
    try:
        mailboxes.check(settings.inbox)
    except InboxFailed as error:
        return Check("inbox", ok=False, words=f"{error.reason} Look at BENCHSHARE_INBOX.")
    except ValueError as error:
        return Check("inbox", ok=False, words=str(error))
    return Check("inbox", ok=True, words="answers to invites can be read")


def _database(database: Database, *, now: datetime) -> Iterator[Check]:
    if database.missing_file is not None:
        words = (
            f"there is no database at {database.missing_file}; look at BENCHSHARE_DATABASE_URL, "
            "or make it: benchshare migrate"
        )
        yield Check("database", ok=False, words=words)
        return
    try:
        found = current(database.engine)
    except DBAPIError as error:
        words = f"it cannot be reached; look at BENCHSHARE_DATABASE_URL. {error.orig}"
        yield Check("database", ok=False, words=words)
        return
    if found != head():
        words = f"it is at {found or 'nothing'}, not at {head()}; run: benchshare migrate"
        yield Check("database", ok=False, words=words)
        return
    yield Check("database", ok=True, words=f"{database.dialect}, at revision {found}")
    with database.reading() as session:
        for look in _LOOKS:
            yield look(session, now)


def _guards(session: Session, _now: datetime) -> Check:
    missing = missing_guards(session)
    if missing:
        words = (
            f"{', '.join(missing)} are missing, so double booking is possible; stop serving, "
            "restore them from a backup's schema or into a freshly migrated database"
        )
        return Check("guards", ok=False, words=words)
    return Check("guards", ok=True, words="every guard against double booking is in force")


def _clock(session: Session, now: datetime) -> Check:
    difference = abs(now - installation.database_time(session))
    if difference > CLOCKS_MAY_DIFFER:
        seconds = int(difference.total_seconds())
        words = f"ours and the database's differ by {seconds} seconds; set both by NTP"
        return Check("clock", ok=False, words=words)
    newest = installation.newest_event_at(session)
    if newest is not None and newest > now + CLOCKS_MAY_DIFFER:
        words = f"an event is recorded for {newest.isoformat()}, which is still to come; set it"
        return Check("clock", ok=False, words=words)
    return Check("clock", ok=True, words="it agrees with the database")


def _leader(session: Session, _now: datetime) -> Check:
    if session.get_bind().dialect.name == "sqlite":
        return Check("jobs", ok=True, words="on SQLite `benchshare serve` runs them")
    if installation.somebody_leads(session):
        return Check("jobs", ok=True, words="a process runs them")
    return Check("jobs", ok=False, words="no process runs them; start: benchshare work")


def _deliveries(session: Session, _now: datetime) -> Check:
    waiting = events.backlog(session)
    words = f"{waiting.due} messages wait, {waiting.failed} were given up"
    return Check("deliveries", ok=True, words=words)


def _audit_trail(session: Session, _now: datetime) -> Check:
    faults = verify_chain(session)
    if faults:
        words = f"{' '.join(faults[:3])} Compare with a backup, and keep both."
        return Check("audit trail", ok=False, words=words)
    return Check("audit trail", ok=True, words="every seal holds")


_LOOKS: Final[tuple[Callable[[Session, datetime], Check], ...]] = (
    _guards,
    _clock,
    _leader,
    _deliveries,
    _audit_trail,
)
