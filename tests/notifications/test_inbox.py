"""Any mail in, one small value out: answers, what came back, what no person wrote, and the rest."""

import quopri
import re
from binascii import b2a_base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from booking.engine.incoming import CalendarAnswer, IncomingKind
from booking.engine.intervals import Interval
from booking.engine.vocabulary import Participation
from notifications.calendar import Method, invite_text
from notifications.inbox import read_mail
from notifications.inbox_mail import LARGEST_MAIL, MOST_PARTS
from tests.notifications.answers import (
    ATTENDEE,
    OURS,
    TOKEN,
    UID,
    a_mail,
    a_report,
    an_answer,
    calendar_lines,
)
from tests.notifications.cards import a_card

K = IncomingKind
STAMP = datetime(2026, 11, 23, 10, tzinfo=UTC)
COUNTERED = ("DTSTART:20261202T080000Z", "DTEND:20261202T100000Z")


@pytest.mark.parametrize(
    ("word", "participation"),
    [
        ("ACCEPTED", Participation.ACCEPTED),
        ("tentative", Participation.TENTATIVE),
        ("DECLINED", Participation.DECLINED),
    ],
)
def test_read__reply__is_an_answer_of_its_one_attendee(
    word: str, participation: Participation
) -> None:
    found = read_mail(an_answer(calendar_lines(partstat=word, sequence=3)))
    assert found.kind is K.REPLY
    assert found.tokens == {TOKEN}
    assert found.answer == CalendarAnswer(UID, ATTENDEE, participation, 3, STAMP)


def test_read__reply_marked_automatic__is_an_answer_all_the_same() -> None:
    content = an_answer(calendar_lines(), headers="Auto-Submitted: auto-generated")
    assert read_mail(content).kind is K.REPLY


@pytest.mark.parametrize(
    "header",
    [
        f"Delivered-To: bookings+{TOKEN.upper()}@bench.example",
        f"X-Original-To: bookings+{TOKEN}@bench.example",
        f"Received: by mx for <bookings+{TOKEN}@bench.example>; Mon, 23 Nov 2026 10:00:02 +0000",
    ],
)
def test_read__token_only_where_it_was_delivered__is_found(header: str) -> None:
    calendar = calendar_lines(token="short")
    found = read_mail(an_answer(calendar, to="Facility <bookings@bench.example>", headers=header))
    assert found.tokens == {TOKEN}


def test_read__token_in_the_organizer_alone__is_found() -> None:
    assert read_mail(an_answer(calendar_lines(), to="bookings@bench.example")).tokens == {TOKEN}


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "iso-8859-1"])
@pytest.mark.parametrize("kind", ["text/calendar", "application/ics"])
def test_read__reply_in_any_encoding__is_an_answer(kind: str, charset: str, encoding: str) -> None:
    text = calendar_lines().replace("Amina:", "Amína Otiéno:").encode(charset)
    if encoding != "8bit":
        text = b2a_base64(text) if encoding == "base64" else quopri.encodestring(text)
    claimed = charset.removesuffix("-sig")
    head = (
        f"To: bookings+{TOKEN}@bench.example\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: {kind}; charset={claimed}; name=invite.ics\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    assert read_mail(head.encode() + text).answer == CalendarAnswer(
        UID, ATTENDEE, Participation.DECLINED, 0, STAMP
    )


@pytest.mark.parametrize(
    ("lines", "proposed"),
    [
        (COUNTERED, (8, 10)),
        (("DTSTART;TZID=Africa/Nairobi:20261202T110000", "DURATION:PT2H"), (8, 10)),
        (("DTSTART;TZID=W. Europe Standard Time:20261202T090000", "DURATION:PT2H"), (8, 10)),
        (("DTSTART:20261202T110000", "DTEND:20261202T120000"), None),
        (("DTSTART;VALUE=DATE:20261202",), None),
        (("DTSTART:20261202T080000Z", "DTEND:20261202T080000Z"), None),
        (("DTSTART:20261202T080000Z", "DTEND:20301202T080000Z"), None),
        (("DTSTART:99991231T235900Z", "DURATION:P365D"), None),
    ],
)
def test_read__counter__proposes_an_instant_or_nothing(
    lines: tuple[str, ...], proposed: tuple[int, int] | None
) -> None:
    found = read_mail(an_answer(calendar_lines("COUNTER", more=lines), method="COUNTER"))
    assert found.kind is K.COUNTER
    assert found.answer is not None
    assert found.answer.proposed == (
        None
        if proposed is None
        else Interval(*(datetime(2026, 12, 2, hour, tzinfo=UTC) for hour in proposed))
    )


