from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from api.auth import COOKIE, clear_cookie, set_cookie
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.services import sign_in
from tests.builders import a_person


def settings(base_url: str) -> Settings:
    return Settings(base_url=base_url, secret_key="x")


def test_set_cookie__over_tls__is_out_of_reach_of_scripts_and_other_sites() -> None:
    response = Response()
    set_cookie(response, settings("https://benchshare.example"), "abc")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=abc;")
    for word in ("HttpOnly", "SameSite=lax", "Secure", "Max-Age=2592000", "Path=/"):
        assert word in cookie


def test_set_cookie__without_tls__is_not_lost() -> None:
    response = Response()
    set_cookie(response, settings("http://127.0.0.1:8000"), "abc")
    assert "Secure" not in response.headers["set-cookie"]


def test_clear_cookie__signed_out__ends_it() -> None:
    response = Response()
    clear_cookie(response, settings("https://benchshare.example"))
    assert "Max-Age=0" in response.headers["set-cookie"]


def test_identify__cookie_from_another_site__may_read_and_never_write(
    client: TestClient, app: FastAPI, database: Database
) -> None:
    now = app.dependency_overrides[utc_now]()
    with database.writing() as session:
        person = a_person(session)
        token = sign_in.make_link(session, person_id=person.id, now=now, secret_key="x")
        cookie, _ = sign_in.open_link(session, token=token, now=now)
    client.cookies.set(COOKIE, cookie)
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.get("/api/v1/me", headers=foreign).status_code == 200
    change = {"name": "Changed"}
    assert client.patch("/api/v1/me", json=change, headers=foreign).status_code == 403
    assert client.patch("/api/v1/me", json=change).json()["name"] == "Changed"
    with database.writing() as session:
        sign_in.sign_out(session, cookie=cookie)
    assert client.get("/api/v1/me").status_code == 401
