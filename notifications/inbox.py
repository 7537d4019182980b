"""Read a mail that came to the bookings' address: a pure function from bytes to a small value.

Nothing that a stranger can send makes it raise, and nothing in what it returns is proved.
"""

from email.message import Message
from typing import Final

from booking.engine.incoming import CalendarAnswer, Incoming, IncomingKind
from notifications.inbox_bounces import is_automatic, read_bounce
from notifications.inbox_calendar import NoAnswer, calendar_text, read_calendar
from notifications.inbox_mail import LARGEST_MAIL, digest_of, parsed, tokens_of

TOO_LARGE: Final = f"It is larger than {LARGEST_MAIL // 1024 // 1024} MB, so it was not read."
NO_MAIL: Final = "It cannot be read as a mail."
NO_PERSON: Final = "A program wrote it: an absence note, a list or a report."
NO_ANSWER: Final = "There is no answer to an invite in it. Nobody reads mails to this address."
CAME_BACK: Final = "A mail of ours came back."


def read_mail(content: bytes) -> Incoming:
    """Say what one RFC 5322 message is.

    A mail that came back is looked for first; then a calendar's answer, which programs send too;
    then what is automatic. What is left is no answer.
    """
    if len(content) > LARGEST_MAIL:
        return Incoming(IncomingKind.UNREADABLE, digest_of(content, None), detail=TOO_LARGE)
    try:
        mail = parsed(content)
        return _read(mail, digest_of(content, mail))
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes break in a parser is no fault
        return Incoming(IncomingKind.UNREADABLE, digest_of(content, None), detail=NO_MAIL)


def _read(mail: Message, digest: str) -> Incoming:
    bounce = read_bounce(mail)
    if bounce is not None:
        return Incoming(IncomingKind.BOUNCE, digest, bounce=bounce, detail=CAME_BACK)
    text = calendar_text(mail)
    if text is not None:
        found = _answered(mail, digest, text)
        if found is not None:
            return found
    if is_automatic(mail):
        return Incoming(IncomingKind.AUTOMATIC, digest, detail=NO_PERSON)
    return Incoming(IncomingKind.OTHER, digest, tokens_of(mail), detail=NO_ANSWER)


def _answered(mail: Message, digest: str, text: str) -> Incoming | None:
    """Return the answer in a calendar part; an automatic mail with a broken one is automatic."""
    try:
        kind, answer, organised = read_calendar(text)
    except NoAnswer as error:
        if is_automatic(mail):
            return None
        return Incoming(IncomingKind.UNREADABLE, digest, detail=str(error))
    return _incoming(kind, digest, tokens_of(mail) | organised, answer)


def _incoming(
    kind: IncomingKind, digest: str, tokens: frozenset[str], answer: CalendarAnswer
) -> Incoming:
    if kind is IncomingKind.REPLY and answer.participation is None:
        said = "Its answer is none that a booking knows: accepted, tentative or declined."
        return Incoming(IncomingKind.UNREADABLE, digest, detail=said)
    return Incoming(kind, digest, tokens, answer)
