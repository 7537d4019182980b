"""A stranger's mail taken apart: its parts and headers, bounded, with nothing believed."""

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from hashlib import sha256
from typing import Final

LARGEST_MAIL: Final = 5 * 1024 * 1024
MOST_PARTS: Final = 100
MOST_HEADERS: Final = 50
LONGEST_HEADER: Final = 2000
MOST_IDS: Final = 20
ADDRESSED: Final = (
    "To",
    "Cc",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Forwarded-To",
    "Resent-To",
    "Received",
)
_PLUS: Final = re.compile(r"\+([A-Za-z0-9]{16,64})@", re.ASCII)
_ID: Final = re.compile(r"<[!-;=?A-~]{1,150}@[!-;=?A-~]{1,150}>", re.ASCII)


def parsed(content: bytes) -> Message:
    """Read a mail's bytes; the old policy, as it raises least on broken headers."""
    return message_from_bytes(content, policy=compat32)


def digest_of(content: bytes, mail: Message | None) -> str:
    """Return the SHA-256 of the Message-ID, or of the whole where there is none."""
    named = headers(mail, "Message-ID") if mail is not None else []
    own = named[0].strip() if named else ""
    return sha256(own.encode(errors="replace") if own else content).hexdigest()


def headers(mail: Message, name: str) -> list[str]:
    """Return the values of a header as they stand, cut to a bounded length."""
    found = mail.get_all(name) or []
    return [str(each)[:LONGEST_HEADER] for each in found[:MOST_HEADERS]]


def header(mail: Message, name: str) -> str:
    """Return the first value of a header in lower case, without white space around it."""
    return next(iter(headers(mail, name)), "").strip().lower()


def subject(mail: Message) -> str:
    """Return the subject in words; as it stands where its encoding is broken."""
    raw = next(iter(headers(mail, "Subject")), "")
    try:
        return str(make_header(decode_header(raw))).strip()
    except (MessageError, LookupError, ValueError):
        return raw.strip()


def tokens(values: Iterable[str]) -> frozenset[str]:
    """Return what follows a plus in any address that the values hold."""
    return frozenset(each.lower() for value in values for each in _PLUS.findall(value))


def tokens_of(mail: Message) -> frozenset[str]:
    """Return the tokens of the addresses that the mail was sent to."""
    return tokens(value for name in ADDRESSED for value in headers(mail, name))


def message_ids(values: Iterable[str]) -> list[str]:
    """Return the message ids that the values hold, in their order."""
    found = [each for value in values for each in _ID.findall(value)]
    return list(dict.fromkeys(found))[:MOST_IDS]


def parts(mail: Message, *, into_messages: bool = False) -> Iterator[Message]:
    """Walk through the parts, a bounded number; into mails that it carries only if asked."""
    waiting = [mail]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        inside = part.get_payload()
        carried = part.get_content_maintype() == "message" and part is not mail
        if isinstance(inside, list) and (into_messages or not carried):
            waiting.extend(each for each in reversed(inside) if isinstance(each, Message))


def text_of(part: Message, *, most: int) -> str:
    """Return a part's text, of at most `most` bytes, whatever its charset claims to be."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    content = payload[:most]
    for charset in ("utf-8-sig", part.get_content_charset() or "latin-1"):
        try:
            return content.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")
