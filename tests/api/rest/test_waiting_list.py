"""The waiting list and its offers over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from booking.services.booking_changes import cancel
from booking.services.offering import offer_freed
from tests.builders import NOW, a_booking, a_project, a_token
from tests.scenes import DOMAIN, Scene, a_scene, at


class Desk:
    """A resource whose hour somebody has, and a member and the manager who talk to it."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self.client, self.database = client, database
        with database.writing() as session:
            self.scene: Scene = a_scene(session)
            self.taken = a_booking(session, self.scene.resource, a_project(session), at(0), at(60))
            self.member = a_token(session, self.scene.member)
            self.manager = a_token(session, self.scene.manager)

    def call(self, method: str, path: str, *, by: str = "", **given: Any) -> Any:
        return self.client.request(
            method,
            f"/api/v1{path}",
            headers={"Authorization": f"Bearer {by or self.member}"},
            **given,
        )

    def wish(self, **given: Any) -> dict[str, Any]:
        return {
            "resource_id": str(self.scene.resource.id),
            "project_id": str(self.scene.project.id),
            "starts_at": "2026-11-24T09:00:00Z",
            "ends_at": "2026-11-24T10:00:00Z",
        } | given

    def free(self) -> None:
        with self.database.writing() as session:
            by = self.scene.by_manager
            cancel(session, actor=by, now=NOW, booking_id=self.taken.id)
            session.flush()
            offer_freed(session, now=NOW, domain=DOMAIN)


@pytest.fixture
def desk(client: TestClient, database: Database) -> Desk:
    return Desk(client, database)


def test_join__taken_time__answers_the_entry_with_its_place(desk: Desk) -> None:
    answer = desk.call("POST", "/waiting-list", json=desk.wish(title="Run 7"))

    assert answer.status_code == 201
    entry = answer.json()
    assert entry["state"] == "waiting"
    assert (entry["minutes"], entry["place"], entry["offer_id"]) == (60, 1, None)
    assert (entry["starts_at"], entry["ends_at"]) == (
        "2026-11-24T09:00:00Z",
        "2026-11-24T10:00:00Z",
    )
    listed = desk.call("GET", "/waiting-list", params={"state": "waiting"}).json()
    assert listed == {"items": [entry], "next": None}


def test_join__free_time__is_told_what_can_be_booked(desk: Desk) -> None:
    answer = desk.call(
        "POST", "/waiting-list", json=desk.wish(ends_at="2026-11-24T11:00:00Z", minutes=60)
    )
    assert answer.status_code == 409
    assert [each["code"] for each in answer.json()["errors"]] == ["free_now"]
    assert answer.json()["alternatives"][0]["starts_at"] == "2026-11-24T10:00:00Z"


@pytest.mark.parametrize(
    "given",
    [
        {"minutes": 0},
        {"minutes": "60"},
        {"quantity": 2**31},
        {"title": "\x00"},
        {"starts_at": "2026-11-24T09:00:00"},
        {"nonsense": 1},
    ],
)
def test_join__malformed__is_422(desk: Desk, given: dict[str, Any]) -> None:
    assert desk.call("POST", "/waiting-list", json=desk.wish(**given)).status_code == 422


def test_list__pages__show_each_once(desk: Desk) -> None:
    for hour in (9, 12, 14):
        with desk.database.writing() as session:
            if hour > 9:
                minutes = (hour - 9) * 60
                project = a_project(session)
                a_booking(session, desk.scene.resource, project, at(minutes), at(minutes + 60))
        wish = desk.wish(
            starts_at=f"2026-11-24T{hour:02}:00:00Z", ends_at=f"2026-11-24T{hour + 1:02}:00:00Z"
        )
        assert desk.call("POST", "/waiting-list", json=wish).status_code == 201

    first = desk.call("GET", "/waiting-list", params={"limit": 2}).json()
    rest = desk.call("GET", "/waiting-list", params={"limit": 2, "cursor": first["next"]}).json()

    starts = [each["starts_at"][11:13] for each in first["items"] + rest["items"]]
    assert starts == ["09", "12", "14"]
    assert rest["next"] is None
    assert desk.call("GET", "/waiting-list", params={"cursor": "x"}).status_code == 422


def test_leave__then_again__is_closed(desk: Desk) -> None:
    entry = desk.call("POST", "/waiting-list", json=desk.wish()).json()

    left = desk.call("DELETE", f"/waiting-list/{entry['id']}")

    assert (left.status_code, left.json()["state"], left.json()["place"]) == (
        200,
        "withdrawn",
        None,
    )
    assert desk.call("DELETE", f"/waiting-list/{entry['id']}").status_code == 409


def test_offer__accepted__is_a_booking(desk: Desk) -> None:
    entry = desk.call("POST", "/waiting-list", json=desk.wish(title="Run 7")).json()
    desk.free()

    (offer,) = desk.call("GET", "/offers", params={"state": "made"}).json()["items"]
    assert offer["entry_id"] == entry["id"]
    assert offer["deadline_at"] == "2026-11-23T21:00:00Z"
    assert offer["why"][0] == "Nobody else was waiting for this time."
    assert desk.call("GET", f"/offers/{offer['id']}").json() == offer
    assert desk.call("GET", "/waiting-list").json()["items"][0]["offer_id"] == offer["id"]

    accepted = desk.call("POST", f"/offers/{offer['id']}/accept")

    assert accepted.status_code == 200
    assert (accepted.json()["state"], accepted.json()["booking_status"]) == (
        "accepted",
        "confirmed",
    )
    booking = desk.call("GET", f"/bookings/{offer['booking_id']}").json()
    assert (booking["status"], booking["source"], booking["title"]) == (
        "confirmed",
        "waiting-list",
        "Run 7",
    )
    assert desk.call("POST", f"/offers/{offer['id']}/decline").status_code == 409


def test_offer__declined_by_the_manager__is_free_again(desk: Desk) -> None:
    desk.call("POST", "/waiting-list", json=desk.wish())
    desk.free()
    (offer,) = desk.call("GET", "/offers").json()["items"]

    declined = desk.call("POST", f"/offers/{offer['id']}/decline", by=desk.manager)

    assert (declined.json()["state"], declined.json()["booking_status"]) == (
        "declined",
        "cancelled",
    )
