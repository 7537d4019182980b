"""Take mails in: read each, do what it asks for in one transaction, then mark it as done."""

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

from booking.config import Settings
from booking.db import Database
from booking.engine.vocabulary import ReplyVia
from booking.errors import DomainError
from booking.services import answers
from booking.services.answers import Received
from notifications.inbox import read_mail
from notifications.mailboxes import Letter, Mailbox, opened_mailbox

Clock = Callable[[], datetime]
log = structlog.get_logger()


def take(
    database: Database, settings: Settings, content: bytes, *, via: ReplyVia, now: datetime
) -> Received:
    """Take one mail in; the same mail again does nothing.

    Raises: StaleVersion where its booking moved in that moment: take it again.
    """
    mail = read_mail(content)
    with database.writing() as session:
        return answers.receive(session, mail=mail, via=via, now=now, secret_key=settings.secret_key)


def collected(
    database: Database, settings: Settings, clock: Clock
) -> Iterator[tuple[ReplyVia, Received]]:
    """Take in what waits in the mailbox, mail by mail, a bounded number.

    A mail that cannot be taken in now waits there for the next time. A crash before it is marked
    as done reads it again, to no effect.
    Raises: InboxFailed; ValueError if BENCHSHARE_INBOX names no mailbox.
    """
    with opened_mailbox(settings.inbox) as mailbox:
        for letter in mailbox.letters():
            received = _taken(database, settings, mailbox, letter, now=clock())
            if received is not None:
                mailbox.mark_done(letter)
                yield mailbox.via, received


def _taken(
    database: Database, settings: Settings, mailbox: Mailbox, letter: Letter, *, now: datetime
) -> Received | None:
    try:
        return take(database, settings, letter.content, via=mailbox.via, now=now)
    except (DomainError, DBAPIError) as error:
        log.warning("mail not taken in yet", reason=type(error).__name__)
        return None
