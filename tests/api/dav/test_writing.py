"""PUT, GET and DELETE of events, and every way in which they are refused."""

import asyncio
from collections.abc import Callable

import pytest
from httpx2 import Response
from starlette.types import Message

from tests.api.dav.program import (
    CALENDAR,
    HOME,
    SHORT,
    Program,
    calendar_text,
    event,
    precondition,
    root_of,
)

KILOBYTE = 1024
LARGEST = 256 * KILOBYTE


def test_put__new_then_again__creates_then_replaces(program: Program) -> None:
    made = program.put("one.ics", event())
    changed = program.put("one.ics", event("one", "SUMMARY:Later"))
    read = program.send("GET", f"{CALENDAR}one.ics")

    assert (made.status_code, changed.status_code) == (201, 204)
    assert read.text == event("one", "SUMMARY:Later")
    assert read.headers["etag"] == changed.headers["etag"] != made.headers["etag"]
    assert read.headers["content-type"] == "text/calendar; charset=utf-8; component=VEVENT"


def test_get__known_etag__is_not_modified(program: Program) -> None:
    etag = program.put("one.ics", event()).headers["etag"]

    same = program.send("GET", f"{CALENDAR}one.ics", if_none_match=etag)
    other = program.send("GET", f"{CALENDAR}one.ics", if_none_match='"other"')
    assert (same.status_code, other.status_code) == (304, 200)


def test_head__event__has_the_headers_alone(program: Program) -> None:
    program.put("one.ics", event())
    told = program.send("HEAD", f"{CALENDAR}one.ics")

    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["etag"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_match": '"wrong"'}, 412),
        ({"if_match": "*"}, 204),
        ({"if_none_match": "*"}, 412),
        ({"if_none_match": '"other"'}, 204),
    ],
)
def test_put__conditions_on_an_event__hold_or_refuse(
    program: Program, headers: dict[str, str], status: int
) -> None:
    program.put("one.ics", event())

    assert program.put("one.ics", event("one", "SUMMARY:x"), **headers).status_code == status


def test_put__etag_as_seen_or_weakened_by_a_proxy__is_the_same(program: Program) -> None:
    etag = program.put("one.ics", event()).headers["etag"]
    etag = program.put("one.ics", event("one", "SUMMARY:a"), if_match=etag).headers["etag"]

    assert program.put("one.ics", event(), if_match=f'"x", W/{etag}').status_code == 204


@pytest.mark.parametrize(("header", "status"), [("if_match", 412), ("if_none_match", 201)])
def test_put__condition_on_nothing__holds_or_refuses(
    program: Program, header: str, status: int
) -> None:
    assert program.put("new.ics", event(), **{header: "*"}).status_code == status


