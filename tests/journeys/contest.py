"""Six people of the demonstration, each in a browser of their own, and the slot they contest."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, sync_playwright
from sqlmodel import Session, col, select

from api.auth import COOKIE
from booking.db import undone
from booking.engine.intervals import Interval
from booking.engine.tokens import token_hash
from booking.errors import RulesBroken
from booking.models import Project, WebSession
from booking.queries.availability import FreeSlot, free_slots
from booking.queries.catalogue import Search
from booking.queries.people import actor_of
from booking.queries.slot_batches import TimeWish
from booking.services.bookings import NewBooking, book
from tests.builders import added
from tests.pages.conftest import CHROMIUM
from tests.scenes import DOMAIN

MINUTES = 60
MOST_SLOTS = 200
A_MOMENT = 1500
DECIDED = re.compile(r"/(bookings/[0-9a-f-]{36}|resources/[0-9a-f-]{36}/book)$")


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody with a project of their own and a signed-in browser."""

    project_id: UUID
    person_id: UUID
    cookie: str


def contenders(session: Session, count: int, *, now: datetime) -> list[Contender]:
    """Sign in so many people who each lead a project of an organisation of their own."""
    of_each: dict[UUID, Project] = {}
    for project in session.exec(select(Project).order_by(col(Project.id))):
        of_each.setdefault(project.organisation_id, project)
    return [_signed_in(session, each, now=now) for each in list(of_each.values())[:count]]


def _signed_in(session: Session, project: Project, *, now: datetime) -> Contender:
    cookie = token_urlsafe()
    person_id = project.principal_investigator_id
    added(
        session,
        WebSession(
            person_id=person_id,
            token_hash=token_hash(cookie),
            created_at=now,
            expires_at=now + timedelta(days=1),
        ),
    )
    return Contender(project.id, person_id, cookie)


def slot_for_all(session: Session, people: Sequence[Contender], *, now: datetime) -> FreeSlot:
    """Find an hour from tomorrow on that each of them could book."""
    page = free_slots(
        session,
        viewer=actor_of(session, people[0].person_id),
        search=Search(),
        wish=TimeWish(Interval(now + timedelta(days=1), now + timedelta(days=8)), MINUTES),
        now=now,
        limit=MOST_SLOTS,
    )
    return next(
        each
        for each in page.items
        if each.resource.capacity == 1
        and all(_may_book(session, person, each, now=now) for person in people)
    )


def _may_book(session: Session, person: Contender, found: FreeSlot, *, now: datetime) -> bool:
    new = NewBooking(
        found.resource.id, person.project_id, found.slot.start, found.slot.end, title="A try"
    )
    try:
        with undone(session):
            actor = actor_of(session, person.person_id)
            book(session, actor=actor, now=now, domain=DOMAIN, new=new)
    except RulesBroken:
        return False
    return True


@contextmanager
def browsers() -> Iterator[Browser]:
    """Lend Chromium for one contest."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def about_to_book(browser: Browser, address: str, person: Contender, found: FreeSlot) -> Page:
    """Open a browser of the person's own, and fill the form in up to its last button."""
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": person.cookie, "url": address}])
    page = context.new_page()
    local = found.slot.start.astimezone(ZoneInfo(found.resource.zone))
    page.goto(
        f"{address}/resources/{found.resource.id}/book?project_id={person.project_id}"
        f"&day={local:%Y-%m-%d}&start={local:%H:%M}&minutes={MINUTES}"
    )
    page.get_by_role("button", name="Check and go on").click()
    return page


def press_at_once(pages: Sequence[Page]) -> None:
    """Press every last button at one instant, and wait for every answer."""
    instant: Any = pages[0].evaluate("Date.now()") + A_MOMENT
    for page in pages:
        page.get_by_role("button", name="Book it", exact=True).evaluate(
            "(button, instant) => { setTimeout(() => button.click(), instant - Date.now()) }",
            instant,
        )
    for page in pages:
        page.wait_for_url(DECIDED)
