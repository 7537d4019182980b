"""Whoever had to give way reads why, and which times are free instead, on both clocks."""

from pathlib import Path

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Person
from booking.services.closures import NewClosure, add_closure
from notifications.alternatives import other_time_rows
from notifications.dispatch import run_once
from notifications.language import ENGLISH
from tests.builders import NOW, a_booking
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.scenes import a_scene, at

TIME = {
    "resource_name": "Lathe",
    "facility_name": "Workshop",
    "zone": "Africa/Nairobi",
    "starts_at": "2026-11-24T09:00:00+00:00",
    "ends_at": "2026-11-24T10:00:00+00:00",
}
NAIROBI = "Lathe, Workshop: Tuesday 24 November 2026, 12:00 to 13:00 (Africa/Nairobi, UTC+03:00)"


def test_rows__nothing_written_down__are_none() -> None:
    assert other_time_rows({"status": "displaced"}, "UTC", ENGLISH) == []


def test_rows__same_clock__says_the_time_once() -> None:
    assert other_time_rows({"alternatives": [TIME]}, "Africa/Nairobi", ENGLISH) == [
        ("Free instead", NAIROBI)
    ]


def test_rows__one_is_kept__stands_first_and_once() -> None:
    later = TIME | {"ends_at": "2026-11-24T11:00:00+00:00"}
    rows = other_time_rows({"offered": TIME, "alternatives": [TIME, later]}, "UTC", ENGLISH)
    assert [name for name, _ in rows] == ["Kept for you", "Also free"]
    assert "your time: Tuesday 24 November 2026, 09:00 to 10:00 (UTC)" in rows[0][1]


def test_run_once__displaced_booking__is_cancelled_with_reason_and_other_times(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        booking = a_booking(session, scene.resource, scene.project, at(0), at(60))
        session.get_one(Person, booking.person_id).zone = "Europe/Berlin"
        add_closure(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            new=NewClosure(None, at(0), at(60), reason="A new laser"),
        )
    run_once(database, settings_for(tmp_path), NOW)

    (mail,) = [each for each in mails_in(tmp_path) if "No longer possible" in each["Subject"]]
    text = part(mail, "text/plain").get_content()
    assert "Reason: Closed for maintenance: A new laser" in text
    assert "Kept for you: X-ray diffractometer" in text
    assert "11:00 to 12:00 (Africa/Nairobi, UTC+03:00)" in text
    assert "your time: Tuesday 24 November 2026, 09:00 to 10:00 (Europe/Berlin" in text
    calendar = part(mail, "text/calendar").get_content()
    assert "METHOD:CANCEL" in calendar
    assert booking.status is BookingStatus.DISPLACED
