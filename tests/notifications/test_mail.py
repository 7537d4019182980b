"""Mail as MIME, into a folder, and through a real SMTP server that does not always agree."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st

from notifications.calendar import Method, invite_text
from notifications.mail import (
    Invite,
    Mail,
    SendFailed,
    check,
    folder_of,
    mime,
    opened_transport,
)
from tests.builders import NOW
from tests.notifications.cards import a_card
from tests.notifications.outcomes import part, read_mail

CARD = a_card(title="Größe, 🔬\nzwei")


def a_mail(**given_values: Any) -> Mail:
    invite = Invite(Method.REQUEST, invite_text(CARD, Method.REQUEST, CARD.person_email, "abc"))
    defaults: dict[str, Any] = {
        "delivery_id": UUID(int=7),
        "message_id": "<7@bench.example>",
        "happened_at": NOW,
        "sender": "bookings@bench.example",
        "sender_name": "Nairobi Materials Facility",
        "recipient": "amina@sme.example",
        "recipient_name": "Amina Otieno",
        "subject": "Confirmed: X-ray diffractometer",
        "text": "Your booking is confirmed. Größe\n",
        "html": "<p>Your booking is confirmed. Größe</p>\n",
        "invite": invite,
    }
    return Mail(**defaults | given_values)


def kinds(content: bytes) -> list[str]:
    return [each.get_content_type() for each in read_mail(content).walk()]


def test_mime__with_invite__is_nested_as_rfc_6047_says() -> None:
    mail = read_mail(mime(a_mail()))
    assert kinds(mime(a_mail())) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar = part(mail, "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert str(calendar.get_param("charset")).lower() == "utf-8"
    assert part(mail, "application/ics").get_content_disposition() == "attachment"


def test_mime__both_copies_of_the_calendar__are_byte_equal() -> None:
    sent = a_mail()
    mail = read_mail(mime(sent))
    copies = [
        part(mail, kind).get_payload(decode=True) for kind in ("text/calendar", "application/ics")
    ]
    assert sent.invite is not None
    assert copies == [sent.invite.text.encode()] * 2


def test_mime__headers__name_one_sender_one_reader_and_the_event() -> None:
    mail = read_mail(mime(a_mail()))
    assert mail["From"].addresses[0].addr_spec == "bookings@bench.example"
    assert [each.addr_spec for each in mail["To"].addresses] == ["amina@sme.example"]
    assert mail["Message-ID"] == "<7@bench.example>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"


def test_mime__the_same_mail_twice__is_the_same_bytes_with_crlf() -> None:
    content = mime(a_mail())
    assert content == mime(a_mail())
    assert content.count(b"\n") == content.count(b"\r\n")


def test_mime__without_invite__is_two_alternatives() -> None:
    assert kinds(mime(a_mail(invite=None))) == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@given(name=st.text(max_size=100), subject=st.text(max_size=200))
def test_any_name_and_subject_make_a_mail_that_reads_back(name: str, subject: str) -> None:
    content = mime(a_mail(recipient_name=name, sender_name=name, subject=subject, invite=None))
    mail = read_mail(content)
    assert mail["To"].addresses[0].addr_spec == "amina@sme.example"
    assert set(mail.keys()) >= {"From", "To", "Subject", "Date", "Message-ID"}
    assert "Bcc" not in mail


@pytest.mark.parametrize(
    "address", ["", "amina", "@sme.example", "amina@", "a b@x.example", "a@x\r\nBcc: b@y.example"]
)
def test_mime__no_address__is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        mime(a_mail(recipient=address))


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:mail", Path("mail")),
        ("file:/var/mail#1", Path("/var/mail#1")),
        ("file:///var/mail", Path("/var/mail")),
    ],
)
def test_folder__of_any_form__is_a_path(url: str, folder: Path) -> None:
    assert folder_of(url) == folder


def test_send__into_a_folder__leaves_whole_files_alone(tmp_path: Path) -> None:
    with opened_transport(f"file:{tmp_path / 'mail'}") as transport:
        transport.send(a_mail(), b"first\r\n")
        transport.send(a_mail(), b"again\r\n")
    (written,) = (tmp_path / "mail").iterdir()
    assert written.name == f"20261123T090000-{UUID(int=7)}.eml"
    assert written.read_bytes() == b"again\r\n"


def test_open__unknown_way_out__names_the_setting() -> None:
    with (
        pytest.raises(ValueError, match="BENCHSHARE_MAIL"),
        opened_transport("pigeon:coop"),
    ):
        pass


class Keeper:
    """A mail server's mind: it answers every recipient with `answer` and keeps what it takes."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.taken: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 - the server's own names
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answer == "cut":
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        return "250 taken"


@contextmanager
def a_server(answer: str) -> Iterator[tuple[Keeper, str]]:
    keeper = Keeper(answer)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield keeper, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def test_send__server_takes_it__arrives_as_written() -> None:
    content = mime(a_mail())
    with a_server("250 ok") as (keeper, url), opened_transport(url) as transport:
        transport.send(a_mail(), content)
        transport.send(a_mail(), content)
    assert keeper.taken == [content, content]


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [("451 later", False), ("499 later", False), ("500 no", True), ("550 no such user", True)],
)
def test_send__server_refuses__says_whether_for_good(answer: str, *, permanent: bool) -> None:
    with (
        a_server(answer) as (_, url),
        opened_transport(url) as transport,
        pytest.raises(SendFailed) as refusal,
    ):
        transport.send(a_mail(), b"x\r\n")
    assert refusal.value.permanent is permanent
    assert answer[:3] in refusal.value.reason


def test_send__server_cuts__is_tried_over_a_new_connection() -> None:
    with a_server("cut") as (keeper, url), opened_transport(url) as transport:
        with pytest.raises(SendFailed, match="cut") as refusal:
            transport.send(a_mail(), b"x\r\n")
        assert not refusal.value.permanent
        keeper.answer = "250 ok"
        transport.send(a_mail(), b"x\r\n")
    assert len(keeper.taken) == 1


def test_send__nobody_listens__fails_the_rest_of_the_batch_at_once() -> None:
    with a_server("250 ok") as (_, url):
        pass
    with opened_transport(url) as transport:
        with pytest.raises(SendFailed, match="cannot be reached") as first:
            transport.send(a_mail(), b"x\r\n")
        with pytest.raises(SendFailed) as second:
            transport.send(a_mail(), b"x\r\n")
    assert second.value is first.value


def test_check__way_out__says_whether_mail_can_leave(tmp_path: Path) -> None:
    with a_server("250 ok") as (_, url):
        check(url)
    with pytest.raises(SendFailed):
        check(url)
    check(f"file:{tmp_path}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", range(60, 90))
def test_mime__subject_around_one_line__begins_in_the_first(length: int) -> None:
    subject = ("Not granted: a title of several words " * 3)[:length].strip()
    content = mime(a_mail(subject=subject))
    (first,) = [line for line in content.split(b"\r\n") if line.startswith(b"Subject:")]
    assert first.startswith(b"Subject: Not granted: a title")
    assert read_mail(content)["Subject"] == subject