DATA, OBJECT = "valid-calendar-data", "valid-calendar-object-resource"
AGAIN = event().partition("//EN\r\n")[2]
REFUSED = {
    "no calendar": ("hello", DATA),
    "not UTF-8": (b"\xff\xfe", DATA),
    "bare event": ("BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", DATA),
    "cut off": (event()[:60], DATA),
    "empty": ("", DATA),
    "unreadable time": (event().replace("DTSTART:20261201T", "DTSTART:2026120"), DATA),
    "unreadable rule": (event("one", "RRULE:FREQ=BANANA"), DATA),
    "two calendars": (event() + event(), DATA),
    "no UID": (event().replace("UID:one", "X-UID:one"), OBJECT),
    "long UID": (event("u" * 201), OBJECT),
    "UID with a zero in it": (event("u\0u"), OBJECT),
    "no start": (event().replace("DTSTART:", "X-START:"), OBJECT),
    "two starts": (event("one", "DTSTART:20261202T080000Z"), OBJECT),
    "method": (event().replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST"), OBJECT),
    "two events": (
        event().replace("END:VCALENDAR\r\n", AGAIN.replace("UID:one", "UID:two")),
        OBJECT,
    ),
    "same event twice": (event().replace("END:VCALENDAR\r\n", AGAIN), OBJECT),
    "nothing inside": ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", OBJECT),
    "unknown kind": (calendar_text("UID:one", kind="VPOLL"), "supported-calendar-component"),
}


@pytest.mark.parametrize(("text", "element"), REFUSED.values(), ids=REFUSED.keys())
def test_put__no_object_of_a_calendar__is_refused_and_nothing_kept(
    program: Program, text: str | bytes, element: str
) -> None:
    refused = program.put("one.ics", text)

    assert (refused.status_code, precondition(refused)) == (403, element)
    assert program.send("GET", f"{CALENDAR}one.ics").status_code == 404


def test_put__longest_uid__is_kept(program: Program) -> None:
    assert program.put("one.ics", event("u" * 200)).status_code == 201


def test_put__another_media_type__is_refused(program: Program) -> None:
    refused = program.put("one.ics", "{}", content_type="application/json")

    assert (refused.status_code, precondition(refused)) == (403, "supported-calendar-data")


def test_put__uid_of_another_event__names_that_event(program: Program) -> None:
    program.put("one.ics", event())
    refused = program.put("two.ics", event())

    assert (refused.status_code, precondition(refused)) == (409, "no-uid-conflict")
    conflict = root_of(refused).find("c:no-uid-conflict/d:href", SHORT)
    assert conflict is not None
    assert conflict.text == f"{CALENDAR}one.ics"


@pytest.mark.parametrize(("octets", "status"), [(LARGEST, 201), (LARGEST + 1, 413)])
def test_put__at_and_above_the_largest_size__is_kept_or_refused(
    program: Program, octets: int, status: int
) -> None:
    text = event("one", "DESCRIPTION:x").replace(
        "DESCRIPTION:x", "DESCRIPTION:x" + "x" * (octets - len(event("one", "DESCRIPTION:x")))
    )
    answer = program.put("one.ics", text)

    assert answer.status_code == status
    if status == 413:
        assert precondition(answer) == "max-resource-size"


@pytest.mark.parametrize("method", ["PUT", "REPORT", "PROPFIND"])
def test_send__five_megabytes__is_too_large(program: Program, method: str) -> None:
    body = b" " * (5 * KILOBYTE * KILOBYTE)

    assert program.send(method, f"{CALENDAR}one.ics", body, depth="0").status_code == 413


@pytest.mark.parametrize(("length", "status"), [(255, 201), (256, 403)])
def test_put__name_at_and_above_the_longest__is_kept_or_refused(
    program: Program, length: int, status: int
) -> None:
    assert program.put("n" * length, event()).status_code == status


@pytest.mark.parametrize(
    "name", ["%2e%2e", "a%00b", "%ff", "a/b", "a%0ab"], ids=["up", "nul", "bytes", "deep", "line"]
)
def test_put__name_that_cannot_be__is_not_found(program: Program, name: str) -> None:
    assert program.put(name, event()).status_code == 404


@pytest.mark.parametrize("name", ["a%2Fb.ics", "%C3%A9 t.ics", "a@b.ics", "a%3Fb", "100%25"])
def test_put__odd_name__is_found_again_under_it(program: Program, name: str) -> None:
    assert program.put(name, event()).status_code == 201
    told = program.find("d:getetag", depth="1")
    listed = [each.text or "" for each in root_of(told).iterfind("d:response/d:href", SHORT)][-1]

    assert program.send("GET", listed).text == event()


def test_put__into_no_calendar__is_a_conflict(program: Program) -> None:
    assert program.send("PUT", f"{HOME}none/one.ics", event()).status_code == 409


def test_delete__event__is_gone_and_gone_again_is_not_found(program: Program) -> None:
    etag = program.put("one.ics", event()).headers["etag"]
    stale = program.send("DELETE", f"{CALENDAR}one.ics", if_match='"stale"')
    gone = program.send("DELETE", f"{CALENDAR}one.ics", if_match=etag)
    again = program.send("DELETE", f"{CALENDAR}one.ics")

    assert [each.status_code for each in (stale, gone, again)] == [412, 204, 404]


def test_delete__calendar__takes_its_events_with_it(program: Program) -> None:
    program.put("one.ics", event())
    assert program.send("DELETE", CALENDAR).status_code == 204

    assert program.send("DELETE", CALENDAR).status_code == 404
    assert program.send("MKCALENDAR", CALENDAR).status_code == 201
    assert program.send("GET", f"{CALENDAR}one.ics").status_code == 404


def test_everything__in_a_calendar_that_is_not_there__is_not_found(program: Program) -> None:
    ask: dict[str, Callable[[], Response]] = {
        "get": lambda: program.send("GET", f"{HOME}none/one.ics"),
        "delete": lambda: program.send("DELETE", f"{HOME}none/one.ics"),
        "list": lambda: program.find("d:getetag", path=f"{HOME}none/"),
        "remove": lambda: program.send("DELETE", f"{HOME}none/"),
    }

    assert {name: each().status_code for name, each in ask.items()} == dict.fromkeys(ask, 404)


def test_put__connection_cut_in_the_body__keeps_nothing_and_is_no_fault(program: Program) -> None:
    sent: list[Message] = []
    arriving: list[Message] = [
        {"type": "http.request", "body": event().encode()[:50], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def served() -> None:
        await program.client.app(scope, receive, send)

    path = f"{CALENDAR}one.ics"
    scope = {"type": "http", "method": "PUT", "path": path, "raw_path": path.encode()}
    scope |= {"headers": [], "query_string": b"", "root_path": "", "http_version": "1.1"}
    asyncio.run(served())

    assert [each["status"] for each in sent if "status" in each] == [400]
    assert program.send("GET", path).status_code == 404
