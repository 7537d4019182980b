"""Bookings as calendar programs see, change, book and delete them."""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import event as listening

from api.dav.backend import COLLECTION, READ_ONLY
from api.dav.backends import (
    CHANGED_MEANWHILE,
    NEED_PRIVILEGES,
    NO_UID_CONFLICT,
    NOT_THERE,
    VALID_CALENDAR_OBJECT,
    Conditions,
    Refusal,
    Stored,
)
from booking.db import Database
from booking.engine.lifecycle import BookingMode
from booking.engine.vocabulary import CalendarAccess, FeedOf
from booking.models import Booking, BookingAlarm, Person
from tests.api.dav.bookings import (
    MINUTE,
    Desk,
    a_desk,
    an_event,
    hours,
    moved,
    refusal,
    told,
)
from tests.builders import NOW, a_booking, a_project, a_resource
from tests.scenes import at

DAY = timedelta(days=1)


@pytest.fixture
def desk(database: Database) -> Desk:
    return a_desk(database)


def test_list__my_bookings__each_with_its_etag_and_length(desk: Desk) -> None:
    (member,) = desk.at().list(COLLECTION)
    (item,) = desk.at().get(COLLECTION, [desk.name, "nothing.ics"])
    assert (member.name, item.member) == (desk.name, member)
    assert member.octets == len(item.text.encode())
    calendar: Any = Calendar.from_ical(item.text)
    (event,) = calendar.walk("VEVENT")
    assert (str(event["UID"]), event["DTSTART"].dt) == (desk.booking.uid, at(0))
    assert "METHOD" not in calendar


def test_list__query_count__does_not_grow_with_the_bookings(desk: Desk) -> None:
    def queries() -> int:
        desk.at().list(COLLECTION)
        backend, seen = desk.at(), []
        listening.listen(desk.database.engine, "before_cursor_execute", lambda *_: seen.append(1))
        backend.list(COLLECTION)
        backend.sync_token(COLLECTION)
        return len(seen)

    few = queries()
    with desk.database.writing() as session:
        for each in range(20):
            start = at(60 * each + 60)
            a_booking(session, desk.scene.resource, desk.scene.project, start, start + 9 * MINUTE)
    assert queries() == few


def test_list__of_a_facilitys_resource__names_nobody(database: Database) -> None:
    desk = a_desk(database, of=FeedOf.RESOURCE)
    text = desk.text().replace("\r\n ", "")
    for word in ("Powder", "Sample Person", "Sample Project"):
        assert word not in text
    assert "SUMMARY:X-ray diffractometer" in text
    assert isinstance(desk.put(moved(desk.text(), 60, 120)), Stored)
    assert (desk.now_is().starts_at, desk.now_is().title) == (at(60), "Powder")


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("days", "hours_more", "shown"), [(-90, -1, 0), (-90, 0, 1), (400, -1, 1), (400, 0, 0)]
)
def test_list__far_away__is_shown_from_90_days_ago_to_400_ahead(
    desk: Desk, days: int, hours_more: int, shown: int
) -> None:
    start = NOW + days * DAY + hours_more * 60 * MINUTE
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, desk.scene.project, start, start + 60 * MINUTE)
    assert len(desk.names()) == 1 + shown


def test_put__moved__is_moved_by_the_same_rules(desk: Desk) -> None:
    before = desk.at().list(COLLECTION)[0].etag
    stored = desk.put(moved(desk.text(), 120, 180))
    assert isinstance(stored, Stored)
    assert (stored.created, stored.changed_text) == (False, True)
    booking = desk.now_is()
    assert (booking.starts_at, booking.ends_at, booking.sequence) == (at(120), at(180), 1)
    assert desk.at().list(COLLECTION)[0].etag == stored.etag != before
    assert len(told(desk.database, "booking.moved")) == 1


def test_put__what_is_there__changes_nothing(desk: Desk) -> None:
    etag = desk.at().list(COLLECTION)[0].etag
    assert desk.put(desk.text()) == Stored(etag, created=False, changed_text=False)
    assert desk.now_is().revision == 0


def test_put__summary__is_the_new_title_and_no_new_sequence(desk: Desk) -> None:
    desk.put(desk.text().replace("SUMMARY:Powder", "SUMMARY:Sand"))
    booking = desk.now_is()
    assert (booking.title, booking.sequence, booking.revision) == ("Sand", 0, 1)


