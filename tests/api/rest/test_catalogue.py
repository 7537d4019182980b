"""The catalogue over HTTP: shapes, statuses, refusals."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from booking.db import Database
from booking.engine.permissions import Role
from tests.builders import a_booking, a_person, a_role, a_token
from tests.scenes import Scene, a_scene, at


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls with a token, or with none."""

    client: TestClient
    scene: Scene
    token: str

    def send(self, method: str, path: str, json: Any = None, **options: Any) -> Response:
        headers = options.pop("headers", {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.request(method, f"/api/v1{path}", json=json, headers=headers, **options)


@pytest.fixture
def callers(client: TestClient, database: Database) -> dict[str, Caller]:
    with database.writing() as session:
        scene = a_scene(session, name="Lathe", contact_name="A Name", capacity=3)
        a_booking(session, scene.resource, scene.project, at(0), at(60), quantity=2, title="Mine")
        officer = a_person(session)
        a_role(session, officer.id, Role.OFFICER)
        people = {"member": scene.member, "manager": scene.manager, "officer": officer}
        tokens = {name: a_token(session, each) for name, each in people.items()}
    tokens["nobody"] = ""
    return {name: Caller(client, scene, token) for name, token in tokens.items()}


def refused(answer: Response, status: int) -> set[str]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["code"] for each in answer.json()["errors"]}


def test_facility__created_found_and_changed(callers: dict[str, Caller]) -> None:
    officer = callers["officer"]
    body = {"slug": "optics", "name": "Optics", "country": "ke", "zone": "Africa/Nairobi"}
    made = officer.send("POST", "/facilities", body)
    assert made.status_code == 201, made.text
    one = callers["nobody"].send("GET", "/facilities/optics")
    assert (
        one.json() == made.json() == officer.send("GET", f"/facilities/{made.json()['id']}").json()
    )
    change = officer.send(
        "PATCH", "/facilities/optics", {"name": "Light"}, headers={"If-Match": one.headers["etag"]}
    )
    assert change.json()["name"] == "Light"
    stale = officer.send(
        "PATCH", "/facilities/optics", {"name": "X"}, headers={"If-Match": one.headers["etag"]}
    )
    assert stale.status_code == 412
    assert refused(officer.send("POST", "/facilities", body), 409) == {"slug_taken"}
    names = [each["name"] for each in officer.send("GET", "/facilities").json()["items"]]
    assert names == ["Light", "Sample Facility"]


def test_facility__by_those_who_may_not__is_refused(callers: dict[str, Caller]) -> None:
    body = {"slug": "optics", "name": "Optics", "country": "KE", "zone": "Africa/Nairobi"}
    assert callers["manager"].send("POST", "/facilities", body).status_code == 403
    assert callers["nobody"].send("POST", "/facilities", body).status_code == 401
    assert callers["officer"].send("POST", "/facilities", body | {"zone": "X"}).status_code == 422
    assert callers["officer"].send("GET", "/facilities/none").status_code == 404


def test_resource__created_with_defaults__is_a_draft(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    slug = manager.scene.facility.slug
    made = manager.send("POST", "/resources", {"facility": slug, "name": "Mill", "kind": "tool"})
    assert made.status_code == 201, made.text
    found = made.json()
    assert (found["state"], found["capacity"], found["mode"]) == ("draft", 1, "instant")
    assert (found["grid_minutes"], found["horizon_days"]) == (15, 365)
    path = f"/resources/{found['id']}"
    assert callers["nobody"].send("GET", path).status_code == 404
    assert manager.send("PATCH", path, {"state": "published"}).json()["state"] == "published"
    assert callers["nobody"].send("GET", path).status_code == 200
    retired = manager.send("PATCH", path, {"state": "retired", "minimum_minutes": None})
    assert retired.json()["state"] == "retired"
    assert manager.send("PATCH", path, {"state": "published"}).status_code == 409
    assert callers["nobody"].send("GET", path).status_code == 200
    listed = callers["nobody"].send("GET", "/resources", params={"q": "mill"})
    assert listed.json() == {"items": [], "next": None}


def test_resource__created_published__is_found_at_once(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    body = {
        "facility": str(manager.scene.facility.id),
        "name": "Mill",
        "kind": "tool",
        "state": "published",
        "measured_variables": ["force"],
    }
    assert manager.send("POST", "/resources", body).status_code == 201
    listed = callers["nobody"].send("GET", "/resources", params={"q": "FORCE mill"}).json()
    assert [each["name"] for each in listed["items"]] == ["Mill"]


def test_resource__limits_of_use__are_set_shown_and_taken_away(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    limits = {
        "concurrent_per_project": 2,
        "concurrent_per_organisation": 4,
        "no_show_grace_minutes": 0,
        "approval_days": 7,
    }
    body = {"facility": manager.scene.facility.slug, "name": "Mill", "kind": "tool"} | limits
    made = manager.send("POST", "/resources", body).json()
    assert {name: made[name] for name in limits} == limits
    path = f"/resources/{made['id']}"
    bare = manager.send("PATCH", path, dict.fromkeys(limits)).json()
    assert [bare[name] for name in limits] == [None] * 4


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"capacity": 1}, 409, "capacity_below_bookings"),
        ({"minimum_minutes": 60, "maximum_minutes": 30}, 422, "minimum_above_maximum"),
        ({"grid_minutes": 0}, 422, "field_invalid"),
        ({"colour": "red"}, 422, "extra_forbidden"),
    ],
)
def test_resource__faulty_change__is_refused(
    callers: dict[str, Caller], change: dict[str, Any], status: int, code: str
) -> None:
    manager = callers["manager"]
    answer = manager.send("PATCH", f"/resources/{manager.scene.resource.id}", change)
    assert refused(answer, status) == {code}


