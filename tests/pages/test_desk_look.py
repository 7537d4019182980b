"""Every page of rounds and of the desk: no axe violation, and no wider than the screen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from api import round_run
from api.auth import COOKIE
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import SYSTEM
from booking.services.policy_trials import try_policy
from booking.services.rounds import close_call, create_round
from tests.builders import NOW, a_booking
from tests.calculating import calculated
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.rounds import (
    RoundScene,
    a_policy,
    a_round_scene,
    a_submitted_request,
    a_wish,
    an_open_round,
    scored,
)
from tests.scenes import TOMORROW

WIDTHS = (360, 1280)
PUBLIC = (
    "/rounds",
    "/rounds/spring",
    "/rounds/spring/audit",
    "/how-time-is-shared",
    "/reports/equity",
)
DESK = (
    "/manage",
    "/manage/rounds/new",
    "/manage/rounds/spring",
    "/manage/rounds/autumn/close-call",
    "/manage/rounds/winter/lead",
    "/manage/rounds/winter/delete",
    "/manage/rounds/spring/requests/{request}",
    "/manage/facilities/{facility}",
    "/manage/facilities/{facility}/resources/new",
    "/manage/facilities/{facility}/resources/{resource}",
    "/manage/facilities/{facility}/resources/{resource}/hours",
    "/manage/facilities/{facility}/resources/{resource}/busy",
    "/manage/facilities/{facility}/day",
    "/manage/facilities/{facility}/day?on=2026-11-24",
    "/manage/facilities/{facility}/day?on=2027-01-04",
    "/manage/facilities/{facility}/approvals",
    "/manage/facilities/{facility}/labels",
    "/manage/facilities/{facility}/details",
    "/manage/facilities/{facility}/hours",
    "/manage/facilities/{facility}/closures",
    "/manage/facilities/{facility}/closures/import",
    "/manage/facilities/{facility}/closures/holidays?year=2027",
    "/manage/facilities/{facility}/import",
    "/manage/facilities/{facility}/terms",
    "/manage/facilities/{facility}/policy",
    "/manage/facilities/{facility}/policy/desk",
    "/manage/facilities/{facility}/policy/desk/{trial}",
    "/manage/facilities/{facility}/policy/desk/{waiting}",
    "/facilities/{facility}/policies",
    "/manage/facilities/{facility}/staff",
)
APPLICANTS = ("/rounds/spring/requests/{request}", "/rounds/autumn/requests/new")


@dataclass(frozen=True, slots=True)
class Site:
    """A served application, with a browser's cookie for each of two people."""

    base: str
    manager: str
    applicant: str
    names: dict[str, str]


@pytest.fixture
def site(app: FastAPI, database: Database) -> Iterator[Site]:
    """A published round with somebody who got no place, and one whose call is open."""
    with database.writing() as session:
        scene = a_round_scene(session)
        an_open_round(session, scene)
        asked = [a_submitted_request(session, scene, which) for which in (0, 1)]
        close_call(session, actor=SYSTEM, now=NOW, key="spring")
        for row, score in zip(asked, (900, 500), strict=True):
            scored(session, scene, row, score)
        waits: dict[str, Any] = {"status": BookingStatus.PENDING, "expires_at": TOMORROW}
        hour = timedelta(hours=1)
        a_booking(session, scene.resource, scene.projects[0], TOMORROW, TOMORROW + hour, **waits)
        names = {
            "request": str(asked[0].id),
            "facility": scene.facility.slug,
            "resource": str(scene.resource.id),
        }
        manager = a_browser_of(session, scene.manager)
        applicant = a_browser_of(session, scene.members[0])
    _publish(app, database)
    names |= {"trial": _tried(database, scene, cap_share_ppm=100_000)}
    calculated(database)
    names |= {"waiting": _tried(database, scene, cap_share_ppm=200_000)}
    _open_another(database, scene)
    with served(app) as base:
        yield Site(base, manager, applicant, names)


def _publish(app: FastAPI, database: Database) -> None:
    round_run.allocate_round(database, actor=SYSTEM, now=NOW, key="spring")
    settings = app.state.settings
    round_run.publish_round(database, actor=SYSTEM, now=NOW, settings=settings, key="spring")


def _tried(database: Database, scene: RoundScene, **given: Any) -> str:
    """Ask what another policy would do; it would waive the reserve, among others."""
    facility, wish = scene.facility.slug, a_policy(groups=(), **given)
    with database.writing() as session:
        return str(try_policy(session, actor=SYSTEM, now=NOW, facility=facility, wish=wish).id)


def _open_another(database: Database, scene: RoundScene) -> None:
    later = a_wish().access_starts_at.replace(month=3)
    times = {"access_starts_at": later, "access_ends_at": later.replace(day=20)}
    with database.writing() as session:
        an_open_round(session, scene, slug="autumn", name="Autumn round", **times)
        wish = a_wish(slug="winter", name="Winter round")
        create_round(session, actor=SYSTEM, now=NOW, wish=wish, facility_keys=[scene.facility.slug])


@pytest.mark.browser
@pytest.mark.only_on("sqlite")
def test_pages_of_rounds_and_desk__opened__accessible_and_not_too_wide(
    site: Site, chromium: Browser
) -> None:
    asked = [("", PUBLIC), (site.manager, DESK), (site.applicant, APPLICANTS)]
    found: dict[tuple[str, int], list[str]] = {}
    for cookie, paths in asked:
        context = chromium.new_context()
        if cookie:
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": site.base}])
        page = context.new_page()
        for path in paths:
            answer = page.goto(site.base + path.format(**site.names))
            assert answer is not None
            assert answer.status == 200, path
            assert page.locator("h1").count() == 1, path
            found |= {(path, width): faults for width in WIDTHS if (faults := _faults(page, width))}
        context.close()
    assert not found


def _faults(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 800})
    faults = [each["id"] for each in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*faults, *([f"{wide} px wide"] if wide > width else [])]
