"""What a mail says beyond how a booking stands: how it stood, and how long it is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.queries.cards import BookingCard
from booking.queries.events import DueDelivery
from notifications.wording import at_words, same_clock, span_words

KEPT_UNTIL: Final = {
    (EventKind.BOOKING_HELD, BookingStatus.HELD): "Confirm by",
    (EventKind.BOOKING_PENDING, BookingStatus.PENDING): "Kept until",
}


def before_rows(due: DueDelivery, card: BookingCard) -> list[tuple[str, str]]:
    """Say what of a booking that was moved was otherwise before; no rows where nothing was."""
    was = due.payload.get("was")
    if due.kind is not EventKind.BOOKING_MOVED or not isinstance(was, dict):
        return []
    on, quantity = due.payload.get("was_on"), was.get("quantity")
    rows = _times_before(was, card)
    if isinstance(on, str):
        rows.append(("Before, where", on))
    if isinstance(quantity, int) and quantity != card.quantity:
        rows.append(("Before, how much", f"{quantity} x {card.unit_label or 'unit'}"))
    return rows


def _times_before(was: Mapping[str, Any], card: BookingCard) -> list[tuple[str, str]]:
    times = [was.get(name) for name in ("starts_at", "ends_at")]
    start, end = (datetime.fromisoformat(each) if each else None for each in times)
    if start is None or end is None or (start, end) == (card.starts_at, card.ends_at):
        return []
    rows = [("Before", span_words(start, end, card.facility_zone))]
    if not same_clock(start, end, card.facility_zone, card.person_zone):
        rows.append(("Before, your time", span_words(start, end, card.person_zone)))
    return rows


def until_rows(due: DueDelivery, card: BookingCard) -> list[tuple[str, str]]:
    """Say until when time is kept that is not confirmed yet, on the reader's clock."""
    name = KEPT_UNTIL.get((due.kind, card.status))
    if name is None or card.expires_at is None:
        return []
    return [(name, on_both_clocks(card.expires_at, card))]


def on_both_clocks(at: datetime, card: BookingCard) -> str:
    """Word an instant on the reader's clock, and on the facility's where that differs."""
    words = at_words(at, card.person_zone)
    if same_clock(at, at, card.person_zone, card.facility_zone):
        return words
    return f"{words}, which is {at_words(at, card.facility_zone)}"
