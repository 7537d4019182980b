"""Bookings over HTTP: shapes, statuses, and what a refusal holds."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from booking.db import Database
from tests.callers import Caller, callers, refused
from tests.scenes import at


@pytest.fixture
def member(client: TestClient, database: Database) -> Caller:
    return callers(client, database)[0]


def test_post__free_time__answers_the_booking(member: Caller) -> None:
    answer = member.send("POST", "/bookings", member.wish(title="Run 7"))

    assert answer.status_code == 201
    made = answer.json()
    assert str(UUID(made["id"])) == made.pop("id")
    assert made.pop("uid").endswith("@benchshare.example")
    assert made == {
        "resource_id": str(member.scene.resource.id),
        "project_id": str(member.scene.project.id),
        "person_id": str(member.scene.member.id),
        "starts_at": "2026-11-24T09:00:00Z",
        "ends_at": "2026-11-24T10:00:00Z",
        "quantity": 1,
        "title": "Run 7",
        "status": "confirmed",
        "source": "instant",
        "reason": "",
        "sequence": 0,
        "revision": 0,
        "group_key": "",
        "waiver": "",
        "series_id": None,
        "expires_at": None,
    }


def test_post__offset__is_answered_in_utc(member: Caller) -> None:
    made = member.book(starts_at="2026-11-24T12:00:00+03:00", ends_at="2026-11-24T13:00:00+03:00")

    assert made["starts_at"] == "2026-11-24T09:00:00Z"


def test_post__taken__lists_reasons_and_alternatives(member: Caller) -> None:
    member.book()

    answer = member.send("POST", "/bookings", member.wish(7, 67))

    assert refused(answer, 409) == {"off_grid", "taken"}
    assert answer.json()["alternatives"][0] == {
        "resource_id": str(member.scene.resource.id),
        "starts_at": "2026-11-24T10:00:00Z",
        "ends_at": "2026-11-24T11:00:00Z",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": 1764000000},
        {"starts_at": "1764000000"},
        {"starts_at": "2026-11-24T09:00:00"},
        {"starts_at": "0001-01-01T00:00:00Z"},
        {"ends_at": "9999-12-31T23:59:59Z"},
        {"ends_at": "2026-11-24T09:00:00Z"},
        {"quantity": 0},
        {"quantity": 2**31},
        {"quantity": "1"},
        {"quantity": True},
        {"title": "x" * 201},
        {"title": "a\u0000b"},
        {"resource_id": "1"},
        {"colour": "red"},
    ],
)
def test_post__malformed__names_the_field(member: Caller, wrong: dict[str, Any]) -> None:
    answer = member.send("POST", "/bookings", member.wish() | wrong)

    refused(answer, 422)
    (field,) = wrong
    assert any(field in each["pointer"] for each in answer.json()["errors"])


def test_post__no_token__must_sign_in(member: Caller) -> None:
    answer = member.client.post("/api/v1/bookings", json=member.wish())

    assert refused(answer, 401) == {"not_signed_in"}


def test_post__stranger__is_not_permitted(client: TestClient, database: Database) -> None:
    stranger = callers(client, database)[2]

    assert refused(stranger.send("POST", "/bookings", stranger.wish()), 403)


def test_post__unknown_resource__is_not_found(member: Caller) -> None:
    wish = member.wish(resource_id=str(uuid4()))

    assert refused(member.send("POST", "/bookings", wish), 404)


def test_get__own_booking__carries_an_etag(member: Caller) -> None:
    made = member.book()

    answer = member.send("GET", f"/bookings/{made['id']}")

    assert answer.json() == made
    assert answer.headers["etag"]


def test_get__of_others__is_not_found(client: TestClient, database: Database) -> None:
    member, manager, stranger = callers(client, database)
    made = member.book()

    assert manager.send("GET", f"/bookings/{made['id']}").status_code == 200
    assert refused(stranger.send("GET", f"/bookings/{made['id']}"), 404)


def test_patch__new_time__moves(member: Caller) -> None:
    made = member.book()
    change = {"starts_at": at(60).isoformat(), "ends_at": at(90).isoformat(), "title": "Later"}

    answer = member.send("PATCH", f"/bookings/{made['id']}", change)

    assert answer.status_code == 200
    assert answer.json() == made | {
        "starts_at": "2026-11-24T10:00:00Z",
        "ends_at": "2026-11-24T10:30:00Z",
        "title": "Later",
        "sequence": 1,
        "revision": 1,
    }


def test_patch__stale_if_match__shows_what_is_now(member: Caller) -> None:
    made = member.book()
    path = f"/bookings/{made['id']}"
    etag = member.send("GET", path).headers["etag"]
    first = member.send("PATCH", path, {"title": "One"}, If_Match=etag)

    second = member.send("PATCH", path, {"title": "Two"}, If_Match=etag)

    assert first.status_code == 200
    assert refused(second, 412) == {"stale_version"}
    assert second.json()["current"]["title"] == "One"
    current = {"If_Match": first.headers["etag"]}
    assert member.send("DELETE", path, **current).json()["status"] == "cancelled"


def test_delete__then_get__is_cancelled(member: Caller) -> None:
    made = member.book()

    answer = member.send("DELETE", f"/bookings/{made['id']}?reason=Ill")

    assert answer.status_code == 200
    assert answer.json() == made | {
        "status": "cancelled",
        "reason": "Ill",
        "sequence": 1,
        "revision": 1,
    }
    assert member.send("GET", f"/bookings/{made['id']}").json() == answer.json()
    assert refused(member.send("DELETE", f"/bookings/{made['id']}"), 409) == {"wrong_state"}


def test_batch__one_refused__books_none(member: Caller) -> None:
    wishes = [member.wish(0, 60), member.wish(30, 90)]

    answer = member.send("POST", "/bookings/batch", {"bookings": wishes})

    assert refused(answer, 409) == {"taken"}
    assert answer.json()["errors"][0]["pointer"] == "/bookings/1/starts_at"
    assert member.send("GET", "/bookings").json()["items"] == []


def test_batch__all_fit__answers_all(member: Caller) -> None:
    wishes = [member.wish(start, start + 30) for start in range(0, 1500, 30)]

    answer = member.send("POST", "/bookings/batch", {"bookings": wishes})

    assert answer.status_code == 201
    assert len(answer.json()["items"]) == 50


@pytest.mark.parametrize("count", [0, 51])
def test_batch__too_few_or_many__is_malformed(member: Caller, count: int) -> None:
    wishes = [member.wish()] * count

    assert refused(member.send("POST", "/bookings/batch", {"bookings": wishes}), 422)


def test_list__pages__come_in_order_and_end(member: Caller) -> None:
    made = [member.book(start, start + 15)["id"] for start in (60, 0, 30)]

    first = member.send("GET", "/bookings?limit=2").json()
    rest = member.send("GET", f"/bookings?limit=2&cursor={first['next']}").json()

    assert [each["id"] for each in first["items"] + rest["items"]] == [made[1], made[2], made[0]]
    assert rest["next"] is None


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "WyJhIiwiYiJd"])
def test_list__no_cursor_of_ours__is_malformed(member: Caller, cursor: str) -> None:
    assert refused(member.send("GET", f"/bookings?cursor={cursor}"), 422) == {"cursor"}


def test_list__filters__narrow_it(member: Caller) -> None:
    first, second = member.book(0, 60), member.book(60, 120)
    member.send("DELETE", f"/bookings/{second['id']}")

    def ids(query: str) -> list[str]:
        items = member.send("GET", f"/bookings?{query}").json()["items"]
        return [each["id"] for each in items]

    both = [first["id"], second["id"]]
    assert ids(f"resource={member.scene.resource.id}&project={member.scene.project.id}") == both
    assert ids(f"resource={uuid4()}") == []
    assert ids(f"facility={member.scene.facility.id}&status=cancelled") == [second["id"]]
    assert ids("status=cancelled&status=confirmed") == both
    assert ids("from=2026-11-24T10:00:00Z") == [second["id"]]
    assert ids("until=2026-11-24T10:00:00Z") == [first["id"]]


def test_list__viewers__see_what_is_theirs(client: TestClient, database: Database) -> None:
    member, manager, stranger = callers(client, database)
    member.book()

    counts = [
        len(each.send("GET", "/bookings").json()["items"]) for each in (member, manager, stranger)
    ]
    assert counts == [1, 1, 0]


def test_repeat__same_key_and_body__answers_the_same_and_books_once(member: Caller) -> None:
    first = member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")
    second = member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")

    assert (first.status_code, first.json()) == (201, second.json())
    assert second.status_code == 201
    assert len(member.send("GET", "/bookings").json()["items"]) == 1


def test_repeat__of_a_refusal__is_decided_anew_or_the_same(member: Caller) -> None:
    member.book()
    first = member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")
    second = member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")

    assert refused(first, 409) == refused(second, 409) == {"taken"}


def test_repeat__same_key_other_body__is_a_mismatch(member: Caller) -> None:
    member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")

    answer = member.send("POST", "/bookings", member.wish(60, 120), Idempotency_Key="k1")

    assert refused(answer, 409) == {"idempotency_mismatch"}


def test_repeat__all_at_once__books_once(member: Caller) -> None:
    def send(_: int) -> Response:
        return member.send("POST", "/bookings", member.wish(), Idempotency_Key="k1")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    made = {each.json()["id"] for each in answers if each.status_code == 201}
    assert len(made) == 1
    for each in answers:
        if each.status_code != 201:
            assert refused(each, 409) == {"idempotency_unfinished"}
    assert len(member.send("GET", "/bookings").json()["items"]) == 1


def test_openapi__names_every_status_of_a_booking(app: FastAPI) -> None:
    responses = app.openapi()["paths"]["/api/v1/bookings"]["post"]["responses"]

    assert set(responses) == {"201", "401", "403", "404", "409", "413", "422", "429"}
