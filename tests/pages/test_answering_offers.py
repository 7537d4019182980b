"""The links of an offer's mail in a browser: their buttons answer, signed in or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.db import Database
from booking.engine.vocabulary import OfferState
from booking.models import Offer
from booking.services.offer_links import offer_token
from tests.builders import NOW, a_facility, a_person, a_project, a_resource, an_offer
from tests.conftest import settings_for
from tests.databases import Databases, opened
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.scenes import at

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Site:
    """A served site with one open offer, and the cookie of whom it was made to."""

    address: str
    app: FastAPI
    database: Database
    offer_id: UUID
    cookie: str

    def link(self, answer: str) -> str:
        token = offer_token(self.app.state.settings.secret_key, self.offer_id)
        return f"{self.address}/offers/{self.offer_id}/{answer}/{token}"

    def state(self) -> OfferState:
        with self.database.reading() as session:
            return session.get_one(Offer, self.offer_id).state


@pytest.fixture
def site(databases: Databases) -> Iterator[Site]:
    with databases.migrated("sqlite") as url, opened(url) as database:
        app = create_app(settings_for(url))
        app.dependency_overrides[utc_now] = lambda: NOW
        with database.writing() as session:
            asha = a_person(session, name="Asha Otieno")
            resource = a_resource(session, a_facility(session).id)
            project = a_project(session, asha)
            offer_id = an_offer(session, resource, project, at(300), at(360)).id
            cookie = a_browser_of(session, asha)
        with served(app) as address:
            yield Site(address, app, database, offer_id, cookie)


@pytest.mark.parametrize("signed_in", [False, True], ids=["signed out", "signed in"])
@pytest.mark.parametrize(
    ("answer", "button", "state", "words"),
    [
        ("accept", "Take it", OfferState.ACCEPTED, "It was taken in time."),
        ("decline", "Let it go", OfferState.DECLINED, "It was let go, for others to have."),
    ],
)
def test_button_of_a_link__pressed__answers(
    site: Site,
    chromium: Browser,
    *,
    signed_in: bool,
    answer: str,
    button: str,
    state: OfferState,
    words: str,
) -> None:
    context = chromium.new_context()
    if signed_in:
        context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
    page = context.new_page()
    page.goto(site.link(answer))
    page.get_by_role("button", name=button).click()
    assert words in page.locator("main").inner_text()
    assert site.state() is state
    context.close()
