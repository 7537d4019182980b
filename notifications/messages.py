"""Which events are told to whom, under which subject and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.queries.events import DueDelivery
from notifications.calendar import (
    Method,
)


class About(StrEnum):
    """What a message is about; it is told to the one person concerned."""

    BOOKING = "booking"
    DECISION = "decision"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Message:
    """What is said of one kind of event; `method` is that of the invite, if it has one.

    `status` is what the booking was made by the event.
    """

    about: About
    subject: str
    headline: str
    then: str
    method: Method | None = None
    status: BookingStatus | None = None


_CHANGE: Final = "To move or cancel it, open the booking:"
_LOOK: Final = "To find another time, open the booking:"
_DECISION: Final = "To read the whole decision, open:"


def _told(
    subject: str, headline: str, then: str, method: Method, status: BookingStatus | None
) -> Message:
    return Message(About.BOOKING, subject, headline, then, method, status)


MESSAGES: Final[Mapping[EventKind, Message]] = {
    EventKind.BOOKING_HELD: _told(
        "Held for you",
        "This time is held for you. It is yours once it is confirmed.",
        "To confirm or let go of it, open the booking:",
        Method.REQUEST,
        BookingStatus.HELD,
    ),
    EventKind.BOOKING_PENDING: _told(
        "Waiting for approval",
        "Your booking waits for the facility's approval. The time is kept for you until then.",
        _CHANGE,
        Method.REQUEST,
        BookingStatus.PENDING,
    ),
    EventKind.BOOKING_CONFIRMED: _told(
        "Confirmed",
        "Your booking is confirmed.",
        _CHANGE,
        Method.REQUEST,
        BookingStatus.CONFIRMED,
    ),
    EventKind.BOOKING_APPROVED: _told(
        "Approved",
        "The facility approved your booking. It is confirmed.",
        _CHANGE,
        Method.REQUEST,
        BookingStatus.CONFIRMED,
    ),
    EventKind.BOOKING_MOVED: _told(
        "Changed",
        "Your booking was changed. This is how it stands now.",
        _CHANGE,
        Method.REQUEST,
        None,
    ),
    EventKind.BOOKING_RETITLED: _told(
        "Renamed", "Your booking has a new title.", _CHANGE, Method.REQUEST, None
    ),
    EventKind.BOOKING_HANDED_OVER: _told(
        "Handed over to you",
        "A colleague handed this booking over to you. It is yours now.",
        _CHANGE,
        Method.REQUEST,
        None,
    ),
    EventKind.BOOKING_CANCELLED: _told(
        "Cancelled", "Your booking was cancelled.", _LOOK, Method.CANCEL, BookingStatus.CANCELLED
    ),
    EventKind.BOOKING_REJECTED: _told(
        "Not approved",
        "The facility did not approve your booking. Its time is free again; nothing is charged.",
        _LOOK,
        Method.CANCEL,
        BookingStatus.REJECTED,
    ),
    EventKind.BOOKING_DISPLACED: _told(
        "No longer possible",
        "The facility had to close at that time, so your booking cannot take place.",
        _LOOK,
        Method.CANCEL,
        BookingStatus.DISPLACED,
    ),
    EventKind.BOOKING_NO_SHOW: _told(
        "Missed",
        "Nobody checked in for your booking, so it counts as missed. What was left of its time is "
        "free for others; it stays charged.",
        "If you were there, tell the facility. To find another time, open the booking:",
        Method.CANCEL,
        BookingStatus.NO_SHOW,
    ),
    EventKind.BOOKING_EXPIRED: _told(
        "Expired",
        "The time that was held for you was not confirmed in time. It is free for others again.",
        _LOOK,
        Method.CANCEL,
        BookingStatus.EXPIRED,
    ),
    EventKind.REQUEST_GRANTED: Message(
        About.DECISION,
        "Granted",
        "Your access request was granted. An invite to each of its bookings comes by itself.",
        _DECISION,
    ),
    EventKind.REQUEST_PARTLY_GRANTED: Message(
        About.DECISION,
        "Partly granted",
        "A part of your access request was granted. An invite to each booking comes by itself.",
        _DECISION,
    ),
    EventKind.REQUEST_NOT_GRANTED: Message(
        About.DECISION,
        "Not granted",
        "Your access request could not be granted this time. This is why.",
        "To see what would have changed the decision, open:",
    ),
    EventKind.SIGN_IN_LINK_SENT: Message(
        About.SIGN_IN,
        "Sign in to Benchshare",
        "You, or somebody who gave your address, asked to sign in.",
        "To sign in, open this link:",
    ),
}

# To whoever held it: the booking goes on, but leaves their calendar.
HANDED_ON: Final = _told(
    "Handed over",
    "This booking was handed over to a colleague, so it is no longer in your name.",
    "To look at it, open the booking:",
    Method.CANCEL,
    BookingStatus.CANCELLED,
)

_UNANSWERED: Final = (
    "The facility did not answer your booking in time, so it lapsed. The time is free again, and "
    "nothing is charged."
)


def message_for(due: DueDelivery) -> Message:
    """Choose what is said: whoever held a booking that was handed over is told otherwise."""
    if due.kind is EventKind.BOOKING_HANDED_OVER and before(due.payload) == str(due.person_id):
        return HANDED_ON
    return MESSAGES[due.kind]


def before(payload: Mapping[str, Any]) -> str | None:
    """Return the id of whoever held the booking before the event, where it says so."""
    was = payload.get("was")
    return was.get("person_id") if isinstance(was, dict) else None


def as_it_came(message: Message, due: DueDelivery) -> Message:
    """Word what lapsed as what it was before: a wish nobody answered was no hold."""
    was = due.payload.get("was")
    unanswered = isinstance(was, dict) and was.get("status") == BookingStatus.PENDING
    if due.kind is EventKind.BOOKING_EXPIRED and unanswered:
        return replace(message, headline=_UNANSWERED)
    return message