def test_read__refresh__asks_for_the_invite_again() -> None:
    assert read_mail(an_answer(calendar_lines("REFRESH"))).kind is K.REFRESH


@pytest.mark.parametrize(
    "calendar",
    [
        calendar_lines("REQUEST"),
        calendar_lines("PUBLISH"),
        calendar_lines(partstat="DELEGATED"),
        calendar_lines(uid=""),
        calendar_lines(uid="x" * 201),
        calendar_lines(uid="x\0x"),
        calendar_lines(attendee="amina\0@sme.example"),
        calendar_lines(more=["ATTENDEE;PARTSTAT=DECLINED:mailto:other@sme.example"]),
        calendar_lines().replace("END:VEVENT", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT"),
        calendar_lines().replace("ATTENDEE", "X-ATTENDEE"),
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n",
        "no calendar at all",
        "",
        calendar_lines(more=["X-LONG:" + "x" * 70_000]),
    ],
)
def test_read__calendar_that_is_no_answer__says_why(calendar: str) -> None:
    found = read_mail(an_answer(calendar))
    assert found.kind is K.UNREADABLE
    assert found.detail.endswith(".")
    assert found.answer is None


def test_read__hostile_zone__is_never_run() -> None:
    zone = [
        "BEGIN:VTIMEZONE",
        "TZID:Mine",
        "BEGIN:STANDARD",
        "DTSTART:16010101T000000",
        "RRULE:FREQ=SECONDLY",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
    ]
    more = ("DTSTART;TZID=Mine:20261202T080000", "DURATION:PT1H")
    calendar = calendar_lines("COUNTER", more=more)
    found = read_mail(an_answer(calendar.replace("BEGIN:VEVENT", "\r\n".join(zone), 1)))
    assert found.kind is K.COUNTER
    assert found.answer is not None
    assert found.answer.proposed is None


@pytest.mark.parametrize("carried", ["message/rfc822", "text/rfc822-headers"])
def test_read__failed_report__is_a_bounce_of_ours(carried: str) -> None:
    found = read_mail(a_report(carried=carried))
    assert found.kind is K.BOUNCE
    assert found.bounce is not None
    assert found.bounce.message_ids == (OURS,)
    assert found.bounce.said.startswith("5.1.1 smtp; 550 5.1.1")


def test_read__report_with_zeros_in_it__holds_none_that_a_database_refuses() -> None:
    found = read_mail(a_report(code="550 no\0body", original="<\0192@bench.example>"))
    assert found.bounce is not None
    assert found.bounce.message_ids == ()
    assert found.bounce.said == "5.1.1 smtp; 550 no body"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_read__report_of_no_failure__is_automatic(action: str) -> None:
    assert read_mail(a_report(action=action, status="4.4.1")).kind is K.AUTOMATIC


def test_read__report_with_our_invite_in_it__is_no_answer() -> None:
    invite = invite_text(a_card(), Method.REQUEST, ATTENDEE, TOKEN)
    content = a_report().replace(
        b"Subject: Confirmed\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n",
    )
    found = read_mail(content.replace(b"Your booking is confirmed.", invite.encode()))
    assert found.kind is K.BOUNCE


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (
            """
            From: Mail Delivery System <Mailer-Daemon@relay.example>
            X-Failed-Recipients: amina@sme.example
            Auto-Submitted: auto-replied
            Subject: Mail delivery failed: returning message to sender
            """,
            f"""\
            A message that you sent could not be delivered.
              amina@sme.example
                550 5.1.1 no such user

            ------ This is a copy of your message, including all the headers. ------

            Return-path: <bookings@bench.example>
            Message-ID: {OURS}
            """,
        ),
        (
            """
            Return-Path: <>
            From: MAILER-DAEMON@qmail.example
            Subject: failure notice
            """,
            f"""\
            Hi. I'm afraid I wasn't able to deliver your message.

            <amina@sme.example>:
            550 5.1.1 no such user

            --- Below this line is a copy of the message.
            > Message-Id: {OURS}
            """,
        ),
        (
            f"""
            From: postmaster@exchange.example
            Subject: Undeliverable: Confirmed: X-ray diffractometer
            In-Reply-To: {OURS}
            """,
            "Delivery has failed to these recipients.  550 5.1.1 no such user",
        ),
    ],
)
def test_read__bounce_of_no_standard__is_known_by_our_message_id(headers: str, body: str) -> None:
    found = read_mail(a_mail(headers, body))
    assert found.kind is K.BOUNCE
    assert found.bounce is not None
    assert found.bounce.message_ids == (OURS,)
    assert found.bounce.said == "550 5.1.1 no such user"


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied; owner=x",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "List-Id: <news.example>",
        "Return-Path: <>",
        "Subject: Automatic reply: Confirmed",
        "Subject: Re: Out of Office",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_Confirmed?=",
        "Subject: Abwesenheitsnotiz",
        "From: MAILER-DAEMON@x.example\nSubject: Warning: delayed 24 hours\nPrecedence: bulk",
        "From: postmaster@x.example\nSubject: Undeliverable: nobody's\nPrecedence: junk",
    ],
)
def test_read__what_no_person_wrote__is_automatic(headers: str) -> None:
    assert read_mail(a_mail(headers)).kind is K.AUTOMATIC


