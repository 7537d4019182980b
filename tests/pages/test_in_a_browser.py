"""Every public and booker page in a browser: axe finds nothing, and none is too wide."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlmodel import Session

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.config import Settings
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.engine.permissions import Role
from booking.models import Project, Resource
from tests.builders import (
    NOW,
    a_booking,
    a_busy_calendar,
    a_closure,
    a_facility,
    a_fact,
    a_person,
    a_project,
    a_resource,
    a_role,
    an_attendee,
    an_organisation,
    opening_hours,
)
from tests.databases import Databases, opened
from tests.pages.furniture import STARTUPS, a_call, a_policy, terms
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.scenes import at

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280)
HEAVIEST_BYTES = 50_000
PUBLIC = (
    "/",
    "/?q=microscope&minutes=60&kind=microscope",
    "/?q=nonesuch",
    "/facilities",
    "/facilities/lab",
    "/facilities/lab/terms",
    "/resources/{microscope}",
    "/resources/{retired}",
    "/resources/{microscope}/book",
    "/resources/{microscope}/calendar?on=2026-11-24",
    "/resources/{cluster}/calendar?on=2026-11-24&view=month&as=grid",
    "/facilities/lab/calendar?on=2026-11-24",
    "/facilities/lab/calendar?on=2026-11-24&view=month&as=list",
    "/slots",
    "/slots?minutes=60&kind=microscope",
    "/sign-in",
    "/sign-in/some-token",
    "/no-such-page",
)
PRIVATE = (
    "/resources/{microscope}?week=2026-11-23",
    "/resources/{microscope}?week=2027-02-01",
    "/resources/{cluster}?quantity=3",
    "/resources/{by_rounds}",
    "/resources/{microscope}/book?day=2026-11-30&start=09:00&minutes=60",
    "/resources/{cluster}/calendar?on=2026-11-24&as=list&quantity=3",
    "/bookings",
    "/bookings?view=week&on=2026-11-24",
    "/bookings?view=month&on=2026-11-24",
    "/bookings?show=past",
    "/bookings/{confirmed}",
    "/bookings/{pending}",
    "/bookings/{held}",
    "/bookings/{displaced}",
    "/bookings/{confirmed}/cancel",
    "/bookings/{confirmed}/hand-over",
    "/bookings/{confirmed}/check-in",
    "/resources/{microscope}/check-in",
    "/account",
    "/account/organisations/new",
    "/account/organisations/{organisation}",
    "/account/projects/new",
    "/account/projects/{project}",
    "/account/tokens",
    "/account/calendars",
    "/account/busy",
    "/account/delete",
)


@dataclass(frozen=True, slots=True)
class Site:
    """A served site, the ids on it, and the cookie of one who has signed in."""

    address: str
    ids: dict[str, Any]
    cookie: str


def _booked(
    session: Session, microscope: Resource, cluster: Resource, project: Project
) -> dict[str, Any]:
    """Let the project have a booking in each state, and tell their ids."""
    waits: dict[str, Any] = {"quantity": 3, "status": BookingStatus.PENDING}
    held: dict[str, Any] = {"status": BookingStatus.HELD, "expires_at": at(-1400)}
    fell: dict[str, Any] = {"status": BookingStatus.DISPLACED}
    over: dict[str, Any] = {"status": BookingStatus.COMPLETED}
    ago = timedelta(days=4)
    a_booking(session, microscope, project, at(0) - ago, at(60) - ago, **over)
    confirmed = a_booking(session, microscope, project, at(0), at(60))
    an_attendee(session, confirmed, address=f"{'long.name.' * 6}@institute.example")
    an_attendee(session, confirmed, name="Ben Mwangi")
    return {
        "confirmed": confirmed.id,
        "pending": a_booking(session, cluster, project, at(0), at(600), **waits).id,
        "held": a_booking(session, microscope, project, at(240), at(300), **held).id,
        "displaced": a_booking(session, microscope, project, at(0), at(60), **fell).id,
    }


def _furnished(session: Session) -> tuple[dict[str, Any], str]:
    """Fill a database with something on every page."""
    asha = a_person(session, name="Asha Otieno", zone="Europe/Berlin")
    organisation = an_organisation(session, name="Blue Drop Water Technologies Ltd")
    a_role(session, asha.id, Role.ORGANISATION_ADMIN, organisation_id=organisation.id)
    a_fact(session, organisation.id, "staff", 12, date(2025, 12, 31))
    project = a_project(
        session, asha, a_person(session), name="Membranes", organisation_id=organisation.id
    )
    place = a_facility(session, slug="lab", description="# Us\n\nWe **share**.")
    opening_hours(session, place.id, time(8), time(17), weekdays=range(5))
    a_closure(session, place.id, at(1440), at(2880))
    a_policy(session, place.id, STARTUPS)
    a_call(session, place.id)
    terms(session, place.id)
    microscope = a_resource(
        session,
        place.id,
        name="Scanning electron microscope",
        kind="microscope",
        rates=[{"for": "research", "per_hour": 18, "currency": "EUR"}],
    )
    pool: dict[str, Any] = {"name": "GPU cluster", "capacity": 64, "unit_label": "GPU"}
    cluster = a_resource(session, place.id, mode=BookingMode.APPROVAL, **pool)
    ids = {
        "microscope": microscope.id,
        "cluster": cluster.id,
        "by_rounds": a_resource(session, place.id, mode=BookingMode.ROUND_ONLY).id,
        "retired": a_resource(session, place.id, state=ResourceState.RETIRED).id,
        **_booked(session, microscope, cluster, project),
        "organisation": organisation.id,
        "project": project.id,
    }
    a_busy_calendar(session, person_id=asha.id, failures=5, problem="It is gone.", due_at=NOW)
    return ids, a_browser_of(session, asha)


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[Site]:
    with databases.migrated("sqlite") as url:
        with opened(url) as database, database.writing() as session:
            ids, cookie = _furnished(session)
        app = create_app(Settings(_env_file=None, database_url=url, secret_key="of tests alone"))
        app.dependency_overrides[utc_now] = lambda: NOW
        with served(app) as address:
            yield Site(address, ids, cookie)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def _faults(page: Page, address: str) -> list[str]:
    """Open a page and list what is wrong with it, narrow and wide."""
    answer = page.goto(address)
    assert answer is not None
    found = [str(answer.status)] * (not answer.ok and not address.endswith("/no-such-page"))
    found += ["weight"] * (len(answer.body()) > HEAVIEST_BYTES)
    found += ["h1"] * (page.locator("h1").count() != 1)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [each["id"] for each in Axe().run(page).response["violations"]]
        found += _too_wide(page)
    return found


def _too_wide(page: Page) -> list[str]:
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{wide} px too wide"] * (wide > 0)


def test_public_pages__narrow_and_wide__without_fault(site: Site, page: Page) -> None:
    faults = {
        path: found
        for path in PUBLIC
        if (found := _faults(page, site.address + path.format(**site.ids)))
    }
    assert faults == {}


def test_private_pages__narrow_and_wide__without_fault(site: Site, page: Page) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
    faults = {
        path: found
        for path in PRIVATE
        if (found := _faults(page, site.address + path.format(**site.ids)))
    }
    assert faults == {}


def test_docs__narrow_and_wide__without_fault_but_its_length(site: Site, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert set(_faults(page, f"{site.address}/docs")) <= {"weight"}
    assert [each for each in asked if not each.startswith(site.address)] == []
    links = page.locator("main a[href^='#']").evaluate_all(
        "links => links.filter(each => !document.getElementById(each.hash.slice(1))).length"
    )
    assert links == 0


def test_calendars__right_to_left__not_wider_than_the_window(site: Site, page: Page) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
    for path in (
        "/resources/{microscope}/calendar?on=2026-11-24",
        "/facilities/lab/calendar?on=2026-11-24&as=grid",
        "/resources/{microscope}/book",
        "/bookings",
        "/slots?minutes=60",
    ):
        page.goto(site.address + path.format(**site.ids))
        page.evaluate("document.documentElement.dir = 'rtl'")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert _too_wide(page) == [], path


def test_calendar__narrow_a_list_and_wide_a_grid__without_scripts(
    site: Site, chromium: Browser
) -> None:
    for width, grid in ((360, False), (1280, True)):
        context = chromium.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.goto(f"{site.address}/resources/{site.ids['microscope']}/calendar?on=2026-11-24")
        assert page.get_by_role("table").is_visible() is grid
        assert page.get_by_role("heading", name="Day by day").is_visible() is not grid
        context.close()


def test_calendar__by_keyboard__free_hour_to_confirmed_booking(
    site: Site, chromium: Browser
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
    page = context.new_page()
    page.goto(f"{site.address}/resources/{site.ids['microscope']}/calendar?on=2026-11-24")
    page.get_by_role("main").get_by_role("link", name="the facility's times").press("Enter")
    page.get_by_role("link", name="Next").press("Enter")
    assert "30 November 2026" in page.locator("h1").inner_text()
    page.get_by_role("link", name=re.compile("^Free Mon 30 Nov, 10:00")).press("Enter")
    assert page.get_by_label("Start").input_value() == "10:00"
    context.close()


def test_booking__by_keyboard_and_without_scripts__books(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": site.cookie, "url": site.address}])
    page = context.new_page()
    page.goto(f"{site.address}/resources/{site.ids['cluster']}")
    page.get_by_role("main").get_by_role("link", name="the facility's terms").last.press("Enter")
    page.get_by_role("button", name="We accept these terms").press("Enter")
    page.goto(f"{site.address}/resources/{site.ids['cluster']}")
    page.get_by_label("Book from").first.press("Enter")
    page.get_by_label("Title").fill("By keyboard")
    page.get_by_label("Title").press("Enter")
    page.get_by_role("button", name="Ask for it").press("Enter")
    assert page.locator("h1").inner_text() == "By keyboard"
    assert page.get_by_text("waiting for the facility").count() == 1
    context.close()
