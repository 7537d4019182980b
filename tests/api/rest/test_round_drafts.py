"""Routes that delete a draft round, or let another facility lead it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.services.policies import publish_policy
from booking.services.rounds import create_round, open_round
from tests.builders import NOW, a_facility, a_role, a_token
from tests.rounds import RoundScene, a_policy, a_round_scene, a_wish

ROUND = "/api/v1/rounds/spring"


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        scene = a_round_scene(session)
        create_round(
            session, actor=SYSTEM, now=NOW, wish=a_wish(), facility_keys=[scene.facility.slug]
        )
        return scene


@pytest.fixture
def manager(database: Database, scene: RoundScene) -> dict[str, str]:
    with database.writing() as session:
        return {"Authorization": f"Bearer {a_token(session, scene.manager)}"}


def test_delete__draft__is_gone(client: TestClient, manager: dict[str, str]) -> None:
    assert client.delete(ROUND, headers=manager).status_code == 204
    assert client.get(ROUND, headers=manager).status_code == 404
    assert client.delete(ROUND, headers=manager).status_code == 404


def test_delete__seen_before_it_changed__is_stale(
    client: TestClient, manager: dict[str, str]
) -> None:
    seen = client.get(ROUND, headers=manager).headers["ETag"]
    client.patch(ROUND, headers=manager, json={"name": "Another name"})
    stale = client.delete(ROUND, headers=manager | {"If-Match": seen})
    assert stale.status_code == 412
    now = client.get(ROUND, headers=manager).headers["ETag"]
    assert client.delete(ROUND, headers=manager | {"If-Match": now}).status_code == 204


def test_delete__once_open__is_refused_in_words(
    client: TestClient, manager: dict[str, str], database: Database, scene: RoundScene
) -> None:
    place = scene.facility.slug
    with database.writing() as session:
        publish_policy(session, actor=SYSTEM, now=NOW, facility=place, wish=a_policy())
        open_round(session, actor=SYSTEM, now=NOW, key="spring")
    answer = client.delete(ROUND, headers=manager)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "no draft any more" in answer.json()["detail"]


def test_lead__to_a_facility_of_the_same_manager__is_answered(
    client: TestClient, manager: dict[str, str], database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        other = a_facility(session)
        a_role(session, scene.manager.id, Role.MANAGER, facility_id=other.id)
    answer = client.post(f"{ROUND}/lead", headers=manager, json={"facility": other.slug})
    shown: dict[str, Any] = answer.json()
    assert (answer.status_code, shown["lead_facility_id"]) == (200, str(other.id))
    assert {each["slug"] for each in shown["facilities"]} == {scene.facility.slug, other.slug}


def test_lead__seen_before_it_changed__is_stale(
    client: TestClient, manager: dict[str, str], database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        other = a_facility(session)
        a_role(session, scene.manager.id, Role.MANAGER, facility_id=other.id)
    wanted = {"facility": other.slug}
    seen = client.get(ROUND, headers=manager).headers["ETag"]
    client.patch(ROUND, headers=manager, json={"name": "Another name"})
    stale = client.post(f"{ROUND}/lead", headers=manager | {"If-Match": seen}, json=wanted)
    assert (stale.status_code, stale.json()["current"]["name"]) == (412, "Another name")
    now = client.get(ROUND, headers=manager).headers["ETag"]
    done = client.post(f"{ROUND}/lead", headers=manager | {"If-Match": now}, json=wanted)
    assert (done.status_code, done.json()["lead_facility_id"]) == (200, str(other.id))
