"""The pages of decisions and appeals in a browser: axe finds nothing, and none is too wide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.engine.permissions import SYSTEM, Role
from booking.engine.vocabulary import AppealedFact
from booking.services.appeals import answer_appeal, make_appeal
from booking.services.counterfactuals import ask_counterfactuals
from tests.builders import NOW, a_person, a_role
from tests.calculating import calculated
from tests.conftest import settings_for
from tests.databases import Databases, opened
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.services.test_counterfactuals import a_decided_round

pytestmark = pytest.mark.browser
PAGES = ("/rounds/spring/requests/{request}", "/manage/appeals", "/manage/appeals/{open}")


@dataclass(frozen=True, slots=True)
class Site:
    """The address of a site with appeals, what its paths are filled with, and an officer."""

    address: str
    ids: dict[str, str]
    cookie: str


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[Site]:
    with databases.migrated("sqlite") as url, opened(url) as database:
        app = create_app(settings_for(url))
        app.dependency_overrides[utc_now] = lambda: NOW
        with database.writing() as session:
            scene, (first, _) = a_decided_round(session, 500, 900)
            officer = a_person(session, name="Olga Officer", zone="Africa/Nairobi")
            a_role(session, officer.id, Role.OFFICER)
            ask_counterfactuals(session, actor=SYSTEM, now=NOW, request=first)
            by: dict[str, Any] = {
                "actor": scene.actor(session, scene.members[0]),
                "now": NOW,
                "request": first,
            }
            upheld = make_appeal(
                session, **by, fact=AppealedFact.MERIT, grounds="The minutes say 1000."
            )
            answer_appeal(
                session,
                actor=SYSTEM,
                now=NOW,
                appeal_id=upheld.id,
                answer="The minutes are as you say.",
                correction={"kind": "score", "merit": 1000},
            )
            waiting = make_appeal(
                session, **by, fact=AppealedFact.REQUEST, grounds="We asked for two hours."
            )
            ids = {"request": str(first.id), "open": str(waiting.id)}
            cookie = a_browser_of(session, officer)
        calculated(database)
        with served(app) as address:
            yield Site(address, ids, cookie)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_page__at_each_width__fits_and_has_no_barrier(
    site: Site, chromium: Browser, path: str, width: int
) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
        page = context.new_page()
        answer = page.goto(site.address + path.format(**site.ids))
        assert answer is not None
        assert answer.ok
        for each in page.locator("details").all():
            each.evaluate("one => one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
