"""A write with If-Match waits for one that is undecided, and then sees that it is stale."""

from concurrent.futures import ThreadPoolExecutor, wait

from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlmodel import col

from booking.db import Database
from booking.models import Facility, Person
from tests.builders import a_token
from tests.scenes import a_scene

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20


def test_change_facility__another_change_undecided__waits_and_is_stale(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        headers = {"Authorization": f"Bearer {a_token(session, scene.manager)}"}
    path = f"/api/v1/facilities/{scene.facility.slug}"
    etag = client.get(path, headers=headers).headers["etag"]

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            session.exec(
                update(Facility)
                .where(col(Facility.id) == scene.facility.id)
                .values(description="Changed meanwhile")
            )
            fate = pool.submit(
                client.patch, path, json={"name": "New"}, headers={**headers, "If-Match": etag}
            )
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        answer = fate.result(timeout=PATIENCE_SECONDS)

    assert answer.status_code == 412
    assert answer.json()["current"]["description"] == "Changed meanwhile"


def test_change_me__another_change_undecided__waits_and_is_stale(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        headers = {"Authorization": f"Bearer {a_token(session, scene.member)}"}
    etag = client.get("/api/v1/me", headers=headers).headers["etag"]

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            session.exec(
                update(Person).where(col(Person.id) == scene.member.id).values(name="Renamed")
            )
            fate = pool.submit(
                client.patch,
                "/api/v1/me",
                json={"zone": "Africa/Nairobi"},
                headers={**headers, "If-Match": etag},
            )
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        answer = fate.result(timeout=PATIENCE_SECONDS)

    assert answer.status_code == 412
    assert answer.json()["current"]["name"] == "Renamed"
