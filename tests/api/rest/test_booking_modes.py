"""Ways to book over HTTP beside the plain one: with a waiver, on behalf, held."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from booking.models import ProjectMember
from tests.builders import a_person, a_token, added
from tests.callers import Caller, callers, refused
from tests.scenes import a_scene


def test_post__manager_against_a_waivable_rule__is_told_and_may_waive(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session, maximum_minutes=30, lead_minutes=2000)
        by_manager = Caller(client, scene, a_token(session, scene.manager))
        by_member = Caller(client, scene, a_token(session, scene.member))

    answer = by_manager.send("POST", "/bookings", by_manager.wish(60, 120))
    errors = answer.json()["errors"]
    assert [(each["code"], each["waivable"]) for each in errors] == [
        ("too_long", True),
        ("too_soon", True),
    ]
    errors = by_member.send("POST", "/bookings", by_member.wish()).json()["errors"]
    assert all("waivable" not in each for each in errors)

    waived = by_member.wish(waiver="Please")
    assert by_member.send("POST", "/bookings", waived).status_code == 403
    blank = by_manager.send("POST", "/bookings", by_manager.wish(waiver=" "))
    assert (blank.status_code, blank.json()["errors"][0]["pointer"]) == (422, "/waiver")
    made = by_manager.send("POST", "/bookings", by_manager.wish(waiver="A visit of the minister"))
    assert (made.status_code, made.json()["waiver"]) == (201, "A visit of the minister")


def test_post__in_the_name_of_somebody__is_theirs_if_on_the_project(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        colleague = a_person(session)
        added(session, ProjectMember(project_id=scene.project.id, person_id=colleague.id))
        caller = Caller(client, scene, a_token(session, scene.member))

    made = caller.send("POST", "/bookings", caller.wish(person_id=str(colleague.id)))
    assert made.json()["person_id"] == str(colleague.id)
    other = caller.send("POST", "/bookings", caller.wish(60, 120, person_id=str(uuid4())))
    assert [each["code"] for each in other.json()["errors"]] == ["not_on_project"]


def test_confirm__held__is_confirmed_under_its_title(
    client: TestClient, database: Database
) -> None:
    member, _, stranger = callers(client, database)
    made = member.book(hold=True)
    assert (made["status"], made["expires_at"]) == ("held", "2026-11-23T09:15:00Z")
    path = f"/bookings/{made['id']}/confirm"

    assert stranger.send("POST", path).status_code == 404
    answer = member.send("POST", path, {"title": "Run 7"}).json()
    assert (answer["status"], answer["expires_at"], answer["title"]) == ("confirmed", None, "Run 7")
    assert refused(member.send("POST", path), 409) == {"wrong_state"}


def test_hand_over__colleague__holds_it_then(client: TestClient, database: Database) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        colleague = a_person(session)
        added(session, ProjectMember(project_id=scene.project.id, person_id=colleague.id))
        caller = Caller(client, scene, a_token(session, scene.member))
    path = f"/bookings/{caller.book()['id']}/hand-over"

    assert refused(caller.send("POST", path, {"person_id": str(uuid4())}), 409) == {
        "not_on_project"
    }
    handed = caller.send("POST", path, {"person_id": str(colleague.id)}).json()
    assert (handed["person_id"], handed["sequence"]) == (str(colleague.id), 1)


def test_batch__all_or_none__carries_holds_and_names(
    client: TestClient, database: Database
) -> None:
    member, _, _ = callers(client, database)
    mine = str(member.scene.member.id)
    both = [member.wish(hold=True), member.wish(60, 120, person_id=mine)]

    made = member.send("POST", "/bookings/batch", {"bookings": both}).json()["items"]

    assert [each["status"] for each in made] == ["held", "confirmed"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_batch__another_method__is_not_allowed(
    client: TestClient, database: Database, method: str
) -> None:
    member, _, _ = callers(client, database)

    answer = member.send(method, "/bookings/batch", {} if method == "PATCH" else None)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
