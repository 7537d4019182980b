"""A short way answers as the ordinary way does, in fewer queries."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from booking.db import Database
from tests.builders import a_booking, a_resource, a_token
from tests.scenes import Scene, a_scene, at
from tests.statements import counted_statements

DAY = {"start": at(0).isoformat(), "end": at(24 * 60).isoformat()}


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.writing() as session:
        made = a_scene(session)
        a_booking(session, made.resource, made.project, at(0), at(60), title="Mine")
    return made


@pytest.fixture
def headers(database: Database, scene: Scene) -> dict[str, str]:
    with database.writing() as session:
        return {"Authorization": f"Bearer {a_token(session, scene.member)}"}


@pytest.fixture
def ordinary(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Close the short ways: what is asked afterwards goes the ordinary way."""
    del app
    return lambda: monkeypatch.setattr("api.short_ways.run_in_threadpool", _no_answer)


async def _no_answer(*_: Any) -> None:
    return None


def test_calendar__either_way__is_the_same(
    client: TestClient, scene: Scene, headers: dict[str, str], ordinary: Callable[[], None]
) -> None:
    path = f"/api/v1/resources/{scene.resource.id}/calendar"
    shortly = client.get(path, params=DAY, headers=headers)
    assert shortly.json()["bookings"][0]["title"] == "Mine"
    ordinary()
    ordinarily = client.get(path, params=DAY, headers=headers)
    assert (shortly.status_code, shortly.content) == (200, ordinarily.content)
    assert dict(shortly.headers) == dict(ordinarily.headers)


@pytest.mark.parametrize(
    ("resource", "params", "token", "status"),
    [
        ("", {"start": "now"}, "", 422),
        ("x", {}, "", 422),
        ("", {"start": DAY["end"], "end": DAY["start"]}, "", 422),
        ("", {"start": DAY["end"], "end": DAY["start"]}, "wrong", 401),
        ("", {}, "wrong", 401),
        ("00000000-0000-0000-0000-000000000000", {}, "", 404),
    ],
)
def test_calendar__refused__either_way_is_the_same(
    client: TestClient,
    scene: Scene,
    ordinary: Callable[[], None],
    resource: str,
    params: dict[str, str],
    token: str,
    status: int,
) -> None:
    path = f"/api/v1/resources/{resource or scene.resource.id}/calendar"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    shortly = client.get(path, params=DAY | params, headers=headers)
    ordinary()
    ordinarily = client.get(path, params=DAY | params, headers=headers)
    assert shortly.status_code == status
    assert (status, shortly.content) == (ordinarily.status_code, ordinarily.content)


