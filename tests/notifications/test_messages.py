"""Who is told what, in which words, with which invite."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.tokens import derived_token
from booking.queries.cards import BookingCard, DecisionCard, SignInCard
from booking.queries.events import DueDelivery
from notifications.mail import Mail, mime
from notifications.messages import as_of, compose, reply_token
from notifications.sentences import MESSAGES
from tests.notifications.cards import a_card
from tests.notifications.outcomes import settings_for

SETTINGS = settings_for(Path("unused"))
HAPPENED = datetime(2026, 11, 20, 8, 0, 5, 250, tzinfo=UTC)

INVITES = [
    (EventKind.BOOKING_CONFIRMED, BookingStatus.CONFIRMED, 0, "REQUEST", "CONFIRMED"),
    (EventKind.BOOKING_PENDING, BookingStatus.PENDING, 0, "REQUEST", "TENTATIVE"),
    (EventKind.BOOKING_HELD, BookingStatus.HELD, 0, "REQUEST", "TENTATIVE"),
    (EventKind.BOOKING_APPROVED, BookingStatus.CONFIRMED, 1, "REQUEST", "CONFIRMED"),
    (EventKind.BOOKING_MOVED, BookingStatus.CONFIRMED, 1, "REQUEST", "CONFIRMED"),
    (EventKind.BOOKING_RETITLED, BookingStatus.CONFIRMED, 0, "REQUEST", "CONFIRMED"),
    (EventKind.BOOKING_HANDED_OVER, BookingStatus.CONFIRMED, 1, "REQUEST", "CONFIRMED"),
    (EventKind.BOOKING_CANCELLED, BookingStatus.CANCELLED, 1, "CANCEL", "CANCELLED"),
    (EventKind.BOOKING_REJECTED, BookingStatus.REJECTED, 1, "CANCEL", "CANCELLED"),
    (EventKind.BOOKING_NO_SHOW, BookingStatus.NO_SHOW, 1, "CANCEL", "CANCELLED"),
    (EventKind.BOOKING_DISPLACED, BookingStatus.DISPLACED, 1, "CANCEL", "CANCELLED"),
    (EventKind.BOOKING_EXPIRED, BookingStatus.EXPIRED, 1, "CANCEL", "CANCELLED"),
]


def due(kind: EventKind, at: datetime = HAPPENED, **payload: Any) -> DueDelivery:
    return DueDelivery(
        id=UUID(int=9),
        person_id=UUID(int=4),
        address="amina@sme.example",
        message_id="<9@bench.example>",
        attempts=1,
        kind=kind,
        happened_at=at,
        subject_id=UUID(int=1),
        payload=payload,
    )


def event_of(mail: Mail) -> Any:
    assert mail.invite is not None
    return Calendar.from_ical(mail.invite.text).walk("VEVENT")[0]


def a_decision(**given: Any) -> DecisionCard:
    card = a_card()
    shared = {
        name: getattr(card, name)
        for name in DecisionCard.__dataclass_fields__
        if name in BookingCard.__dataclass_fields__
    }
    defaults = {
        "round_slug": "spring",
        "round_name": "Spring call",
        "reasons": ("Two requests were ranked higher.",),
        "advice": ("More windows or more resources.",),
        "placements": (),
        "standing": "",
        "nearest": (),
        "merit": None,
        "fair_share_millionths": 1_000_000,
    }
    return DecisionCard(**shared | defaults | given)


@pytest.mark.parametrize(("kind", "status", "sequence", "method", "word"), INVITES)
def test_compose__booking_event__invites_by_the_table(
    kind: EventKind, status: BookingStatus, sequence: int, method: str, word: str
) -> None:
    mail = compose(due(kind), a_card(status=status, sequence=sequence), SETTINGS)
    assert mail.invite is not None
    assert mail.invite.method == method
    event = event_of(mail)
    assert (event["SEQUENCE"], str(event["STATUS"])) == (sequence, word)
    assert str(event["ATTENDEE"]) == "mailto:amina@sme.example"


def test_compose__request_and_cancel__have_the_same_organiser_who_sends() -> None:
    asked = compose(due(EventKind.BOOKING_CONFIRMED), a_card(), SETTINGS)
    ended = compose(
        due(EventKind.BOOKING_CANCELLED), a_card(status=BookingStatus.CANCELLED), SETTINGS
    )
    organiser = f"mailto:bookings+{reply_token(SETTINGS.secret_key, a_card())}@bench.example"
    assert str(event_of(asked)["ORGANIZER"]) == str(event_of(ended)["ORGANIZER"]) == organiser
    assert f"mailto:{asked.sender}" == f"mailto:{ended.sender}" == organiser


def test_compose__reader_in_another_zone__is_told_both_times() -> None:
    mail = compose(due(EventKind.BOOKING_CONFIRMED), a_card(person_zone="Europe/London"), SETTINGS)
    for words in (mail.text, mail.html):
        assert "Tuesday 1 December 2026, 11:00 to 13:00 (Africa/Nairobi, UTC+03:00)" in words
        assert "Tuesday 1 December 2026, 08:00 to 10:00 (Europe/London, UTC+00:00)" in words


def test_compose__reader_on_the_same_clock__is_told_one_time() -> None:
    mail = compose(due(EventKind.BOOKING_CONFIRMED), a_card(), SETTINGS)
    assert "Your time" not in mail.text


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (EventKind.BOOKING_CANCELLED, BookingStatus.CANCELLED),
        (EventKind.BOOKING_REJECTED, BookingStatus.REJECTED),
        (EventKind.BOOKING_DISPLACED, BookingStatus.DISPLACED),
        (EventKind.BOOKING_NO_SHOW, BookingStatus.NO_SHOW),
        (EventKind.BOOKING_EXPIRED, BookingStatus.EXPIRED),
        (EventKind.OFFER_DECLINED, BookingStatus.CANCELLED),
    ],
)
def test_compose__time_lost__leads_to_what_is_free(kind: EventKind, status: BookingStatus) -> None:
    instead = str(UUID(int=6))
    mail = compose(due(kind, displaced_id=instead), a_card(status=status), SETTINGS)
    free = f"https://bench.example/resources/{UUID(int=2)}/calendar"
    for words in (mail.text, mail.html):
        assert "To find another time, open what is free:" in words
        assert free in words


def test_compose__displaced_with_an_offer__speaks_of_the_time_that_is_kept() -> None:
    time = {
        "resource_name": "Lathe",
        "facility_name": "Workshop",
        "zone": "Africa/Nairobi",
        "starts_at": "2026-11-24T09:00:00+00:00",
        "ends_at": "2026-11-24T10:00:00+00:00",
    }
    card = a_card(status=BookingStatus.DISPLACED)
    mail = compose(due(EventKind.BOOKING_DISPLACED, offered=time), card, SETTINGS)
    assert "Kept for you: Lathe, Workshop" in mail.text
    assert "another time than the one that is kept for you, open what is free:" in mail.text


def test_compose__any_booking__says_where_to_go_next() -> None:
    mail = compose(due(EventKind.BOOKING_CONFIRMED), a_card(), SETTINGS)
    assert f"https://bench.example/bookings/{a_card().id}" in mail.text
    assert f"https://bench.example/bookings/{a_card().id}" in mail.html


def test_compose__cancelled_with_a_reason__says_it() -> None:
    card = a_card(status=BookingStatus.CANCELLED, reason="The tube broke.")
    assert "The tube broke." in compose(due(EventKind.BOOKING_CANCELLED), card, SETTINGS).text


@pytest.mark.parametrize(
    ("was", "words"), [("pending", "did not answer"), ("held", "was held for you")]
)
def test_compose__lapsed__says_who_was_late(was: str, words: str) -> None:
    card = a_card(status=BookingStatus.EXPIRED)
    mail = compose(due(EventKind.BOOKING_EXPIRED, was={"status": was}), card, SETTINGS)
    for text in (mail.text, mail.html):
        assert words in text


def test_compose__missed__says_what_it_costs_and_whom_to_tell() -> None:
    card = a_card(status=BookingStatus.NO_SHOW, reason="We rang twice.")
    mail = compose(due(EventKind.BOOKING_NO_SHOW), card, SETTINGS)
    assert mail.subject.startswith("Missed: X-ray diffractometer")
    for words in ("stays charged", "tell the facility", "Reason: We rang twice."):
        assert words in mail.text


def test_compose__missed__names_the_contact_where_there_is_one() -> None:
    known = {"contact_name": "Wanjiru Kamau", "contact_email": "desk@lab.example"}
    missed = {"status": BookingStatus.NO_SHOW}
    mail = compose(due(EventKind.BOOKING_NO_SHOW), a_card(**missed, **known), SETTINGS)
    unknown = compose(due(EventKind.BOOKING_NO_SHOW), a_card(**missed), SETTINGS)
    other = compose(due(EventKind.BOOKING_CONFIRMED), a_card(**known), SETTINGS)
    assert "Whom to ask: Wanjiru Kamau, desk@lab.example" in mail.text
    assert "Whom to ask" not in unknown.text + other.text


@pytest.mark.parametrize(
    ("kind", "status", "grace", "told"),
    [
        (EventKind.BOOKING_CONFIRMED, BookingStatus.CONFIRMED, 15, True),
        (EventKind.BOOKING_APPROVED, BookingStatus.CONFIRMED, 15, True),
        (EventKind.BOOKING_CONFIRMED, BookingStatus.CONFIRMED, None, False),
        (EventKind.BOOKING_PENDING, BookingStatus.PENDING, 15, False),
        (EventKind.BOOKING_CANCELLED, BookingStatus.CANCELLED, 15, False),
    ],
)
def test_compose__check_in_needed__says_between_when_and_where(
    kind: EventKind, status: BookingStatus, grace: int | None, *, told: bool
) -> None:
    card = a_card(status=status, no_show_grace_minutes=grace)
    text = compose(due(kind), card, SETTINGS).text
    assert ("Check-in: needed between 10:30 and 11:15" in text) is told
    assert (f"/bookings/{card.id}/check-in" in text) is told


def test_compose__markup_in_a_title__is_text_in_html() -> None:
    mail = compose(due(EventKind.BOOKING_CONFIRMED), a_card(title="<b>x</b>"), SETTINGS)
    assert "<b>x</b>" not in mail.html
    assert "&lt;b&gt;x&lt;/b&gt;" in mail.html


def test_as_of__changed_since__shows_the_booking_as_the_event_left_it() -> None:
    now = a_card(
        status=BookingStatus.CANCELLED,
        sequence=2,
        starts_at=datetime(2026, 12, 3, 8, tzinfo=UTC),
        ends_at=datetime(2026, 12, 3, 9, tzinfo=UTC),
    )
    first = due(
        EventKind.BOOKING_CONFIRMED,
        HAPPENED - timedelta(days=1),
        starts_at="2026-12-01T08:00:00+00:00",
        ends_at="2026-12-01T10:00:00+00:00",
        status="confirmed",
        sequence=0,
        quantity=1,
    )
    then = as_of(now, first)
    expected = a_card(updated_at=HAPPENED - timedelta(days=1))
    assert then == expected


def test_as_of__not_changed_since__is_the_card_itself() -> None:
    card = a_card()
    assert as_of(card, due(EventKind.BOOKING_MOVED, sequence=5)) is card


def test_as_of__changed_again_in_the_same_instant__shows_the_first_of_the_two() -> None:
    now = a_card(status=BookingStatus.CONFIRMED, sequence=1, revision=1)
    then = as_of(now, due(EventKind.BOOKING_PENDING, status="pending", sequence=0, revision=0))
    assert (then.status, then.sequence) == (BookingStatus.PENDING, 0)


def test_as_of__moved_then_cancelled__takes_the_status_that_was_recorded() -> None:
    now = a_card(status=BookingStatus.CANCELLED, sequence=2)
    earlier = HAPPENED - timedelta(seconds=1)
    then = as_of(now, due(EventKind.BOOKING_MOVED, earlier, status="confirmed", sequence=1))
    assert (then.status, then.sequence) == (BookingStatus.CONFIRMED, 1)


@pytest.mark.parametrize(
    "kind",
    [
        EventKind.REQUEST_GRANTED,
        EventKind.REQUEST_PARTLY_GRANTED,
        EventKind.REQUEST_NOT_GRANTED,
    ],
)
def test_compose__decision__says_why_and_where_to_read_it(kind: EventKind) -> None:
    card = a_decision()
    mail = compose(due(kind), card, SETTINGS)
    for words in (mail.text, mail.html):
        assert "Two requests were ranked higher." in words
        assert f"https://bench.example/rounds/spring/requests/{card.id}" in words
    assert mail.invite is None


def test_compose__decision_without_reasons__still_reads_well() -> None:
    mail = compose(due(EventKind.REQUEST_GRANTED), a_decision(reasons=(), advice=()), SETTINGS)
    assert "<ul" not in mail.html


def test_compose__sign_in__carries_the_link_and_its_end() -> None:
    card = SignInCard(
        id=uuid4(),
        expires_at=HAPPENED + timedelta(minutes=30),
        person_name="Amina Otieno",
        person_email="amina@sme.example",
        person_zone="Africa/Nairobi",
        person_locale="en",
    )
    mail = compose(due(EventKind.SIGN_IN_LINK_SENT), card, SETTINGS)
    token = derived_token(SETTINGS.secret_key, "sign-in", str(card.id))
    assert f"https://bench.example/sign-in/{token}\n" in mail.text
    assert "Friday 20 November 2026, 11:30 (Africa/Nairobi)" in mail.text
    assert mail.sender == "bookings@bench.example"


def test_compose__facility_with_its_own_address__sends_from_it() -> None:
    card = replace(a_card(), organiser="lab@facility.example")
    mail = compose(due(EventKind.BOOKING_CONFIRMED), card, SETTINGS)
    assert mail.sender.startswith("lab+")
    assert str(event_of(mail)["ORGANIZER"]) == f"mailto:{mail.sender}"


def test_messages__every_word__is_calm_and_ends() -> None:
    for message in MESSAGES.values():
        assert message.headline.endswith(".")
        assert message.then.endswith(":" if "{inviter}" not in message.then else ".")


@given(name=st.text(max_size=200))
@example(name="x" * 18)
@example(name="x" * 200)
@example(name="Ä" * 200)
@example(name="Größe und Ordnung im Kristall, " * 6)
def test_any_title_leaves_words_in_the_first_line_of_the_subject(name: str) -> None:
    for mail in (
        compose(due(EventKind.REQUEST_NOT_GRANTED), a_decision(title=name), SETTINGS),
        compose(due(EventKind.BOOKING_DISPLACED), a_card(resource_name=name), SETTINGS),
    ):
        (first,) = [line for line in mime(mail).split(b"\r\n") if line.startswith(b"Subject:")]
        assert first.removeprefix(b"Subject:").strip()


@pytest.mark.parametrize(("length", "end"), [(60, "x"), (61, "…")])
def test_compose__title_around_the_longest__is_cut_only_above_it(length: int, end: str) -> None:
    mail = compose(due(EventKind.REQUEST_GRANTED), a_decision(title="x" * length), SETTINGS)
    title = mail.subject.removeprefix("Granted: ")
    assert (len(title), title[-1]) == (60, end)


@pytest.mark.parametrize(("count", "more"), [(6, ""), (7, "and 1 more; see the page.")])
def test_compose__reasons_around_the_most__tells_six_and_counts_the_rest(
    count: int, more: str
) -> None:
    reasons = tuple(f"Reason {each}." for each in range(count))
    mail = compose(due(EventKind.REQUEST_NOT_GRANTED), a_decision(reasons=reasons), SETTINGS)
    for words in (mail.text, mail.html):
        assert words.count("Reason ") == 6
        assert ("see the page" in words) is bool(more)
        assert more in words


def test_compose__decision__says_what_would_have_helped_and_whose_clock() -> None:
    reasons = ("X-ray, Tue 22 Dec 2026, 05:00 to 09:00: held by request A.",)
    mail = compose(due(EventKind.REQUEST_NOT_GRANTED), a_decision(reasons=reasons), SETTINGS)
    for words in (mail.text, mail.html):
        assert "More windows or more resources." in words
        assert "Times are those of Africa/Nairobi." in words


def test_compose__reasons_without_a_time__name_no_clock() -> None:
    reasons = ("The request has no merit score.",)
    mail = compose(due(EventKind.REQUEST_NOT_GRANTED), a_decision(reasons=reasons), SETTINGS)
    assert "Times are" not in mail.text + mail.html


@pytest.mark.parametrize(
    ("kind", "status", "row"),
    [
        (EventKind.BOOKING_HELD, BookingStatus.HELD, "Confirm by"),
        (EventKind.BOOKING_PENDING, BookingStatus.PENDING, "Kept until"),
    ],
)
def test_compose__not_confirmed_yet__says_until_when_on_both_clocks(
    kind: EventKind, status: BookingStatus, row: str
) -> None:
    card = a_card(status=status, expires_at=HAPPENED, person_zone="Europe/Berlin")
    mail = compose(due(kind), card, SETTINGS)
    until = (
        f"{row}: Friday 20 November 2026, 09:00 (Europe/Berlin), "
        "which is Friday 20 November 2026, 11:00 (Africa/Nairobi)"
    )
    assert until in mail.text
    confirmed = replace(card, status=BookingStatus.CONFIRMED, expires_at=None)
    assert row not in compose(due(EventKind.BOOKING_CONFIRMED), confirmed, SETTINGS).text


def test_compose__moved__says_when_it_was_before() -> None:
    was = {"starts_at": "2026-11-30T08:00:00+00:00", "ends_at": "2026-11-30T10:00:00+00:00"}
    mail = compose(due(EventKind.BOOKING_MOVED, was=was), a_card(), SETTINGS)
    assert "Before: Monday 30 November 2026, 11:00 to 13:00 (Africa/Nairobi" in mail.text


def test_compose__changed_at_its_time__says_no_time_before() -> None:
    was = {"starts_at": "2026-12-01T08:00:00+00:00", "ends_at": "2026-12-01T10:00:00+00:00"}
    mail = compose(due(EventKind.BOOKING_MOVED, was=was), a_card(), SETTINGS)
    assert "Before:" not in mail.text
