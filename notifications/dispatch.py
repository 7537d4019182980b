"""Events become messages: plan deliveries, claim them, send, and settle how it went.

Nothing is sent inside a transaction: claim, commit, send, mark. A crash in between
leaves a claim that lapses; the message then goes out again under the same Message-ID.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from jinja2 import TemplateError
from sqlmodel import Session

from booking.config import Settings
from booking.db import Database
from booking.engine.lifecycle import EventKind
from booking.queries import account_cards, appeals, attendees, busy_cards, cards, digests, events
from booking.queries.appeals import AppealCard
from booking.queries.attendees import AttendeeSeen
from booking.queries.busy_cards import BusyCard
from booking.queries.cards import BookingCard
from booking.queries.digests import DigestCard
from booking.queries.events import Addressee, DueDelivery, PendingEvent
from booking.services import calendar_texts, deliveries
from booking.services.deliveries import Outcome
from notifications.calendar import vevent_text
from notifications.digest import TOLD
from notifications.invited import as_attendee, attendees_told, spoken_of
from notifications.mail import SendFailed, Transport, mime, opened_transport
from notifications.messages import Card, compose
from notifications.preferences import hears_at_once
from notifications.sentences import MESSAGES, TO_ATTENDEE_ALONE, About, before
from notifications.told import is_told

CLAIM: Final = timedelta(minutes=2)
EVENTS_AT_ONCE: Final = 1000
Clock = Callable[[], datetime]
_ASKED: Final = {
    About.APPEAL: appeals.appellants,
    About.DECISION: events.submitters,
    About.DIGEST: events.addressees,
    About.ENTRY: events.waiters,
    About.SIGN_IN: events.link_readers,
    About.ACCOUNT: account_cards.account_owners,
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


def _addressees(
    session: Session, pending: Sequence[PendingEvent]
) -> dict[UUID, Sequence[Addressee]]:
    """Find who is told of each event; an event that nobody is told of is left out."""
    told = _of_bookings(session, _about(About.BOOKING, pending))
    for about, ask in _ASKED.items():
        concerned = _about(about, pending)
        if concerned:
            people = ask(session, [each.subject_id for each in concerned])
            told |= {
                each.id: [people[each.subject_id]]
                for each in concerned
                if each.subject_id in people
            }
    told |= _of_busy_calendars(session, _about(About.BUSY_CALENDAR, pending))
    return _with_officers(session, told, pending)


def _of_busy_calendars(
    session: Session, concerned: Sequence[PendingEvent]
) -> dict[UUID, Sequence[Addressee]]:
    people = busy_cards.busy_calendars_told(session, [each.subject_id for each in concerned])
    return {each.id: people.get(each.subject_id, ()) for each in concerned}


def _with_officers(
    session: Session,
    told: dict[UUID, Sequence[Addressee]],
    pending: Sequence[PendingEvent],
) -> dict[UUID, Sequence[Addressee]]:
    """Tell of a new appeal those too who answer it, but for whoever made it."""
    made = [each.id for each in pending if each.kind is EventKind.APPEAL_MADE and each.id in told]
    if not made:
        return told
    answering = appeals.officers(session)
    return told | {
        key: [*told[key], *(each for each in answering if each not in told[key])] for key in made
    }


def _about(about: About, pending: Sequence[PendingEvent]) -> list[PendingEvent]:
    return [
        each
        for each in pending
        if is_told(each.kind, each.payload) and MESSAGES[each.kind].about is about
    ]


def _of_bookings(
    session: Session, concerned: Sequence[PendingEvent]
) -> dict[UUID, Sequence[Addressee]]:
    """Find who is told of events about bookings: who holds or held each, then its attendees."""
    theirs = [
        each
        for each in concerned
        if each.kind not in TO_ATTENDEE_ALONE or "attendee_id" not in each.payload
    ]
    told = _holders(session, theirs)
    for key, invited in attendees_told(session, concerned).items():
        people = told.get(key, ())
        addresses = {each.address for each in people}
        told[key] = [*people, *(each for each in invited if each.address not in addresses)]
    return told


def _holders(
    session: Session, concerned: Sequence[PendingEvent]
) -> dict[UUID, Sequence[Addressee]]:
    """Find who held each booking by the event, and who held it before, if somebody else.

    Where the event names nobody, it is whoever holds the booking now.
    """
    if not concerned:
        return {}
    now = events.bookers(session, [each.subject_id for each in concerned])
    named = events.addressees(session, [key for each in concerned for key in _named(each)])
    told: dict[UUID, Sequence[Addressee]] = {}
    for each in concerned:
        people = [named[key] for key in _named(each) if key in named]
        if not people and each.subject_id in now:
            people = [now[each.subject_id]]
        told[each.id] = [reader for reader in people if hears_at_once(each, reader)]
    return told


def _named(event: PendingEvent) -> list[UUID]:
    """List the persons that an event about a booking concerns, the holder first."""
    said = [event.payload.get("person_id"), before(event.payload)]
    return [UUID(each) for each in dict.fromkeys(said) if each]


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
        readers = _readers(session, claimed, found)
    outcomes = [
        _send(transport, each, _for_reader(found.get(each.subject_id), each, readers), settings)
        for each in claimed
    ]
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
    found |= appeals.appeal_cards(session, ids[About.APPEAL], sender=settings.sender)
    found |= cards.entry_cards(session, ids[About.ENTRY], sender=settings.sender)
    found |= cards.sign_in_cards(session, ids[About.SIGN_IN])
    found |= account_cards.account_cards(session, ids[About.ACCOUNT], sender=settings.sender)
    found |= busy_cards.busy_cards(session, ids[About.BUSY_CALENDAR], sender=settings.sender)
    found |= _digests(session, claimed)
    return found


def _digests(session: Session, claimed: Sequence[DueDelivery]) -> dict[UUID, DigestCard]:
    found = {}
    for each in claimed:
        if MESSAGES[each.kind].about is About.DIGEST:
            card = digests.digest_card(
                session,
                each.subject_id,
                since=datetime.fromisoformat(each.payload["since"]),
                until=each.happened_at,
                kinds=TOLD,
            )
            if card is not None:
                found[each.subject_id] = card
    return found


@dataclass(frozen=True, slots=True)
class _Readers:
    """Who reads of what is in another name: people by id, and attendees by their booking."""

    people: Mapping[UUID, Mapping[str, Any]]
    attendees: Mapping[UUID, Sequence[AttendeeSeen]]


def _readers(
    session: Session, claimed: Sequence[DueDelivery], found: Mapping[UUID, Card]
) -> _Readers:
    bookings = [key for key, card in found.items() if isinstance(card, BookingCard)]
    return _Readers(
        people=cards.readers(session, _others(claimed, found)),
        attendees=attendees.attendees_at(session, bookings),
    )


def _others(claimed: Sequence[DueDelivery], found: Mapping[UUID, Card]) -> list[UUID]:
    """List who is told of what is in another name."""
    return [
        each.person_id
        for each in claimed
        if each.person_id is not None and _in_another_name(found.get(each.subject_id), each)
    ]


def _for_reader(card: Card | None, due: DueDelivery, readers: _Readers) -> Card | None:
    """Return the card with the name, clock and language of whoever is told of it."""
    if isinstance(card, BookingCard):
        invited = as_attendee(card, due, readers.attendees.get(card.id, ()))
        if invited is not None:
            return invited
        card = replace(card, spoken_of=spoken_of(due, readers.attendees.get(card.id, ())))
    reader = readers.people.get(due.person_id) if due.person_id is not None else None
    if reader is None or not _in_another_name(card, due):
        return card
    if isinstance(card, BookingCard):
        return replace(card, **reader)
    if isinstance(card, AppealCard | BusyCard):
        named = {name: value for name, value in reader.items() if name != "calendar_mail"}
        return replace(card, **named)
    return card


def _in_another_name(card: Card | None, due: DueDelivery) -> bool:
    if not isinstance(card, AppealCard | BookingCard | BusyCard):
        return False
    return card.person_id != due.person_id


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
