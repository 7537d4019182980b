"""When a resource is open, for programs: windows in UTC, less what is closed for once."""

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

from fastapi.testclient import TestClient
from icalendar import Calendar

from booking.db import Database
from tests.builders import a_closure, a_facility, a_resource, opening_hours

HOUR = timedelta(hours=1)


def test_availability__opening_hours_and_a_closure__are_windows_in_utc(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        resource = a_resource(session, a_facility(session).id)
    path = f"/resources/{resource.id}/availability.ics"
    always = Calendar.from_ical(client.get(path).text)
    assert len(always.walk("AVAILABLE")) == 1
    with database.writing() as session:
        opening_hours(session, resource.facility_id, time(8), time(17), weekdays=range(5))
        start = datetime(2027, 1, 11, 7, tzinfo=UTC)
        a_closure(session, resource.facility_id, start, start + HOUR)
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/calendar")
    (found,) = Calendar.from_ical(answer.text).walk("VAVAILABILITY")
    assert found["BUSYTYPE"] == "BUSY-UNAVAILABLE"
    windows = [(each.decoded("DTSTART"), each.decoded("DTEND")) for each in found.walk("AVAILABLE")]
    # Nairobi is three hours ahead of UTC: open from 5 to 14.
    assert (datetime(2027, 1, 12, 5, tzinfo=UTC), datetime(2027, 1, 12, 14, tzinfo=UTC)) in windows
    assert (datetime(2027, 1, 11, 5, tzinfo=UTC), start) in windows
    assert (start + HOUR, datetime(2027, 1, 11, 14, tzinfo=UTC)) in windows
    assert client.get(f"/resources/{uuid4()}/availability.ics").status_code == 404
