"""Addresses behind a proxy that serves us below a path, and how a program finds them."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.datastructures import State

from api.app import create_app
from api.dav.memory import MemoryAccounts
from api.dav.protocol import dav_router, well_known
from booking.config import Settings
from tests.api.dav.program import HOME, PASSWORD, PREFIX, Program, event, hrefs, named
from tests.conftest import settings_for


def proxied(base_url: str) -> FastAPI:
    app = FastAPI()
    settings = Settings(_env_file=None, base_url=base_url, secret_key="x")
    app.state = State({"settings": settings})
    accounts = MemoryAccounts({"ada": PASSWORD})
    app.include_router(dav_router(accounts.sign_in, prefix=PREFIX))
    app.include_router(well_known(PREFIX))
    return app


@pytest.mark.parametrize(
    ("base_url", "root_path", "outside"),
    [
        ("https://lab.example", "", ""),
        ("https://lab.example/bench share/", "", "/bench%20share"),
        ("https://lab.example", "/memory", "/memory"),
        ("https://lab.example/x", "/y", "/y"),
    ],
)
def test_addresses__below_a_path_of_a_proxy__carry_it(
    base_url: str, root_path: str, outside: str
) -> None:
    with TestClient(proxied(base_url), root_path=root_path, base_url="http://testserver") as client:
        ada = Program(client)
        assert ada.send("MKCALENDAR", f"{root_path}{HOME}bench/").status_code == 201
        assert ada.send("PUT", f"{root_path}{HOME}bench/a%2Fb", event()).status_code == 201
        listed = ada.find("d:getetag", path=f"{root_path}{HOME}bench/", depth="1")
        assert hrefs(listed) == [f"{outside}{HOME}bench/", f"{outside}{HOME}bench/a%2Fb"]
        asked = f"<d:prop><c:calendar-data/></d:prop><d:href>{outside}{HOME}bench/a%2Fb</d:href>"
        told = ada.report("c:calendar-multiget", asked, path=f"{root_path}{HOME}bench/")
        assert named(told, ".//c:calendar-data") == [event()]


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "OPTIONS", "REPORT", "PUT"])
def test_well_known__whatever_the_method__leads_to_the_root_for_good(method: str) -> None:
    with TestClient(proxied("https://lab.example/bench"), follow_redirects=False) as client:
        led = client.request(method, "/.well-known/caldav")

    assert led.status_code == 308
    assert led.headers["location"] == f"/bench{PREFIX}/"


def test_memory__in_the_product__is_served_nowhere() -> None:
    with TestClient(create_app(settings_for("sqlite://"))) as client:
        assert client.request("OPTIONS", f"{PREFIX}/").status_code == 404
