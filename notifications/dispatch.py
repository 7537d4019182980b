"""Events become messages: plan deliveries, claim them, send, and settle how it went.

Nothing is sent inside a transaction: claim, commit, send, mark. A crash in between
leaves a claim that lapses; the message then goes out again under the same Message-ID.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from jinja2 import TemplateError
from sqlmodel import Session

from booking.config import Settings
from booking.db import Database
from booking.queries import cards, events
from booking.queries.cards import BookingCard
from booking.queries.events import Addressee, DueDelivery, PendingEvent
from booking.services import calendar_texts, deliveries
from booking.services.deliveries import Outcome
from notifications.calendar import vevent_text
from notifications.mail import SendFailed, Transport, mime, opened_transport
from notifications.messages import MESSAGES, About, Card, compose

CLAIM: Final = timedelta(minutes=2)
EVENTS_AT_ONCE: Final = 1000
Clock = Callable[[], datetime]
_ASKED: Final = {
    About.BOOKING: events.bookers,
    About.DECISION: events.submitters,
    About.SIGN_IN: events.link_readers,
}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DispatchReport:
    """How many messages were sent, given up, and put off to another try.

    `looked_at` counts the events whose messages were planned.
    """

    sent: int = 0
    failed: int = 0
    retried: int = 0
    looked_at: int = 0

    def __add__(self, other: "DispatchReport") -> "DispatchReport":
        """Add up two reports."""
        return DispatchReport(
            self.sent + other.sent,
            self.failed + other.failed,
            self.retried + other.retried,
            self.looked_at + other.looked_at,
        )

    def __bool__(self) -> bool:
        """Say whether anything was done."""
        return bool(self.sent or self.failed or self.retried or self.looked_at)


def run_once(
    database: Database, settings: Settings, now: datetime, limit: int = EVENTS_AT_ONCE
) -> DispatchReport:
    """Plan the messages of up to `limit` events, and send up to `limit` that are due.

    Fewer are sent where the way out takes fewer within one claim.
    """
    with database.writing() as session:
        planned = _plan(session, settings, now=now, limit=limit)
    with opened_transport(settings.mail) as transport:
        with database.writing() as session:
            claimed = deliveries.claim(
                session, now=now, until=now + CLAIM, limit=min(limit, transport.batch)
            )
        if not claimed:
            return planned
        return planned + _deliver(database, settings, transport, claimed, now=now)


def drain(database: Database, settings: Settings, clock: Clock) -> DispatchReport:
    """Plan and send until nothing is due any more."""
    total = DispatchReport()
    while done := run_once(database, settings, clock()):
        total += done
    return total


def _plan(session: Session, settings: Settings, *, now: datetime, limit: int) -> DispatchReport:
    pending = events.pending_events(session, limit=limit)
    if pending:
        deliveries.plan(
            session,
            events=pending,
            addressees=_addressees(session, pending),
            host=settings.host,
            now=now,
        )
    return DispatchReport(looked_at=len(pending))


def _addressees(session: Session, pending: Sequence[PendingEvent]) -> dict[UUID, Addressee]:
    """Find who is told of each event; an event that nobody is told of is left out."""
    told: dict[UUID, Addressee] = {}
    for about, ask in _ASKED.items():
        concerned = [
            each for each in pending if each.kind in MESSAGES and MESSAGES[each.kind].about is about
        ]
        if concerned:
            people = ask(session, [each.subject_id for each in concerned])
            told |= {
                each.id: people[each.subject_id] for each in concerned if each.subject_id in people
            }
    return told


def _deliver(
    database: Database,
    settings: Settings,
    transport: Transport,
    claimed: Sequence[DueDelivery],
    *,
    now: datetime,
) -> DispatchReport:
    with database.reading() as session:
        found = _cards(session, settings, claimed)
    outcomes = [_send(transport, each, found.get(each.subject_id), settings) for each in claimed]
    with database.writing() as session:
        settled = deliveries.settle(session, outcomes=outcomes, now=now)
    shown = [card for card in found.values() if isinstance(card, BookingCard)]
    with database.writing() as session:
        calendar_texts.keep(session, cards=shown, render=vevent_text)
    return DispatchReport(sent=settled.sent, failed=settled.failed, retried=settled.retried)


def _cards(
    session: Session, settings: Settings, claimed: Sequence[DueDelivery]
) -> dict[UUID, Card]:
    """Load what the messages are about, one SELECT a kind of subject."""
    ids: dict[About, list[UUID]] = {about: [] for about in About}
    for each in claimed:
        ids[MESSAGES[each.kind].about].append(each.subject_id)
    found: dict[UUID, Card] = {}
    found |= cards.booking_cards(
        session, ids[About.BOOKING], sender=settings.sender, base_url=settings.base_url
    )
    found |= cards.decision_cards(session, ids[About.DECISION], sender=settings.sender)
    found |= cards.sign_in_cards(session, ids[About.SIGN_IN])
    return found


def _send(transport: Transport, due: DueDelivery, card: Card | None, settings: Settings) -> Outcome:
    """Write and send one message; what goes wrong with it stops no other."""
    if card is None:
        gone = "What this message was about is no longer kept, so it was not sent."
        return Outcome(due.id, due.attempts, gone, permanent=True)
    try:
        mail = compose(due, card, settings)
        transport.send(mail, mime(mail))
    except SendFailed as error:
        log.warning("not sent", delivery=str(due.id), reason=error.reason)
        return Outcome(due.id, due.attempts, error.reason, permanent=error.permanent)
    except (ValueError, LookupError, TemplateError) as error:
        log.exception("not written", delivery=str(due.id))
        unwritable = f"This message could not be written: {error}"
        return Outcome(due.id, due.attempts, unwritable, permanent=True)
    return Outcome(due.id, due.attempts)