def test_resource__contact__is_for_the_signed_in(callers: dict[str, Caller]) -> None:
    path = f"/resources/{callers['nobody'].scene.resource.id}"
    assert callers["nobody"].send("GET", path).json()["contact_name"] is None
    assert callers["member"].send("GET", path).json()["contact_name"] == "A Name"
    assert callers["member"].send("PATCH", path, {"name": "X"}).status_code == 403
    assert callers["member"].send("GET", f"/resources/{uuid4()}").status_code == 404


def test_calendar__booking__is_shown_by_who_may_see(callers: dict[str, Caller]) -> None:
    path = f"/resources/{callers['nobody'].scene.resource.id}/calendar"
    span = {"start": at(-60).isoformat(), "end": at(120).isoformat()}
    found = callers["nobody"].send("GET", path, params=span).json()
    assert found["bookings"] == [
        {
            "starts_at": "2026-11-24T09:00:00Z",
            "ends_at": "2026-11-24T10:00:00Z",
            "quantity": 2,
            "status": "confirmed",
            "id": None,
            "title": None,
        }
    ]
    assert found["open"] == [
        {"starts_at": "2026-11-24T08:00:00Z", "ends_at": "2026-11-24T11:00:00Z"}
    ]
    assert found["closures"] == []
    mine = callers["member"].send("GET", path, params=span).json()
    assert mine["bookings"][0]["title"] == "Mine"
    backwards = {"start": span["end"], "end": span["start"]}
    assert refused(callers["nobody"].send("GET", path, params=backwards), 422) == {"interval"}


