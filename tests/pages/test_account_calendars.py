"""Calendar accounts and their set-up, by forms and in a browser."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlmodel import select

from api.app import create_app
from api.auth import COOKIE
from booking.clock import utc_now
from booking.db import Database
from booking.engine.permissions import Role
from booking.engine.vocabulary import CalendarAccess
from booking.models import CalendarToken, Person
from tests.builders import NOW, a_facility, a_person, a_project, a_role
from tests.conftest import settings_for
from tests.databases import Databases, opened
from tests.pages.live import served
from tests.pages.visitor import Visitor, a_browser_of

# What the databases differ in is tested below this layer.
pytestmark = pytest.mark.only_on("sqlite")
PATHS = ("/account/calendars", "/account/calendars/set-up")


def _arrived(visitor: Visitor, database: Database) -> Person:
    with database.writing() as session:
        person = a_person(session, name="Asha Otieno")
        a_project(session, person, name="Membranes")
        visitor.signed_in(a_browser_of(session, person))
    return person


def test_account__created_by_the_form__is_shown_once_and_revoked(
    visitor: Visitor, database: Database
) -> None:
    _arrived(visitor, database)
    made = visitor.send(
        "/account/calendars/accounts",
        account_shows="me",
        account_name="phone",
        access="read-write",
    ).text
    shown = dict(re.findall(r'id="dav-(\w+)" value="([^"]+)"', made))
    assert shown["url"] == "https://benchshare.example/dav/"
    with database.reading() as session:
        (row,) = session.exec(select(CalendarToken)).all()
    assert (row.username, row.access) == (shown["username"], CalendarAccess.READ_WRITE)
    page = visitor.get("/account/calendars").text
    assert shown["password"] not in page
    assert f"account {shown['username']}, read-write" in page
    revoke = re.search(r'action="(/account/calendars/[^"]+/revoke)"', page)
    assert revoke is not None
    assert visitor.send(revoke[1]).status_code == 303
    assert "You have no calendar account and no feed yet." in visitor.get("/account/calendars").text


@pytest.mark.parametrize(("shows", "status"), [("moon", 422), ("project:", 422)])
def test_account__of_nothing__is_refused_at_its_field(
    visitor: Visitor, database: Database, shows: str, status: int
) -> None:
    _arrived(visitor, database)
    refused = visitor.send("/account/calendars/accounts", account_shows=shows, account_name="phone")
    assert refused.status_code == status
    assert 'id="account_shows-error"' in refused.text
    assert 'value="phone"' in refused.text


def test_account__read_write_of_a_facility_one_only_watches__says_why(
    visitor: Visitor, database: Database
) -> None:
    person = _arrived(visitor, database)
    with database.writing() as session:
        facility = a_facility(session)
        a_role(session, person.id, Role.OPERATOR, facility_id=facility.id)
    refused = visitor.send(
        "/account/calendars/accounts",
        account_shows=f"facility:{facility.id}",
        access="read-write",
    )
    assert refused.status_code == 403
    assert "make the account read-only" in refused.text


def test_set_up__by_anybody__names_the_address_to_use(visitor: Visitor) -> None:
    page = visitor.get("/account/calendars/set-up").text
    assert "https://benchshare.example/dav/" in page
    for program in ("Thunderbird", "Apple Calendar", "DAVx5", "Outlook", "Google Calendar", "khal"):
        assert program in page


@pytest.fixture(scope="module")
def site(databases: Databases) -> Iterator[tuple[str, str]]:
    with databases.migrated("sqlite") as url, opened(url) as database:
        app = create_app(settings_for(url))
        app.dependency_overrides[utc_now] = lambda: NOW
        with database.writing() as session:
            person = a_person(session, name="Asha Otieno")
            a_project(session, person, name="Clean water for everybody")
            cookie = a_browser_of(session, person)
        with served(app) as address:
            yield address, cookie


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_pages__in_a_browser__are_clean_and_fit(
    site: tuple[str, str], chromium: Browser, width: int
) -> None:
    address, cookie = site
    context = chromium.new_context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    page = context.new_page()
    for path in PATHS:
        page.goto(address + path)
        if path == PATHS[0]:
            page.get_by_role("button", name="Create the account").click()
            assert page.locator("#dav-password").input_value()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1
        assert Axe().run(page).response["violations"] == [], path
    context.close()
