"""What no route answers itself: bodies that cannot be read, wrong methods, odd visitors."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.bodies import LARGEST_BODY
from api.logs import LONGEST_ERROR, said_shortly
from booking.config import Settings
from booking.db import Database
from tests.builders import a_person, a_token
from tests.conftest import settings_for

JSON = {"Content-Type": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
WRONG = {"Authorization": "Bearer no-such-token"}


@pytest.fixture
def bearer(database: Database) -> dict[str, str]:
    with database.writing() as session:
        return {"Authorization": f"Bearer {a_token(session, a_person(session))}"}


def assert_problem(answer: Any, status: int) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{", b"[" * 100_000, b"{", b'"\\ud800"', b"9" * 5000], ids=repr
)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "again"}], ids=["once", "with a key"])
def test_post__body_nobody_can_read__is_malformed(
    client: TestClient, bearer: dict[str, str], body: bytes, key: dict[str, str]
) -> None:
    for _ in range(2):
        answer = client.post("/api/v1/bookings", content=body, headers=JSON | bearer | key)
        assert_problem(answer, 422)
        assert answer.json()["errors"]


def test_post__half_of_a_surrogate_in_a_text__is_malformed(
    client: TestClient, bearer: dict[str, str]
) -> None:
    body = json.dumps({"name": "\ud800", "country": "KE", "kind": "ngo"})
    answer = client.post("/api/v1/organisations", content=body, headers=JSON | bearer)
    assert_problem(answer, 422)


def test_post__largest_body__is_read(client: TestClient, bearer: dict[str, str]) -> None:
    body = b" " * LARGEST_BODY
    assert_problem(client.post("/api/v1/bookings", content=body, headers=JSON | bearer), 422)


def test_post__declared_length_above_the_largest__is_refused(client: TestClient) -> None:
    body = b" " * (LARGEST_BODY + 1)
    assert_problem(client.post("/api/v1/bookings", content=body, headers=JSON), 413)


def test_post__endless_body_of_unknown_length__is_refused(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b" " * LARGEST_BODY, b" "]

    assert_problem(client.post("/api/v1/bookings", content=pieces(), headers=JSON), 413)


@pytest.mark.parametrize("length", ["9" * 5000, "x"], ids=["endless", "no number"])
def test_get__odd_declared_length__is_no_fault(client: TestClient, length: str) -> None:
    answer = client.get("/api/v1/facilities", headers={"Content-Length": length})
    assert answer.status_code in {200, 413}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/bookings", "GET, POST"),
        (f"/api/v1/bookings/{UUID(int=1)}", "DELETE, GET, PATCH"),
        ("/api/v1/rounds/x", "DELETE, GET, PATCH"),
        ("/healthz", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["TRACE", "OPTIONS"])
def test_any__method_no_route_has__names_all_that_work(
    client: TestClient, method: str, path: str, methods: str
) -> None:
    answer = client.request(method, path)
    assert_problem(answer, 405)
    assert answer.headers["allow"] == methods


@pytest.mark.parametrize("path", ["/no-such-page", "/", "/bookings"])
def test_page__wrong_token__is_no_fault(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=WRONG, follow_redirects=False)
    assert answer.status_code in {303, 404}


def test_page__form_from_another_site_with_a_cookie__is_refused(client: TestClient) -> None:
    headers = {"Origin": "https://elsewhere.example", "Cookie": "benchshare_session=x"}
    answer = client.post("/sign-out", headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/bookings/{}.ics", "/resources/{}/freebusy.ifb"])
def test_calendar_file__none_there__is_a_problem_not_a_page(client: TestClient, path: str) -> None:
    answer = client.get(path.format(uuid4()), follow_redirects=False)
    assert_problem(answer, 401 if path.endswith(".ics") else 404)


@pytest.fixture
def own_app(database_url: str) -> FastAPI:
    """An application that a test may add a route to."""
    return create_app(settings_for(database_url))


def test_fault__any__is_logged_in_one_plain_line(
    own_app: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    @own_app.get("/api/v1/fault")
    def fault() -> None:
        raise RuntimeError("x" * 2 * LONGEST_ERROR)

    with TestClient(own_app, raise_server_exceptions=False) as client:
        assert_problem(client.get("/api/v1/fault"), 500)
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "RuntimeError: xxx" in err
    assert len(err) < 2 * LONGEST_ERROR


def test_fault__in_a_browser__is_a_page_with_menu_and_the_reference_of_the_log(
    own_app: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    @own_app.get("/fault")
    def fault() -> None:
        raise RuntimeError("broken")

    with TestClient(own_app, raise_server_exceptions=False) as client:
        answer = client.get("/fault", headers=BROWSER)
        assert_problem(client.get("/fault"), 500)
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert '<nav aria-label="Main">' in answer.text
    found = re.search(r"in the log: ([0-9a-f]{8})\.", answer.text)
    assert found is not None
    assert found[1] in capsys.readouterr().err.splitlines()[0]


def test_said_shortly__long_words__are_cut() -> None:
    assert len(said_shortly(ValueError("x" * 2 * LONGEST_ERROR))) == LONGEST_ERROR


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody:x@127.0.0.1:1/nothing", "sqlite:////no-such-folder/benchshare.db"],
)
@pytest.mark.parametrize("path", ["/api/v1/resources", "/readyz", "/"])
def test_get__database_out_of_reach__asks_to_come_again(url: str, path: str) -> None:
    app = create_app(Settings(_env_file=None, database_url=url, secret_key="of tests alone"))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get(path)
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert "again" in answer.json()["detail"]


def test_page__database_out_of_reach__is_a_page_too() -> None:
    url = "sqlite:////no-such-folder/benchshare.db"
    app = create_app(Settings(_env_file=None, database_url=url, secret_key="of tests alone"))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/", headers=BROWSER)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert answer.headers["content-type"].startswith("text/html")
