"""Closures over HTTP: a dry run, whom they displace, stale changes, files and holidays."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from tests.api.rest.test_catalogue import Caller, refused
from tests.builders import a_booking, a_token
from tests.scenes import a_scene, at


@pytest.fixture
def manager(client: TestClient, database: Database) -> Caller:
    """The manager of a facility whose one resource is booked for an hour tomorrow."""
    with database.writing() as session:
        scene = a_scene(session, name="Lathe")
        a_booking(session, scene.resource, scene.project, at(0), at(60))
        return Caller(client, scene, a_token(session, scene.manager))


def an_hour(manager: Caller, **given: Any) -> dict[str, Any]:
    return {
        "facility": manager.scene.facility.slug,
        "starts_at": at(0).isoformat(),
        "ends_at": at(60).isoformat(),
        **given,
    }


def test_create_closure__dry_run__tells_and_writes_nothing(manager: Caller) -> None:
    told = manager.send("POST", "/closures", an_hour(manager, dry_run=True))

    assert told.status_code == 200, told.text
    (fell,) = told.json()["displaced"]
    assert fell["project_name"] == "Sample Project"
    assert fell["offered"] == fell["alternatives"][0]
    assert fell["alternatives"][0]["starts_at"] == "2026-11-24T08:00:00Z"
    assert manager.send("GET", "/closures").json()["items"] == []
    bookings = manager.send("GET", "/bookings").json()["items"]
    assert [each["status"] for each in bookings] == ["confirmed"]


def test_create_closure__over_a_booking__displaces_and_offers(manager: Caller) -> None:
    done = manager.send("POST", "/closures", an_hour(manager))

    assert done.status_code == 201, done.text
    found = done.json()
    assert [each["booking_id"] for each in found["displaced"]] == found["overlapping_bookings"]
    assert found["staying"] == []
    bookings = manager.send("GET", "/bookings").json()["items"]
    assert {each["status"] for each in bookings} == {"held", "displaced"}


def test_edit_closure__estimate_confirmed_with_a_fresh_etag__displaces(manager: Caller) -> None:
    made = manager.send("POST", "/closures", an_hour(manager, estimated=True)).json()
    assert (made["displaced"], len(made["staying"])) == ([], 1)
    path = f"/closures/{made['id']}"
    fresh = {"If-Match": manager.send("GET", path).headers["etag"]}

    tried = manager.send("PATCH", path, {"estimated": False, "dry_run": True}, headers=dict(fresh))
    assert (tried.json()["estimated"], len(tried.json()["displaced"])) == (True, 1)
    done = manager.send("PATCH", path, {"estimated": False}, headers=dict(fresh))
    assert (done.json()["estimated"], len(done.json()["displaced"])) == (False, 1)
    assert done.headers["etag"] == manager.send("GET", path).headers["etag"]
    for method, body in (("PATCH", {"reason": "x"}), ("DELETE", None)):
        assert manager.send(method, path, body, headers=dict(fresh)).status_code == 412
    assert manager.send("DELETE", path, headers={"If-Match": done.headers["etag"]}).is_success


def test_import_closures__file__reports_rows_and_displaced(manager: Caller) -> None:
    path = f"/facilities/{manager.scene.facility.slug}/closures/import"
    text = f"resource,starts_at,ends_at\nLathe,{at(0)},{at(30)}\nMill,{at(0)},{at(30)}\n".encode()

    tried = manager.send("POST", path, content=text, params={"dry_run": "true"})
    assert (tried.json()["dry_run"], len(tried.json()["displaced"])) == (True, 1)
    done = manager.send("POST", path, content=text).json()

    assert (done["created"], done["refused"], len(done["displaced"])) == (1, 1, 1)
    assert [each["row"] for each in done["rows"]] == [2, 3]
    assert manager.send("POST", path, content=text).json()["unchanged"] == 1
    assert refused(manager.send("POST", path, content=b"a,b\n"), 422) == {"file_unreadable"}


def test_holidays__proposed_and_adopted(manager: Caller, database: Database) -> None:
    path = f"/facilities/{manager.scene.facility.slug}"
    christmas = at(31 * 1440)
    with database.writing() as session:
        scene = manager.scene
        row = a_booking(
            session, scene.resource, scene.project, christmas, christmas + timedelta(hours=1)
        )
    known = manager.send("GET", f"{path}/holiday-proposals", params={"year": 2026}).json()["items"]
    day = next(each for each in known if each["on"] == "2026-12-25")
    assert (day["estimated"], day["closure_id"], day["over"]) == (False, None, False)

    tried = manager.send("POST", f"{path}/holidays", {"dates": ["2026-12-25"], "dry_run": True})
    assert tried.status_code == 200
    done = manager.send("POST", f"{path}/holidays", {"dates": ["2026-12-25"]})

    assert done.status_code == 201
    assert [each["booking_id"] for each in done.json()["displaced"]] == [str(row.id)]
    assert done.json()["closures"][0]["starts_at"] == day["starts_at"]
    again = manager.send("POST", f"{path}/holidays", {"dates": ["2026-12-25"]}).json()
    assert (again["closures"], again["already"]) == ([], ["2026-12-25"])
    wrong = manager.send("POST", f"{path}/holidays", {"dates": ["2026-12-24"]})
    assert refused(wrong, 422) == {"not_a_holiday"}
    region = manager.send("PATCH", path, {"holiday_region": "XX"})
    assert refused(region, 422) == {"region_unknown"}
