"""What a mail about an offer adds: until when, and the links that answer it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from booking.config import Settings
from booking.engine.lifecycle import EventKind
from booking.queries.cards import BookingCard
from booking.queries.events import DueDelivery
from booking.services.offer_links import offer_token
from notifications.language import Language
from notifications.standing import on_both_clocks

LET_GO: Final = frozenset({EventKind.OFFER_DECLINED, EventKind.OFFER_EXPIRED})


def answer_url(settings: Settings, offer_id: UUID, answer: str) -> str:
    """Return the link that answers an offer without signing in; `answer` is accept or decline."""
    token = offer_token(settings.secret_key, offer_id)
    return f"{settings.base_url.rstrip('/')}/offers/{offer_id}/{answer}/{token}"


def offer_link(due: DueDelivery, settings: Settings) -> str:
    """Return where a mail about an offer leads; empty where its booking is the place to go."""
    offer_id = _offer_id(due.payload)
    if due.kind is EventKind.OFFER_MADE and offer_id is not None:
        return answer_url(settings, offer_id, "accept")
    if due.kind in LET_GO and due.payload.get("entry_id"):
        return f"{settings.base_url.rstrip('/')}/waiting-list"
    return ""


def offer_words(due: DueDelivery, settings: Settings) -> dict[str, Any]:
    """Return what the template of an offer needs beyond that of a booking; none for others."""
    offer_id = _offer_id(due.payload)
    if due.kind is not EventKind.OFFER_MADE or offer_id is None:
        return {}
    return {
        "decline": answer_url(settings, offer_id, "decline"),
        "page": f"{settings.base_url.rstrip('/')}/offers/{offer_id}",
        "waits": bool(due.payload.get("entry_id")),
    }


def offer_rows(due: DueDelivery, card: BookingCard, language: Language) -> list[tuple[str, str]]:
    """Return the row that says by when to answer, on the reader's clock and the facility's."""
    until = due.payload.get("deadline_at")
    if due.kind is not EventKind.OFFER_MADE or not isinstance(until, str):
        return []
    by = on_both_clocks(datetime.fromisoformat(until), card, language)
    return [(language.say("Answer by"), by)]


def _offer_id(payload: Mapping[str, Any]) -> UUID | None:
    said = payload.get("offer_id")
    return UUID(said) if isinstance(said, str) else None
