"""What is said of each kind of event: about what, under which subject, with which invite."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.queries.events import DueDelivery
from notifications.calendar import Method


class About(StrEnum):
    """What a message is about; it is told to the one person concerned."""

    BOOKING = "booking"
    ENTRY = "entry"
    DECISION = "decision"
    APPEAL = "appeal"
    DIGEST = "digest"
    SIGN_IN = "sign_in"
    ACCOUNT = "account"
    BUSY_CALENDAR = "busy_calendar"


@dataclass(frozen=True, slots=True)
class Message:
    """What is said of one kind of event; `method` is that of the invite, if it has one.

    `status` is what the booking was made by the event. `elsewhere` leads to the free times of
    the resource instead of the booking, which can be changed no more.
    """

    about: About
    subject: str
    headline: str
    then: str
    method: Method | None = None
    status: BookingStatus | None = None
    elsewhere: bool = False


_CHANGE: Final = "To move or cancel it, open the booking:"
LOOK: Final = "To find another time, open what is free:"
_WAITING: Final = "To see what else you wait for, open your waiting list:"
ANSWER: Final = (
    "Please answer the invitation in your calendar program, so that {inviter} knows whether you "
    "come."
)
LEAVES: Final = "It leaves your calendar by itself. If you have questions, ask {inviter}."
_DECISION: Final = "To read the whole decision, open:"


def _told(
    subject: str, headline: str, then: str, method: Method, status: BookingStatus | None
) -> Message:
    return Message(About.BOOKING, subject, headline, then, method, status)


def _ended(subject: str, headline: str, status: BookingStatus, then: str = LOOK) -> Message:
    return Message(About.BOOKING, subject, headline, then, Method.CANCEL, status, elsewhere=True)


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
    EventKind.BOOKING_CANCELLED: _ended(
        "Cancelled", "Your booking was cancelled.", BookingStatus.CANCELLED
    ),
    EventKind.BOOKING_REJECTED: _ended(
        "Not approved",
        "The facility did not approve your booking. Its time is free again; nothing is charged.",
        BookingStatus.REJECTED,
    ),
    EventKind.BOOKING_DISPLACED: _ended(
        "No longer possible",
        "The facility had to close at that time, so your booking cannot take place.",
        BookingStatus.DISPLACED,
    ),
    EventKind.BOOKING_NO_SHOW: _ended(
        "Missed",
        "Nobody checked in for your booking, so it counts as missed. What was left of its time is "
        "free for others; it stays charged.",
        BookingStatus.NO_SHOW,
        "If you were there, tell the facility. To find another time, open what is free:",
    ),
    EventKind.BOOKING_EXPIRED: _ended(
        "Expired",
        "The time that was held for you was not confirmed in time. It is free for others again.",
        BookingStatus.EXPIRED,
    ),
    EventKind.BOOKING_ALARM_SET: _told(
        "Alarm changed",
        "Your calendar rings at another time for this booking, or no more.",
        _CHANGE,
        Method.REQUEST,
        None,
    ),
    EventKind.BOOKING_RESTORED: _told(
        "Kept after all",
        "Your booking stands as it did before: its cancelling was undone.",
        _CHANGE,
        Method.REQUEST,
        BookingStatus.CONFIRMED,
    ),
    EventKind.BOOKING_CANCELLING: Message(
        About.BOOKING,
        "Deleted in a calendar",
        "Your booking was deleted in a calendar program, so it is about to be cancelled. Its time "
        "is kept for you until the time below.",
        "To keep the booking, open this link by then and press the button. To let it go, do "
        "nothing:",
        status=BookingStatus.CANCELLING,
    ),
    EventKind.CLIENT_EDIT_REFUSED: Message(
        About.ACCOUNT,
        "Not changed",
        "Your calendar program asked for a change that cannot be made. The booking stays as it "
        "was, though the program may still show the change.",
        "To change it in another way, open the booking:",
    ),
    EventKind.DELETIONS_HELD_BACK: Message(
        About.ACCOUNT,
        "Delete these bookings?",
        "Your calendar program deleted more than three bookings within five minutes. So that "
        "nothing is lost by a slip, the others stand until you confirm that they are to be "
        "cancelled.",
        "To see them and cancel them, open this link. To keep them, do nothing:",
    ),
    EventKind.BUSY_CALENDAR_FAILED: Message(
        About.BUSY_CALENDAR,
        "Calendar cannot be read",
        "Your busy calendar could not be read five times in a row. What was read last still counts "
        "as busy; later changes are not known.",
        "To read it now, follow another address or remove it, open:",
    ),
    EventKind.ATTENDEE_ADDED: _told(
        "Invitation", "{inviter} invites you to this booking.", ANSWER, Method.REQUEST, None
    ),
    EventKind.ATTENDEE_REMOVED: _told(
        "No longer invited",
        "You were taken off the booking that {inviter} invited you to.",
        LEAVES,
        Method.CANCEL,
        BookingStatus.CANCELLED,
    ),
    EventKind.CANCELLING_PROPOSED: Message(
        About.BOOKING,
        "Cancel it?",
        "Your calendar answered that you do not come. Your booking stands until you confirm that "
        "it is to be cancelled.",
        "To cancel it, open this link and press the button; it works once, until the start. If "
        "you come after all, do nothing:",
    ),
    EventKind.COUNTER_PROPOSED: Message(
        About.BOOKING,
        "Not moved",
        "Your calendar proposed another time. A booking moves only where its resource is free, so "
        "it stays as it is until you move it.",
        "To move it, open the booking; the time you proposed is filled in:",
        Method.DECLINECOUNTER,
    ),
    EventKind.INVITE_ASKED: _told(
        "Sent again",
        "Your calendar asked for this invitation again. This is how the booking stands now.",
        _CHANGE,
        Method.REQUEST,
        None,
    ),
    EventKind.ATTENDEE_ANSWERED: Message(
        About.BOOKING,
        "An attendee does not come",
        "Somebody who is invited to your booking answered that they do not come. Your booking "
        "stands.",
        "To see who comes, open the booking:",
    ),
    EventKind.MAIL_BOUNCED: Message(
        About.BOOKING,
        "An invitation came back",
        "The invitation of somebody to your booking could not be delivered, so they do not know "
        "of it.",
        "To invite them by another address, open the booking:",
    ),
    EventKind.OFFER_MADE: _told(
        "Offered to you",
        "Time that you wait for is free, and held for you. Answer by the time below to have it.",
        "To take it, open this link:",
        Method.REQUEST,
        BookingStatus.HELD,
    ),
    EventKind.OFFER_ACCEPTED: _told(
        "Confirmed",
        "You have the time that was offered to you. Your booking is confirmed.",
        _CHANGE,
        Method.REQUEST,
        None,
    ),
    EventKind.OFFER_DECLINED: _told(
        "Offer let go",
        "The time that was offered to you was let go. It goes to the next in line.",
        _WAITING,
        Method.CANCEL,
        BookingStatus.CANCELLED,
    ),
    EventKind.OFFER_EXPIRED: _told(
        "Offer ended",
        "The offer was not answered in time. Its time goes to the next in line.",
        _WAITING,
        Method.CANCEL,
        BookingStatus.EXPIRED,
    ),
    EventKind.WAITLIST_EXPIRED: Message(
        About.ENTRY,
        "No time became free",
        "No time became free within what you waited for, so your wait has ended.",
        "To look for another time, open the resource:",
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
        "To ask what would have placed it, or for a review, open:",
    ),
    EventKind.APPEAL_MADE: Message(
        About.APPEAL,
        "Appeal received",
        "Your appeal is received. You get the answer by mail.",
        "To read it again, open:",
    ),
    EventKind.APPEAL_UPHELD: Message(
        About.APPEAL,
        "Appeal upheld",
        "Your appeal was upheld: a fact behind the decision was wrong.",
        "To see what it would have changed, open:",
    ),
    EventKind.APPEAL_DISMISSED: Message(
        About.APPEAL,
        "Appeal dismissed",
        "Your appeal was looked at, and dismissed. This is why.",
        "To read the whole decision, open:",
    ),
    EventKind.DIGEST_DUE: Message(
        About.DIGEST,
        "Your bookings",
        "This is what changed of your bookings, and what is coming.",
        "To see all of them, open:",
    ),
    EventKind.SIGN_IN_LINK_SENT: Message(
        About.SIGN_IN,
        "Sign in to Benchshare",
        "You, or somebody who gave your address, asked to sign in.",
        "To sign in, open this link:",
    ),
}

# Told to the one attendee whom the event names, in words of notifications/invited.py; where it
# names none, to the holder.
TO_ATTENDEE_ALONE: Final = frozenset(
    {
        EventKind.ATTENDEE_ADDED,
        EventKind.ATTENDEE_REMOVED,
        EventKind.COUNTER_PROPOSED,
        EventKind.INVITE_ASKED,
    }
)

# To whoever held it: the booking goes on, but leaves their calendar.
HANDED_ON: Final = _told(
    "Handed over",
    "This booking was handed over to a colleague, so it is no longer in your name.",
    "To look at it, open the booking:",
    Method.CANCEL,
    BookingStatus.CANCELLED,
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
