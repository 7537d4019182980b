"""Answers over HTTP: refusals with their precondition, and what every answer carries."""

import re
from typing import Final

from fastapi import Request, Response

from api.dav.addresses import Addresses, Kind, Place
from api.dav.backends import NEED_PRIVILEGES, Conditions, Refusal
from api.dav.markup import dav, document, element, href, stranger, text
from api.dav.reports import XML_TYPE, Told

CAPABILITIES: Final = "1, 3, calendar-access"
METHODS: Final[dict[Kind, str]] = {
    Kind.ROOT: "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT",
    Kind.PRINCIPAL: "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT",
    Kind.HOME: "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT",
    Kind.CALENDAR: "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT, MKCALENDAR, DELETE",
    Kind.MEMBER: "OPTIONS, GET, HEAD, PROPFIND, PROPPATCH, REPORT, PUT, DELETE",
}
_ETAG: Final = re.compile(r'\*|(?:W/)?"([^"]*)"')


def told(answer: Told) -> Response:
    """Return an XML or iCalendar body as a response."""
    return Response(answer.body, answer.status, {"DAV": CAPABILITIES}, answer.media_type)


def refused(refusal: Refusal, addresses: Addresses, place: Place | None) -> Response:
    """Return a refusal: the precondition for the program, the reason for the person."""
    precondition = stranger(refusal.element) if refusal.element else ""
    if refusal.element == NEED_PRIVILEGES and place is not None:
        lacking = element(dav("privilege"), element(dav("write")))
        resource = href(addresses.path(place)) + lacking
        precondition = element(NEED_PRIVILEGES, element(dav("resource"), resource))
    if refusal.conflict and place is not None:
        other = Place(Kind.MEMBER, place.user, place.calendar, refusal.conflict)
        precondition = element(refusal.element, href(addresses.path(other)))
    reason = element(dav("responsedescription"), text(refusal.reason))
    body = document(dav("error"), precondition + reason)
    return Response(body, refusal.status, {"DAV": CAPABILITIES}, XML_TYPE)


def conditions_of(request: Request) -> Conditions:
    """Read If-Match and If-None-Match.

    A weak ETag counts as the strong one: proxies that compress weaken those of ours.
    """
    return Conditions(
        _etags(request.headers.getlist("if-match")),
        _etags(request.headers.getlist("if-none-match")),
    )


def _etags(values: list[str]) -> frozenset[str] | None:
    if not values:
        return None
    found = _ETAG.finditer(", ".join(values))
    return frozenset("*" if each[0] == "*" else each[1] for each in found)
