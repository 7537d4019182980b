"""Mails fetched from a real maildir and over real IMAP: each taken in once, none lost."""

import mailbox
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from booking.config import Settings
from booking.db import Database
from booking.engine.tokens import booking_token
from booking.engine.vocabulary import ReplyOutcome, ReplyVia
from booking.models import IncomingMail, Person
from notifications import mailboxes
from notifications.inbox_mail import LARGEST_MAIL
from notifications.mailboxes import AT_ONCE, InboxFailed
from notifications.receiving import collected
from tests.builders import NOW
from tests.imap_server import an_imap_server
from tests.notifications.answers import a_mail, an_answer, calendar_lines
from tests.notifications.outcomes import booked, settings_for

EVERYWHERE = "0.0.0.0"  # noqa: S104 - leads to this machine, and is not known to
O = ReplyOutcome  # noqa: E741 - what each mail of a list comes to


def an_inbox(url: str, folder: Path) -> Settings:
    return settings_for(folder).model_copy(update={"inbox": url})


def came(database: Database, settings: Settings) -> list[tuple[ReplyVia, ReplyOutcome, bool]]:
    found = collected(database, settings, lambda: NOW)
    return [(via, each.outcome, each.repeated) for via, each in found]


def mails(database: Database, settings: Settings) -> list[bytes]:
    """Write a "no" to a booking, an absence note, and junk."""
    with database.writing() as session:
        booking = booked(session)
        attendee = session.get_one(Person, booking.person_id).email
        token = booking_token(settings.secret_key, booking.id)
    calendar = calendar_lines(uid=booking.uid, attendee=attendee, token=token)
    return [
        an_answer(calendar),
        a_mail("Subject: Automatic reply: away\nMessage-ID: <2@x.example>"),
        a_mail("Subject: Buy\nMessage-ID: <3@x.example>"),
    ]


EXPECTED = [O.CONFIRMATION_ASKED, O.AUTOMATIC, O.UNMATCHED]


@pytest.mark.only_on("sqlite")
def test_collect__maildir__takes_each_in_and_moves_it_to_cur(
    database: Database, tmp_path: Path
) -> None:
    settings = an_inbox(f"maildir:{tmp_path / 'box'}", tmp_path)
    box = mailbox.Maildir(tmp_path / "box")
    for each in mails(database, settings):
        box.add(each)
    assert sorted(outcome for _, outcome, _ in came(database, settings)) == sorted(EXPECTED)
    assert list((tmp_path / "box" / "new").iterdir()) == []
    assert [each.get_flags() for each in box] == ["S"] * 3
    assert came(database, settings) == []
    with database.reading() as session:
        rows = session.exec(select(IncomingMail)).all()
    assert [each.via for each in rows] == [ReplyVia.MAILDIR] * 3


def test_collect__imap__takes_each_in_and_marks_it_seen(database: Database, tmp_path: Path) -> None:
    with an_imap_server() as (folder, url):
        settings = an_inbox(url, tmp_path)
        folder.put(*mails(database, settings))
        assert came(database, settings) == [(ReplyVia.IMAP, each, False) for each in EXPECTED]
        assert folder.unseen == []
        assert came(database, settings) == []


@pytest.mark.only_on("sqlite")
def test_collect__cut_before_the_mark__reads_it_again_to_no_effect(
    database: Database, tmp_path: Path
) -> None:
    with an_imap_server() as (folder, url):
        settings = an_inbox(url, tmp_path)
        folder.put(mails(database, settings)[0])
        folder.fault = ("STORE", "cut")
        with pytest.raises(InboxFailed, match="IMAP"):
            came(database, settings)
        assert folder.unseen == [1]
        folder.fault = ("", "")
        assert came(database, settings) == [(ReplyVia.IMAP, O.CONFIRMATION_ASKED, True)]
        assert folder.unseen == []


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
@pytest.mark.parametrize("how", ["cut", "refuse"])
@pytest.mark.only_on("sqlite")
def test_collect__server_fails_at_any_step__says_so_and_loses_nothing(
    database: Database, tmp_path: Path, command: str, how: str
) -> None:
    with an_imap_server() as (folder, url):
        folder.put(a_mail("Subject: Buy"))
        folder.fault = (command, how)
        with pytest.raises(InboxFailed, match=r"^The IMAP server"):
            came(database, an_inbox(url, tmp_path))
        assert folder.unseen == [1]


@pytest.mark.only_on("sqlite")
def test_collect__larger_than_any_mail__is_cut_and_counted(
    database: Database, tmp_path: Path
) -> None:
    with an_imap_server() as (folder, url):
        folder.put(b"Subject: x\r\n\r\n" + b"x" * (LARGEST_MAIL + 100))
        assert came(database, an_inbox(url, tmp_path)) == [(ReplyVia.IMAP, O.UNREADABLE, False)]


@pytest.mark.only_on("sqlite")
def test_collect__more_than_at_once__leaves_the_rest_for_the_next_time(
    database: Database, tmp_path: Path
) -> None:
    settings = an_inbox(f"maildir:{tmp_path / 'box'}", tmp_path)
    mailbox.Maildir(tmp_path / "box")
    for number in range(AT_ONCE + 1):
        (tmp_path / "box" / "new" / f"{number:04}").write_bytes(a_mail(f"Subject: {number}"))
    assert len(came(database, settings)) == AT_ONCE
    assert len(came(database, settings)) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://127.0.0.1/INBOX", "needs a user"),
        ("imap://u:p@127.0.0.1:1/INBOX", "does not answer"),
        ("imaps://u:p@127.0.0.1:1/INBOX", "does not answer"),
        ("imap://u:p@127.0.0.1/Entw%C3%BCrfe", "plain letters"),
        ("maildir:/nowhere", "no maildir"),
    ],
)
def test_check__mailbox_that_cannot_be_read__says_why(url: str, words: str) -> None:
    with pytest.raises(InboxFailed, match=words):
        mailboxes.check(url)


def test_check__right_and_wrong_password__are_told_apart() -> None:
    with an_imap_server() as (_, url):
        mailboxes.check(url)
        with pytest.raises(InboxFailed, match="refused"):
            mailboxes.check(url.replace("a%20secret", "another"))


def test_check__password_over_a_way_that_others_can_read__is_not_sent() -> None:
    with an_imap_server() as (folder, url):
        with pytest.raises(InboxFailed, match="offers no TLS"):
            mailboxes.check(url.replace("127.0.0.1", EVERYWHERE))
        assert "LOGIN" not in folder.commands


def test_check__unknown_way__names_the_setting() -> None:
    with pytest.raises(ValueError, match="BENCHSHARE_INBOX"):
        mailboxes.check("pop3:here")


def test_settings__shown__hide_the_password() -> None:
    given: dict[str, Any] = {"inbox": "imaps://u:hidden@x/I", "inbox_secret": "hidden"}
    assert "hidden" not in repr(Settings(_env_file=None, **given))
