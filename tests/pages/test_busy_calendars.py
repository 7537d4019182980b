"""Busy calendars by forms: in the account, on the desk, and where somebody books."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from api.auth import COOKIE, csrf_token
from api.outside import Outside
from booking.db import Database
from tests.busy_files import LOOPBACK, Server, a_calendar, a_server, an_hour
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at, booked

NINE = f"{at(0):%Y%m%dT%H%M%SZ}"
BUSY = a_calendar(an_hour(NINE, "SUMMARY:Dentist"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with a_server() as running:
        yield running


@pytest.fixture
def scene(database: Database, app: FastAPI) -> Scene:
    app.dependency_overrides[Outside] = lambda: LOOPBACK
    with database.writing() as session:
        return a_scene(session)


def arrived(visitor: Visitor, database: Database, person: Any) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, person))


def uploaded(visitor: Visitor, path: str, content: bytes) -> Any:
    token = csrf_token(visitor.app.state.settings, visitor.client.cookies.get(COOKIE) or "")
    return visitor.client.post(
        path,
        data={"csrf": token, "name": "My week"},
        files={"file": ("busy.ics", content)},
        follow_redirects=False,
    )


def test_account__a_file_is_uploaded__counts_and_is_asked_about_when_booking(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    arrived(visitor, database, scene.member)
    empty = text_of(visitor.get("/account/busy"))
    assert "No calendar is followed here yet" in empty
    assert "Times without a zone are read as UTC." in empty
    assert uploaded(visitor, "/account/busy/file", BUSY).status_code == 303
    shown = text_of(visitor.get("/account/busy"))
    assert "My week is added, with one busy time" in shown
    assert "1 busy time to come" in shown
    assert "Dentist" not in shown
    form = f"/resources/{scene.resource.id}/book"
    wish = {
        "project_id": scene.project.id,
        "starts_at": at(0).isoformat(),
        "ends_at": at(60).isoformat(),
    }
    refused = visitor.send(f"{form}/check", **wish)
    assert refused.status_code == 409
    assert "busy elsewhere" in text_of(refused)
    assert 'name="even_if_busy"' in refused.text
    checked = visitor.send(f"{form}/check", even_if_busy="yes", **wish)
    assert 'name="even_if_busy" value="yes"' in checked.text
    assert visitor.send(form, even_if_busy="yes", **wish).status_code == 303


def test_account__what_is_no_calendar__is_refused_with_why(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    arrived(visitor, database, scene.member)
    assert "This is no calendar" in text_of(uploaded(visitor, "/account/busy/file", b"Hello"))
    assert "is empty" in text_of(uploaded(visitor, "/account/busy/file", b""))
    wrong = visitor.send("/account/busy", url="cal.example", name="x")
    assert wrong.status_code == 422
    assert 'id="url-error"' in wrong.text


def test_slots__while_the_visitor_is_busy__are_marked_for_them_alone(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    path = f"/slots?minutes=60&free_from={at(0):%Y-%m-%dT%H:%M}&zone=UTC"
    arrived(visitor, database, scene.member)
    uploaded(visitor, "/account/busy/file", BUSY)
    assert text_of(visitor.get(path)).count("busy elsewhere") == 1
    arrived(visitor, database, scene.manager)
    assert "busy elsewhere" not in text_of(visitor.get(path))


def test_desk__a_calendar_of_a_resource__shows_conflicts_fails_and_goes(
    visitor: Visitor, database: Database, scene: Scene, server: Server
) -> None:
    with database.writing() as session:
        booking = booked(session, scene)
    arrived(visitor, database, scene.manager)
    base = f"/manage/facilities/{scene.facility.slug}/resources/{scene.resource.id}/busy"
    made = visitor.send(base, url=server.serve("/d.ics", BUSY), name="Beamline")
    assert made.status_code == 303
    page = visitor.get(base).text
    assert f'href="/bookings/{booking.id}"' in page
    key = next(each for each in page.split(f'action="{base}/')[1:] if "file" not in each[:9])[:36]
    server.serve("/d.ics", status=503)
    assert visitor.send(f"{base}/{key}", do="refresh").status_code == 303
    assert "503" in text_of(visitor.get(base))
    assert visitor.send(f"{base}/{key}", do="remove").status_code == 303
    assert "No calendar is followed here yet" in text_of(visitor.get(base))


def test_desk__somebody_else__is_refused(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    arrived(visitor, database, scene.member)
    base = f"/manage/facilities/{scene.facility.slug}/resources/{scene.resource.id}/busy"
    assert visitor.get(base).status_code == 403
    assert visitor.send(base, url="https://cal.example/").status_code == 403
    assert uploaded(visitor, f"{base}/file", BUSY).status_code == 403
