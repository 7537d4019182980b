"""A delivery becomes a mail: as of its event, from its template, with its invite."""

import re
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from booking.config import Settings
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.tokens import derived_token
from booking.engine.wording import length_in_words
from booking.queries.appeals import AppealCard
from booking.queries.cards import BookingCard, DecisionCard, EntryCard, SignInCard
from booking.queries.events import DueDelivery
from notifications.alternatives import other_time_rows
from notifications.appeals import appeal_words
from notifications.calendar import (
    Method,
    amount,
    booking_url,
    invite_text,
    place,
    plus_addressed,
)
from notifications.granted import granted_words, points_words
from notifications.mail import Invite, Mail
from notifications.nearest import none_left, slots_told
from notifications.offers import offer_link, offer_rows, offer_words
from notifications.sentences import HANDED_ON, Message, as_it_came, message_for
from notifications.standing import before_rows, until_rows
from notifications.wording import (
    at_words,
    check_in_words,
    instant_words,
    same_clock,
    span_words,
    zone_of,
)

Card = AppealCard | BookingCard | DecisionCard | EntryCard | SignInCard
REPLY_TOKEN_LENGTH: Final = 24
LONGEST_NAME: Final = 60
MOST_REASONS: Final = 6
_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b", re.ASCII)


_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)


def compose(due: DueDelivery, card: Card, settings: Settings) -> Mail:
    """Write the message that a delivery stands for.

    Raises: ValueError if an address cannot stand in a mail.
    """
    message = message_for(due)
    if isinstance(card, BookingCard):
        return _booking_mail(due, as_it_came(message, due), as_of(card, due), settings)
    if isinstance(card, EntryCard):
        return _entry_mail(due, message, card, settings)
    if isinstance(card, DecisionCard):
        return _decision_mail(due, message, card, settings)
    if isinstance(card, AppealCard):
        return _appeal_mail(due, message, card, settings)
    return _sign_in_mail(due, message, card, settings)


def as_of(card: BookingCard, due: DueDelivery) -> BookingCard:
    """Return the booking as the event left it, where the booking has changed since.

    Two changes at one instant are told apart by their revision. What the event did not write
    down is shown as it is now.
    """
    said, message = due.payload, message_for(due)
    newest = said.get("revision", card.revision) >= card.revision
    if due.happened_at >= card.updated_at and newest and message is not HANDED_ON:
        return card
    then: dict[str, Any] = {"updated_at": due.happened_at}
    for name in ("starts_at", "ends_at"):
        if isinstance(said.get(name), str):
            then[name] = datetime.fromisoformat(said[name])
    for name in ("sequence", "quantity"):
        if isinstance(said.get(name), int):
            then[name] = said[name]
    status = message.status
    if status is not None:
        then["status"] = status
    elif isinstance(said.get("status"), str):
        then["status"] = BookingStatus(said["status"])
    return replace(card, **then)


def reply_token(secret_key: str, card: BookingCard) -> str:
    """Return what plus-addresses a booking's organiser: short, and safe in any mailbox's name."""
    derived = derived_token(secret_key, "calendar-reply", str(card.id))
    return sha256(derived.encode()).hexdigest()[:REPLY_TOKEN_LENGTH]


def sign_in_url(settings: Settings, card: SignInCard) -> str:
    """Return the one-time address of a sign-in link."""
    token = derived_token(settings.secret_key, "sign-in", str(card.id))
    return f"{settings.base_url.rstrip('/')}/sign-in/{token}"


def _booking_mail(
    due: DueDelivery, message: Message, card: BookingCard, settings: Settings
) -> Mail:
    local = card.starts_at.astimezone(zone_of(card.facility_zone))
    # Readers drop a CANCEL whose sender is not its ORGANIZER, so both have the booking's address.
    organiser = plus_addressed(card.organiser, reply_token(settings.secret_key, card))
    offered = offer_words(due, settings)
    return _mail(
        due,
        card,
        template="offer" if offered else "booking",
        subject=f"{message.subject}: {_shortened(card.resource_name)}, {instant_words(local)}",
        sender=(organiser, card.facility_name),
        invite=_invite(due, message, card, settings),
        words={
            "message": message,
            "card": card,
            "rows": [
                *_booking_rows(card, told_why=message.method is Method.CANCEL),
                *before_rows(due, card),
                *until_rows(due, card),
                *offer_rows(due, card),
                *other_time_rows(due.payload, card.person_zone),
            ],
            "link": offer_link(due, settings) or _leads_to(message, card),
            **offered,
        },
    )


def _leads_to(message: Message, card: BookingCard) -> str:
    if message.elsewhere:
        return f"{card.base_url.rstrip('/')}/resources/{card.resource_id}/calendar"
    return booking_url(card)


