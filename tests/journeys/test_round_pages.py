"""A round from policy to reason on the pages alone, in a browser that runs no scripts."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.auth import COOKIE
from booking.db import Database
from booking.models import Person
from tests.calculating import calculated
from tests.pages.conftest import CHROMIUM
from tests.pages.live import served
from tests.pages.visitor import a_browser_of
from tests.rounds import RoundScene, a_round_scene

WINDOW = ("2027-01-04T00:00", "2027-01-04T04:00")


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser without scripts, in which people take turns."""

    page: Page
    base: str
    cookies: dict[str, str]

    def sit_down(self, who: Person, path: str) -> Page:
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [{"name": COOKIE, "value": self.cookies[str(who.id)], "url": self.base}]
        )
        self.page.goto(self.base + path)
        return self.page

    def press(self, words: str) -> Page:
        self.page.get_by_role("button", name=words, exact=True).first.click()
        return self.page


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        return a_round_scene(session)


@pytest.fixture
def desk(app: FastAPI, database: Database, scene: RoundScene) -> Iterator[Desk]:
    with database.writing() as session:
        people = (scene.manager, scene.reviewer, *scene.members)
        cookies = {str(each.id): a_browser_of(session, each) for each in people}
    with served(app) as base, sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_context(java_script_enabled=False).new_page()
        yield Desk(page, base, cookies)
        browser.close()


@pytest.mark.browser
@pytest.mark.only_on("sqlite")
def test_round__on_pages_without_scripts__who_gets_no_place_reads_why(
    desk: Desk, scene: RoundScene, database: Database
) -> None:
    _publish_a_policy(desk, scene)
    _open_a_round(desk, scene)
    for member, title in zip(scene.members, ("Alloys", "Clays"), strict=True):
        _ask(desk, scene, member, title)
    page = desk.sit_down(scene.manager, "/manage/rounds/spring-call")
    page.get_by_role("link", name="Close the call early").click()
    expect(desk.press("Close the call now").get_by_role("status")).to_contain_text("closed")
    for title, score in (("Alloys", "900"), ("Clays", "500")):
        _review(desk, scene, title, score)
    _decide(desk, scene, database)
    page = desk.sit_down(scene.members[0], "/rounds/spring-call")
    page.get_by_role("link", name="Alloys").click()
    expect(page.get_by_text("Not granted.")).to_be_visible()
    expect(page.get_by_text("held by request")).to_be_visible()
    expect(page.get_by_text("counted towards Least developed country")).to_be_visible()
    expect(page.get_by_text("No score alone would have placed this request")).to_be_visible()
    expect(page.get_by_text("A place would have taken")).to_have_count(0)
    page.get_by_role("link", name="Book this time").first.click()
    expect(page.get_by_label("Day", exact=True)).to_have_value("2027-01-04")
    page = desk.sit_down(scene.members[1], "/rounds/spring-call")
    page.get_by_role("link", name="Clays").click()
    expect(page.get_by_text("Your sessions are booked.")).to_be_visible()


def _publish_a_policy(desk: Desk, scene: RoundScene) -> None:
    page = desk.sit_down(scene.manager, f"/manage/facilities/{scene.facility.slug}/policy")
    page.get_by_label("Add a group").select_option("ldc")
    desk.press("Add")
    page.get_by_label("Reserved, in %").first.fill("20")
    page.get_by_label("Most for one organisation").fill("")
    desk.press("Show the effect")
    expect(page.get_by_text("Published resources offer")).to_be_visible()
    expect(desk.press("Publish").get_by_role("status")).to_contain_text("is published")


def _open_a_round(desk: Desk, scene: RoundScene) -> None:
    page = desk.sit_down(scene.manager, "/manage/rounds/new")
    page.get_by_label("Name", exact=True).fill("Spring call")
    page.get_by_label("Access begins").fill("2027-01-04T00:00")
    page.get_by_label("Access ends").fill("2027-01-05T00:00")
    desk.press("Draft the round")
    assert urlsplit(page.url).path == "/manage/rounds/spring-call"
    expect(desk.press("Open the call").get_by_role("status")).to_contain_text("call is open")


def _ask(desk: Desk, scene: RoundScene, member: Person, title: str) -> None:
    page = desk.sit_down(member, "/rounds/spring-call/requests/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Resource").select_option(str(scene.resource.id))
    page.get_by_label("Begins at the earliest").fill(WINDOW[0])
    page.get_by_label("Ends at the latest").fill(WINDOW[1])
    desk.press("Check cost and groups")
    expect(page.get_by_text("4.0 hours", exact=True)).to_be_visible()
    expect(desk.press("Send the request").get_by_role("status")).to_contain_text("is sent")


def _review(desk: Desk, scene: RoundScene, title: str, score: str) -> None:
    page = desk.sit_down(scene.reviewer, "/manage/rounds/spring-call")
    page.get_by_role("link", name=title).click()
    page.get_by_label("Score, 300 to 1000").fill(score)
    expect(desk.press("Keep the review").get_by_role("status")).to_contain_text(title)


def _decide(desk: Desk, scene: RoundScene, database: Database) -> None:
    page = desk.sit_down(scene.manager, "/manage/rounds/spring-call")
    desk.press("Preview the allocation")
    expect(page.get_by_text("is being worked out")).to_be_visible()
    assert calculated(database) == 1
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("would get a place")).to_be_visible()
    desk.press("Allocate and keep the result")
    page.get_by_role("link", name="Look at what publishing does").click()
    expect(page.get_by_text("3 mails")).to_be_visible()
    expect(desk.press("Publish 1 booking").get_by_role("status")).to_contain_text("is published")
