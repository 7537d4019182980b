"""What people are told of what their calendar program did."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from booking.config import Settings
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Person
from booking.services.lapsing import lapse
from notifications.dispatch import drain
from tests.api.dav.bookings import MINUTE, Desk, a_desk, an_event, hours, many, moved
from tests.builders import NOW, a_booking, a_project
from tests.conftest import settings_for
from tests.notifications.outcomes import mails_in, part
from tests.scenes import at

# What the databases differ in is tested below this layer.
pytestmark = pytest.mark.only_on("sqlite")


@pytest.fixture
def desk(database: Database) -> Desk:
    return a_desk(database)


def mailed(desk: Desk, folder: Path, count: int = 1) -> list[str]:
    """Send what is due; return the texts of the mails on what a program did, oldest first."""
    settings = settings_for(str(desk.database.url)).model_copy(update={"mail": f"file:{folder}"})
    assert isinstance(settings, Settings)
    drain(desk.database, settings, lambda: NOW)
    found = [
        f"{mail['subject']}\n{part(mail, 'text/plain').get_content()}"
        for mail in mails_in(folder)
        if not str(mail["subject"]).startswith("Confirmed")
    ]
    assert len(found) == count, found
    return found


def link_in(text: str) -> str:
    found = re.search(r"https://benchshare\.example(/links/\S+)", text)
    assert found is not None, text
    return found[1]


def test_delete__mailed_link__undoes_it_without_signing_in(
    desk: Desk, client: TestClient, tmp_path: Path
) -> None:
    desk.delete()
    (text,) = mailed(desk, tmp_path)
    assert text.startswith("Deleted in a calendar: X-ray diffractometer")
    assert "Kept until: Monday 23 November 2026, 09:15 (UTC)" in text
    page = link_in(text)
    assert "<form" in client.get(page).text
    assert desk.now_is().status is BookingStatus.CANCELLING
    csrf = re.search(r'name="csrf" value="([^"]*)"', client.get(page).text)
    client.post(page, data={"csrf": csrf[1] if csrf else ""})
    assert desk.now_is().status is BookingStatus.CONFIRMED
    assert desk.names() == {desk.name}


def test_delete__not_undone__the_cancel_goes_out_only_then(desk: Desk, tmp_path: Path) -> None:
    desk.delete()
    (before,) = mailed(desk, tmp_path)
    assert "Cancelled" not in before
    with desk.database.writing() as session:
        lapse(session, now=NOW + 15 * MINUTE)
    _, after = mailed(desk, tmp_path, 2)
    assert after.startswith("Cancelled: ")
    assert "Reason: Deleted in a calendar program." in after


def test_put__refused__says_why_and_what_would_do(desk: Desk, tmp_path: Path) -> None:
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
    desk.put(moved(desk.text(), 120, 180))
    (text,) = mailed(desk, tmp_path)
    assert text.startswith("Not changed: X-ray diffractometer")
    assert "When: Tuesday 24 November 2026, 12:00 to 13:00 (Africa/Nairobi" in text
    assert "Asked for: Tuesday 24 November 2026, 14:00 to 15:00 (Africa/Nairobi" in text
    taken = "Tuesday 24 November 2026, 14:00 to 15:00 (Africa/Nairobi, UTC+03:00)"
    assert f"Why not: It is taken for some or all of {taken}; choose another time." in text
    assert "Free instead: X-ray diffractometer, Sample Facility: " in text
    assert f"https://benchshare.example/bookings/{desk.booking.id}" in text


def test_put__refused_to_a_reader_of_french__says_that_the_reason_is_english(
    desk: Desk, tmp_path: Path
) -> None:
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
        session.get_one(Person, desk.scene.member.id).locale = "fr"
    desk.put(moved(desk.text(), 120, 180))
    (text,) = [each for each in mailed(desk, tmp_path, 2) if "Demandé" in each]
    assert "Pourquoi non (en anglais) : It is taken" in text


def test_put__new_event_refused__says_that_nothing_was_booked(desk: Desk, tmp_path: Path) -> None:
    desk.put(an_event(*hours(120, 180), "LOCATION:The moon"), "new.ics")
    (text,) = mailed(desk, tmp_path)
    assert text.startswith("Not booked\n")
    assert "Nothing was booked" in text
    assert "Why not: An event books the resource that its place (LOCATION) names" in text


def test_put__two_new_events_refused_alike__each_is_told_once(desk: Desk, tmp_path: Path) -> None:
    times = hours(120, 180)
    for name in ("one.ics", "two.ics", "one.ics"):
        desk.put(an_event(*times, "RRULE:FREQ=DAILY;COUNT=2", uid=name), name)
    assert len(mailed(desk, tmp_path, 2)) == 2


def test_delete__held_back__one_link_confirms_them_all(
    desk: Desk, client: TestClient, tmp_path: Path
) -> None:
    names = many(desk, 5)
    for each in names:
        desk.delete(each)
    (text,) = [each for each in mailed(desk, tmp_path, 4) if each.startswith("Delete these")]
    page = link_in(text)
    assert client.get(page).status_code == 200
    csrf = re.search(r'name="csrf" value="([^"]*)"', client.get(page).text)
    client.post(page, data={"csrf": csrf[1] if csrf else ""})
    assert desk.names() == {desk.name}
