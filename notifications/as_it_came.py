"""How an event came about changes what is said of it: by whom it was done, and from what."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.vocabulary import ChangedBy
from booking.queries.events import DueDelivery
from notifications.sentences import LOOK, Message

_BESIDE: Final = "To find another time than the one that is kept for you, open what is free:"

# Instead of a booking that gave way to a closure: nobody waited for it.
_INSTEAD: Final = {
    EventKind.OFFER_MADE: "Your booking had to give way to a closure, and this time is held for "
    "you instead. Answer by the time below to have it.",
    EventKind.OFFER_DECLINED: "The time that was offered to you instead was let go. It is free "
    "for others.",
    EventKind.OFFER_EXPIRED: "The offer of another time was not answered, so that time is free "
    "for others.",
}

# Who did it, as a part they play; their names are on the booking's page for whoever may see them.
_BY: Final[Mapping[tuple[EventKind, Any], str]] = {
    (EventKind.BOOKING_CANCELLED, ChangedBy.HOLDER): "You cancelled your booking.",
    (EventKind.BOOKING_CANCELLED, ChangedBy.COLLEAGUE): "A colleague of your project cancelled "
    "your booking.",
    (EventKind.BOOKING_CANCELLED, ChangedBy.FACILITY): "The facility cancelled your booking.",
    (EventKind.BOOKING_MOVED, ChangedBy.HOLDER): "You changed your booking. This is how it "
    "stands now.",
    (EventKind.BOOKING_MOVED, ChangedBy.COLLEAGUE): "A colleague of your project changed your "
    "booking. This is how it stands now.",
    (EventKind.BOOKING_MOVED, ChangedBy.FACILITY): "The facility changed your booking. This is "
    "how it stands now.",
}

_WAITS_ON: Final = (
    "You took the time that was offered to you. The facility has yet to approve it, and keeps it "
    "for you until then."
)

_UNANSWERED: Final = (
    "The facility did not answer your booking in time, so it lapsed. The time is free again, and "
    "nothing is charged."
)


def as_it_came(message: Message, due: DueDelivery) -> Message:
    """Word it as what it was before, and by whom it was done.

    A wish that nobody answered was no hold, and an offer instead of a booking no wait.
    """
    if due.kind in _INSTEAD and due.payload.get("displaced_id"):
        return _instead(message, due.kind)
    if due.kind is EventKind.BOOKING_DISPLACED and due.payload.get("offered"):
        return replace(message, then=_BESIDE)
    headline = _BY.get((due.kind, due.payload.get("by")))
    if headline is not None:
        return replace(message, headline=headline)
    asks = due.payload.get("status") == BookingStatus.PENDING
    if due.kind is EventKind.OFFER_ACCEPTED and asks:
        return replace(message, subject="Waiting for approval", headline=_WAITS_ON)
    was = due.payload.get("was")
    unanswered = isinstance(was, dict) and was.get("status") == BookingStatus.PENDING
    if due.kind is EventKind.BOOKING_EXPIRED and unanswered:
        return replace(message, headline=_UNANSWERED)
    return message


def _instead(message: Message, kind: EventKind) -> Message:
    message = replace(message, headline=_INSTEAD[kind])
    if kind is EventKind.OFFER_MADE:
        return message
    return replace(message, then=LOOK, elsewhere=True)
