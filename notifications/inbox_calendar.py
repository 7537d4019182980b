"""The calendar part of an answer (RFC 5546, 6047), read without trusting any of it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any, Final

from icalendar import Calendar

from booking.engine.incoming import CalendarAnswer, IncomingKind
from booking.engine.intervals import Interval
from booking.engine.vocabulary import Participation
from notifications.inbox_mail import parts, text_of, tokens

LARGEST_CALENDAR: Final = 64 * 1024
LONGEST_UID: Final = 200
LONGEST_ADDRESS: Final = 254
LONGEST_PROPOSED: Final = timedelta(days=366)
LATEST: Final = datetime.max.replace(tzinfo=UTC)
CALENDAR_TYPES: Final = ("text/calendar", "application/ics")
KINDS: Final[Mapping[str, IncomingKind]] = {
    "REPLY": IncomingKind.REPLY,
    "COUNTER": IncomingKind.COUNTER,
    "REFRESH": IncomingKind.REFRESH,
}
# All that is read; a zone's own rules never are, as a hostile one keeps a reader busy for ever.
READ: Final = frozenset(
    [
        "METHOD",
        "UID",
        "ATTENDEE",
        "ORGANIZER",
        "SEQUENCE",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "DURATION",
    ]
)
WITHIN: Final = (["VCALENDAR"], ["VCALENDAR", "VEVENT"])
MOST_LINES: Final = 500
LONGEST_LINE: Final = 2000
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


class NoAnswer(Exception):  # noqa: N818 - a finding about what a stranger sent
    """There is a calendar part, but no answer can be read from it; the words say why."""


def calendar_text(mail: Message) -> str | None:
    """Return the text of the calendar part; None where the mail has none.

    Mails that the mail carries are not looked into: a bounce brings back our own invite.
    """
    found = {
        kind: part
        for part in parts(mail)
        for kind in CALENDAR_TYPES
        if part.get_content_type() == kind
    }
    for kind in CALENDAR_TYPES:
        if kind in found:
            return text_of(found[kind], most=LARGEST_CALENDAR + 1)
    return None


def read_calendar(text: str) -> tuple[IncomingKind, CalendarAnswer, frozenset[str]]:
    """Read one answer about one event, with the tokens of its ORGANIZER.

    Raises: NoAnswer.
    """
    if len(text) > LARGEST_CALENDAR:
        raise NoAnswer("Its calendar part is too large.")
    calendar = _calendar(text)
    kind = KINDS.get(str(calendar.get("METHOD", "")).strip().upper())
    if kind is None:
        raise NoAnswer("Its calendar part is no answer to an invite.")
    events = calendar.walk("VEVENT")
    if len({str(each.get("UID", "")) for each in events}) != 1:
        raise NoAnswer("Its calendar part is not about one event.")
    event = events[0]
    return kind, _answer(event), tokens([str(event.get("ORGANIZER", ""))])


def _calendar(text: str) -> Calendar:
    try:
        found = Calendar.from_ical("\r\n".join(_needed(text)))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NoAnswer("Its calendar part cannot be read.") from error
    if not isinstance(found, Calendar):
        raise NoAnswer("Its calendar part is no calendar.")
    return found


def _needed(text: str) -> list[str]:
    """Return the lines that an answer needs, unfolded: those of the calendar and its events."""
    kept: list[str] = []
    within: list[str] = []
    for line in _FOLD.sub("", text).splitlines():
        found = _NAME.match(line)
        name = found[0].upper() if found else ""
        if name == "BEGIN":
            within.append(_value(line))
        if within in WITHIN and len(line) <= LONGEST_LINE:
            if name in {"BEGIN", "END"}:
                kept.append(f"{name}:{within[-1]}")
            elif name in READ:
                kept.append(line)
        if name == "END" and within:
            within.pop()
    return kept[:MOST_LINES]


def _value(line: str) -> str:
    return line.rpartition(":")[2].strip().upper()


def _answer(event: Any) -> CalendarAnswer:
    attendee = _attendee(event)
    uid = str(event.get("UID", "")).strip()
    if not uid or len(uid) > LONGEST_UID or not uid.isprintable():
        raise NoAnswer("Its calendar part names no event.")
    return CalendarAnswer(
        uid=uid,
        attendee=_address(attendee),
        participation=_participation(attendee),
        sequence=_sequence(event.get("SEQUENCE")),
        stamp=_instant(event.get("DTSTAMP")),
        proposed=_proposed(event),
    )


def _attendee(event: Any) -> Any:
    """Return the one attendee that an answer is of."""
    found = event.get("ATTENDEE")
    if isinstance(found, list):
        found = found[0] if len(found) == 1 else None
    if found is None:
        raise NoAnswer("Its calendar part does not say who answers.")
    return found


def _address(attendee: Any) -> str:
    address = re.sub(r"^mailto:", "", str(attendee).strip(), flags=re.IGNORECASE).strip().lower()
    if not address or len(address) > LONGEST_ADDRESS or not address.isprintable():
        raise NoAnswer("Its calendar part does not say who answers.")
    return address


def _participation(attendee: Any) -> Participation | None:
    word = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).strip().lower()
    return Participation(word) if word in set(Participation) else None


def _sequence(value: Any) -> int | None:
    return int(value) if isinstance(value, int) and 0 <= value < 2**31 else None


def _instant(value: Any) -> datetime | None:
    """Return a date-time in UTC; None for a date, a floating one and what cannot be read."""
    at = getattr(value, "dt", None)
    if not isinstance(at, datetime) or at.tzinfo is None:
        return None
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        return None


def _proposed(event: Any) -> Interval | None:
    """Return the time that the event asks for; None where it is none, or longer than a year."""
    start, end = _instant(event.get("DTSTART")), _instant(event.get("DTEND"))
    length = getattr(event.get("DURATION"), "dt", None)
    if start is not None and end is not None:
        length = end - start
    if start is None or not isinstance(length, timedelta):
        return None
    if not timedelta(0) < length <= LONGEST_PROPOSED or start > LATEST - length:
        return None
    return Interval(start, start + length)
