"""CalDAV over HTTP (RFC 4791, RFC 6578): each method, whatever keeps the calendars."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.dav import listings
from api.dav.addresses import LONGEST_NAME, Addresses, Kind, Place, addresses_of, asked_place
from api.dav.answers import CAPABILITIES, METHODS, conditions_of, refused, told
from api.dav.backends import (
    MAX_RESOURCE_SIZE,
    NEED_PRIVILEGES,
    NOT_THERE,
    Backend,
    Collection,
    Refusal,
    Sent,
    SignIn,
)
from api.dav.markup import UNREADABLE_XML, Refused, parsed
from api.dav.objects import sent_object
from api.dav.properties import LARGEST_OBJECT, Shown, content_type, entity_tag
from api.dav.reports import report

LARGEST_XML: Final = 4 * 1024 * 1024
ALL_METHODS: Final = (
    "OPTIONS", "GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "PROPFIND", "PROPPATCH",
    "REPORT", "MKCALENDAR", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "SEARCH",
)  # fmt: skip
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="Benchshare calendars", charset="UTF-8"'}
NOT_SIGNED_IN: Final = (
    "The username or the password of the calendar account is wrong, or it was revoked. "
    "Make a calendar account on your account page and use what is shown there.\n"
)
FOR_PROGRAMS: Final = (
    "This address is for calendar programs. Give it to yours with the username and password "
    "of a calendar account.\n"
)
ANOTHERS: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    NEED_PRIVILEGES,
    "This address is not of your calendar account. Use the address of your own.",
)
NO_PARENT: Final = Refusal(
    HTTPStatus.CONFLICT, "", "There is no such calendar. Choose one that is there."
)
NAME_TOO_LONG: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    "",
    f"The last part of the address is longer than {LONGEST_NAME} characters. Shorten it.",
)
OBJECT_TOO_LARGE: Final = Refusal(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MAX_RESOURCE_SIZE,
    f"An event may be {LARGEST_OBJECT // 1024} KB long. Leave out attachments and long notes.",
)
XML_TOO_LARGE: Final = Refusal(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "",
    f"A request may be {LARGEST_XML // 1024 // 1024} MB long. Ask for less at once.",
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its body, its place, and the backend of who is signed in.

    `body` is None where it was longer than anything that is read.
    """

    request: Request
    body: bytes | None
    addresses: Addresses
    place: Place
    backend: Backend

    def xml(self) -> Element | None:
        """Return the root of the body, None where that is empty.

        Raises: Refused where it is too large, or no XML.
        """
        if self.body is None:
            raise Refused(XML_TOO_LARGE)
        return parsed(self.body)

    def shown(self) -> Shown:
        """Return what the place names.

        Raises: Refused where it is not there, or is another account's.
        """
        return listings.find(self.place, self.backend, self.addresses)


def dav_router(sign_in: SignIn, *, prefix: str = "/dav") -> APIRouter:
    """Return the routes of a CalDAV server below `prefix`, over the backends of `sign_in`."""
    router = APIRouter(include_in_schema=False)

    async def serve(request: Request) -> Response:
        try:
            body = await _body_within(request, max(LARGEST_XML, LARGEST_OBJECT))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return await run_in_threadpool(_answer, request, body, sign_in, prefix)

    for path in (prefix, f"{prefix}/{{path:path}}"):
        router.add_api_route(path, serve, methods=list(ALL_METHODS))
    return router


def well_known(prefix: str = "/dav") -> APIRouter:
    """Return the route by which clients find the server (RFC 6764), whatever their method."""
    router = APIRouter(include_in_schema=False)

    def lead(request: Request) -> Response:
        path = addresses_of(request, prefix).outside
        return RedirectResponse(f"{path}/", HTTPStatus.PERMANENT_REDIRECT)

    router.add_api_route("/.well-known/caldav", lead, methods=list(ALL_METHODS))
    return router


async def _body_within(request: Request, most: int) -> bytes | None:
    """Read the body, None where it is longer; it is read to its end, so that the answer arrives."""
    parts: list[bytes] = []
    total = 0
    async for part in request.stream():
        total += len(part)
        if total <= most:
            parts.append(part)
    return b"".join(parts) if total <= most else None


def _answer(request: Request, body: bytes | None, sign_in: SignIn, prefix: str) -> Response:
    addresses = addresses_of(request, prefix)
    place = asked_place(request, prefix)
    if request.method == "OPTIONS":
        return _options(place)
    backend = _signed_in(request, sign_in)
    if backend is None:
        return Response(
            NOT_SIGNED_IN, HTTPStatus.UNAUTHORIZED, CHALLENGE, "text/plain; charset=utf-8"
        )
    try:
        return _call(Call(request, body, addresses, _own(place, backend), backend))
    except Refused as no:
        return refused(no.refusal, addresses, place)


