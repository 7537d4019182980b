"""A visitor to the pages, and one browser for all pages that are opened in one."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from tests.pages.visitor import Visitor

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def visitor(app: FastAPI) -> Iterator[Visitor]:
    """Somebody who is not signed in, over TLS."""
    with TestClient(app, base_url="https://benchshare.example") as client:
        yield Visitor(app, client)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser a test process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
