"""XML in and out: read with nothing outside it fetched or expanded, written as plain text."""

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.ElementTree import fromstring

from api.dav.backends import APPLE, CALDAV, CALENDAR_SERVER, DAV, Refusal

PREFIXES: Final = {DAV: "d", CALDAV: "c", CALENDAR_SERVER: "cs", APPLE: "a"}
DEEPEST: Final = 40
UNREADABLE_XML: Final = Refusal(
    HTTPStatus.BAD_REQUEST,
    "",
    "The body is not well-formed XML, or has entities of its own. Send plain XML in UTF-8.",
)
_NAMESPACES: Final = " ".join(f'xmlns:{short}="{name}"' for name, short in PREFIXES.items())
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """Carries a refusal out of whatever is being read."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def dav(name: str) -> str:
    """Return a name of WebDAV in Clark's notation."""
    return f"{{{DAV}}}{name}"


def caldav(name: str) -> str:
    """Return a name of CalDAV in Clark's notation."""
    return f"{{{CALDAV}}}{name}"


def parsed(body: bytes) -> Element | None:
    """Return the root of an XML body, None where the body is empty.

    Raises: Refused (400) for what is no XML, declares a DTD or is nested too deeply.
    """
    if not body.strip():
        return None
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as fault:
        raise Refused(UNREADABLE_XML) from fault
    level: list[Element] = [root]
    for _ in range(DEEPEST):
        level = [child for each in level for child in each]
        if not level:
            return root
    raise Refused(UNREADABLE_XML)


def text(value: str) -> str:
    """Escape character data; carriage returns are kept, what XML cannot hold is dropped."""
    return _ILLEGAL.sub("", value).translate(_ESCAPES)


@cache
def _tags(name: str) -> tuple[str, str]:
    """Return how the element opens, without its bracket, and its tag alone.

    Only names of this package come here, so that the cache is bounded.
    """
    namespace, _, local = name[1:].partition("}")
    short = f"{PREFIXES[namespace]}:{local}"
    return f"<{short}", short


def element(named: str, content: str = "", **attributes: str) -> str:
    """Write an element of ours around markup that is already escaped."""
    opening, tag = _tags(named)
    for key, value in attributes.items():
        opening += f' {key}="{text(value).replace(chr(34), "&quot;")}"'
    return f"{opening}>{content}</{tag}>" if content else f"{opening}/>"


def stranger(name: str) -> str:
    """Write an empty element of any name in Clark's notation."""
    namespace, local = name[1:].split("}", 1) if name.startswith("{") else ("", name)
    quoted = text(namespace).replace('"', "&quot;")
    return f'<{local} xmlns="{quoted}"/>'


def as_sent(each: Element) -> str:
    """Write an element as it came, with the namespaces it needs, so that it stands alone."""
    tail, each.tail = each.tail, None
    written = tostring(each, encoding="unicode")
    each.tail = tail
    return written


def href(path: str) -> str:
    """Write a DAV:href; `path` is percent-encoded already."""
    return element(dav("href"), text(path))


def status_line(status: int) -> str:
    """Write a DAV:status."""
    return element(dav("status"), f"HTTP/1.1 {status} {HTTPStatus(status).phrase}")


def propstats(found: Iterable[str], missing: Iterable[str]) -> str:
    """Write the properties that are there, and the names of those that are not."""
    parts = [("".join(found), HTTPStatus.OK), ("".join(missing), HTTPStatus.NOT_FOUND)]
    filled = [(content, status) for content, status in parts if content]
    return "".join(
        element(dav("propstat"), element(dav("prop"), content) + status_line(status))
        for content, status in filled or [("", HTTPStatus.OK)]
    )


def response(path: str, content: str) -> str:
    """Write what is told of one address."""
    return element(dav("response"), href(path) + content)


def document(name: str, content: str) -> bytes:
    """Write a whole document with its namespaces declared."""
    opening, tag = _tags(name)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n{opening} {_NAMESPACES}>{content}</{tag}>'
    ).encode()
