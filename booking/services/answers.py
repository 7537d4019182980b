"""What incoming mail does: answers to invites, proposals, invites asked for again, bounces.

Nothing is believed for who a mail claims to come from: an answer counts by the UID of its
booking, an attendee of it, and the token that only its invites carry.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from booking.engine.incoming import (
    CalendarAnswer,
    Incoming,
    IncomingKind,
    LastAnswer,
    is_newer,
)
from booking.engine.lifecycle import HOLDING, BookingStatus, EventKind
from booking.engine.tokens import booking_token
from booking.engine.vocabulary import (
    DeliveryState,
    LinkPurpose,
    Participation,
    ReplyOutcome,
    ReplyVia,
)
from booking.events import record
from booking.models import BookingAttendee, IncomingMail
from booking.queries import answers as queries
from booking.queries.bookings import BookingSeen
from booking.queries.people import person
from booking.services.action_links import create
from booking.services.bookings import as_recorded

CANCELLABLE: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})
ASKED_EVERY: Final = timedelta(minutes=10)
LONGEST_ERROR: Final = 1000
NOT_OURS: Final = "It names no booking, attendee and token that belong together."
OLDER: Final = "A newer answer, or a newer state of the booking, was there before."
OVER: Final = "The booking is over or was cancelled."
TOO_OFTEN: Final = "The invite was sent again a moment before."
NO_MAIL_OF_OURS: Final = "What came back is no mail that was sent from here."


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a mail; `repeated` says that it had been read before, and did nothing."""

    outcome: ReplyOutcome
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer with the booking it is about and the attendee who gives it."""

    answer: CalendarAnswer
    seen: BookingSeen
    attendee: BookingAttendee
    is_holder: bool


def receive(
    session: Session, *, mail: Incoming, via: ReplyVia, now: datetime, secret_key: str
) -> Received:
    """Do what a mail asks for, once: the same mail again changes nothing.

    Raises: StaleVersion if its booking moved to another resource in that moment.
    """
    before = queries.incoming_mail(session, mail.digest)
    if before is None:
        row = _noted(session, mail, via=via, now=now)
        if row is not None:
            row.outcome, row.detail = _DOES[mail.kind](session, row, mail, secret_key)
            session.flush()
            return Received(row.outcome)
        before = queries.incoming_mail(session, mail.digest)
    return Received(before.outcome if before else ReplyOutcome.UNREADABLE, repeated=True)


def _noted(
    session: Session, mail: Incoming, *, via: ReplyVia, now: datetime
) -> IncomingMail | None:
    """Add the mail's row before anything else is done; None if another process was first."""
    row = IncomingMail(
        digest=mail.digest, via=via, outcome=ReplyOutcome.UNREADABLE, received_at=now
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None
    return row


Done = tuple[ReplyOutcome, str]


def _reply(session: Session, row: IncomingMail, mail: Incoming, secret_key: str) -> Done:
    found = _found(session, row, mail, secret_key)
    if isinstance(found, tuple):
        return found
    now, attendee = row.received_at, found.attendee
    attendee.participation = found.answer.participation or Participation.NEEDS_ACTION
    session.add(attendee)
    said = {
        "answered_by": str(attendee.id),
        "participation": str(attendee.participation),
        "by_holder": found.is_holder,
    }
    _record(session, EventKind.ATTENDEE_ANSWERED, found.seen, now, said)
    if attendee.participation is Participation.DECLINED and _may_be_cancelled(found, now):
        _propose_cancelling(session, found, now=now, secret_key=secret_key)
        return ReplyOutcome.CONFIRMATION_ASKED, ""
    return ReplyOutcome.NOTED, ""


def _may_be_cancelled(found: _Found, now: datetime) -> bool:
    booking = found.seen.booking
    return found.is_holder and booking.status in CANCELLABLE and now < booking.starts_at


def _propose_cancelling(session: Session, found: _Found, *, now: datetime, secret_key: str) -> None:
    """Ask the holder to confirm by a link that their "no" is to cancel the booking."""
    booking = found.seen.booking
    link = create(
        session,
        purpose=LinkPurpose.CONFIRM_CANCELLING,
        booking_id=booking.id,
        person_id=booking.person_id,
        now=now,
        expires_at=booking.starts_at,
        secret_key=secret_key,
    )
    _record(session, EventKind.CANCELLING_PROPOSED, found.seen, now, {"link_id": str(link.id)})


def _counter(session: Session, row: IncomingMail, mail: Incoming, secret_key: str) -> Done:
    found = _found(session, row, mail, secret_key)
    if isinstance(found, tuple):
        return found
    said = _to_whom(found)
    if found.answer.proposed is not None:
        said["proposed_starts_at"] = found.answer.proposed.start.isoformat()
        said["proposed_ends_at"] = found.answer.proposed.end.isoformat()
    _record(session, EventKind.COUNTER_PROPOSED, found.seen, row.received_at, said)
    return ReplyOutcome.COUNTER_DECLINED, ""


def _refresh(session: Session, row: IncomingMail, mail: Incoming, secret_key: str) -> Done:
    found = _found(session, row, mail, secret_key, marks=False)
    if isinstance(found, tuple):
        return found
    now, booking_id = row.received_at, found.seen.booking.id
    asked = queries.last_happened(session, EventKind.INVITE_ASKED, booking_id)
    if asked is not None and now < asked + ASKED_EVERY:
        return ReplyOutcome.OUTDATED, TOO_OFTEN
    _record(session, EventKind.INVITE_ASKED, found.seen, now, _to_whom(found))
    return ReplyOutcome.NOTED, ""


def _bounce(session: Session, row: IncomingMail, mail: Incoming, _secret_key: str) -> Done:
    """Give up the message that came back, and record it; once more changes nothing."""
    ids = mail.bounce.message_ids if mail.bounce is not None else ()
    found = queries.delivery_sent_as(session, ids)
    if found is None or mail.bounce is None:
        return ReplyOutcome.UNMATCHED, NO_MAIL_OF_OURS
    delivery, event = found
    if queries.is_booking(session, event.subject_id):
        row.booking_id = event.subject_id
    if delivery.state is not DeliveryState.SENT:
        return ReplyOutcome.BOUNCED, mail.detail
    said = mail.bounce.said or "no reason was given"
    delivery.state = DeliveryState.FAILED
    delivery.last_error = f"It came back: {said}"[:LONGEST_ERROR]
    session.add(delivery)
    record(
        session,
        EventKind.MAIL_BOUNCED,
        subject_id=event.subject_id,
        now=row.received_at,
        facility_id=event.facility_id,
        payload={
            "delivery_id": str(delivery.id),
            "event_id": str(event.id),
            **_bounced_to(session, row.booking_id, delivery.address),
        },
    )
    return ReplyOutcome.BOUNCED, mail.detail


def _bounced_to(session: Session, booking_id: UUID | None, address: str) -> dict[str, str]:
    """Name the attendee whom an invite did not reach; nobody where it was the holder."""
    if booking_id is None:
        return {}
    attendee = queries.invited_still(session, booking_id, address.lower())
    return {} if attendee is None else {"bounced_to": str(attendee.id)}


def _automatic(_session: Session, _row: IncomingMail, mail: Incoming, _secret_key: str) -> Done:
    return ReplyOutcome.AUTOMATIC, mail.detail


def _other(_session: Session, _row: IncomingMail, mail: Incoming, _secret_key: str) -> Done:
    return ReplyOutcome.UNMATCHED, mail.detail


def _unreadable(_session: Session, _row: IncomingMail, mail: Incoming, _secret_key: str) -> Done:
    return ReplyOutcome.UNREADABLE, mail.detail


_DOES: Final[Mapping[IncomingKind, Callable[[Session, IncomingMail, Incoming, str], Done]]] = {
    IncomingKind.REPLY: _reply,
    IncomingKind.COUNTER: _counter,
    IncomingKind.REFRESH: _refresh,
    IncomingKind.BOUNCE: _bounce,
    IncomingKind.AUTOMATIC: _automatic,
    IncomingKind.OTHER: _other,
    IncomingKind.UNREADABLE: _unreadable,
}


def _found(
    session: Session,
    row: IncomingMail,
    mail: Incoming,
    secret_key: str,
    *,
    marks: bool = True,
) -> _Found | Done:
    """Find what an answer is about, or say why it counts for nothing.

    The answer is marked as the attendee's newest, unless it is none (`marks`).
    """
    answer = mail.answer
    seen = None if answer is None else queries.lock_booking_with_uid(session, answer.uid)
    if answer is None or seen is None or not _is_token_of(mail, seen.booking.id, secret_key):
        return ReplyOutcome.UNMATCHED, NOT_OURS
    found = _answering(session, answer, seen, now=row.received_at)
    if found is None:
        return ReplyOutcome.UNMATCHED, NOT_OURS
    row.booking_id = seen.booking.id
    if seen.booking.status not in HOLDING or seen.booking.ends_at <= row.received_at:
        return ReplyOutcome.OUTDATED, OVER
    if marks and not _mark_newest(found, now=row.received_at):
        return ReplyOutcome.OUTDATED, OLDER
    return found


def _is_token_of(mail: Incoming, booking_id: UUID, secret_key: str) -> bool:
    own = booking_token(secret_key, booking_id)
    return any(hmac.compare_digest(own.encode(), each.encode()) for each in mail.tokens)


def _answering(
    session: Session, answer: CalendarAnswer, seen: BookingSeen, *, now: datetime
) -> _Found | None:
    """Return who answers, if they are invited; the holder gets a row at their first answer."""
    booking = seen.booking
    holder = person(session, booking.person_id)
    is_holder = holder is not None and holder.email.lower() == answer.attendee
    row = queries.answering_row(session, booking.id, answer.attendee)
    if is_holder and row is None:
        row = BookingAttendee(booking_id=booking.id, address=answer.attendee, added_at=now)
        session.add(row)
    if row is None or (row.removed_at is not None and not is_holder):
        return None
    if is_holder:
        row.person_id, row.removed_at = booking.person_id, None
        session.flush()
    return _Found(answer, seen, row, is_holder)


def _mark_newest(found: _Found, *, now: datetime) -> bool:
    """Mark an answer as the attendee's newest; False if it is not.

    One that claims to be ahead of the booking or of the clock counts as of now.
    """
    row, sequence = found.attendee, found.seen.booking.sequence
    last = LastAnswer(row.answered_sequence, row.answered_stamp)
    if not is_newer(found.answer, last, sequence=sequence):
        return False
    own, stamp = found.answer.sequence, found.answer.stamp
    row.answered_sequence = sequence if own is None else min(own, sequence)
    row.answered_stamp = None if stamp is None else min(stamp, now)
    return True


def _to_whom(found: _Found) -> dict[str, Any]:
    """Say whom the event's mail goes to, where that is not the holder."""
    return {} if found.is_holder else {"attendee_id": str(found.attendee.id)}


def _record(
    session: Session, kind: EventKind, seen: BookingSeen, now: datetime, said: dict[str, Any]
) -> None:
    record(
        session,
        kind,
        subject_id=seen.booking.id,
        now=now,
        facility_id=seen.facility_id,
        payload={**as_recorded(seen.booking), **said},
    )
