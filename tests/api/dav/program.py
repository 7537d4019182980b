"""A calendar program as the tests see it: requests, and the XML that comes back."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from fastapi.testclient import TestClient
from httpx2 import Response

PREFIX: Final = "/memory"
HOME: Final = f"{PREFIX}/calendars/ada/"
CALENDAR: Final = f"{HOME}bench/"
PASSWORD: Final = "a password of tests alone"
NAMESPACES: Final = (
    'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" '
    'xmlns:cs="http://calendarserver.org/ns/" xmlns:a="http://apple.com/ns/ical/"'
)
SHORT: Final = {
    "d": "DAV:",
    "c": "urn:ietf:params:xml:ns:caldav",
    "cs": "http://calendarserver.org/ns/",
    "a": "http://apple.com/ns/ical/",
}
EVENT: Final = (
    "UID:{uid}\nDTSTAMP:20261123T090000Z\nDTSTART:20261201T080000Z\nDTEND:20261201T100000Z\n"
)


def calendar_text(*lines: str, kind: str = "VEVENT") -> str:
    """Put the lines into a component inside a VCALENDAR."""
    inside = "\n".join((f"BEGIN:{kind}", *(line.strip() for line in lines), f"END:{kind}"))
    whole = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Tests//EN\n{inside}\nEND:VCALENDAR\n"
    return whole.replace("\n", "\r\n")


def event(uid: str = "one", *more: str) -> str:
    """An event of two hours on 1 December 2026 from 8 o'clock UTC, with further lines."""
    return calendar_text(EVENT.format(uid=uid), *more)


def document(name: str, inside: str) -> str:
    """An XML document with the usual prefixes: d, c, cs, a."""
    return f"<{name} {NAMESPACES}>{inside}</{name}>"


def named(response: Response, path: str) -> list[str]:
    """The texts of all elements at an XPath with the usual prefixes."""
    return [each.text or "" for each in root_of(response).iterfind(path, SHORT)]


def root_of(response: Response) -> Element:
    root: Element = fromstring(response.content)
    return root


def hrefs(response: Response) -> list[str]:
    return named(response, "d:response/d:href")


def precondition(response: Response) -> str:
    """The name of the precondition that failed, and a sentence beside it."""
    first, reason = root_of(response)
    assert reason.tag == "{DAV:}responsedescription"
    assert (reason.text or "").endswith(".")
    return first.tag.partition("}")[2]


@dataclass(frozen=True, slots=True)
class Program:
    """Somebody's calendar program, signed in as `username`."""

    client: TestClient
    username: str = "ada"

    def send(
        self, method: str, path: str = CALENDAR, body: str | bytes = "", **headers: str
    ) -> Response:
        dashed = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(
            method, path, content=body, headers=dashed, auth=(self.username, PASSWORD)
        )

    def put(self, name: str, text: str | bytes, **headers: str) -> Response:
        given = {"content_type": "text/calendar"} | headers
        return self.send("PUT", CALENDAR + name, text, **given)

    def find(self, *properties: str, path: str = CALENDAR, depth: str = "0") -> Response:
        wanted = "".join(f"<{each}/>" for each in properties)
        body = document("d:propfind", f"<d:prop>{wanted}</d:prop>")
        return self.send("PROPFIND", path, body, depth=depth)

    def report(self, name: str, inside: str, *, path: str = CALENDAR) -> Response:
        return self.send("REPORT", path, document(name, inside), depth="1")

    def query(self, filters: str, *, data: str = "") -> Response:
        wanted = f"<d:prop><d:getetag/>{data}</d:prop>"
        inside = f'<c:filter><c:comp-filter name="VCALENDAR">{filters}</c:comp-filter></c:filter>'
        return self.report("c:calendar-query", wanted + inside)

    def found(self, filters: str) -> list[str]:
        """The names of what a filter finds."""
        response = self.query(filters)
        assert response.status_code == 207, response.text
        return [each.rpartition("/")[2] for each in hrefs(response)]

    def sync(self, token: str = "", *, limit: str = "") -> Response:
        cut = f"<d:limit><d:nresults>{limit}</d:nresults></d:limit>" if limit else ""
        inside = (
            f"<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>{cut}"
            "<d:prop><d:getetag/></d:prop>"
        )
        return self.report("d:sync-collection", inside)
