"""Ways to book over HTTP beside the plain one: with a waiver, on behalf, held."""

from uuid import uuid4

from fastapi.testclient import TestClient

from booking.db import Database
from booking.models import ProjectMember
from tests.builders import a_person, a_token, added
from tests.callers import Caller
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