def test_slots_and_search__by_quantity__only_what_is_free(callers: dict[str, Caller]) -> None:
    nobody = callers["nobody"]
    span = {"start": at(0).isoformat(), "end": at(75).isoformat(), "minutes": 15}
    one = nobody.send("GET", "/slots", params=span | {"limit": 3}).json()
    assert len(one["items"]) == 3
    rest = nobody.send("GET", "/slots", params=span | {"cursor": one["next"]}).json()
    assert (len(rest["items"]), rest["next"]) == (2, None)
    two = nobody.send("GET", "/slots", params=span | {"quantity": 2}).json()["items"]
    assert [each["starts_at"] for each in two] == ["2026-11-24T10:00:00Z"]
    free = {"free_from": span["start"], "free_until": at(60).isoformat(), "minutes": 60}
    assert nobody.send("GET", "/resources", params=free).json()["items"]
    assert nobody.send("GET", "/resources", params=free | {"quantity": 2}).json()["items"] == []


def test_opening_hours__set_and_read(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    week = {"hours": [{"weekday": 0, "opens": "09:00", "closes": "17:00"}]}
    for path in (
        f"/facilities/{manager.scene.facility.slug}/opening-hours",
        f"/resources/{manager.scene.resource.id}/opening-hours",
    ):
        assert manager.send("PUT", path, week).json() == week
        assert callers["nobody"].send("GET", path).json() == week
        assert callers["member"].send("PUT", path, week).status_code == 403
        assert manager.send("PUT", path, {"hours": [{"weekday": 7}]}).status_code == 422


def test_closure__added_changed_and_removed(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    body = {
        "resource_id": str(manager.scene.resource.id),
        "starts_at": at(0).isoformat(),
        "ends_at": at(30).isoformat(),
    }
    made = manager.send("POST", "/closures", body)
    assert made.status_code == 201, made.text
    assert len(made.json()["overlapping_bookings"]) == 1
    path = f"/closures/{made.json()['id']}"
    changed = manager.send("PATCH", path, {"reason": "laser", "kind": "outage"}).json()
    seen = callers["nobody"].send("GET", path).json()
    assert changed == seen | {"displaced": [], "staying": []}
    assert (changed["reason"], changed["kind"]) == ("laser", "outage")
    listed = callers["nobody"].send("GET", "/closures", params={"start": at(0).isoformat()})
    assert [each["id"] for each in listed.json()["items"]] == [changed["id"]]
    wrong = body | {"ends_at": at(0).isoformat()}
    assert refused(manager.send("POST", "/closures", wrong), 409) == {"ends_before_start"}
    del body["resource_id"]
    assert manager.send("POST", "/closures", body).status_code == 422
    assert callers["member"].send("DELETE", path).status_code == 403
    assert manager.send("DELETE", path).status_code == 204
    assert manager.send("GET", path).status_code == 404


def test_import__raw_and_form__report_by_row(callers: dict[str, Caller]) -> None:
    manager = callers["manager"]
    path = f"/facilities/{manager.scene.facility.slug}/import"
    text = b"ID,Name\n1,Mill\n2,UNKNOWN\n"
    dry = manager.send("POST", path, content=text, params={"dry_run": "true"}).json()
    assert (dry["created"], dry["refused"], dry["dry_run"]) == (1, 1, True)
    done = manager.send("POST", path, files={"file": ("a.csv", text)}).json()
    assert [(each["row"], each["outcome"]) for each in done["rows"]] == [
        (2, "created"),
        (3, "refused"),
    ]
    assert manager.send("POST", path, content=text).json()["unchanged"] == 1
    assert manager.send("POST", path, content=b"").status_code == 422
    assert manager.send("POST", path, data={"a": "b"}, files={}).status_code == 422
    assert callers["member"].send("POST", path, content=text).status_code == 403


def test_slots__for_a_project__is_for_its_members(callers: dict[str, Caller]) -> None:
    span = {"start": at(0).isoformat(), "end": at(75).isoformat(), "minutes": 15}
    asked = span | {"project": str(callers["member"].scene.project.id)}
    assert len(callers["member"].send("GET", "/slots", params=asked).json()["items"]) == 5
    for name in ("nobody", "officer"):
        assert callers[name].send("GET", "/slots", params=asked).status_code == 404
