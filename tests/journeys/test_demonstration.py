"""The demonstration as its visitor finds it: full calendars, a decided round, every mail."""

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import pytest

from api.app import create_app
from api.cli.demo import as_object
from api.demonstration.build import Summary, build, settings_for
from booking.clock import utc_now
from booking.engine.allocation.replay import verify_bundle
from booking.engine.lifecycle import HOLDING
from tests.databases import opened
from tests.journeys.contest import (
    about_to_book,
    browsers,
    contenders,
    press_at_once,
    slot_for_all,
)
from tests.pages.live import served
from tests.races.sweep import overbooked

SIX = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("demonstration")
    (made / "mail").mkdir()
    return made


@pytest.fixture(scope="module")
def summary(folder: Path) -> Summary:
    return build(folder, settings_for(folder, port=8000), now=utc_now(), say=lambda _: None)


def test_build__an_empty_folder__holds_together(folder: Path, summary: Summary) -> None:
    """One build, looked at from every side: it is too dear to repeat for each."""
    shown: dict[str, Any] = as_object(summary)
    assert shown["granted"] > 0
    assert shown["requests"] > shown["granted"]
    assert shown["certificate"]["gap"] <= 0.01
    with closing(sqlite3.connect(folder / "benchshare.db")) as connection:
        held = _held(connection)
        assert len(held) == shown["bookings"]
        assert _above_capacity(connection, held) == []
    mails = list((folder / "mail").glob("*.eml"))
    assert len(mails) == shown["mails"]
    assert {uid for uid, *_ in held} <= set(_requested(mails))
    assert len(list((folder / "letters").glob("*.eml"))) == shown["requests"]
    assert verify_bundle(json.loads((folder / "bundle.json").read_text())) == ()


@pytest.mark.browser
def test_booking_form__six_people_at_once__one_has_the_slot_and_five_are_offered_the_next(
    folder: Path, summary: Summary
) -> None:
    assert summary.tallies.organisations >= SIX
    settings = settings_for(folder, port=8000)
    with opened(settings.database_url) as database:
        with database.writing() as session:
            people = contenders(session, SIX, now=utc_now())
        with database.writing() as session:
            found = slot_for_all(session, people, now=utc_now())
        with served(create_app(settings)) as address, browsers() as browser:
            pages = [about_to_book(browser, address, each, found) for each in people]
            press_at_once(pages)
            won = [page for page in pages if "/bookings/" in page.url]
            lost = [page for page in pages if page not in won]
            assert (len(won), len(lost)) == (1, SIX - 1)
            for page in lost:
                assert re.search("taken|took this time", page.get_by_role("alert").inner_text())
                next_ones = page.get_by_role("region", name="These times would do")
                assert next_ones.get_by_role("button").count() >= 1
        assert overbooked(database) == []


Row = tuple[str, str, str, str, int]


def _held(connection: sqlite3.Connection) -> list[Row]:
    marks = ", ".join("?" for _ in HOLDING)
    return connection.execute(
        "SELECT uid, resource_id, starts_at, ends_at, quantity FROM booking "  # noqa: S608
        f"WHERE status IN ({marks})",
        [str(each) for each in HOLDING],
    ).fetchall()


def _above_capacity(connection: sqlite3.Connection, held: Iterable[Row]) -> list[str]:
    """Sweep over each resource by time, with code that shares nothing with the guards."""
    capacity = dict(connection.execute("SELECT id, capacity FROM resource"))
    steps: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for _, resource, starts_at, ends_at, quantity in held:
        steps[resource] += [(starts_at, quantity), (ends_at, -quantity)]
    broken = []
    for resource, changes in steps.items():
        load = 0
        for _, change in sorted(changes):
            load += change
            if load > capacity[resource]:
                broken.append(resource)
    return broken


def _requested(mails: Iterable[Path]) -> Iterable[str]:
    """Yield the UID of each mail that carries a valid REQUEST."""
    for path in mails:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
        calendar = icalendar.Calendar.from_ical(part.get_content())
        assert calendar["METHOD"] == part.get_param("method")
        event = calendar.walk("VEVENT")[0]
        assert {"DTSTART", "DTEND", "DTSTAMP", "SEQUENCE", "STATUS", "ORGANIZER"} <= set(event)
        if calendar["METHOD"] == "REQUEST":
            yield str(event["UID"])
