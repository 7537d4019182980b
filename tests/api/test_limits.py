from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from api.limits import (
    BAD_TOKENS,
    LINKS_OPENED,
    LINKS_TO_ONE_ADDRESS,
    limit_asking_for_links,
    limit_opening_links,
    network_of,
)
from booking.db import Database
from tests.builders import a_person, a_token


def a_request(app: FastAPI, host: str = "192.0.2.1") -> Request:
    scope: dict[str, Any] = {"type": "http", "app": app, "client": (host, 1), "headers": []}
    return Request(scope)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_limits__many_bad_tokens__are_told_to_wait_and_good_ones_are_not(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        token = a_token(session, a_person(session))
    for _ in range(BAD_TOKENS.amount):
        assert client.get("/api/v1/me", headers=bearer("guess")).status_code == 401
    answer = client.get("/api/v1/me", headers=bearer("guess"))
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Retry-After"] in answer.json()["detail"]
    for _ in range(BAD_TOKENS.amount * 2):
        assert client.get("/api/v1/me", headers=bearer(token)).status_code == 200


def test_limit_asking_for_links__one_address__is_counted_in_any_case(app: FastAPI) -> None:
    for number in range(LINKS_TO_ONE_ADDRESS.amount):
        limit_asking_for_links(a_request(app, f"192.0.2.{number}"), "A@example.org")
    with pytest.raises(HTTPException) as refused:
        limit_asking_for_links(a_request(app, "192.0.2.200"), " a@EXAMPLE.org")
    assert refused.value.status_code == 429
    limit_asking_for_links(a_request(app, "192.0.2.200"), "b@example.org")


def test_limit_opening_links__one_network__is_counted(app: FastAPI) -> None:
    for _ in range(LINKS_OPENED.amount):
        limit_opening_links(a_request(app))
    with pytest.raises(HTTPException):
        limit_opening_links(a_request(app))
    limit_opening_links(a_request(app, "192.0.2.2"))


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_network_of__address__is_itself_or_its_network(
    app: FastAPI, host: str, network: str
) -> None:
    assert network_of(a_request(app, host)) == network
