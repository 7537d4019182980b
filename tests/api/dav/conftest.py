"""The whole application with calendars in memory beside it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api.app import create_app
from api.dav.backends import Backend
from api.dav.memory import MemoryAccounts
from api.dav.protocol import dav_router
from tests.api.dav.program import CALENDAR, PASSWORD, PREFIX, Program
from tests.conftest import settings_for


def sign_in(request: Request, username: str, password: str) -> Backend | None:
    accounts: MemoryAccounts = request.app.state.memory
    return accounts.sign_in(request, username, password)


@pytest.fixture(scope="session")
def served() -> Iterator[TestClient]:
    app = create_app(settings_for("sqlite://"))
    app.include_router(dav_router(sign_in, prefix=PREFIX))
    with TestClient(app) as client:
        yield client


@pytest.fixture
def program(served: TestClient) -> Program:
    """Ada's program, with one calendar, `bench`."""
    app = served.app
    assert isinstance(app, FastAPI)
    app.state.memory = MemoryAccounts({"ada": PASSWORD, "bob": PASSWORD})
    ada = Program(served)
    assert ada.send("MKCALENDAR", CALENDAR).status_code == 201
    return ada
