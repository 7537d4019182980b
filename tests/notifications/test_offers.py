"""Mails about offers and the waiting list: what is held until when, and how to answer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import SYSTEM
from booking.engine.tokens import derived_token
from booking.queries.offered_time import open_offers_to
from booking.services.offering import offer_freed, sweep
from booking.services.offers import accept, decline, expire_offers
from booking.services.waiting_list import leave
from notifications.dispatch import run_once
from notifications.mail import Mail
from notifications.messages import compose
from tests.builders import a_facility, a_person, a_project, a_resource, an_entry
from tests.notifications.cards import a_card
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.notifications.test_messages import due, event_of

SETTINGS = settings_for(Path("unused"))
OFFER = UUID(int=7)
DEADLINE = datetime(2026, 11, 30, 18, tzinfo=UTC)
TOLD: dict[str, Any] = {
    "offer_id": str(OFFER),
    "entry_id": str(UUID(int=8)),
    "displaced_id": None,
    "deadline_at": DEADLINE.isoformat(),
    "revision": 0,
}


def an_offer_mail(kind: EventKind = EventKind.OFFER_MADE, **given: Any) -> Mail:
    status = given.pop("status", BookingStatus.HELD)
    card = a_card(status=status, **given.pop("card", {}))
    return compose(due(kind, **TOLD | {"status": str(status)} | given), card, SETTINGS)


def test_compose__offer_made__is_a_tentative_invite_with_both_links() -> None:
    mail = an_offer_mail()

    assert mail.invite is not None
    assert (mail.invite.method, str(event_of(mail)["STATUS"])) == ("REQUEST", "TENTATIVE")
    assert mail.subject == "Offered to you: X-ray diffractometer, Tuesday 1 December 2026, 11:00"
    token = derived_token(SETTINGS.secret_key, "offer", str(OFFER))
    for words in (mail.text, mail.html):
        for answer in ("accept", "decline"):
            assert f"https://bench.example/offers/{OFFER}/{answer}/{token}" in words
        assert "you wait on for other time" in words


def test_compose__offer_made__says_by_when_on_both_clocks() -> None:
    mail = an_offer_mail(card={"person_zone": "Europe/London"})
    until = (
        "Answer by: Monday 30 November 2026, 18:00 (Europe/London), "
        "which is Monday 30 November 2026, 21:00 (Africa/Nairobi)"
    )
    assert until in mail.text
    assert mail.text.count("Answer by:") == 1


def test_compose__offer_made_on_one_clock__says_it_once() -> None:
    assert "Answer by: Monday 30 November 2026, 21:00 (Africa/Nairobi)\n" in an_offer_mail().text


def test_compose__offer_instead_of_a_displaced_booking__speaks_of_no_line() -> None:
    mail = an_offer_mail(entry_id=None, displaced_id=str(UUID(int=6)))
    for words in (mail.text, mail.html):
        assert "had to give way to a closure" in words
        assert "line" not in words.replace("decline", "").replace("line-height", "")
        assert "wait" not in words


@pytest.mark.parametrize(
    ("kind", "status", "method", "word", "says"),
    [
        (EventKind.OFFER_ACCEPTED, BookingStatus.CONFIRMED, "REQUEST", "CONFIRMED", "is confirmed"),
        (EventKind.OFFER_ACCEPTED, BookingStatus.PENDING, "REQUEST", "TENTATIVE", "approve"),
        (EventKind.OFFER_DECLINED, BookingStatus.CANCELLED, "CANCEL", "CANCELLED", "was let go"),
        (EventKind.OFFER_EXPIRED, BookingStatus.EXPIRED, "CANCEL", "CANCELLED", "not answered"),
    ],
)
def test_compose__answered__says_what_became_of_it(
    kind: EventKind, status: BookingStatus, method: str, word: str, says: str
) -> None:
    mail = an_offer_mail(kind, status=status)
    assert mail.invite is not None
    assert (mail.invite.method, str(event_of(mail)["STATUS"])) == (method, word)
    assert says in mail.text
    assert "/accept/" not in mail.text
    leads_to = "waiting-list" if method == "CANCEL" else f"bookings/{a_card().id}"
    assert f"https://bench.example/{leads_to}\n" in mail.text


def waiting(session: Session, now: datetime) -> Any:
    person = a_person(session, name="Amina Otieno", zone="Europe/London")
    facility = a_facility(session, name="Nairobi Materials Facility")
    return an_entry(
        session,
        a_resource(session, facility.id),
        a_project(session, person),
        now + timedelta(days=2),
        now + timedelta(days=2, hours=4),
        minutes=120,
        title="Powder samples",
    )


@pytest.mark.parametrize("answer", ["accept", "decline", "leave", "nothing"])
def test_run_once__from_offer_to_answer__sends_one_mail_each(
    database: Database, tmp_path: Path, now: datetime, answer: str
) -> None:
    settings = settings_for(tmp_path)
    with database.writing() as session:
        entry = waiting(session, now)
        sweep(session, now=now)
        session.flush()
        offer_freed(session, now=now, domain="bench.example")
    run_once(database, settings, now)
    with database.writing() as session:
        _answered(session, entry, answer, now)
    run_once(database, settings, now + timedelta(days=1))

    made, answered = mails_in(tmp_path)
    subjects = {
        "accept": "Confirmed",
        "decline": "Offer let go",
        "leave": "Offer let go",
        "nothing": "Offer ended",
    }
    assert made["Subject"].startswith("Offered to you: ")
    assert answered["Subject"].startswith(f"{subjects[answer]}: ")
    assert part(made, "text/calendar").get_content().count("STATUS:TENTATIVE") == 1


def _answered(session: Session, entry: Any, answer: str, now: datetime) -> None:

    offer_id = open_offers_to(session, [entry.id])[entry.id]
    if answer == "accept":
        accept(session, actor=SYSTEM, now=now, offer_id=offer_id)
    elif answer == "decline":
        decline(session, actor=SYSTEM, now=now, offer_id=offer_id)
    elif answer == "leave":
        leave(session, actor=SYSTEM, now=now, entry_id=entry.id)
    else:
        expire_offers(session, now=now + timedelta(days=1))


def test_run_once__nothing_became_free__tells_whoever_waited(
    database: Database, tmp_path: Path, now: datetime
) -> None:
    with database.writing() as session:
        entry = waiting(session, now)
        resource_id = entry.resource_id
    later = now + timedelta(days=3)
    with database.writing() as session:
        sweep(session, now=later)
        session.flush()
        offer_freed(session, now=later, domain="bench.example")
    run_once(database, settings_for(tmp_path), later)

    (mail,) = mails_in(tmp_path)
    words = part(mail, "text/plain").get_content()
    assert mail["Subject"] == "No time became free: X-ray diffractometer"
    assert "How long: 2 h\r\n" in words
    assert "Within: Wednesday 25 November 2026, 12:00 to 16:00 (Africa/Nairobi, UTC+03:00)" in words
    assert f"https://bench.example/resources/{resource_id}\r\n" in words
