"""Pages on facts and groups: no axe violation, and no wider than the screen."""

from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from sqlmodel import Session

from api.auth import COOKIE
from booking.db import Database
from booking.engine.declared_facts import FactName
from booking.engine.permissions import SYSTEM, Role
from booking.models import Organisation
from booking.queries import organisations as read
from booking.services.organisations import declare_fact
from booking.services.verification import verify_fact
from tests.builders import NOW, a_facility, a_fact, a_person, a_role, an_organisation
from tests.pages.furniture import LOWER_INCOMES, STARTUPS, a_policy
from tests.pages.live import served
from tests.pages.visitor import a_browser_of

pytestmark = [pytest.mark.browser, pytest.mark.only_on("sqlite")]

WIDTHS = (360, 1280)
TIES = [
    {
        "name": "Sample Holding and Participations International Ltd",
        "percent": 30,
        "figures": [{"year": 2025, "staff": 40, "turnover_eur": 3_000_000}],
        "related": [{"name": "Its daughter", "percent": 60}],
    },
    {"name": "Sample University", "percent": 30, "investor": "university"},
]


@pytest.fixture
def pages(database: Database) -> tuple[str, tuple[str, ...]]:
    """The cookie of an officer, and the pages to look at."""
    with database.writing() as session:
        row = _an_organisation_with_facts(session)
        a_policy(
            session,
            a_facility(session, slug="lab", name="Laboratory of Light").id,
            LOWER_INCOMES,
            STARTUPS,
            {"key": "sme", "name": "Small and medium", "rule": {"kind": "sme"}},
        )
        officer = a_person(session)
        a_role(session, officer.id, Role.OFFICER)
        paths = (
            f"/organisations/{row.id}/groups?facility=lab&on=2026-11-23",
            f"/account/organisations/{row.id}",
            "/manage/facts",
        )
        return a_browser_of(session, officer), paths


def _an_organisation_with_facts(session: Session) -> Organisation:
    row = an_organisation(session, name="Blue Drop Water Technologies Ltd", country="NP")
    a_fact(session, row.id, "country", "NP", date(2020, 1, 1))
    for name, value in (("staff", 12), ("turnover_eur", 900_000)):
        a_fact(session, row.id, name, value, date(2025, 12, 31))
    a_fact(session, row.id, "public_control_percent", 0, date(2025, 1, 1))
    given: dict[str, Any] = {"actor": SYSTEM, "now": NOW, "organisation_id": row.id}
    since = date(2025, 1, 1)
    declare_fact(session, **given, name=FactName.RELATED, value=TIES, as_of=since)
    for each in read.facts_of(session, row.id)[:2]:
        verify_fact(
            session,
            **given,
            fact_id=each.id,
            evidence="Extract of the commercial register, 3 November 2026",
            until=NOW.date() + timedelta(days=30),
        )
    return row


def test_pages_on_facts__narrow_and_wide__without_fault(
    app: FastAPI, chromium: Browser, pages: tuple[str, tuple[str, ...]]
) -> None:
    cookie, paths = pages
    with served(app) as address:
        context = chromium.new_context()
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
        page = context.new_page()
        found = {path: _faults(page, address + path) for path in paths}
        context.close()
    assert {path: faults for path, faults in found.items() if faults} == {}


def _faults(page: Page, address: str) -> list[str]:
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = [each["id"] for each in Axe().run(page).response["violations"]]
    found += ["h1"] * (page.locator("h1").count() != 1)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{wide} px too wide at {width}"] * (wide > 0)
    return found
