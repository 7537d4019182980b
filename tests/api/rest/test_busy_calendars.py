"""Busy calendars over the wire: followed, uploaded, refreshed, removed; and heeded by bookings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.busy_calendars import refresh_due
from api.outside import Outside
from booking.config import Settings
from booking.db import Database
from booking.models import BusyCalendar, Closure, Person
from tests.builders import NOW, a_token
from tests.busy_files import CORPUS, LOOPBACK, Server, a_calendar, a_server, an_hour
from tests.conftest import settings_for
from tests.scenes import Scene, a_scene, at, booked

MINE = "/api/v1/me/busy-calendars"
BUSY_AT_NINE = a_calendar(an_hour(f"{at(0):%Y%m%dT%H%M%SZ}"))


@dataclass(frozen=True, slots=True)
class Callers:
    scene: Scene
    member: dict[str, str]
    manager: dict[str, str]

    @property
    def here(self) -> str:
        return f"/api/v1/resources/{self.scene.resource.id}/busy-calendars"

    def wish(self, **given: Any) -> dict[str, Any]:
        times = {"starts_at": at(0).isoformat(), "ends_at": at(60).isoformat()}
        ids = {
            "resource_id": str(self.scene.resource.id),
            "project_id": str(self.scene.project.id),
        }
        return times | ids | given


@pytest.fixture
def callers(database: Database) -> Callers:
    with database.writing() as session:
        scene = a_scene(session)
        return Callers(
            scene, *({"Authorization": f"Bearer {a_token(session, each)}"} for each in _two(scene))
        )


def _two(scene: Scene) -> tuple[Person, Person]:
    return scene.member, scene.manager


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@pytest.fixture(autouse=True)
def loopback(app: FastAPI) -> None:
    app.dependency_overrides[Outside] = lambda: LOOPBACK


def test_upload__busy_at_that_time__refuses_the_booking_unless_wanted(
    client: TestClient, callers: Callers
) -> None:
    made = client.post(f"{MINE}/file?name=work", content=BUSY_AT_NINE, headers=callers.member)
    assert made.status_code == 201, made.text
    assert (made.json()["busy_times"], made.json()["url"]) == (1, None)
    refused = client.post("/api/v1/bookings", json=callers.wish(), headers=callers.member)
    assert refused.status_code == 409
    assert [each["code"] for each in refused.json()["errors"]] == ["busy_elsewhere"]
    assert refused.json()["alternatives"]
    wish = callers.wish(even_if_busy=True)
    assert client.post("/api/v1/bookings", json=wish, headers=callers.member).status_code == 201


def test_upload__booking_that_a_calendar_program_named__is_no_busy_time_of_its_own(
    client: TestClient, callers: Callers, database: Database
) -> None:
    with database.writing() as session:
        new = replace(callers.scene.wish(), uid="one@elsewhere.example")
        booked(session, callers.scene, new)
    for base, who in ((MINE, callers.member), (callers.here, callers.manager)):
        made = client.post(f"{base}/file", content=BUSY_AT_NINE, headers=who)
        assert (made.status_code, made.json()["busy_times"]) == (201, 0)


def test_follow__of_a_resource__closes_it_shows_conflicts_and_no_title(
    client: TestClient, callers: Callers, server: Server
) -> None:
    made = client.post("/api/v1/bookings", json=callers.wish(), headers=callers.member)
    standing = made.json()["id"]
    url = server.serve("/r.ics", BUSY_AT_NINE.replace(b"DURATION", b"SUMMARY:Secret\r\nDURATION"))
    made = client.post(callers.here, json={"name": "beamline", "url": url}, headers=callers.manager)
    assert made.status_code == 201, made.text
    shown = client.get(callers.here, headers=callers.manager).json()
    assert [each["booking_id"] for each in shown["conflicts"]] == [standing]
    month = {"start": at(-600).isoformat(), "end": at(600).isoformat()}
    path = f"/api/v1/resources/{callers.scene.resource.id}/calendar"
    seen = client.get(path, params=month)
    assert len(seen.json()["closures"]) == 1
    assert "Secret" not in seen.text + client.get(callers.here, headers=callers.manager).text


def test_refresh__a_server_that_fails__keeps_the_time_and_says_why(
    client: TestClient, callers: Callers, server: Server
) -> None:
    url = server.serve("/f.ics", BUSY_AT_NINE, ETag='"1"')
    made = client.post(MINE, json={"url": url}, headers=callers.member).json()
    server.serve("/f.ics", b"gone", status=404)
    path = f"{MINE}/{made['id']}/refresh"
    again = client.post(path, headers=callers.member)
    assert again.status_code == 200
    assert "nothing at that address" in again.json()["problem"]
    assert (again.json()["failures"], again.json()["busy_times"]) == (1, 1)
    server.serve("/f.ics", a_calendar(), ETag='"2"')
    mended = client.post(path, headers=callers.member).json()
    assert (mended["failures"], mended["problem"], mended["busy_times"]) == (0, "", 0)


def test_follow__the_same_key_twice__adds_one(
    client: TestClient, callers: Callers, server: Server
) -> None:
    new = {"url": server.serve("/k.ics", BUSY_AT_NINE)}
    headers = callers.member | {"Idempotency-Key": "once"}
    answers = [client.post(MINE, json=new, headers=headers) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(client.get(MINE, headers=callers.member).json()["items"]) == 1


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("ftp://cal.example/", 422, "https://"),
        ("http://10.0.0.1:8000/a.ics", 409, "private network"),
        ("http://localhost./a.ics", 409, "fetched"),
    ],
)
def test_follow__what_is_not_fetched__is_refused_and_nothing_is_kept(
    client: TestClient, callers: Callers, url: str, status: int, said: str
) -> None:
    refused = client.post(MINE, json={"url": url}, headers=callers.member)
    assert refused.status_code == status
    assert said in refused.text
    assert client.get(MINE, headers=callers.member).json()["items"] == []


@pytest.mark.only_on("sqlite")
def test_every_calendar_of_the_corpus__uploaded_and_followed__is_taken_or_explained(
    client: TestClient, callers: Callers, server: Server, database: Database
) -> None:
    files = sorted(CORPUS.rglob("*.ics"))
    assert len(files) > 30
    began = monotonic()
    for path in files:
        content = path.read_bytes()
        url = server.serve("/corpus.ics", content)
        for answer in (
            client.post(f"{MINE}/file", content=content, headers=callers.member),
            client.post(callers.here, json={"url": url}, headers=callers.manager),
        ):
            assert answer.status_code in {201, 409}, (path, answer.text)
            if answer.status_code == 409:
                assert answer.json()["errors"][0]["code"] == "calendar_unreadable", path
            else:
                _removed(client, callers, answer.json()["id"])
    # A second for each upload and each address, taken together; removing them included.
    assert monotonic() - began < 2 * len(files)
    with database.reading() as session:
        assert not session.exec(select(BusyCalendar)).all()


def _removed(client: TestClient, callers: Callers, calendar_id: str) -> None:
    for path, headers in ((MINE, callers.member), (callers.here, callers.manager)):
        if client.delete(f"{path}/{calendar_id}", headers=headers).status_code == 204:
            return
    raise AssertionError(calendar_id)


def test_job__what_is_due__is_fetched_once(
    client: TestClient, callers: Callers, server: Server, database: Database
) -> None:
    url = server.serve("/j.ics", a_calendar(), ETag='"1"')
    made = client.post(callers.here, json={"url": url}, headers=callers.manager).json()
    server.serve("/j.ics", BUSY_AT_NINE, ETag='"2"')
    with database.writing() as session:
        _row(session, made["id"]).due_at = NOW
    settings: Settings = settings_for("sqlite://")
    assert refresh_due(database, LOOPBACK, settings=settings) == 1
    assert refresh_due(database, LOOPBACK, settings=settings) == 0
    with database.reading() as session:
        assert len(session.exec(select(Closure)).all()) == 1
        assert _row(session, made["id"]).etag == '"2"'


def _row(session: Session, calendar_id: str) -> BusyCalendar:
    return session.exec(select(BusyCalendar).where(BusyCalendar.id == UUID(calendar_id))).one()
