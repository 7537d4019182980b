"""Bookings as calendar programs see, change, book and delete them."""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import event as listening
from sqlmodel import Session

from api.dav.backend import COLLECTION, READ_ONLY
from api.dav.backends import (
    CHANGED_MEANWHILE,
    NEED_PRIVILEGES,
    NO_UID_CONFLICT,
    NOT_THERE,
    SYNC_TOKEN_UNKNOWN,
    VALID_CALENDAR_OBJECT,
    Conditions,
    Refusal,
    Stored,
)
from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.vocabulary import CalendarAccess, FeedOf
from booking.models import Booking, BookingAlarm, Person
from booking.services.booking_changes import cancel
from booking.services.lapsing import lapse
from booking.services.sync_states import KEPT
from tests.api.dav.bookings import Desk, a_desk, an_event, hours, told
from tests.builders import NOW, a_booking, a_person, a_project, a_resource
from tests.scenes import at

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def desk(database: Database) -> Desk:
    return a_desk(database)


def moved(text: str, start: int, end: int) -> str:
    """Move the text's event, as a program would: nothing else of it changes."""
    lines = iter(hours(start, end))
    times = {"DTSTART": next(lines), "DTEND": next(lines)}
    return "".join(
        f"{times.get(line.partition(':')[0], line)}\r\n" for line in text.split("\r\n")[:-1]
    )


def refusal(answer: Any, element: str = "{urn:benchshare:dav}booking-rules") -> str:
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.element) == (403, element)
    return answer.reason


def cancelled(desk: Desk) -> None:
    with desk.database.writing() as session:
        cancel(session, actor=desk.scene.by_member, now=NOW, booking_id=desk.booking.id)


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


def test_put__description_or_guests__are_left_as_they_are(desk: Desk) -> None:
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


def test_delete__confirmed__leaves_at_once_and_is_cancelled_later(desk: Desk) -> None:
    token = desk.at().sync_token(COLLECTION)
    assert desk.delete() is None
    assert desk.names() == set()
    assert desk.now_is().status is BookingStatus.CANCELLING
    assert list(desk.since(token).removed) == [desk.name]
    assert told(desk.database, "booking.cancelled") == []
    with desk.database.writing() as session:
        lapse(session, now=NOW + 15 * MINUTE)
    assert desk.now_is().status is BookingStatus.CANCELLED
    assert desk.delete() == NOT_THERE


def test_put__of_what_was_just_deleted__stands_again(desk: Desk) -> None:
    text = desk.text()
    desk.delete()
    assert isinstance(desk.put(moved(text, 60, 120)), Stored)
    booking = desk.now_is()
    assert (booking.status, booking.starts_at) == (BookingStatus.CONFIRMED, at(60))
    assert desk.names() == {desk.name}


@pytest.mark.parametrize("name", ["", "another.ics"])
def test_put__uid_of_a_cancelled_booking__books_it_anew(desk: Desk, name: str) -> None:
    text = desk.text()
    cancelled(desk)
    stored = desk.put(moved(text, 60, 120), name)
    assert isinstance(stored, Stored)
    assert stored.created
    booking = desk.now_is()
    assert (booking.status, booking.sequence) == (BookingStatus.CONFIRMED, 2)
    assert desk.names() == {name or desk.name}


@pytest.mark.parametrize(("minutes", "ignored"), [(9, True), (10, False)])
def test_delete__soon_after_a_refused_change__is_ignored(
    desk: Desk, minutes: int, *, ignored: bool
) -> None:
    with desk.database.writing() as session:
        a_booking(session, desk.scene.resource, a_project(session), at(120), at(180))
    etag = desk.at().list(COLLECTION)[0].etag
    refusal(desk.put(moved(desk.text(), 120, 180)))
    assert desk.delete(now=NOW + minutes * MINUTE) is None
    assert (desk.names() == {desk.name}) is ignored
    if ignored:
        assert desk.at().list(COLLECTION)[0].etag != etag
        assert desk.now_is().status is BookingStatus.CONFIRMED
        assert desk.now_is().sequence == 0


def many(desk: Desk, count: int) -> list[str]:
    with desk.database.writing() as session:
        return [f"{_one_more(session, desk, each).id}.ics" for each in range(count)]


def _one_more(session: Session, desk: Desk, each: int) -> Booking:
    start = at(60 + 60 * each)
    return a_booking(session, desk.scene.resource, desk.scene.project, start, start + 60 * MINUTE)


def test_delete__more_than_three_in_five_minutes__wait_for_one_confirmation(desk: Desk) -> None:
    names = many(desk, 5)
    token = desk.at().sync_token(COLLECTION)
    for each in names:
        assert desk.delete(each) is None
    assert desk.names() == {desk.name, *names[3:]}
    assert len(told(desk.database, "deletions.held_back")) == 1
    changes = desk.since(token)
    assert {each.name for each in changes.changed} == set(names[3:])
    assert set(changes.removed) == set(names[:3])


def test_delete__the_fourth_after_five_minutes__goes(desk: Desk) -> None:
    names = many(desk, 4)
    for each in names[:3]:
        desk.delete(each)
    desk.delete(names[3], now=NOW + 5 * MINUTE)
    assert desk.names() == {desk.name}


def test_delete__what_is_over_or_a_calendar__is_refused(desk: Desk) -> None:
    refusal(desk.delete(now=at(60)))
    gone = desk.at().remove(COLLECTION)
    assert isinstance(gone, Refusal)
    assert gone.status == 403
    assert desk.now_is().revision == 0


def test_sync__nothing_changed__is_the_same_token(desk: Desk) -> None:
    first = desk.since(None)
    assert [each.name for each in first.changed] == [desk.name]
    again = desk.since(first.token, NOW + DAY)
    assert (again.token, again.changed, again.removed) == (first.token, (), ())
    assert desk.at().sync_token(COLLECTION) == first.token


def test_sync__handed_to_somebody_else__is_gone(desk: Desk) -> None:
    token = desk.since(None).token
    with desk.database.writing() as session:
        session.get_one(Booking, desk.booking.id).person_id = a_person(session).id
    changes = desk.since(token)
    assert (list(changes.changed), list(changes.removed)) == ([], [desk.name])


def test_sync__cut_short__goes_on_where_it_ended(desk: Desk) -> None:
    names = {desk.name, *many(desk, 4)}
    first = desk.since(None, limit=2)
    assert first.more
    second = desk.since(first.token, limit=2)
    third = desk.since(second.token, limit=2)
    assert (second.more, third.more) == (True, False)
    told_of = [*first.changed, *second.changed, *third.changed]
    assert (len(told_of), {each.name for each in told_of}) == (5, names)
    assert desk.since(third.token).changed == ()


def test_sync__unknown_or_too_old_a_token__is_refused(desk: Desk) -> None:
    old = desk.since(None).token
    for each in range(KEPT):
        with desk.database.writing() as session:
            session.get_one(Booking, desk.booking.id).revision = each + 1
        desk.since(None, NOW + (each + 1) * MINUTE)
    for token in (old, "moon"):
        answer = desk.at().changes_since(COLLECTION, token, limit=None)
        assert answer == SYNC_TOKEN_UNKNOWN
