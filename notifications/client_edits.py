"""What a person is told of what their calendar program asked for: refused, held back, undoable."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from booking.config import Settings
from booking.engine.lifecycle import EventKind
from booking.engine.wording import with_times
from booking.queries.account_cards import AccountCard
from booking.queries.cards import BookingCard
from booking.queries.events import DueDelivery
from notifications.alternatives import other_time_rows
from notifications.language import ENGLISH, Language
from notifications.links import action_link
from notifications.sentences import Message
from notifications.standing import on_both_clocks
from notifications.wording import at_words, both_spans, span_words

NOT_BOOKED: Final = (
    "Your calendar program asked for a booking that cannot be made. Nothing was booked, though "
    "the program may still show it."
)
LOOK_FOR_ONE: Final = "To find a time that is free, open the search:"


About = tuple[str, list[tuple[str, str]], str]
"""What a mail is about: the end of its subject, its rows, and where it leads."""


def account_words(
    due: DueDelivery, message: Message, card: AccountCard, settings: Settings, language: Language
) -> tuple[Message, About]:
    """Word what became of an edit: the booking it was about, what was asked for, and why not."""
    base = settings.base_url.rstrip("/")
    rows = [(language.say("Calendar account"), card.account_name)]
    if due.kind is EventKind.DELETIONS_HELD_BACK:
        until = datetime.fromisoformat(due.payload["until"])
        rows.append((language.say("Until"), at_words(until, card.person_zone, language)))
        return message, ("", rows, action_link(due, settings))
    booking = due.payload.get("booking")
    rows += [
        *_booking_rows(booking, card, language),
        *_asked_rows(due, booking, card, language),
        *_reason_rows(due, booking, card, language),
        *other_time_rows(due.payload, card.person_zone, language),
    ]
    if due.payload.get("booking_id") is None:
        message = replace(message, subject="Not booked", headline=NOT_BOOKED, then=LOOK_FOR_ONE)
        return message, ("", rows, f"{base}/")
    link = f"{base}/bookings/{due.payload['booking_id']}"
    subject = "" if booking is None else str(booking["resource_name"])
    return message, (subject, rows, link)


def undo_rows(due: DueDelivery, card: BookingCard, language: Language) -> list[tuple[str, str]]:
    """Say until when a booking that a program deleted can be kept."""
    until = due.payload.get("until")
    if due.kind is not EventKind.BOOKING_CANCELLING or not isinstance(until, str):
        return []
    at = datetime.fromisoformat(until)
    return [(language.say("Kept until"), on_both_clocks(at, card, language))]


def _booking_rows(
    booking: dict[str, str] | None, card: AccountCard, language: Language
) -> list[tuple[str, str]]:
    if booking is None:
        return []
    start, end = (datetime.fromisoformat(booking[name]) for name in ("starts_at", "ends_at"))
    when = both_spans(start, end, booking["zone"], card.person_zone, language)
    where = f"{booking['resource_name']}, {booking['facility_name']}"
    return [(language.say("Where"), where), (language.say("When"), when)]


def _reason_rows(
    due: DueDelivery, booking: dict[str, str] | None, card: AccountCard, language: Language
) -> list[tuple[str, str]]:
    """Give the rules' own sentences, by the clock that the other rows show first."""
    zone = card.person_zone if booking is None else booking["zone"]
    name = language.say("Why not" if language == ENGLISH else "Why not (in English)")
    return [
        (
            name,
            with_times(
                each,
                interval=lambda start, end: span_words(start, end, zone, ENGLISH),
                instant=lambda at: at_words(at, zone, ENGLISH),
            ),
        )
        for each in due.payload.get("reasons", ())
    ]


def _asked_rows(
    due: DueDelivery, booking: dict[str, Any] | None, card: AccountCard, language: Language
) -> list[tuple[str, str]]:
    wanted = due.payload.get("wanted")
    if due.payload.get("deleting"):
        return [(language.say("Asked for"), language.say("to be deleted"))]
    if not wanted:
        return []
    start, end = (datetime.fromisoformat(each) for each in wanted)
    if booking is None:
        when = span_words(start, end, card.person_zone, language)
    else:
        when = both_spans(start, end, booking["zone"], card.person_zone, language)
    return [(language.say("Asked for"), when)]
