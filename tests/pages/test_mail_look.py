"""The pages of mails and of their links in a browser: axe finds nothing, none is too wide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.engine.vocabulary import LinkPurpose, ReplyOutcome, ReplyVia
from booking.models import IncomingMail
from booking.services.action_links import create, link_token
from tests.api.rest.test_deliveries import a_delivery
from tests.builders import NOW, added
from tests.conftest import settings_for
from tests.databases import Databases, opened
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.scenes import a_scene, booked

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Site:
    """The address of a site with a failed mail, its paths, and a manager."""

    address: str
    paths: dict[str, str]
    cookie: str


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[Site]:
    with databases.migrated("sqlite") as url, opened(url) as database:
        app = create_app(settings_for(url))
        key = app.state.settings.secret_key
        app.dependency_overrides[utc_now] = lambda: NOW
        with database.writing() as session:
            scene = a_scene(session)
            booking = booked(session, scene)
            a_delivery(session, scene.facility.id, address=f"{'long' * 20}@lab.example")
            a_delivery(session, scene.facility.id, last_error="The mail server cut the line.")
            mail = IncomingMail(
                digest="d", via=ReplyVia.HOOK, outcome=ReplyOutcome.AUTOMATIC, received_at=NOW
            )
            added(session, mail)
            link = create(
                session,
                purpose=LinkPurpose.CONFIRM_CANCELLING,
                booking_id=booking.id,
                person_id=scene.member.id,
                now=NOW,
                expires_at=NOW + timedelta(hours=1),
                secret_key=key,
            )
            paths = {
                "mail": f"/manage/facilities/{scene.facility.slug}/mail",
                "link": f"/links/{link_token(key, link.id)}",
                "desk": "/manage",
            }
            cookie = a_browser_of(session, scene.manager)
        with served(app) as address:
            yield Site(address, paths, cookie)


@pytest.mark.parametrize(
    ("page_name", "width"), [("mail", 360), ("mail", 1280), ("link", 360), ("desk", 360)]
)
def test_page__at_each_width__fits_and_has_no_barrier(
    site: Site, chromium: Browser, page_name: str, width: int
) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
        page = context.new_page()
        page.goto(site.address + site.paths[page_name])
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("h1").count() == 1
