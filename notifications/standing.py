"""What a mail says beyond how a booking stands: how it stood, and how long it is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.queries.cards import BookingCard
from booking.queries.events import DueDelivery
from notifications.calendar import units
from notifications.language import Language
from notifications.wording import at_words, same_clock, span_words

KEPT_UNTIL: Final = {
    (EventKind.BOOKING_HELD, BookingStatus.HELD): "Confirm by",
    (EventKind.BOOKING_PENDING, BookingStatus.PENDING): "Kept until",
}


def before_rows(due: DueDelivery, card: BookingCard, language: Language) -> list[tuple[str, str]]:
    """Say what of a booking that was moved was otherwise before; no rows where nothing was."""
    was = due.payload.get("was")
    if due.kind is not EventKind.BOOKING_MOVED or not isinstance(was, dict):
        return []
    on, quantity = due.payload.get("was_on"), was.get("quantity")
    rows = _times_before(was, card, language)
    if isinstance(on, str):
        rows.append((language.say("Before, where"), on))
    if isinstance(quantity, int) and quantity != card.quantity:
        much = units(quantity, card.unit_label, language)
        rows.append((language.say("Before, how much"), much))
    return rows


def _times_before(
    was: Mapping[str, Any], card: BookingCard, language: Language
) -> list[tuple[str, str]]:
    times = [was.get(name) for name in ("starts_at", "ends_at")]
    start, end = (datetime.fromisoformat(each) if each else None for each in times)
    if start is None or end is None or (start, end) == (card.starts_at, card.ends_at):
        return []
    rows = [(language.say("Before"), span_words(start, end, card.facility_zone, language))]
    if not same_clock(start, end, card.facility_zone, card.person_zone):
        here = span_words(start, end, card.person_zone, language)
        rows.append((language.say("Before, your time"), here))
    return rows


def until_rows(due: DueDelivery, card: BookingCard, language: Language) -> list[tuple[str, str]]:
    """Say until when time is kept that is not confirmed yet, on the reader's clock."""
    name = KEPT_UNTIL.get((due.kind, card.status))
    if name is None or card.expires_at is None:
        return []
    return [(language.say(name), on_both_clocks(card.expires_at, card, language))]


def on_both_clocks(at: datetime, card: BookingCard, language: Language) -> str:
    """Word an instant on the reader's clock, and on the facility's where that differs."""
    words = at_words(at, card.person_zone, language)
    if same_clock(at, at, card.person_zone, card.facility_zone):
        return words
    there = at_words(at, card.facility_zone, language)
    return language.say("{here}, which is {there}", here=words, there=there)