@pytest.mark.parametrize("count", [1, 30])
def test_calendars__however_many_bookings__cost_three_queries(
    client: TestClient, database: Database, app: FastAPI, count: int
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        for number in range(count):
            other = a_resource(session, scene.facility.id)
            for each in (scene.resource, other):
                a_booking(session, each, scene.project, at(number), at(number + 1))
        headers = {"Authorization": f"Bearer {a_token(session, scene.member)}"}
    for path in (f"resources/{scene.resource.id}", f"facilities/{scene.facility.slug}"):
        with counted_statements(app.state.database.engine) as said:
            answer = client.get(f"/api/v1/{path}/calendar", params=DAY, headers=headers)
        assert answer.status_code == 200
        assert len([each for each in said if not each.startswith("BEGIN")]) == 3


def a_wish(scene: Scene, start: int, **given: Any) -> dict[str, Any]:
    wanted = {
        "resource_id": str(scene.resource.id),
        "project_id": str(scene.project.id),
        "starts_at": at(start).isoformat(),
        "ends_at": at(start + 60).isoformat(),
    }
    return wanted | given


def test_booking__either_way__is_the_same(
    client: TestClient, scene: Scene, headers: dict[str, str], ordinary: Callable[[], None]
) -> None:
    made = []
    for start in (120, 240):
        answer = client.post("/api/v1/bookings", json=a_wish(scene, start), headers=headers)
        assert answer.status_code == 201, answer.text
        found = client.get(f"/api/v1/bookings/{answer.json()['id']}", headers=headers)
        assert (found.json(), found.headers["etag"]) == (answer.json(), answer.headers["etag"])
        made.append(answer)
        ordinary()
    shortly, ordinarily = made
    assert list(shortly.json()) == list(ordinarily.json())
    assert set(shortly.headers) == set(ordinarily.headers)
    assert shortly.headers["content-type"] == ordinarily.headers["content-type"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ends_at": "2026-11-24"}, 422),
        ({"quantity": "1"}, 422),
        ({"quantity": 1.0}, 422),
        ({"colour": "red"}, 422),
        ({"title": "\x00"}, 422),
        ({"ends_at": at(120).isoformat()}, 422),
        ({"starts_at": at(30).isoformat()}, 409),
        ({"waiver": "since I may"}, 403),
        ({"resource_id": "00000000-0000-0000-0000-000000000000"}, 404),
    ],
)
def test_booking__refused__either_way_is_the_same(
    client: TestClient,
    scene: Scene,
    headers: dict[str, str],
    ordinary: Callable[[], None],
    change: dict[str, Any],
    status: int,
) -> None:
    wish = a_wish(scene, 120, **change)
    shortly = client.post("/api/v1/bookings", json=wish, headers=headers)
    ordinary()
    ordinarily = client.post("/api/v1/bookings", json=wish, headers=headers)
    assert (shortly.status_code, shortly.json()) == (status, ordinarily.json())


@pytest.mark.parametrize(
    ("sent", "kind", "token", "status"),
    [
        (b"{", "application/json", "", 422),
        (b"{}", "application/json", "wrong", 401),
        (b"\xff", "application/json", None, 422),
        (b"{", "application/json", None, 422),
        (b"[]", "application/json", None, 422),
        (b"{}", "text/plain", None, 422),
        (b"", "application/json", None, 422),
    ],
)
def test_booking__unreadable__either_way_is_the_same(
    client: TestClient,
    headers: dict[str, str],
    ordinary: Callable[[], None],
    sent: bytes,
    kind: str,
    token: str | None,
    status: int,
) -> None:
    who = headers if token is None else {"Authorization": f"Bearer {token}"} if token else {}
    given = who | {"Content-Type": kind}
    shortly = client.post("/api/v1/bookings", content=sent, headers=given)
    ordinary()
    ordinarily = client.post("/api/v1/bookings", content=sent, headers=given)
    assert shortly.status_code == status
    assert shortly.json() == ordinarily.json()


def test_booking__however_many_there_are__costs_the_same_queries(
    client: TestClient,
    app: FastAPI,
    scene: Scene,
    headers: dict[str, str],
    database_kind: str,
) -> None:
    cost = {"postgresql": 4, "sqlite": 6}[database_kind]
    for start in range(120, 600, 60):
        with counted_statements(app.state.database.engine) as said:
            answer = client.post("/api/v1/bookings", json=a_wish(scene, start), headers=headers)
        assert answer.status_code == 201
        assert len([each for each in said if not each.startswith("BEGIN")]) == cost


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"title": "\xff"}',
        b'{"\xff": 1}',
        b'{"title": "\\ud800"}',
        b'{"quantity": NaN}',
    ],
    ids=["nested too deeply", "not UTF-8", "a name not UTF-8", "half a character", "not a number"],
)
def test_book__unreadable_body__either_way_is_the_same(
    client: TestClient, headers: dict[str, str], ordinary: Callable[[], None], body: bytes
) -> None:
    headers["Content-Type"] = "application/json"
    shortly = client.post("/api/v1/bookings", content=body, headers=headers)
    ordinary()
    ordinarily = client.post("/api/v1/bookings", content=body, headers=headers)
    assert (shortly.status_code, shortly.content) == (422, ordinarily.content)
