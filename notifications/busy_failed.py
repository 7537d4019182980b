"""What is said of a busy calendar that could not be read: to its owner, or to managers."""

from dataclasses import replace
from typing import Final

from booking.config import Settings
from booking.queries.busy_cards import BusyCard
from booking.queries.events import DueDelivery
from notifications.language import ENGLISH, Language
from notifications.sentences import Message

OF_RESOURCE: Final = (
    "A busy calendar of this resource could not be read five times in a row. What was read last "
    "still closes the resource; later changes are not known, so it may be booked here and there at "
    "once."
)
HOW: Final = (
    "Look in the other calendar program whether the calendar is still shared. If it has a new "
    "address, follow that one, then remove this one. If it was only away for a while, do nothing: "
    "it is tried again by itself."
)


About = tuple[str, list[tuple[str, str]], str]


def busy_failed_words(
    due: DueDelivery, message: Message, card: BusyCard, settings: Settings, language: Language
) -> tuple[Message, About]:
    """Word which calendar it is, why it could not be read, and how to mend that."""
    base = settings.base_url.rstrip("/")
    rows = [
        ("Calendar", card.calendar_name),
        ("Resource", card.resource_name),
        # Why it failed is kept in English, as the page shows it.
        ("Why" if language == ENGLISH else "Why, in English", due.payload.get("problem", "")),
        ("How to mend it", language.say(HOW)),
    ]
    told = [(language.say(name), value) for name, value in rows if value]
    if card.resource_id is None:
        return message, (card.calendar_name, told, f"{base}/account/busy")
    place = f"/manage/facilities/{card.facility_slug}/resources/{card.resource_id}/busy"
    return replace(message, headline=OF_RESOURCE), (card.resource_name, told, base + place)
