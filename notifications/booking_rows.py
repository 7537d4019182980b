"""What a mail says of a booking itself: a row each for title, place, time and the rest."""

from booking.engine.displacement import WHY_CLOSED
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.queries.cards import BookingCard
from notifications.calendar import amount, booking_url, place
from notifications.language import Language
from notifications.wording import check_in_words, same_clock, span_words


def booking_rows(card: BookingCard, language: Language, *, told_why: bool) -> list[tuple[str, str]]:
    """Say what a booking is: name and words of each row; those without words are left out."""
    mine = card.attendee is None
    missed = card.status is BookingStatus.NO_SHOW and mine
    rows = [
        ("Attendee", card.spoken_of),
        ("Title", card.title),
        ("Where", place(card)),
        ("How much", amount(card, language)),
        ("When", span_words(card.starts_at, card.ends_at, card.facility_zone, language)),
        ("Your time", _reader_time(card, language)),
        ("Check-in", "" if told_why or not mine else _check_in(card, language)),
        ("Project", card.project_name),
        ("Reason", _reason(card.reason, language) if told_why else ""),
        ("Whom to ask", _whom_to_ask(card) if missed else ""),
        ("Invited by", card.attendee.invited_by if card.attendee else ""),
    ]
    return [(language.say(name), value) for name, value in rows if value]


def _reason(reason: str, language: Language) -> str:
    """Return why, as it was written; what we ourselves say of a closure in the reader's words."""
    for ours in WHY_CLOSED.values():
        if reason.startswith((f"{ours}:", f"{ours}.")):
            return language.say(ours) + reason.removeprefix(ours)
    return reason


def _whom_to_ask(card: BookingCard) -> str:
    """Word whom of the facility to ask; empty where it names nobody."""
    ways = (card.contact_name, card.contact_email, card.contact_url)
    return ", ".join(each for each in ways if each)


def _check_in(card: BookingCard, language: Language) -> str:
    """Word when and where to check in; empty where nobody needs to."""
    if card.no_show_grace_minutes is None or card.status is not BookingStatus.CONFIRMED:
        return ""
    booked = Interval(card.starts_at, card.ends_at)
    return language.say(
        "{between}, by the code on the instrument or at {page}. "
        "After that the time goes to others.",
        between=check_in_words(booked, card.no_show_grace_minutes, card.facility_zone, language),
        page=f"{booking_url(card)}/check-in",
    )


def _reader_time(card: BookingCard, language: Language) -> str:
    """Word the time on the reader's clock; empty where the facility's shows the same."""
    if same_clock(card.starts_at, card.ends_at, card.facility_zone, card.person_zone):
        return ""
    return span_words(card.starts_at, card.ends_at, card.person_zone, language)
