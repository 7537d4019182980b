"""Mails as other programs write them in answer to an invite, or where it came back."""

from collections.abc import Sequence
from textwrap import dedent
from typing import Final

TOKEN: Final = "a1b2c3d4e5f6a7b8c9d0e1f2"
UID: Final = "0192-7f@bench.example"
ATTENDEE: Final = "amina@sme.example"
OURS: Final = "<0192b1c2-1111-7000-8000-000000000001@bench.example>"


def calendar_lines(
    method: str = "REPLY",
    *,
    partstat: str = "DECLINED",
    uid: str = UID,
    attendee: str = ATTENDEE,
    sequence: int | None = 0,
    stamp: str = "20261123T100000Z",
    more: Sequence[str] = (),
    token: str = TOKEN,
) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Another//Program//EN",
        "VERSION:2.0",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{stamp}",
        f"ORGANIZER;CN=Facility:mailto:bookings+{token}@bench.example",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT={partstat};CN=Amina:MAILTO:{attendee.upper()}",
        *([] if sequence is None else [f"SEQUENCE:{sequence}"]),
        *more,
        "SUMMARY:X-ray diffractometer",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)


def an_answer(
    calendar: str,
    *,
    to: str = f"Facility <bookings+{TOKEN}@bench.example>",
    sender: str = f"Amina <{ATTENDEE}>",
    headers: str = "",
    message_id: str = "<reply-1@sme.example>",
    method: str = "REPLY",
) -> bytes:
    """Write an answer as the large calendar services do: words, the calendar, a copy of it."""
    head = dedent(
        f"""\
        From: {sender}
        To: {to}
        Subject: Declined: X-ray diffractometer
        Message-ID: {message_id}
        Date: Mon, 23 Nov 2026 10:00:01 +0000
        {headers or "X-Nothing: here"}
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="b1"

        --b1
        Content-Type: multipart/alternative; boundary="b2"

        --b2
        Content-Type: text/plain; charset="UTF-8"

        Amina has declined this invitation.

        --b2
        Content-Type: text/calendar; charset="UTF-8"; method={method}
        Content-Transfer-Encoding: 7bit

        """
    )
    tail = "\n--b2--\n--b1--\n"
    return (head + calendar.replace("\r\n", "\n") + tail).replace("\n", "\r\n").encode()


REPORT: Final = dedent(
    f"""\
    Return-Path: <>
    From: MAILER-DAEMON@mx.sme.example (Mail Delivery System)
    To: bookings+{TOKEN}@bench.example
    Subject: Undelivered Mail Returned to Sender
    Auto-Submitted: auto-replied
    Message-ID: <dsn-1@mx.sme.example>
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="r"

    --r
    Content-Type: text/plain

    This is the mail system at host mx.sme.example.
    --r
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.sme.example

    Final-Recipient: rfc822; amina@sme.example
    Action: @action
    Status: @status
    Diagnostic-Code: smtp; @code

    --r
    Content-Type: @carried

    From: bookings@bench.example
    To: amina@sme.example
    Message-ID: @original
    Subject: Confirmed

    Your booking is confirmed.
    --r--
    """
)


def a_report(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    code: str = "550 5.1.1 <amina@sme.example>: User unknown",
    original: str = OURS,
    carried: str = "message/rfc822",
) -> bytes:
    """Write a delivery status notification with the mail, or its headers, that came back."""
    said = {
        "@action": action,
        "@status": status,
        "@code": code,
        "@original": original,
        "@carried": carried,
    }
    text = REPORT
    for mark, words in said.items():
        text = text.replace(mark, words)
    return text.replace("\n", "\r\n").encode()


def a_mail(headers: str, body: str = "Hello") -> bytes:
    """Write a plain mail with these headers, one a line."""
    return f"{dedent(headers).strip()}\n\n{dedent(body)}\n".replace("\n", "\r\n").encode()