def _own(place: Place | None, backend: Backend) -> Place:
    if place is None:
        raise Refused(NOT_THERE)
    if place.user not in {"", backend.principal.name}:
        raise Refused(ANOTHERS)
    return place


def _signed_in(request: Request, sign_in: SignIn) -> Backend | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return sign_in(request, username, password) if colon and "\0" not in username else None


def _call(call: Call) -> Response:
    method = call.request.method
    allowed = METHODS[call.place.kind]
    if method not in allowed.split(", "):
        reason = f"That method does not work here; these do: {allowed}."
        answer = refused(
            Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "", reason), call.addresses, call.place
        )
        answer.headers["Allow"] = allowed
        return answer
    return _ANSWERS[method](call)


def _options(place: Place | None) -> Response:
    allowed = METHODS[place.kind if place else Kind.ROOT]
    return Response(status_code=HTTPStatus.OK, headers={"DAV": CAPABILITIES, "Allow": allowed})


def _propfind(call: Call) -> Response:
    depth = call.request.headers.get("depth", "infinity").strip().lower()
    return told(listings.listing(call.xml(), call.shown(), depth))


def _proppatch(call: Call) -> Response:
    asked = call.xml()
    if asked is None:
        raise Refused(UNREADABLE_XML)
    return told(listings.patched(asked, call.shown()))


def _report(call: Call) -> Response:
    asked = call.xml()
    if asked is None:
        raise Refused(UNREADABLE_XML)
    return told(report(asked, call.shown()))


def _make(call: Call) -> Response:
    if len(call.place.calendar) > LONGEST_NAME:
        raise Refused(NAME_TOO_LONG)
    components, kept = listings.new_calendar(call.xml())
    _unless(call.backend.make(call.place.calendar, components, kept))
    return Response(status_code=HTTPStatus.CREATED, headers={"Cache-Control": "no-cache"})


def _get(call: Call) -> Response:
    shown = call.shown()
    if shown.member is None:
        return Response(FOR_PROGRAMS, media_type="text/plain; charset=utf-8")
    items = call.backend.get(call.place.calendar, [call.place.name])
    if not items:
        raise Refused(NOT_THERE)
    member = items[0].member
    headers = {"ETag": entity_tag(member.etag), "Cache-Control": "private, no-cache"}
    conditions = conditions_of(call.request)
    if conditions.none_match is not None and not conditions.hold(member.etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(items[0].text.encode(), headers=headers, media_type=content_type(member))


def _put(call: Call) -> Response:
    place = call.place
    if len(place.name) > LONGEST_NAME:
        raise Refused(NAME_TOO_LONG)
    collection = listings.calendar_named(place.calendar, call.backend)
    if collection is None:
        raise Refused(NO_PARENT)
    try:
        sent = _sent(call, collection)
    except Refused as no:
        call.backend.note_refused(place.calendar, place.name, no.refusal)
        raise
    stored = call.backend.put(
        place.calendar, place.name, sent, conditions=conditions_of(call.request)
    )
    if isinstance(stored, Refusal):
        raise Refused(stored)
    # RFC 4791, 5.3.4: an ETag says that the text is kept as it came.
    headers = {} if stored.changed_text else {"ETag": entity_tag(stored.etag)}
    status = HTTPStatus.CREATED if stored.created else HTTPStatus.NO_CONTENT
    return Response(status_code=status, headers=headers)


def _sent(call: Call, collection: Collection) -> Sent:
    if call.body is None or len(call.body) > LARGEST_OBJECT:
        raise Refused(OBJECT_TOO_LARGE)
    return sent_object(call.body, call.request.headers.get("content-type", ""), collection)


def _delete(call: Call) -> Response:
    place = call.place
    if place.kind is Kind.CALENDAR:
        _unless(call.backend.remove(place.calendar))
    else:
        conditions = conditions_of(call.request)
        _unless(call.backend.delete(place.calendar, place.name, conditions=conditions))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _unless(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)


_ANSWERS: Final[dict[str, Callable[[Call], Response]]] = {
    "PROPFIND": _propfind,
    "PROPPATCH": _proppatch,
    "REPORT": _report,
    "MKCALENDAR": _make,
    "GET": _get,
    "HEAD": _get,
    "PUT": _put,
    "DELETE": _delete,
}
