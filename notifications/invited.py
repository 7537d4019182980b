"""What attendees are told of a booking that somebody else holds, and which events tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.queries import attendees
from booking.queries.attendees import AttendeeSeen
from booking.queries.cards import BookingCard
from booking.queries.events import Addressee, DueDelivery, PendingEvent
from notifications.calendar import Method
from notifications.sentences import ANSWER, LEAVES, MESSAGES, TO_ATTENDEE_ALONE, Message, before

_OPEN: Final = "To look at it, open the booking:"
_WAITS: Final = "The booking that {inviter} invited you to waits for the facility's approval."


def _asked(kind: EventKind, subject: str, headline: str) -> tuple[EventKind, Message]:
    return kind, replace(MESSAGES[kind], subject=subject, headline=headline, then=ANSWER)


def _off(kind: EventKind, subject: str, headline: str) -> tuple[EventKind, Message]:
    return kind, replace(
        MESSAGES[kind], subject=subject, headline=headline, then=LEAVES, elsewhere=False
    )


INVITED: Final[Mapping[EventKind, Message]] = dict(
    (
        (EventKind.ATTENDEE_ADDED, MESSAGES[EventKind.ATTENDEE_ADDED]),
        (EventKind.ATTENDEE_REMOVED, MESSAGES[EventKind.ATTENDEE_REMOVED]),
        _asked(EventKind.BOOKING_PENDING, "Waiting for approval", _WAITS),
        _asked(
            EventKind.BOOKING_CONFIRMED,
            "Confirmed",
            "The booking that {inviter} invited you to is confirmed.",
        ),
        _asked(
            EventKind.BOOKING_APPROVED,
            "Approved",
            "The facility approved the booking that {inviter} invited you to. It is confirmed.",
        ),
        _asked(
            EventKind.BOOKING_MOVED,
            "Changed",
            "The booking that {inviter} invited you to was changed. This is how it stands now.",
        ),
        _asked(
            EventKind.BOOKING_RETITLED,
            "Renamed",
            "The booking that {inviter} invited you to has a new title.",
        ),
        _asked(
            EventKind.BOOKING_HANDED_OVER,
            "Handed over",
            "The booking that {inviter} invited you to is in another name now. Its time and place "
            "stay.",
        ),
        _asked(
            EventKind.OFFER_ACCEPTED,
            "Confirmed",
            "The booking that {inviter} invited you to is confirmed.",
        ),
        _asked(
            EventKind.INVITE_ASKED,
            "Sent again",
            "Your calendar asked for the invitation of {inviter} again. This is how the booking "
            "stands now.",
        ),
        (
            EventKind.COUNTER_PROPOSED,
            replace(
                MESSAGES[EventKind.COUNTER_PROPOSED],
                headline="Your calendar proposed another time. Only {inviter} can move the "
                "booking, so it stays as it is.",
                then="If you need another time, ask {inviter}.",
            ),
        ),
        _off(
            EventKind.BOOKING_CANCELLED,
            "Cancelled",
            "The booking that {inviter} invited you to was cancelled.",
        ),
        _off(
            EventKind.BOOKING_REJECTED,
            "Not approved",
            "The facility did not approve the booking that {inviter} invited you to.",
        ),
        _off(
            EventKind.BOOKING_DISPLACED,
            "No longer possible",
            "The facility had to close at that time, so the booking that {inviter} invited you to "
            "cannot take place.",
        ),
        _off(
            EventKind.BOOKING_NO_SHOW,
            "Missed",
            "Nobody checked in for the booking that {inviter} invited you to, so its time is free "
            "for others.",
        ),
        _off(
            EventKind.BOOKING_EXPIRED,
            "Expired",
            "The booking that {inviter} invited you to was not confirmed in time.",
        ),
        _off(
            EventKind.OFFER_DECLINED,
            "Cancelled",
            "The booking that {inviter} invited you to was cancelled.",
        ),
        _off(
            EventKind.OFFER_EXPIRED,
            "Expired",
            "The booking that {inviter} invited you to was not confirmed in time.",
        ),
    )
)


def attendees_told(
    session: Session, pending: Sequence[PendingEvent]
) -> dict[UUID, list[Addressee]]:
    """Find the attendees who are told of each event: those invited when it happened."""
    telling = [each for each in pending if each.kind in INVITED]
    everybody = attendees.attendees_at(session, [each.subject_id for each in telling])
    return {
        event.id: [
            Addressee(each.person_id, each.address)
            for each in everybody.get(event.subject_id, ())
            if _is_told(each, event)
        ]
        for event in telling
    }


def as_attendee(
    card: BookingCard, due: DueDelivery, everybody: Sequence[AttendeeSeen]
) -> BookingCard | None:
    """Return the card as an attendee reads it; None where the reader holds or held the booking.

    Whoever has no account reads by the facility's clock and in its language.
    """
    if due.kind not in INVITED or str(due.person_id) in _held_by(due, card):
        return None
    for each in everybody:
        if each.address == due.address:
            return replace(
                card,
                person_name=each.name,
                person_email=each.address,
                person_zone=each.zone or card.facility_zone,
                person_locale=each.locale or card.facility_locale,
                alarm_minutes=each.alarm_minutes,
                attendee=each,
            )
    return None


def spoken_of(due: DueDelivery, everybody: Sequence[AttendeeSeen]) -> str:
    """Name the attendee who answered, or whose invite came back; empty where it is about none."""
    said = due.payload.get("answered_by") or due.payload.get("bounced_to")
    for each in everybody:
        if str(each.id) == said:
            return f"{each.name} ({each.address})" if each.name else each.address
    return ""


def to_attendee(due: DueDelivery, attendee: AttendeeSeen) -> Message:
    """Choose what an attendee is told, and how it ends: who may open the booking gets its link."""
    message = INVITED[due.kind]
    if due.kind is EventKind.OFFER_ACCEPTED and due.payload.get("status") == BookingStatus.PENDING:
        message = replace(message, subject="Waiting for approval", headline=_WAITS)
    if attendee.on_project and message.method is Method.REQUEST:
        return replace(message, then=_OPEN)
    return message


def invitation(attendee: AttendeeSeen) -> dict[str, object]:
    """Return the names that sentences to an attendee speak of."""
    return {"inviter": attendee.invited_by}


def _is_told(attendee: AttendeeSeen, event: PendingEvent) -> bool:
    if event.kind in TO_ATTENDEE_ALONE:
        return str(attendee.id) == event.payload.get("attendee_id")
    invited = attendee.added_at <= event.happened_at
    return invited and (attendee.removed_at is None or attendee.removed_at > event.happened_at)


def _held_by(due: DueDelivery, card: BookingCard) -> set[str | None]:
    said = due.payload.get("person_id")
    return {said if isinstance(said, str) else str(card.person_id), before(due.payload)}
