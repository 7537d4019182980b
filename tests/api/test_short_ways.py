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


@pytest.mark.parametrize(
    "body",
    [b"", b"[" * 100_000, b'{"title": "\xff"}', b'{"\xff": 1}', b'{"title": "\\ud800"}'],
    ids=["empty", "nested too deeply", "not UTF-8", "a name not UTF-8", "half a character"],
)
def test_book__unreadable__either_way_is_the_same(
    client: TestClient, headers: dict[str, str], ordinary: Callable[[], None], body: bytes
) -> None:
    sent = headers | {"Content-Type": "application/json"}
    shortly = client.post("/api/v1/bookings", content=body, headers=sent)
    ordinary()
    ordinarily = client.post("/api/v1/bookings", content=body, headers=sent)
    assert (shortly.status_code, shortly.content) == (422, ordinarily.content)