def test_read__what_a_person_wrote__is_no_answer() -> None:
    found = read_mail(a_mail(f"From: {ATTENDEE}\nSubject: Please cancel\nAuto-Submitted: no"))
    assert found.kind is K.OTHER
    assert "Nobody reads" in found.detail


def test_read__just_too_large__is_not_read_and_the_largest_is() -> None:
    whole = an_answer(calendar_lines())
    largest = whole + b"x" * (LARGEST_MAIL - len(whole))
    assert read_mail(largest).kind is K.REPLY
    assert read_mail(largest + b"x").kind is K.UNREADABLE


def test_read__more_parts_than_are_read__stops_before_the_answer() -> None:
    filler = "\r\n".join(["--b", "Content-Type: text/plain", "", "x"] * MOST_PARTS)
    part = f"--b\r\nContent-Type: text/calendar\r\n\r\n{calendar_lines()}\r\n--b--\r\n"
    head = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    assert read_mail((head + filler + "\r\n" + part).encode()).kind is K.OTHER
    assert read_mail((head + part).encode()).kind is K.REPLY


def test_read__nested_without_end__is_answered() -> None:
    deep = "".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n' for n in range(3000)
    )
    assert read_mail(deep.encode()).kind in {K.OTHER, K.UNREADABLE}


def test_digest__same_message_id__is_the_same_mail() -> None:
    first, other = (an_answer(calendar_lines(partstat=word)) for word in ("ACCEPTED", "DECLINED"))
    assert read_mail(first).digest == read_mail(other).digest
    assert read_mail(a_mail("Subject: a")).digest != read_mail(a_mail("Subject: b")).digest


@settings(max_examples=60)
@given(content=st.binary(max_size=400))
@example(b"Content-Type: message/delivery-status\r\n\r\nAction: failed")
@example(b"Subject: =?utf-8?b?A?=\r\nFrom: \xff\r\n\r\n\xff")
def test_any_bytes_are_read_as_something(content: bytes) -> None:
    assert len(read_mail(content).digest) == 64


@settings(max_examples=80)
@given(
    whole=st.sampled_from(
        [an_answer(calendar_lines("COUNTER", more=COUNTERED)), a_report(), a_report(action="")]
    ),
    cuts=st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=12)), max_size=6),
)
def test_any_damage_to_a_mail_is_read_as_something(
    whole: bytes, cuts: list[tuple[int, bytes]]
) -> None:
    for at, put in cuts:
        whole = whole[:at] + put + whole[at + len(put) // 2 :]
    assert read_mail(whole).kind in set(K)


@pytest.mark.parametrize("method", [b"REPLY", b"COUNTER"])
def test_read__real_calendars_as_the_answer__are_answered(method: bytes) -> None:
    calendars = sorted((Path(__file__).parents[1] / "data" / "ics").rglob("*.ics"))
    assert len(calendars) > 30
    for each in calendars:
        text = re.sub(rb"(?m)^METHOD:.*\r?\n", b"", each.read_bytes())
        begin = b"BEGIN:VCALENDAR\r\n"
        whole = text.replace(begin.strip(), begin + b"METHOD:" + method, 1)
        found = read_mail(an_answer("@@").replace(b"@@", whole))
        assert found.kind in {K.REPLY, K.COUNTER, K.UNREADABLE}
        assert found.answer is not None or found.detail
