"""The town of the everyday stories."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from booking.clock import utc_now
from booking.db import Database
from tests.journeys.everyday import Clock, Town, settled_by_rows


@pytest.fixture
def bare_town(
    app: FastAPI, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    """A fresh installation on a clock that only the test moves; nobody is there yet."""
    monkeypatch.setenv("BENCHSHARE_DATABASE_URL", database_url)
    clock = Clock()
    app.dependency_overrides[utc_now] = clock
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Town(client=client, clock=clock, database=database)


@pytest.fixture
def town(bare_town: Town) -> Town:
    """The installation with its people, organisations and projects."""
    settled_by_rows(bare_town)
    return bare_town