def test_put__description_or_attendees__are_left_as_they_are(desk: Desk) -> None:
    text = desk.text().replace("END:VEVENT", "ATTENDEE:mailto:x@example.org\r\nEND:VEVENT")
    stored = desk.put(text)
    assert isinstance(stored, Stored)
    assert stored.changed_text
    assert desk.now_is().revision == 0
    assert "x@example.org" not in desk.text()


def test_put__alarm__is_the_persons_own(desk: Desk) -> None:
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\n"
    before = desk.at().list(COLLECTION)[0].etag
    stored = desk.put(desk.text().replace("END:VEVENT\r\n", f"{alarm}END:VEVENT\r\n"))
    assert isinstance(stored, Stored)
    assert stored.etag != before
    assert "TRIGGER:-PT30M" in desk.text()
    assert desk.now_is().revision == 0
    with desk.database.reading() as session:
        row = session.get(BookingAlarm, (desk.booking.id, desk.scene.member.id))
    assert row is not None
    assert row.minutes_before == 30


def test_put__alarm_of_the_persons_rule_taken_away__is_silent(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.get_one(Person, desk.scene.member.id).alarm_minutes = 15
    text = desk.text()
    assert "TRIGGER:-PT15M" in text
    silent = text[: text.index("BEGIN:VALARM")] + text[text.index("END:VEVENT") :]
    desk.put(silent)
    assert "VALARM" not in desk.text()


def test_put__place_of_another_resource__moves_it_there(desk: Desk) -> None:
    with desk.database.writing() as session:
        other = a_resource(session, desk.scene.facility.id, name="Cryostat")
    lines = hours(0, 60)
    desk.put(an_event(*lines, "LOCATION:cryostat\\, Sample Facility", uid=desk.booking.uid))
    assert desk.now_is().resource_id == other.id


def test_put__clash__is_refused_with_reason_and_mailed_with_alternatives(desk: Desk) -> None:
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
    reason = refusal(desk.put(moved(desk.text(), 120, 180)))
    assert "taken" in reason or "booked" in reason
    assert desk.now_is().starts_at == at(0)
    (payload,) = told(desk.database, "client_edit.refused")
    assert payload["booking_id"] == str(desk.booking.id)
    assert payload["alternatives"][0]["resource_name"] == "X-ray diffractometer"
    refusal(desk.put(moved(desk.text(), 120, 180)))
    assert len(told(desk.database, "client_edit.refused")) == 1


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ((*hours(0, 60), "RRULE:FREQ=DAILY"), "repetition"),
        (("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261125"), "whole days"),
        (("DTSTART:20261124T090000", "DTEND:20261124T100000"), "no time zone"),
        (("DTSTART;TZID=Moon:20261124T090000", "DTEND;TZID=Moon:20261124T100000"), "Moon"),
        ((hours(0, 60)[0],), "no end"),
        (hours(60, 0), "before it starts"),
        (("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z"), "decades"),
    ],
)
def test_put__what_no_booking_can_be__is_refused_with_a_reason_and_a_mail(
    desk: Desk, lines: tuple[str, ...], word: str
) -> None:
    answer = desk.put(an_event(*lines, uid=desk.booking.uid))
    assert word in refusal(answer, VALID_CALENDAR_OBJECT)
    assert word in told(desk.database, "client_edit.refused")[0]["reasons"][0]
    assert desk.now_is().revision == 0


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    "zone",
    [
        "DTSTART;TZID=Africa/Nairobi:20261124T130000|DTEND;TZID=Africa/Nairobi:20261124T140000|",
        "DTSTART;TZID=Own:20261124T150000|DTEND;TZID=Own:20261124T160000|+0500",
        "DTSTART;TZID=Own:20261124T120000|DURATION:PT1H|+0200",
        "DTSTART;TZID=E. Africa Standard Time:20261124T130000|DURATION:PT1H|",
    ],
)
def test_put__times_on_a_zones_clock__are_read_right(desk: Desk, zone: str) -> None:
    start, end, offset = zone.split("|")
    text = an_event(start, end, uid=desk.booking.uid)
    if offset:
        own = (
            "BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
            f"TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        text = text.replace("BEGIN:VEVENT", f"{own}BEGIN:VEVENT")
    assert isinstance(desk.put(text), Stored)
    assert (desk.now_is().starts_at, desk.now_is().ends_at) == (at(60), at(120))


def test_put__new_event_with_a_resource_as_place__books_it(desk: Desk) -> None:
    text = an_event(*hours(120, 180), "LOCATION:x-ray  diffractometer")
    stored = desk.put(text, "client-name.ics")
    assert isinstance(stored, Stored)
    assert stored.created
    assert desk.names() == {desk.name, "client-name.ics"}
    (item,) = desk.at().get(COLLECTION, ["client-name.ics"])
    assert "UID:a-client@elsewhere\r\n" in item.text
    assert item.member.etag == stored.etag
    assert told(desk.database, "booking.confirmed")[-1]["project_id"] == str(desk.scene.project.id)


def test_put__new_event_by_the_resources_address__waits_where_approval_is_asked(
    database: Database,
) -> None:
    desk = a_desk(database, mode=BookingMode.APPROVAL)
    place = f"LOCATION:https://benchshare.example/resources/{desk.scene.resource.id}"
    assert isinstance(desk.put(an_event(*hours(120, 180), place), "new.ics"), Stored)
    (item,) = desk.at().get(COLLECTION, ["new.ics"])
    assert "STATUS:TENTATIVE" in item.text


def test_put__place_nobody_knows_or_two_share__is_refused_in_words(desk: Desk) -> None:
    event = an_event(*hours(120, 180), "LOCATION:The moon")
    assert "LOCATION" in refusal(desk.put(event, "new.ics"))
    with desk.database.writing() as session:
        a_resource(session, name="X-ray diffractometer")
    event = an_event(*hours(120, 180), "LOCATION:X-ray diffractometer")
    assert "Several" in refusal(desk.put(event, "new.ics"))


def test_put__new_event_of_somebody_with_two_projects__asks_which(desk: Desk) -> None:
    with desk.database.writing() as session:
        member = session.get_one(Person, desk.scene.member.id)
        a_project(session, member, name="Another")
    event = an_event(*hours(120, 180), "LOCATION:X-ray diffractometer")
    assert "project" in refusal(desk.put(event, "new.ics"))


def test_put__uid_of_another_event__is_a_conflict(desk: Desk) -> None:
    with desk.database.writing() as session:
        theirs = a_booking(
            session, a_resource(session), a_project(session), at(0), at(60), uid="theirs"
        )
    event = an_event(*hours(0, 60), "LOCATION:X-ray diffractometer", uid=theirs.uid)
    refusal(desk.put(event, "new.ics"), NO_UID_CONFLICT)
    event = an_event(*hours(0, 60), uid=desk.booking.uid)
    answer = desk.put(event, "other-name.ics")
    refusal(answer, NO_UID_CONFLICT)
    assert isinstance(answer, Refusal)
    assert answer.conflict == desk.name


def test_put__of_what_is_over__is_refused_unless_nothing_changes(desk: Desk) -> None:
    later = at(60)
    text = desk.text()
    assert isinstance(desk.put(text, now=later), Stored)
    refusal(desk.put(text.replace("SUMMARY:Powder", "SUMMARY:Sand"), now=later))
    refusal(desk.put(moved(text, 0, 120), now=later))
    assert desk.now_is().revision == 0


def test_put__by_a_read_only_account__is_refused(database: Database) -> None:
    desk = a_desk(database, access=CalendarAccess.READ_ONLY)
    assert desk.put(moved(desk.text(), 120, 180)) == READ_ONLY
    assert desk.delete() == READ_ONLY
    assert READ_ONLY.element == NEED_PRIVILEGES
    assert desk.now_is().revision == 0


def test_put__with_an_outdated_etag__is_refused(desk: Desk) -> None:
    stale = Conditions(match=frozenset({"old"}))
    assert desk.put(moved(desk.text(), 120, 180), conditions=stale) == CHANGED_MEANWHILE
    fresh = Conditions(none_match=frozenset({"*"}))
    assert desk.put(desk.text(), conditions=fresh) == CHANGED_MEANWHILE
    assert desk.now_is().revision == 0


def test_reach__another_persons_event__is_not_there(desk: Desk) -> None:
    with desk.database.writing() as session:
        theirs = a_booking(session, a_resource(session), a_project(session), at(0), at(60))
    name = f"{theirs.id}.ics"
    assert desk.at().get(COLLECTION, [name]) == []
    assert desk.delete(name) == NOT_THERE
    event = an_event(*hours(120, 180), "LOCATION:X-ray diffractometer", uid=theirs.uid)
    assert isinstance(desk.put(event, name), Refusal)
    with desk.database.reading() as session:
        assert session.get_one(Booking, theirs.id).revision == 0
