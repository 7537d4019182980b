"""Approvals, check-in and check-out, no-shows, records of use and the day sheet over HTTP."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from booking.clock import utc_now
from booking.db import Database
from booking.engine.lifecycle import BookingMode
from tests.callers import Caller, callers, refused
from tests.scenes import at


@pytest.fixture
def member(client: TestClient, database: Database) -> Caller:
    return callers(client, database)[0]


def test_approve_and_reject__by_the_manager(client: TestClient, database: Database) -> None:
    member, manager, _ = callers(client, database, mode=BookingMode.APPROVAL)
    first, second = member.book(), member.book(60, 120)

    assert first["status"] == "pending"
    assert refused(member.send("POST", f"/bookings/{first['id']}/approve"), 403)
    approved = manager.send("POST", f"/bookings/{first['id']}/approve").json()
    assert (approved["status"], approved["sequence"]) == ("confirmed", 1)
    path = f"/bookings/{second['id']}/reject"
    assert refused(manager.send("POST", path, {"reason": ""}), 422)
    assert manager.send("POST", path, {"reason": "No laser"}).json()["reason"] == "No laser"


def test_check_in_and_out__record_use(app: FastAPI, member: Caller) -> None:
    made = member.book()
    path = f"/bookings/{made['id']}"
    assert refused(member.send("POST", f"{path}/check-in"), 409) == {"too_early"}

    app.dependency_overrides[utc_now] = lambda: at(5)

    assert member.send("POST", f"{path}/check-in").json()["status"] == "in_use"
    assert member.send("POST", f"{path}/check-out").json()["status"] == "completed"


def test_check_in__how_and_what_came_of_it__is_told(app: FastAPI, member: Caller) -> None:
    path = f"/bookings/{member.book()['id']}"
    assert refused(member.send("GET", f"{path}/usage"), 404) == {"not_found"}
    app.dependency_overrides[utc_now] = lambda: at(5)

    member.send("POST", f"{path}/check-in", {"via": "code"})
    use = member.send("GET", f"{path}/usage").json()
    assert (use["via"], use["checked_in_at"]) == ("code", "2026-11-24T09:05:00Z")
    assert use["in_words"] == "In use, booked for 1 h"
    app.dependency_overrides[utc_now] = lambda: at(20)
    left = member.send("POST", f"{path}/check-out", {"note": "Lamp flickers"}).json()

    assert (left["ends_at"], left["sequence"]) == ("2026-11-24T09:30:00Z", 1)
    use = member.send("GET", f"{path}/usage").json()
    assert (use["used_minutes"], use["booked_minutes"]) == (15, 60)
    assert (use["note"], use["in_words"]) == ("Lamp flickers", "Used 15 min of 1 h")


@pytest.mark.parametrize("given", [{"via": "pigeon"}, {"by": "me"}, [], "now"])
def test_check_in__malformed__is_refused(member: Caller, given: Any) -> None:
    path = f"/bookings/{member.book()['id']}/check-in"
    assert refused(member.send("POST", path, given), 422)


def test_check_in__same_key_again__answers_the_same(app: FastAPI, member: Caller) -> None:
    path = f"/bookings/{member.book()['id']}/check-in"
    app.dependency_overrides[utc_now] = lambda: at(5)
    first, again = (member.send("POST", path, {}, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.json()) == (200, first.json())


def test_no_show__by_the_manager_after_the_grace__is_marked(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    member, manager, _ = callers(client, database, no_show_grace_minutes=15)
    path = f"/bookings/{member.book()['id']}/no-show"
    assert refused(member.send("POST", path), 403) == {"not_permitted"}
    assert refused(manager.send("POST", path), 409) == {"not_missed_yet"}
    app.dependency_overrides[utc_now] = lambda: at(15)
    marked = manager.send("POST", path, {"reason": "We rang twice"}).json()
    assert (marked["status"], marked["reason"]) == ("no_show", "We rang twice")


def test_note__by_the_manager__stands_in_the_usage(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    member, manager, _ = callers(client, database)
    path = f"/bookings/{member.book()['id']}"
    app.dependency_overrides[utc_now] = lambda: at(0)
    member.send("POST", f"{path}/check-in")
    assert refused(member.send("PATCH", f"{path}/usage", {"note": "Fine"}), 403) == {
        "not_permitted"
    }
    noted = manager.send("PATCH", f"{path}/usage", {"note": "Left open"}).json()
    assert noted["note"] == member.send("GET", f"{path}/usage").json()["note"] == "Left open"


def test_approvals__pages__come_by_when_they_were_asked_for(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    member, manager, _ = callers(client, database, mode=BookingMode.APPROVAL)
    path = f"/facilities/{member.scene.facility.slug}/approvals"
    asked = []
    for minutes, start in ((-90, 120), (-80, 0), (-70, 60)):
        app.dependency_overrides[utc_now] = lambda minutes=minutes: at(minutes)
        asked.append(member.book(start, start + 60)["id"])

    first = manager.send("GET", f"{path}?limit=2").json()
    rest = manager.send("GET", f"{path}?limit=2&cursor={first['next']}").json()

    assert [each["id"] for each in first["items"] + rest["items"]] == asked
    assert rest["next"] is None
    assert first["items"][0]["expires_at"] == "2026-11-24T11:00:00Z"
    assert first["items"][0]["person_name"] == "Sample Person"
    assert refused(member.send("GET", path), 403) == {"not_permitted"}


def test_day_sheet__a_day_there__lists_every_resource_and_its_bookings(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    member, manager, _ = callers(client, database)
    path = f"/facilities/{member.scene.facility.slug}/day-sheet"
    # Nairobi's 24 November ends at 21:00 UTC.
    booked = [member.book(start, start + 60)["id"] for start in (0, 660, 720)]
    app.dependency_overrides[utc_now] = lambda: at(0)
    member.send("POST", f"/bookings/{booked[0]}/check-in")

    sheet = manager.send("GET", path).json()

    assert (sheet["on"], sheet["starts_at"]) == ("2026-11-24", "2026-11-23T21:00:00Z")
    (resource,) = sheet["resources"]
    assert [each["id"] for each in resource["bookings"]] == booked[:2]
    assert resource["bookings"][0]["usage"]["via"] == "button"
    assert resource["bookings"][1]["usage"] is None
    tomorrow = manager.send("GET", f"{path}?on=2026-11-25").json()
    assert [each["id"] for each in tomorrow["resources"][0]["bookings"]] == booked[2:]
    assert refused(member.send("GET", path), 403) == {"not_permitted"}


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31", "20261124", "soon"])
def test_day_sheet__no_day_of_ours__is_malformed(
    client: TestClient, database: Database, on: str
) -> None:
    _, manager, _ = callers(client, database)
    path = f"/facilities/{manager.scene.facility.slug}/day-sheet?on={on}"
    assert refused(manager.send("GET", path), 422)
