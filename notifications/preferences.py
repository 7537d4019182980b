"""What a person who asked for no invites is told all the same, and why."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.vocabulary import CalendarMail, ChangedBy
from booking.queries.cards import BookingCard
from booking.queries.events import Addressee, PendingEvent

# What a feed shows soon enough, and a digest the next day.
_SHOWN_BY_FEEDS: Final = frozenset(
    {
        EventKind.BOOKING_HELD,
        EventKind.BOOKING_PENDING,
        EventKind.BOOKING_CONFIRMED,
        EventKind.BOOKING_APPROVED,
        EventKind.BOOKING_RETITLED,
        EventKind.BOOKING_ALARM_SET,
        EventKind.BOOKING_RESTORED,
        EventKind.OFFER_ACCEPTED,
        EventKind.OFFER_DECLINED,
    }
)
# The same, where the person did it.
_OWN_DOING: Final = frozenset(
    {EventKind.BOOKING_MOVED, EventKind.BOOKING_CANCELLED, EventKind.BOOKING_HANDED_OVER}
)
# What answers a calendar program is of no use without its calendar part.
_ASKED_BY_A_CALENDAR: Final = frozenset({EventKind.INVITE_ASKED, EventKind.COUNTER_PROPOSED})
WHY_PLAIN: Final = (
    "Your account asks for no invitations by mail, so this mail holds none. It comes all the same, "
    "since it was not you who changed the booking, or since it needs your answer."
)


def hears_at_once(event: PendingEvent, reader: Addressee) -> bool:
    """Say whether whoever holds or held a booking gets a mail about it at once."""
    if reader.calendar_mail is CalendarMail.INVITE:
        return True
    if event.kind in _SHOWN_BY_FEEDS:
        return False
    return event.kind not in _OWN_DOING or not _done_by(event.payload, reader.person_id)


def plain(card: BookingCard, kind: EventKind) -> bool:
    """Say whether the reader's mail holds no invite; who is invited by others gets each."""
    if card.attendee is not None or kind in _ASKED_BY_A_CALENDAR:
        return False
    return card.calendar_mail is not CalendarMail.INVITE


def _done_by(payload: Mapping[str, Any], person_id: UUID | None) -> bool:
    """Say whether the reader held the booking before, and changed it themselves."""
    was = payload.get("was")
    before = was if isinstance(was, dict) else {}
    held = before.get("person_id", payload.get("person_id")) == str(person_id)
    own = payload.get("by") == ChangedBy.HOLDER or before.get("status") == BookingStatus.CANCELLING
    return held and own
