"""The pages of waiting and of offers in a browser: axe finds nothing, and none is too wide."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.engine.permissions import Role
from booking.services.offer_links import offer_token
from tests.builders import (
    NOW,
    a_booking,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
    an_entry,
    an_offer,
)
from tests.conftest import settings_for
from tests.databases import Databases, opened
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.scenes import at

pytestmark = pytest.mark.browser
WIDTHS = (360, 1280)
PAGES = (
    "/waiting-list",
    "/waiting-list/new?resource={resource}&from=2026-11-24T09:00:00Z&until=2026-11-24T11:00:00Z",
    "/resources/{resource}/waiting-list",
    "/offers/{offer}",
    "/offers/{offer}/accept/{token}",
    "/offers/{offer}/decline/{token}",
)
STANDING: dict[str, Any] = {
    "place": 1,
    "of": 3,
    "week_on": "2026-11-23",
    "group": {
        "key": "startup",
        "name": "Startups",
        "credited_credits": 12.0,
        "reserved_credits": 40.0,
    },
    "fair_share": 0.87,
    "entered_at": NOW.isoformat(),
}


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[tuple[str, dict[str, Any], str]]:
    with databases.migrated("sqlite") as url, opened(url) as database:
        app = create_app(settings_for(url))
        app.dependency_overrides[utc_now] = lambda: NOW
        with database.writing() as session:
            asha = a_person(session, name="Asha Otieno", zone="Europe/Berlin")
            facility = a_facility(session, name="Nairobi Materials Facility")
            a_role(session, asha.id, Role.MANAGER, facility_id=facility.id)
            resource = a_resource(session, facility.id, capacity=3, unit_label="bench")
            project = a_project(session, asha, name="Clean water for everybody")
            a_booking(session, resource, project, at(0), at(240), quantity=2)
            an_entry(session, resource, project, at(0), at(240), minutes=60, title="Powder, run 7")
            quiet = a_project(session, name="Quiet Project")
            an_entry(session, resource, quiet, at(0), at(240), minutes=120)
            offer = an_offer(session, resource, project, at(300), at(360), standing=STANDING)
            ids: dict[str, Any] = {"resource": resource.id, "offer": offer.id}
            cookie = a_browser_of(session, asha)
        ids["token"] = offer_token(app.state.settings.secret_key, offer.id)
        with served(app) as address:
            yield address, ids, cookie


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_page__at_each_width__fits_and_has_no_barrier(
    site: tuple[str, dict[str, Any], str], chromium: Browser, path: str, width: int
) -> None:
    address, ids, cookie = site
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
        page = context.new_page()
        answer = page.goto(address + path.format(**ids))
        assert answer is not None
        assert answer.ok
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
