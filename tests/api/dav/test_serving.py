"""CalDAV as it is served: who gets in, behind what, and what is refused how."""

import base64

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import CalendarAccess
from booking.models import CalendarToken
from booking.services.calendar_tokens import create_account
from tests.api.dav.bookings import Desk, a_desk, an_event, hours, told
from tests.builders import NOW, a_booking, a_project, a_token
from tests.scenes import at

# What the databases differ in is tested below this layer.
pytestmark = pytest.mark.only_on("sqlite")
PRINCIPAL = "<d:propfind xmlns:d='DAV:'><d:prop><d:current-user-principal/></d:prop></d:propfind>"
ETAGS = "<d:propfind xmlns:d='DAV:'><d:prop><d:getetag/></d:prop></d:propfind>"
SYNC = (
    "<d:sync-collection xmlns:d='DAV:'><d:sync-token>{}</d:sync-token>"
    "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
)


class Program:
    """A calendar program with an account of its own."""

    def __init__(self, client: TestClient, desk: Desk) -> None:
        self.client = client
        with desk.database.writing() as session:
            made = create_account(
                session,
                actor=desk.scene.by_member,
                now=NOW,
                name="phone",
                of=desk.of,
                access=CalendarAccess.READ_WRITE,
            )
        self.token_id = made.row.id
        self.auth = (made.username, made.password)
        self.calendar = f"/dav/calendars/{made.username}/bookings/"

    def ask(self, method: str, path: str = "", body: str = "", **headers: str) -> Response:
        key = base64.b64encode(":".join(self.auth).encode()).decode()
        sent = {"Authorization": f"Basic {key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.request(
            method, path or self.calendar, content=body, headers=sent, follow_redirects=False
        )


@pytest.fixture
def desk(database: Database) -> Desk:
    return a_desk(database)


@pytest.fixture
def program(client: TestClient, desk: Desk) -> Program:
    return Program(client, desk)


def test_discovery__from_the_bare_host__finds_the_principal(program: Program) -> None:
    led = program.ask("PROPFIND", "/.well-known/caldav", PRINCIPAL)
    assert (led.status_code, led.headers["location"]) == (308, "/dav/")
    answer = program.ask("PROPFIND", "/dav/", PRINCIPAL, Depth="0")
    assert answer.status_code == 207
    assert f"/dav/principals/{program.auth[0]}/" in answer.text


def test_sign_in__wrong_password_or_none__is_asked_for_it(
    client: TestClient, program: Program
) -> None:
    bare = client.request("PROPFIND", "/dav/")
    program.auth = (program.auth[0], "wrong")
    for answer in (bare, program.ask("PROPFIND")):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")


def test_sign_in__many_wrong_passwords__are_slowed_down_and_the_right_one_is_not(
    program: Program,
) -> None:
    right, wrong = program.auth, (program.auth[0], "wrong")
    program.auth = wrong
    found = [program.ask("PROPFIND").status_code for _ in range(31)]
    assert (found[-2], found[-1]) == (401, 429)
    program.auth = right
    assert program.ask("PROPFIND", body=ETAGS, Depth="0").status_code == 207


def test_sign_in__revoked__is_401(program: Program, database: Database) -> None:
    with database.writing() as session:
        session.get_one(CalendarToken, program.token_id).revoked_at = NOW
    assert program.ask("PROPFIND", Depth="0").status_code == 401


def test_sign_in__used__is_noted(program: Program, database: Database) -> None:
    program.ask("PROPFIND", Depth="0")
    with database.reading() as session:
        assert session.get_one(CalendarToken, program.token_id).last_used_at == NOW


def test_reach__another_accounts_calendar__is_refused(program: Program, desk: Desk) -> None:
    theirs = f"/dav/calendars/{desk.username}/bookings/{desk.name}"
    for method in ("GET", "DELETE", "PROPFIND"):
        assert program.ask(method, theirs).status_code in {403, 404}
    assert desk.now_is().revision == 0


def test_get__behind_a_proxys_path__answers_its_addresses(
    app: FastAPI, program: Program, desk: Desk
) -> None:
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"base_url": "https://benchshare.example/lab"})
    answer = program.ask("PROPFIND", body=ETAGS, Depth="1")
    assert f"<href>/lab{program.calendar}{desk.name}</href>" in answer.text.replace("d:", "")
    led = program.ask("PROPFIND", "/.well-known/caldav")
    assert led.headers["location"] == "/lab/dav/"


