"""Ways to book over HTTP beside the plain one: with a waiver, on behalf, held."""

from typing import Any
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


def test_series__trial_then_booked__reports_what_cannot_be_had(
    client: TestClient, database: Database
) -> None:
    member, _, stranger = callers(client, database)
    member.book(1440, 1500)
    wish = member.wish(repeats={"every": "day", "count": 3}, title="Run")

    trial = member.send("POST", "/bookings/series", wish | {"dry_run": True})
    assert trial.status_code == 200, trial.text
    tried = trial.json()
    assert (tried["series_id"], tried["bookings"], len(tried["dates"])) == (None, [], 2)
    made = member.send("POST", "/bookings/series", wish)
    assert made.status_code == 201
    found = made.json()
    assert found["dates"] == tried["dates"]
    assert {each["series_id"] for each in found["bookings"]} == {found["series_id"]}
    listed = member.send("GET", f"/bookings?series={found['series_id']}").json()["items"]
    assert listed == found["bookings"]
    (date,) = found["refused"]
    assert date["starts_at"] == "2026-11-25T09:00:00Z"
    assert [each["code"] for each in date["errors"]] == ["taken"]
    assert date["alternatives"][0]["resource_id"] == str(member.scene.resource.id)
    assert stranger.send("POST", "/bookings/series", wish).status_code == 403


def test_series__none_to_be_skipped__is_refused_whole(
    client: TestClient, database: Database
) -> None:
    member, _, _ = callers(client, database)
    member.book(1440, 1500)
    wish = member.wish(repeats={"every": "week", "weekdays": [1, 2], "until": "2026-12-09"})

    answer = member.send("POST", "/bookings/series", wish | {"if_refused": "none"})

    assert refused(answer, 409) == {"taken"}
    assert answer.json()["refused"][0]["starts_at"] == "2026-11-25T09:00:00Z"
    assert len(member.send("GET", "/bookings").json()["items"]) == 1


@pytest.mark.parametrize(
    "repeats",
    [
        {"every": "day"},
        {"every": "month", "count": 2},
        {"every": "day", "count": 0},
        {"every": "day", "count": 201},
        {"every": "day", "count": 2, "interval": 0},
        {"every": "week", "count": 2, "weekdays": [7]},
        {"every": "week", "count": 2, "weekdays": [0]},
        {"every": "week", "until": "2026-11-01"},
        {"every": "week", "interval": 366, "until": "9999-12-31"},
    ],
)
def test_series__senseless__is_malformed(
    client: TestClient, database: Database, repeats: dict[str, Any]
) -> None:
    member, _, _ = callers(client, database)

    answer = member.send("POST", "/bookings/series", member.wish(repeats=repeats))

    assert answer.status_code == 422, answer.text
