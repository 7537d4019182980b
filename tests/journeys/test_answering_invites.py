"""Booked by HTTP, invited by SMTP, answered by IMAP: a "no" becomes a link, a link a CANCEL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from fastapi import FastAPI
from icalendar import Calendar, vText

from booking.config import Settings
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Booking
from notifications.dispatch import run_once
from notifications.receiving import collected
from tests.builders import NOW, a_token
from tests.imap_server import Folder, an_imap_server
from tests.notifications.answers import an_answer
from tests.notifications.outcomes import part
from tests.pages.conftest import visitor
from tests.pages.visitor import Visitor
from tests.scenes import a_scene, at
from tests.smtp_server import Server, an_smtp_server

pytestmark = pytest.mark.only_on("sqlite")
__all__ = ["visitor"]


@dataclass(frozen=True, slots=True)
class Post:
    """The two ends of the mail, and the installation between them."""

    out: Server
    back: Folder
    database: Database
    settings: Settings

    def newest(self) -> EmailMessage:
        """Send what is due, and return the newest mail as its reader gets it."""
        run_once(self.database, self.settings, NOW)
        parser = BytesParser(_class=EmailMessage, policy=policy.default)
        return parser.parsebytes(self.out.taken[-1])

    def answer(self, invite: EmailMessage, word: str) -> None:
        """Answer as a calendar program does, with what the invite holds alone."""
        reply: Any = Calendar.from_ical(str(part(invite, "text/calendar").get_content()))
        reply["METHOD"] = vText("REPLY")
        reply.walk("VEVENT")[0]["ATTENDEE"].params["PARTSTAT"] = word
        organiser = str(reply.walk("VEVENT")[0]["ORGANIZER"]).removeprefix("mailto:")
        self.back.put(an_answer(reply.to_ical().decode(), to=organiser, message_id=f"<{word}@x>"))
        assert len(list(collected(self.database, self.settings, lambda: NOW))) == 1


@pytest.fixture
def post(app: FastAPI, database: Database) -> Iterator[Post]:
    with an_smtp_server() as out, an_imap_server() as (back, url):
        ways = {"mail": out.url, "inbox": url}
        settings: Settings = app.state.settings.model_copy(update=ways)
        yield Post(out, back, database, settings)


def event_of(mail: EmailMessage) -> Any:
    read: Any = Calendar.from_ical(str(part(mail, "text/calendar").get_content()))
    return read["METHOD"], read.walk("VEVENT")[0]


def test_no_by_calendar__is_confirmed_by_link__and_cancelled_everywhere(
    post: Post, visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        token = a_token(session, scene.member)
    wish = {
        "resource_id": str(scene.resource.id),
        "project_id": str(scene.project.id),
        "starts_at": at(60).isoformat(),
        "ends_at": at(120).isoformat(),
    }
    booked = visitor.client.post(
        "/api/v1/bookings", json=wish, headers={"Authorization": f"Bearer {token}"}
    )
    assert booked.status_code == 201
    invite = post.newest()
    method, invited = event_of(invite)
    assert method == "REQUEST"

    post.answer(invite, "DECLINED")
    words = part(post.newest(), "text/plain").get_content()
    (url,) = re.findall(r"https://\S+/links/\S+", words)
    path = urlsplit(url).path
    assert visitor.get(path).status_code == 200
    with database.reading() as session:
        booking = session.get_one(Booking, UUID(booked.json()["id"]))
        assert booking.status is BookingStatus.CONFIRMED

    assert visitor.send(path).status_code == 303
    method, cancelled = event_of(post.newest())
    assert method == "CANCEL"
    assert cancelled["UID"] == invited["UID"]
    assert cancelled["ORGANIZER"] == invited["ORGANIZER"]
    assert cancelled["SEQUENCE"] > invited["SEQUENCE"]
    assert len(post.out.taken) == len(set(post.out.message_ids)) == 3