def _booking_rows(card: BookingCard, *, told_why: bool) -> list[tuple[str, str]]:
    rows = [
        ("Title", card.title),
        ("Where", place(card)),
        ("How much", amount(card)),
        ("When", span_words(card.starts_at, card.ends_at, card.facility_zone)),
        ("Your time", _reader_time(card)),
        ("Check-in", "" if told_why else _check_in(card)),
        ("Project", card.project_name),
        ("Reason", card.reason if told_why else ""),
        ("Whom to ask", _whom_to_ask(card) if card.status is BookingStatus.NO_SHOW else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _whom_to_ask(card: BookingCard) -> str:
    """Word whom of the facility to ask; empty where it names nobody."""
    ways = (card.contact_name, card.contact_email, card.contact_url)
    return ", ".join(each for each in ways if each)


def _check_in(card: BookingCard) -> str:
    """Word when and where to check in; empty where nobody needs to."""
    if card.no_show_grace_minutes is None or card.status is not BookingStatus.CONFIRMED:
        return ""
    booked = Interval(card.starts_at, card.ends_at)
    between = check_in_words(booked, card.no_show_grace_minutes, card.facility_zone)
    return (
        f"{between}, by the code on the instrument or at {booking_url(card)}/check-in. "
        "After that the time goes to others."
    )


def _reader_time(card: BookingCard) -> str:
    """Word the time on the reader's clock; empty where the facility's shows the same."""
    if same_clock(card.starts_at, card.ends_at, card.facility_zone, card.person_zone):
        return ""
    return span_words(card.starts_at, card.ends_at, card.person_zone)


def _invite(
    due: DueDelivery, message: Message, card: BookingCard, settings: Settings
) -> Invite | None:
    if message.method is None:
        return None
    token = reply_token(settings.secret_key, card)
    return Invite(message.method, invite_text(card, message.method, due.address, token))


def _decision_mail(
    due: DueDelivery, message: Message, card: DecisionCard, settings: Settings
) -> Mail:
    base = settings.base_url.rstrip("/")
    return _mail(
        due,
        card,
        template="decision",
        subject=f"{message.subject}: {_shortened(card.title)}",
        sender=(card.organiser, card.facility_name),
        words={
            "message": message,
            "card": card,
            "granted": granted_words(due, card),
            "points": points_words(due, card),
            "slots": slots_told(due, card, base),
            "none_left": none_left(due, card),
            "reasons": card.reasons[:MOST_REASONS],
            "timed": any(map(_CLOCK.search, card.reasons[:MOST_REASONS])),
            "left_out": len(card.reasons[MOST_REASONS:]),
            "link": f"{base}/rounds/{card.round_slug}/requests/{card.id}",
        },
    )


def _entry_mail(due: DueDelivery, message: Message, card: EntryCard, settings: Settings) -> Mail:
    between = span_words(card.earliest_at, card.latest_at, card.facility_zone)
    rows = [
        ("Title", card.title),
        ("Where", f"{card.resource_name}, {card.facility_name}"),
        ("How long", length_in_words(card.minutes)),
        ("Within", between),
        ("Project", card.project_name),
    ]
    return _mail(
        due,
        card,
        template="booking",
        subject=f"{message.subject}: {_shortened(card.resource_name)}",
        sender=(card.organiser, card.facility_name),
        words={
            "message": message,
            "card": card,
            "rows": [(name, value) for name, value in rows if value],
            "link": f"{settings.base_url.rstrip('/')}/resources/{card.resource_id}",
        },
    )


def _appeal_mail(due: DueDelivery, message: Message, card: AppealCard, settings: Settings) -> Mail:
    told = appeal_words(due, message, card, settings.base_url.rstrip("/"))
    return _mail(
        due,
        card,
        template="booking",
        subject=f"{told.message.subject}: {_shortened(card.request_title)}",
        sender=(card.organiser, card.facility_name),
        words={"message": told.message, "card": card, "rows": told.rows, "link": told.link},
    )


def _sign_in_mail(due: DueDelivery, message: Message, card: SignInCard, settings: Settings) -> Mail:
    return _mail(
        due,
        card,
        template="sign_in",
        subject=message.subject,
        sender=(settings.sender, "Benchshare"),
        words={
            "message": message,
            "card": card,
            "until": at_words(card.expires_at, card.person_zone),
            "link": sign_in_url(settings, card),
        },
    )


def _mail(
    due: DueDelivery,
    card: Card,
    *,
    template: str,
    subject: str,
    sender: tuple[str, str],
    words: dict[str, Any],
    invite: Invite | None = None,
) -> Mail:
    return Mail(
        delivery_id=due.id,
        message_id=due.message_id,
        happened_at=due.happened_at,
        sender=sender[0],
        sender_name=sender[1],
        recipient=due.address,
        recipient_name=card.person_name,
        subject=subject,
        text=_TEMPLATES.get_template(f"{template}.txt").render(words),
        html=_TEMPLATES.get_template(f"{template}.html").render(words),
        invite=invite,
    )


def _shortened(name: str) -> str:
    """Cut a title or a name so far that a subject with it stays readable."""
    words = " ".join(name.split())
    if len(words) <= LONGEST_NAME:
        return words
    return words[: LONGEST_NAME - 1].rstrip() + "…"
