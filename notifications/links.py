"""Where the mails about answers lead: one-time links, and a booking's page filled in."""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from booking.config import Settings
from booking.engine.intervals import Interval
from booking.engine.lifecycle import EventKind
from booking.queries.cards import BookingCard
from booking.queries.events import DueDelivery
from booking.services.action_links import link_token
from notifications.calendar import booking_url
from notifications.language import Language
from notifications.wording import same_clock, span_words, zone_of

PROPOSED: Final = ("proposed_starts_at", "proposed_ends_at")


def action_url(settings: Settings, link_id: UUID) -> str:
    """Return the page of a one-time link; the same each time, so a mail can be sent again."""
    return f"{settings.base_url.rstrip('/')}/links/{link_token(settings.secret_key, link_id)}"


def action_link(due: DueDelivery, settings: Settings) -> str:
    """Return the one-time link that an event names (`link_id`); empty where it names none."""
    said = due.payload.get("link_id")
    return action_url(settings, UUID(said)) if isinstance(said, str) else ""


def move_link(due: DueDelivery, card: BookingCard) -> str:
    """Return the booking's page with the proposed time filled in; empty where none is.

    An attendee cannot move it, so for them it is empty too.
    """
    proposed = _proposed(due)
    if proposed is None or due.payload.get("attendee_id"):
        return ""
    start = proposed.start.astimezone(zone_of(card.facility_zone))
    filled = {
        "day": f"{start:%Y-%m-%d}",
        "start": f"{start:%H:%M}",
        "minutes": proposed.minutes,
    }
    return f"{booking_url(card)}?{urlencode(filled)}#move"


def proposed_rows(due: DueDelivery, card: BookingCard, language: Language) -> list[tuple[str, str]]:
    """Say what time a calendar proposed, by the facility's clock and the reader's."""
    proposed = _proposed(due)
    if proposed is None:
        return []
    start, end = proposed.start, proposed.end
    there = span_words(start, end, card.facility_zone, language)
    rows = [(language.say("Proposed"), there)]
    if not same_clock(start, end, card.facility_zone, card.person_zone):
        yours = span_words(start, end, card.person_zone, language)
        rows.append((language.say("Proposed, your time"), yours))
    return rows


def _proposed(due: DueDelivery) -> Interval | None:
    said = [due.payload.get(name) for name in PROPOSED]
    start, end = (datetime.fromisoformat(each) if isinstance(each, str) else None for each in said)
    if due.kind is not EventKind.COUNTER_PROPOSED or start is None or end is None:
        return None
    return Interval(start, end)
