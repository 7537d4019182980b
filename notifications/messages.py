"""A delivery becomes a mail: as of its event, from its template, with its invite."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from booking.config import Settings
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.tokens import booking_token, derived_token
from booking.queries.account_cards import AccountCard
from booking.queries.appeals import AppealCard
from booking.queries.busy_cards import BusyCard
from booking.queries.cards import BookingCard, DecisionCard, EntryCard, SignInCard
from booking.queries.digests import DigestCard
from booking.queries.events import DueDelivery
from notifications.alternatives import other_time_rows
from notifications.appeals import appeal_words
from notifications.as_it_came import as_it_came
from notifications.booking_rows import booking_rows
from notifications.busy_failed import busy_failed_words
from notifications.calendar import (
    Method,
    booking_url,
    invite_text,
    plus_addressed,
)
from notifications.client_edits import account_words, undo_rows
from notifications.digest import digest_words
from notifications.granted import granted_words, points_words
from notifications.invited import invitation, to_attendee
from notifications.language import ENGLISH, Language, language_of
from notifications.links import action_link, move_link, proposed_rows
from notifications.mail import Invite, Mail
from notifications.nearest import none_left, slots_told
from notifications.offers import offer_link, offer_rows, offer_words
from notifications.preferences import WHY_PLAIN, plain
from notifications.sentences import HANDED_ON, Message, message_for
from notifications.standing import before_rows, until_rows
from notifications.wording import (
    at_words,
    instant_words,
    length_words,
    span_words,
    zone_of,
)

Card = (
    AccountCard
    | AppealCard
    | BookingCard
    | BusyCard
    | DecisionCard
    | DigestCard
    | EntryCard
    | SignInCard
)
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
        return _booking_mail(due, _of_booking(due, card), as_of(card, due), settings)
    if isinstance(card, EntryCard):
        return _entry_mail(due, message, card, settings)
    if isinstance(card, DecisionCard):
        return _decision_mail(due, message, card, settings)
    if isinstance(card, AppealCard | AccountCard | BusyCard):
        return _answer_mail(due, message, card, settings)
    if isinstance(card, DigestCard):
        return _digest_mail(due, message, card, settings)
    return _sign_in_mail(due, message, card, settings)


def reader_language(card: Card) -> Language:
    """Return the reader's language; where it is not shipped, the facility's."""
    if isinstance(card, SignInCard | DigestCard | AccountCard):
        return language_of(card.person_locale)
    return language_of(card.person_locale, card.facility_locale)


def _of_booking(due: DueDelivery, card: BookingCard) -> Message:
    if card.attendee is not None:
        return to_attendee(due, card.attendee)
    return as_it_came(message_for(due), due)


def as_of(card: BookingCard, due: DueDelivery) -> BookingCard:
    """Return the booking as the event left it, where the booking has changed since.

    Two changes at one instant are told apart by their revision. What the event did not write
    down is shown as it is now.
    """
    said, message = due.payload, message_for(due)
    newest = said.get("revision", card.revision) >= card.revision
    own_copy = message is HANDED_ON or due.kind is EventKind.ATTENDEE_REMOVED
    if due.happened_at >= card.updated_at and newest and not own_copy:
        # An alarm is no part of the booking, yet a calendar takes only what is newer.
        rings = due.kind is EventKind.BOOKING_ALARM_SET
        return replace(card, updated_at=due.happened_at) if rings else card
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
    return booking_token(secret_key, card.id)


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
    language = reader_language(card)
    when = instant_words(local, language)
    told_why = message.method is Method.CANCEL and card.attendee is None
    return _mail(
        due,
        card,
        template="offer" if offered else "booking",
        message=message,
        subject=f"{_shortened(card.resource_name)}, {when}",
        sender=(organiser, card.facility_name),
        invite=_invite(due, message, card, settings),
        words={
            "rows": [
                *booking_rows(card, language, told_why=told_why),
                *before_rows(due, card, language),
                *_rows_of_holder(due, card, language),
            ],
            "link": action_link(due, settings)
            or move_link(due, card)
            or offer_link(due, settings)
            or _leads_to(message, card),
            "why": language.say(WHY_PLAIN) if message.method and plain(card, due.kind) else "",
            **offered,
        },
    )


def _rows_of_holder(
    due: DueDelivery, card: BookingCard, language: Language
) -> list[tuple[str, str]]:
    """Say what concerns whoever holds the booking, and nobody whom they invited."""
    if card.attendee is not None:
        return []
    return [
        *until_rows(due, card, language),
        *undo_rows(due, card, language),
        *offer_rows(due, card, language),
        *other_time_rows(due.payload, card.person_zone, language),
        *proposed_rows(due, card, language),
    ]


def _leads_to(message: Message, card: BookingCard) -> str:
    if card.attendee is not None and not card.attendee.on_project:
        return ""
    if message.elsewhere:
        return f"{card.base_url.rstrip('/')}/resources/{card.resource_id}/calendar"
    return booking_url(card)


def _invite(
    due: DueDelivery, message: Message, card: BookingCard, settings: Settings
) -> Invite | None:
    if message.method is None or plain(card, due.kind):
        return None
    token = reply_token(settings.secret_key, card)
    return Invite(message.method, invite_text(card, message.method, due.address, token))


def _decision_mail(
    due: DueDelivery, message: Message, card: DecisionCard, settings: Settings
) -> Mail:
    base, language = settings.base_url.rstrip("/"), reader_language(card)
    return _mail(
        due,
        card,
        template="decision",
        message=message,
        subject=_shortened(card.title),
        sender=(card.organiser, card.facility_name),
        words={
            "granted": granted_words(due, card, language),
            "points": points_words(due, card, language),
            "slots": slots_told(due, card, base, language),
            "none_left": none_left(due, card, language),
            "reasons": card.reasons[:MOST_REASONS],
            "timed": any(map(_CLOCK.search, card.reasons[:MOST_REASONS])),
            "left_out": len(card.reasons[MOST_REASONS:]),
            "in_english": _in_english(card, language),
            "link": f"{base}/rounds/{card.round_slug}/requests/{card.id}",
        },
    )


def _in_english(card: DecisionCard, language: Language) -> str:
    """Say that the reasons are in English; empty where the whole letter is, or has none."""
    if language == ENGLISH or not (card.standing or card.reasons or card.advice):
        return ""
    return language.say("The reasons are in English, as on the page of the round:")


def _entry_mail(due: DueDelivery, message: Message, card: EntryCard, settings: Settings) -> Mail:
    language = reader_language(card)
    between = span_words(card.earliest_at, card.latest_at, card.facility_zone, language)
    rows = [
        ("Title", card.title),
        ("Where", f"{card.resource_name}, {card.facility_name}"),
        ("How long", length_words(card.minutes, language)),
        ("Within", between),
        ("Project", card.project_name),
    ]
    told = [(language.say(name), value) for name, value in rows if value]
    link = f"{settings.base_url.rstrip('/')}/resources/{card.resource_id}"
    return _plain_mail(due, message, card, (card.resource_name, told, link))


def _answer_mail(
    due: DueDelivery,
    message: Message,
    card: AccountCard | AppealCard | BusyCard,
    settings: Settings,
) -> Mail:
    base, language = settings.base_url.rstrip("/"), reader_language(card)
    if isinstance(card, AccountCard):
        message, about = account_words(due, message, card, settings, language)
        return _plain_mail(due, message, card, about)
    if isinstance(card, BusyCard):
        message, about = busy_failed_words(due, message, card, settings, language)
        return _plain_mail(due, message, card, about)
    told = appeal_words(due, message, card, base, language)
    return _plain_mail(due, told.message, card, (card.request_title, told.rows, told.link))


def _plain_mail(
    due: DueDelivery,
    message: Message,
    card: AccountCard | AppealCard | BusyCard | EntryCard,
    about: tuple[str, list[tuple[str, str]], str],
) -> Mail:
    """Write a message that is no invite: `about` is its subject, its rows and its link."""
    return _mail(
        due,
        card,
        template="booking",
        message=message,
        subject=_shortened(about[0]),
        sender=(card.organiser, card.facility_name),
        words={"rows": about[1], "link": about[2]},
    )


def _sign_in_mail(due: DueDelivery, message: Message, card: SignInCard, settings: Settings) -> Mail:
    return _mail(
        due,
        card,
        template="sign_in",
        message=message,
        subject="",
        sender=(settings.sender, "Benchshare"),
        words={
            "until": at_words(card.expires_at, card.person_zone, reader_language(card)),
            "link": sign_in_url(settings, card),
        },
    )


def _digest_mail(due: DueDelivery, message: Message, card: DigestCard, settings: Settings) -> Mail:
    language = reader_language(card)
    today = due.happened_at.astimezone(zone_of(card.person_zone))
    return _mail(
        due,
        card,
        template="digest",
        message=message,
        subject=language.day(today),
        sender=(settings.sender, "Benchshare"),
        words=digest_words(card, language, settings.base_url.rstrip("/")),
    )


def _mail(
    due: DueDelivery,
    card: Card,
    *,
    template: str,
    message: Message,
    subject: str,
    sender: tuple[str, str],
    words: dict[str, Any],
    invite: Invite | None = None,
) -> Mail:
    """Write a message from its template; `subject` is what it is about, after its own words."""
    language = reader_language(card)
    said = _said(message, card, language)
    shown = {
        "message": said,
        "card": card,
        "language": language,
        "say": language.say,
        "count": language.count,
        "greeting": _greeting(card, language),
        "why": "",
        **words,
    }
    return Mail(
        delivery_id=due.id,
        message_id=due.message_id,
        happened_at=due.happened_at,
        sender=sender[0],
        sender_name=sender[1],
        recipient=due.address,
        recipient_name=card.person_name,
        subject=_subject(said, subject, language),
        text=_TEMPLATES.get_template(f"{template}.txt").render(shown),
        html=_TEMPLATES.get_template(f"{template}.html").render(shown),
        invite=invite,
    )


def _subject(message: Message, about: str, language: Language) -> str:
    if not about:
        return message.subject
    return language.say("{name}: {value}", name=message.subject, value=about)


def _greeting(card: Card, language: Language) -> str:
    if not card.person_name:
        return language.say("Hello,")
    return language.say("Dear {name},", name=card.person_name)


def _said(message: Message, card: Card, language: Language) -> Message:
    """Return the message in the reader's language, with what its sentences name."""
    names = invitation(card.attendee) if isinstance(card, BookingCard) and card.attendee else {}
    return replace(
        message,
        subject=language.say(message.subject),
        headline=language.say(message.headline, **names),
        then=language.say(message.then, **names),
    )


def _shortened(name: str) -> str:
    """Cut a title or a name so far that a subject with it stays readable."""
    words = " ".join(name.split())
    if len(words) <= LONGEST_NAME:
        return words
    return words[: LONGEST_NAME - 1].rstrip() + "…"