def test_put__clash__is_403_with_the_precondition_and_the_reason(
    program: Program, desk: Desk, database: Database
) -> None:
    with database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
    body = an_event(*hours(120, 180), uid=desk.booking.uid)
    answer = program.ask("PUT", program.calendar + desk.name, body, Content_Type="text/calendar")
    assert answer.status_code == 403
    assert "booking-rules" in answer.text
    assert "responsedescription" in answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    assert len(told(database, "client_edit.refused")) == 1


def test_put__moved__answers_no_etag_since_the_text_is_ours(program: Program, desk: Desk) -> None:
    body = an_event(*hours(120, 180), uid=desk.booking.uid)
    answer = program.ask("PUT", program.calendar + desk.name, body, Content_Type="text/calendar")
    assert (answer.status_code, answer.headers.get("etag")) == (204, None)
    assert desk.now_is().starts_at == at(120)


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ("BEGIN:VCALENDAR", 403, "valid-calendar-data"),
        (an_event(*hours(0, 60)).replace("UID:a-client@elsewhere\r\n", ""), 403, "object-resource"),
        (an_event(*hours(0, 60), "RRULE:FREQ=DAILY"), 403, "valid-calendar-object-resource"),
        (an_event(*hours(0, 60), f"X-LONG:{'x' * 5_000_000}"), 413, "max-resource-size"),
    ],
)
def test_put__bad_input__changes_nothing_and_says_why_by_mail_too(
    program: Program, desk: Desk, body: str, status: int, word: str
) -> None:
    path = f"{program.calendar}new.ics"
    answer = program.ask("PUT", path, body, Content_Type="text/calendar")
    assert (answer.status_code, word in answer.text) == (status, True)
    assert desk.names() == {desk.name}
    (mailed,) = told(desk.database, "client_edit.refused")
    assert mailed["reasons"][0] in answer.text


def test_delete__after_a_change_that_cannot_be_read__is_ignored(
    program: Program, desk: Desk
) -> None:
    path = program.calendar + desk.name
    assert program.ask("PUT", path, "BEGIN:VCALENDAR").status_code == 403
    assert program.ask("DELETE", path).status_code == 204
    assert desk.now_is().status is BookingStatus.CONFIRMED


@pytest.mark.parametrize(
    ("method", "body", "depth", "status", "word"),
    [
        ("PROPFIND", ETAGS, "infinity", 403, "propfind-finite-depth"),
        ("PROPFIND", "<d:propfind", "1", 400, ""),
        ("REPORT", SYNC.format("https://moon.example/1"), "0", 403, "valid-sync-token"),
        ("DELETE", "", "infinity", 403, "need-privileges"),
    ],
)
def test_ask__bad_input__is_refused_by_its_precondition(
    program: Program, method: str, body: str, depth: str, status: int, word: str
) -> None:
    answer = program.ask(method, body=body, Depth=depth)
    assert (answer.status_code, word in answer.text) == (status, True)


def test_restore__by_the_api__brings_back_what_was_deleted(
    client: TestClient, program: Program, desk: Desk, database: Database
) -> None:
    with database.writing() as session:
        token = a_token(session, desk.scene.member)
    program.ask("DELETE", program.calendar + desk.name)
    kept = client.post(
        f"/api/v1/bookings/{desk.booking.id}/restore", headers={"Authorization": f"Bearer {token}"}
    )
    assert (kept.status_code, kept.json()["status"]) == (200, "confirmed")
    assert program.ask("GET", program.calendar + desk.name).status_code == 200


def test_sync__deleted__is_told_as_gone_and_back_once_undone(program: Program, desk: Desk) -> None:
    first = program.ask("REPORT", body=SYNC.format(""), Depth="0")
    token = first.text.partition("sync-token>")[2].partition("<")[0]
    assert program.ask("DELETE", program.calendar + desk.name).status_code == 204
    gone = program.ask("REPORT", body=SYNC.format(token), Depth="0").text
    assert desk.name in gone
    assert "404" in gone
    assert program.ask("GET", program.calendar + desk.name).status_code == 404
