"""Mails in, mails out: each answer gets the one mail that it asks for."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from icalendar import Calendar

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.tokens import booking_token
from booking.engine.vocabulary import ReplyVia
from booking.models import Booking, BookingAttendee, Person
from booking.services import action_links, answers
from notifications.dispatch import drain
from notifications.inbox import read_mail
from tests.builders import NOW
from tests.notifications.answers import a_report, an_answer, calendar_lines
from tests.notifications.outcomes import STARTS, booked, mails_in, part, settings_for

pytestmark = pytest.mark.only_on("sqlite")
PROPOSED = ("DTSTART:20261202T080000Z", "DTEND:20261202T093000Z")


def the_event(calendar: EmailMessage) -> Any:
    """Read the one event of a mail's calendar part, whose METHOD is that of its MIME type."""
    read: Any = Calendar.from_ical(str(calendar.get_content()))
    assert str(read["METHOD"]) == calendar.get_param("method")
    (event,) = read.walk("VEVENT")
    return event


def answered(
    database: Database, folder: Path, method: str, attendee: str = "", partstat: str = "DECLINED"
) -> tuple[Booking, list[str]]:
    """Answer a booking's invite, and return to whom the mails go that follow it."""
    settings = settings_for(folder)
    with database.writing() as session:
        booking = booked(session)
        session.add(
            BookingAttendee(booking_id=booking.id, address="guest@lab.example", added_at=NOW)
        )
        holder = session.get_one(Person, booking.person_id)
        content = an_answer(
            calendar_lines(
                method,
                uid=booking.uid,
                attendee=attendee or holder.email,
                partstat=partstat,
                token=booking_token(settings.secret_key, booking.id),
                more=PROPOSED if method == "COUNTER" else (),
            )
        )
    drain(database, settings, lambda: NOW)
    later = NOW + timedelta(hours=1)
    before = {each["Message-ID"] for each in mails_in(folder)}
    with database.writing() as session:
        answers.receive(
            session,
            mail=read_mail(content),
            via=ReplyVia.MAILDIR,
            now=later,
            secret_key=settings.secret_key,
        )
    drain(database, settings, lambda: later)
    new = [each for each in mails_in(folder) if each["Message-ID"] not in before]
    return booking, [str(each["To"].addresses[0].addr_spec) for each in new]


def test_declined_by_the_holder__leads_to_a_link_that_cancels(
    database: Database, tmp_path: Path
) -> None:
    booking, _ = answered(database, tmp_path, "REPLY")
    mail = mails_in(tmp_path)[-1]
    text = part(mail, "text/plain").get_content()
    (url,) = [line for line in text.splitlines() if "/links/" in line]
    assert mail.get_content_type() == "multipart/alternative"
    assert str(mail["Subject"]).startswith("Cancel it?")
    with database.writing() as session:
        token = urlsplit(url).path.removeprefix("/links/")
        action_links.use(session, token=token, now=NOW + timedelta(hours=2))
        assert session.get_one(Booking, booking.id).status is BookingStatus.CANCELLED


def test_counter_of_the_holder__is_declined_with_the_time_filled_in(
    database: Database, tmp_path: Path
) -> None:
    booking, _ = answered(database, tmp_path, "COUNTER")
    mail = mails_in(tmp_path)[-1]
    calendar = part(mail, "text/calendar")
    assert calendar.get_param("method") == "DECLINECOUNTER"
    event = the_event(calendar)
    assert (str(event["UID"]), event["DTSTART"].dt) == (booking.uid, STARTS)
    text = part(mail, "text/plain").get_content()
    (url,) = [line for line in text.splitlines() if "#move" in line]
    assert parse_qs(urlsplit(url).query) == {
        "day": ["2026-12-02"],
        "start": ["11:00"],
        "minutes": ["90"],
    }
    assert "Proposed: Wednesday 2 December 2026, 11:00 to 12:30" in text


def test_refresh__brings_the_invite_as_it_stands(database: Database, tmp_path: Path) -> None:
    booking, _ = answered(database, tmp_path, "REFRESH")
    calendar = part(mails_in(tmp_path)[-1], "text/calendar")
    event = the_event(calendar)
    assert calendar.get_param("method") == "REQUEST"
    assert (str(event["UID"]), event["SEQUENCE"]) == (booking.uid, booking.sequence)


@pytest.mark.parametrize(
    ("attendee", "partstat", "told"),
    [
        ("guest@lab.example", "DECLINED", 1),
        ("guest@lab.example", "ACCEPTED", 0),
        ("", "ACCEPTED", 0),
        ("", "TENTATIVE", 0),
    ],
)
def test_answer__only_the_no_of_another__is_told_to_the_holder(
    database: Database, tmp_path: Path, attendee: str, partstat: str, told: int
) -> None:
    booking, sent_to = answered(database, tmp_path, "REPLY", attendee, partstat)
    with database.reading() as session:
        holder = session.get_one(Person, booking.person_id).email
    assert sent_to == [holder] * told
    if told:
        words = part(mails_in(tmp_path)[-1], "text/plain").get_content()
        assert "Attendee: guest@lab.example" in words


def test_invite_that_came_back__is_told_to_the_holder(database: Database, tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with database.writing() as session:
        booking = booked(session)
        session.add(
            BookingAttendee(booking_id=booking.id, address="guest@lab.example", added_at=NOW)
        )
        holder = session.get_one(Person, booking.person_id).email
    drain(database, settings, lambda: NOW)
    (invite,) = [each for each in mails_in(tmp_path) if "guest@" in str(each["To"])]
    later = NOW + timedelta(hours=1)
    with database.writing() as session:
        answers.receive(
            session,
            mail=read_mail(a_report(original=str(invite["Message-ID"]))),
            via=ReplyVia.HOOK,
            now=later,
            secret_key=settings.secret_key,
        )
    drain(database, settings, lambda: later)
    told = mails_in(tmp_path)[-1]
    assert str(told["Subject"]).startswith("An invitation came back")
    assert told["To"].addresses[0].addr_spec == holder
    assert "Attendee: guest@lab.example" in part(told, "text/plain").get_content()


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("COUNTER", "Only Amina Otieno can move the booking"),
        ("REFRESH", "asked for the invitation of Amina Otieno again"),
    ],
)
def test_wish_of_an_attendee__is_answered_to_them_alone(
    database: Database, tmp_path: Path, method: str, words: str
) -> None:
    _, sent_to = answered(database, tmp_path, method, "guest@lab.example")
    assert sent_to == ["guest@lab.example"]
    mail = mails_in(tmp_path)[-1]
    assert words in part(mail, "text/plain").get_content().replace("\n", " ")
    assert "/bookings/" not in mail.as_string()
