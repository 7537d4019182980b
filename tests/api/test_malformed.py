"""Refusals over HTTP: what they say, where they point, and in which shape."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from booking.db import Database
from tests import builders


def a_key(database: Database) -> dict[str, str]:
    with database.writing() as session:
        token = builders.a_token(session, builders.a_person(session))
    return {"Authorization": f"Bearer {token}"}


def errors_of(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    return [(each["pointer"], each["detail"]) for each in answer.json()["errors"]]


def test_malformed__own_rule_of_a_field__is_one_sentence_at_its_pointer(
    client: TestClient, database: Database
) -> None:
    body = {
        "resource_id": str(uuid4()),
        "project_id": str(uuid4()),
        "starts_at": 1_790_000_000,
        "ends_at": "2026-12-01T08:00:00Z",
        "colour": "red",
    }
    found = errors_of(client.post("/api/v1/bookings", json=body, headers=a_key(database)))
    assert [pointer for pointer, _ in found] == ["/starts_at", "/colour"]
    assert found[0][1].startswith("write a date-time with its offset")
    assert found[1][1] == "This is not known here; leave it out."


def test_malformed__query__points_into_the_query(client: TestClient) -> None:
    assert errors_of(client.get("/api/v1/resources?limit=0"))[0][0] == "/query/limit"


@pytest.mark.parametrize("content", [b"{no", b"\xff", b"[" * 100_000])
def test_malformed__body_that_is_no_json__is_422_too(
    client: TestClient, database: Database, content: bytes
) -> None:
    headers = {**a_key(database), "Content-Type": "application/json"}
    found = errors_of(client.post("/api/v1/bookings", content=content, headers=headers))
    assert [pointer for pointer, _ in found] == [""]


def test_malformed__page__is_answered_with_a_page(client: TestClient) -> None:
    answer = client.get(f"/?q={'a' * 3000}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", [f"/bookings/{UUID(int=1)}.ics", f"/resources/{UUID(int=1)}/freebusy.ifb"]
)
def test_refused__calendar_file__is_a_problem_for_a_program(
    client: TestClient, database: Database, path: str
) -> None:
    answer = client.get(path, headers=a_key(database))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
