"""Calendars by secret address: what they show, to whom, and when they have not changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlmodel import Session, select

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind, ResourceState
from booking.engine.permissions import Role
from booking.events import record
from booking.models import Booking, BookingText, CalendarToken, Membership, Person
from tests.builders import (
    NOW,
    a_booking,
    a_closure,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
    a_token,
)
from tests.statements import counted_statements

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """A booking, its booker, a manager, and somebody from elsewhere, each with a token."""

    booking: Booking
    facility_id: UUID
    booker: str
    manager: str
    stranger: str


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.writing() as session:
        person, manager, stranger = (a_person(session, name=f"Person {n}") for n in range(3))
        facility = a_facility(session, name="Nairobi Materials Facility")
        a_role(session, manager.id, Role.MANAGER, facility_id=facility.id)
        booking = a_booking(
            session,
            a_resource(session, facility.id),
            a_project(session, person, name="Clean water"),
            NOW + DAY,
            NOW + DAY + HOUR,
            title="Powder samples",
        )
        tokens = [a_token(session, each) for each in (person, manager, stranger)]
        return Scene(booking, facility.id, *tokens)


def ask(client: TestClient, token: str, **body: Any) -> Any:
    return client.post(
        "/api/v1/me/calendar-tokens", json=body, headers={"Authorization": f"Bearer {token}"}
    )


def path_of(reply: Any) -> str:
    assert reply.status_code == 201, reply.text
    url: str = reply.json()["url"]
    return url.removeprefix("https://benchshare.example")


def events_in(reply: Any) -> list[Any]:
    assert reply.status_code == 200, reply.text
    calendar: Any = Calendar.from_ical(reply.text)
    found: list[Any] = calendar.walk("VEVENT")
    return found


def change(database: Database, booking_id: UUID, **values: Any) -> None:
    with database.writing() as session:
        row = session.get(Booking, booking_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        record(session, EventKind.BOOKING_MOVED, subject_id=booking_id, now=NOW)


def test_feed__of_me__shows_my_booking_as_everywhere(client: TestClient, scene: Scene) -> None:
    reply = client.get(path_of(ask(client, scene.booker, name="phone", of="me")))
    (event,) = events_in(reply)
    assert str(event["UID"]) == scene.booking.uid
    assert str(event["SUMMARY"]) == "Powder samples"
    assert event["DTSTART"].dt == NOW + DAY
    assert reply.headers["content-type"].startswith("text/calendar")
    assert reply.headers["cache-control"] == "private, max-age=300"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "METHOD" not in reply.text


@pytest.mark.parametrize("of", ["resource", "facility"])
def test_feed__of_a_facilitys_things__names_nobody(
    client: TestClient, scene: Scene, of: str
) -> None:
    subject = scene.booking.resource_id if of == "resource" else scene.facility_id
    reply = client.get(path_of(ask(client, scene.manager, of=of, id=str(subject))))
    (event,) = events_in(reply)
    assert str(event["SUMMARY"]) == "X-ray diffractometer"
    unfolded = reply.text.replace("\r\n ", "")
    for word in ("Powder", "Person 0", "Clean water", "ATTENDEE"):
        assert word not in unfolded


def test_feed__of_a_project__shows_its_bookings(client: TestClient, scene: Scene) -> None:
    path = path_of(ask(client, scene.booker, of="project", id=str(scene.booking.project_id)))
    assert len(events_in(client.get(path))) == 1


def test_feed__not_changed__is_304_and_renders_nothing(
    client: TestClient, scene: Scene, database: Database
) -> None:
    path = path_of(ask(client, scene.booker))
    etag = client.get(path).headers["etag"]
    with database.writing() as session:
        for each in session.exec(select(BookingText)).all():
            session.delete(each)
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    with database.reading() as session:
        assert session.exec(select(BookingText)).all() == []


def test_feed__booking_changed__is_sent_anew(
    client: TestClient, scene: Scene, database: Database
) -> None:
    path = path_of(ask(client, scene.booker))
    etag = client.get(path).headers["etag"]
    change(database, scene.booking.id, title="Sands", revision=1)
    reply = client.get(path, headers={"If-None-Match": etag})
    assert [str(each["SUMMARY"]) for each in events_in(reply)] == ["Sands"]
    assert reply.headers["etag"] != etag


@pytest.mark.parametrize(("age", "shown"), [(30 * DAY - HOUR, 1), (30 * DAY, 0)])
def test_feed__cancelled_booking__stays_for_30_days(
    client: TestClient, scene: Scene, database: Database, age: timedelta, shown: int
) -> None:
    change(database, scene.booking.id, status=BookingStatus.CANCELLED, updated_at=NOW - age)
    events = events_in(client.get(path_of(ask(client, scene.booker))))
    assert [str(each["STATUS"]) for each in events] == ["CANCELLED"] * shown


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (NOW - 90 * DAY - HOUR, 0),
        (NOW - 90 * DAY, 1),
        (NOW + 400 * DAY - HOUR, 1),
        (NOW + 400 * DAY, 0),
    ],
)
def test_feed__far_away_booking__is_shown_from_90_days_ago_to_400_ahead(
    client: TestClient, scene: Scene, database: Database, start: datetime, shown: int
) -> None:
    change(database, scene.booking.id, starts_at=start, ends_at=start + HOUR)
    assert len(events_in(client.get(path_of(ask(client, scene.booker))))) == shown


def test_feed__wrong_or_revoked_address__is_404(client: TestClient, scene: Scene) -> None:
    assert client.get(f"/feeds/{uuid4().hex}.ics").status_code == 404
    made = ask(client, scene.booker)
    headers = {"Authorization": f"Bearer {scene.booker}"}
    gone = client.delete(f"/api/v1/me/calendar-tokens/{made.json()['id']}", headers=headers)
    assert gone.status_code == 204
    assert client.get(path_of(made)).status_code == 404


def test_feed__owner_is_no_manager_any_more__is_404(
    client: TestClient, scene: Scene, database: Database
) -> None:
    path = path_of(ask(client, scene.manager, of="facility", id=str(scene.facility_id)))
    with database.writing() as session:
        for each in session.exec(select(Membership)).all():
            session.delete(each)
    assert client.get(path).status_code == 404


def test_feed__read__notes_its_last_use_and_keeps_no_secret(
    client: TestClient, scene: Scene, database: Database
) -> None:
    path = path_of(ask(client, scene.booker))
    client.get(path)
    with database.reading() as session:
        (row,) = session.exec(select(CalendarToken)).all()
    assert row.last_used_at == NOW
    assert path.removeprefix("/feeds/").removesuffix(".ics") not in row.model_dump_json()


def test_create__for_what_is_not_ones_own__is_refused(client: TestClient, scene: Scene) -> None:
    for of, subject in (
        ("project", scene.booking.project_id),
        ("resource", scene.booking.resource_id),
        ("facility", scene.facility_id),
    ):
        assert ask(client, scene.stranger, of=of, id=str(subject)).status_code == 403
    assert ask(client, scene.stranger, of="project", id=str(uuid4())).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"access": "read-write"}, "/access"),
        ({"of": "project"}, "/id"),
        ({"of": "me", "id": str(UUID(int=1))}, "/id"),
    ],
)
def test_create__what_does_not_fit__names_the_field(
    client: TestClient, scene: Scene, body: dict[str, str], pointer: str
) -> None:
    reply = ask(client, scene.booker, **body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_create__repeated_with_a_key__never_keeps_the_secret(
    client: TestClient, scene: Scene
) -> None:
    headers = {"Authorization": f"Bearer {scene.booker}", "Idempotency-Key": "once"}
    first = client.post("/api/v1/me/calendar-tokens", json={}, headers=headers)
    again = client.post("/api/v1/me/calendar-tokens", json={}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)


def test_list__my_addresses__without_secrets(client: TestClient, scene: Scene) -> None:
    ask(client, scene.booker, name="phone")
    headers = {"Authorization": f"Bearer {scene.booker}"}
    (item,) = client.get("/api/v1/me/calendar-tokens", headers=headers).json()["items"]
    assert (item["name"], item["of"], item["kind"]) == ("phone", "me", "feed")
    assert "url" not in item


def test_download__by_who_may_see_it__is_one_event(client: TestClient, scene: Scene) -> None:
    path = f"/bookings/{scene.booking.id}.ics"
    for token, status in ((scene.booker, 200), (scene.manager, 200), (scene.stranger, 404)):
        reply = client.get(path, headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code == status
    assert client.get(path).status_code == 401


def test_freebusy__bookings_and_closures__are_merged_and_nameless(
    client: TestClient, scene: Scene, database: Database
) -> None:
    with database.writing() as session:
        a_closure(session, scene.facility_id, NOW + DAY + HOUR, NOW + DAY + 2 * HOUR)
    reply = client.get(f"/resources/{scene.booking.resource_id}/freebusy.ifb")
    calendar: Any = Calendar.from_ical(reply.text)
    (answer,) = calendar.walk("VFREEBUSY")
    period = answer["FREEBUSY"]
    assert (period.start, period.end) == (NOW + DAY, NOW + DAY + 2 * HOUR)
    assert "Powder" not in reply.text


def test_freebusy__pool_with_a_unit_left__is_free(client: TestClient, database: Database) -> None:
    with database.writing() as session:
        resource = a_resource(session, capacity=2)
        a_booking(session, resource, a_project(session), NOW, NOW + HOUR)
    reply = client.get(f"/resources/{resource.id}/freebusy.ifb")
    assert "FREEBUSY;" not in reply.text


def test_freebusy__draft_or_unknown_resource__is_404(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        draft = a_draft(session)
    for resource_id in (draft, uuid4()):
        assert client.get(f"/resources/{resource_id}/freebusy.ifb").status_code == 404


def a_draft(session: Session) -> UUID:
    return a_resource(session, state=ResourceState.DRAFT).id


def test_account__created__signs_in_by_a_name_and_password_of_its_own(
    client: TestClient, scene: Scene, database: Database
) -> None:
    made = ask(client, scene.booker, name="phone", kind="caldav", access="read-write").json()
    assert set(made) == {"id", "url", "username", "password"}
    assert made["url"] == "https://benchshare.example/dav/"
    with database.reading() as session:
        (row,) = session.exec(select(CalendarToken)).all()
    assert (row.kind, row.access, row.username) == ("caldav", "read-write", made["username"])
    assert made["password"] not in row.model_dump_json()
    headers = {"Authorization": f"Bearer {scene.booker}"}
    (item,) = client.get("/api/v1/me/calendar-tokens", headers=headers).json()["items"]
    assert (item["kind"], item["username"]) == ("caldav", made["username"])
    assert "password" not in item


def test_account__password__is_no_feed(client: TestClient, scene: Scene) -> None:
    made = ask(client, scene.booker, kind="caldav").json()
    assert client.get(f"/feeds/{made['password']}.ics").status_code == 404


def test_account__read_write_of_what_one_may_only_see__is_refused(
    client: TestClient, scene: Scene, database: Database
) -> None:
    with database.writing() as session:
        operator = a_person(session)
        a_role(session, operator.id, Role.OPERATOR, facility_id=scene.facility_id)
        token = a_token(session, operator)
    of = {"kind": "caldav", "of": "facility", "id": str(scene.facility_id)}
    assert ask(client, token, access="read-write", **of).status_code == 403
    assert ask(client, token, **of).status_code == 201
    assert ask(client, scene.manager, access="read-write", **of).status_code == 201


def test_alarm__of_the_person__is_in_their_feed_and_download_alone(
    client: TestClient, scene: Scene, database: Database
) -> None:
    mine = path_of(ask(client, scene.booker))
    public = path_of(ask(client, scene.manager, of="facility", id=str(scene.facility_id)))
    before = client.get(mine).headers["ETag"]
    with database.writing() as session:
        person = session.get_one(Person, scene.booking.person_id)
        person.alarm_minutes = 15
        record(session, EventKind.PERSON_CHANGED, subject_id=person.id, now=NOW)
    after = client.get(mine)
    assert after.headers["ETag"] != before
    download = client.get(
        f"/bookings/{scene.booking.id}.ics", headers={"Authorization": f"Bearer {scene.booker}"}
    )
    assert [each.text.count("TRIGGER:-PT15M") for each in (after, download)] == [1, 1]
    assert "VALARM" not in client.get(public).text


def test_feed__asked_for_its_head_or_packed__answers_without_or_with_less(
    client: TestClient, scene: Scene
) -> None:
    path = path_of(ask(client, scene.booker, of="me"))
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == client.get(path).headers["etag"]
    assert head.headers["cache-control"] == "private, max-age=300"
    assert head.headers["referrer-policy"] == "no-referrer"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text.startswith("BEGIN:VCALENDAR")


def test_feed__its_head__names_it_and_says_how_often_to_come_back(
    client: TestClient, scene: Scene
) -> None:
    (calendar,) = [Calendar.from_ical(client.get(path_of(ask(client, scene.booker, of="me"))).text)]
    assert isinstance(calendar, Calendar)
    assert {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "COLOR"} <= set(calendar)
    assert "METHOD" not in calendar
    (event,) = calendar.walk("VEVENT")
    assert event["REFID"] == str(scene.booking.project_id)


def test_feed__of_a_resource__does_not_tell_which_project(client: TestClient, scene: Scene) -> None:
    feed = ask(client, scene.manager, of="resource", id=str(scene.booking.resource_id))
    text = client.get(path_of(feed)).text
    assert "BEGIN:VEVENT" in text
    assert "REFID" not in text
    assert str(scene.booking.project_id) not in text


def test_feed__asked_again_at_once__is_304_without_a_look_until_something_is_recorded(
    client: TestClient, scene: Scene, database: Database, app: FastAPI
) -> None:
    path = path_of(ask(client, scene.booker, of="me"))
    first = client.get(path)
    told = {"If-None-Match": first.headers["etag"]}
    with counted_statements(app.state.database.engine) as asked:
        assert client.get(path, headers=told).status_code == 304
    assert [each for each in asked if "booking" in each] == []
    assert len([each for each in asked if each.startswith("SELECT")]) == 1
    assert client.get(path).content == first.content
    change(database, scene.booking.id, revision=1, title="New words")
    assert client.get(path, headers=told).status_code == 200
