"""The free time that a letter about a refused request names, each slot with the way to have it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from booking.engine.lifecycle import BookingMode, EventKind
from booking.engine.wording import as_text
from booking.queries.cards import DecisionCard
from booking.queries.events import DueDelivery
from booking.queries.nearest import NearSlot
from notifications.language import Language
from notifications.wording import both_spans

MOST_TOLD: Final = 5
_NONE_LEFT: Final = (
    "The round left no free time of this length and quantity, on what you asked for or on others "
    "of the same kind."
)


@dataclass(frozen=True, slots=True)
class SlotTold:
    """A free slot in words, and the address at which it is booked or asked for."""

    words: str
    way: str
    link: str


def slots_told(
    due: DueDelivery, card: DecisionCard, base_url: str, language: Language
) -> list[SlotTold]:
    """Word the nearest free slots on both clocks; those that are over by then are left out."""
    if due.kind is not EventKind.REQUEST_NOT_GRANTED:
        return []
    coming = [each for each in card.nearest if each.starts_at > due.happened_at]
    return [_told(each, card, base_url, language) for each in coming[:MOST_TOLD]]


def none_left(due: DueDelivery, card: DecisionCard, language: Language) -> str:
    """Say that nothing is left near what was asked for; empty where something is."""
    refused = due.kind is EventKind.REQUEST_NOT_GRANTED
    coming = any(each.starts_at > due.happened_at for each in card.nearest)
    return language.say(_NONE_LEFT) if refused and not coming else ""


def _told(slot: NearSlot, card: DecisionCard, base_url: str, language: Language) -> SlotTold:
    often = f"{slot.quantity} x " if slot.quantity > 1 else ""
    when = both_spans(slot.starts_at, slot.ends_at, slot.zone, card.person_zone, language)
    words = f"{often}{slot.resource_name}, {slot.facility_name}: {when}"
    if not slot.bookable:
        rounds = language.say("given out in rounds only; the next ones")
        return SlotTold(words, rounds, f"{base_url}/rounds")
    times = {
        "starts_at": as_text(slot.starts_at),
        "ends_at": as_text(slot.ends_at),
        "quantity": slot.quantity,
    }
    link = f"{base_url}/resources/{slot.resource}/book?{urlencode(times, safe=':')}"
    asks = slot.mode is BookingMode.APPROVAL
    way = language.say("ask for it") if asks else language.say("book it")
    return SlotTold(words, way, link)
