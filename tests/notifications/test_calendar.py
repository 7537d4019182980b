"""What calendars are told, read back by an independent eye."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING, BookingStatus
from booking.engine.vocabulary import AccessBy
from notifications.calendar import (
    Method,
    feed_text,
    freebusy_text,
    invite_text,
    plain,
    public_text,
    single_text,
    vevent_text,
)
from tests.notifications.cards import SAMPLE_ID, a_card

LONGEST_LINE = 75
words = st.text(max_size=200)
YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)
instants = st.integers(0, 3_000_000_000).map(lambda each: YEAR_2000 + timedelta(seconds=each))


def read(text: str) -> Any:
    return Calendar.from_ical(text)


def only_event(text: str) -> Any:
    (event,) = read(text).walk("VEVENT")
    return event


def lines_of(text: str) -> list[bytes]:
    raw = text.encode()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    return raw.split(b"\r\n")


@given(title=words, resource=words, project=words, facility=words, name=words)
def test_any_words_keep_lines_short_and_read_back(
    title: str, resource: str, project: str, facility: str, name: str
) -> None:
    card = a_card(
        title=title,
        resource_name=resource,
        project_name=project,
        facility_name=facility,
        person_name=name,
    )
    kept = vevent_text(card)
    for text in (
        single_text(kept),
        invite_text(card, Method.REQUEST, card.person_email, "abc"),
        feed_text(facility, [kept, kept]),
        feed_text(facility, [public_text(kept, resource)]),
    ):
        for line in lines_of(text):
            assert len(line) <= LONGEST_LINE
            line.decode()
        for event in read(text).walk("VEVENT"):
            assert str(event["UID"]) == card.uid
    assert str(only_event(single_text(kept))["SUMMARY"]) == plain(title or resource)


@given(start=instants, minutes=st.integers(1, 100_000), sequence=st.integers(0, 1000))
def test_instants_uid_and_sequence_come_back_as_they_were(
    start: datetime, minutes: int, sequence: int
) -> None:
    end = start + timedelta(minutes=minutes)
    card = a_card(starts_at=start, ends_at=end, sequence=sequence)
    event = only_event(single_text(vevent_text(card)))
    assert event["DTSTART"].dt == start
    assert event["DTEND"].dt == end
    assert event["SEQUENCE"] == sequence
    assert str(event["UID"]) == card.uid


def test_vevent__facility_in_another_zone__is_utc_with_local_time_in_words() -> None:
    text = vevent_text(a_card())
    assert "\r\nDTSTART:20261201T080000Z\r\n" in text
    assert "\r\nDTEND:20261201T100000Z\r\n" in text
    assert "TZID" not in text
    assert "VTIMEZONE" not in text
    said = str(only_event(single_text(text))["DESCRIPTION"])
    assert "Tuesday 1 December 2026, 11:00 to 13:00 (Africa/Nairobi, UTC+03:00)" in said


def test_vevent__clock_change_in_between__says_both_offsets() -> None:
    rome = ZoneInfo("Europe/Rome")
    card = a_card(
        facility_zone="Europe/Rome",
        starts_at=datetime(2026, 10, 24, 22, tzinfo=rome),
        ends_at=datetime(2026, 10, 25, 8, tzinfo=rome),
    )
    said = str(only_event(single_text(vevent_text(card)))["DESCRIPTION"])
    assert "Saturday 24 October 2026, 22:00 to Sunday 25 October 2026, 08:00" in said
    assert "(Europe/Rome, UTC+02:00, then UTC+01:00)" in said


@pytest.mark.parametrize("status", list(BookingStatus))
def test_vevent__every_status__has_its_calendar_word(status: BookingStatus) -> None:
    event = only_event(single_text(vevent_text(a_card(status=status))))
    expected = {BookingStatus.HELD: "TENTATIVE", BookingStatus.PENDING: "TENTATIVE"}
    fallback = "CONFIRMED" if status in HOLDING else "CANCELLED"
    assert str(event["STATUS"]) == expected.get(status, fallback)


def test_vevent__rendered_twice__is_the_same_text() -> None:
    assert vevent_text(a_card()) == vevent_text(a_card())


def test_vevent__dtstamp__is_when_the_booking_last_changed() -> None:
    event = only_event(single_text(vevent_text(a_card())))
    assert event["DTSTAMP"].dt == datetime(2026, 11, 20, 8, 0, 5, tzinfo=UTC)


def test_vevent__remote_access__has_a_conference_address() -> None:
    remote = a_card(access_by=AccessBy.REMOTE, web_address="https://remote.example/x")
    assert str(only_event(single_text(vevent_text(remote)))["CONFERENCE"]) == remote.web_address
    at_hand = a_card(web_address="https://remote.example/x")
    assert "CONFERENCE" not in vevent_text(at_hand)


def test_feed__of_anything__has_names_and_refresh_and_no_method() -> None:
    text = feed_text("Nairobi, all", [vevent_text(a_card())])
    assert "\r\nNAME:Nairobi\\, all\r\n" in text
    assert "\r\nX-WR-CALNAME:Nairobi\\, all\r\n" in text
    calendar = read(text)
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert str(calendar["X-PUBLISHED-TTL"]) == "PT1H"
    assert "PRODID" in calendar
    assert "METHOD" not in calendar


def test_feed__without_bookings__is_still_a_calendar() -> None:
    assert read(feed_text("Empty", [])).walk("VEVENT") == []


def test_public_text__personal_title__is_gone() -> None:
    card = a_card(title="Amina's secret plan, " * 8)
    shown = single_text(public_text(vevent_text(card), card.resource_name))
    event = only_event(shown)
    assert str(event["SUMMARY"]) == card.resource_name
    for word in ("secret", "Amina", "Clean water", "ATTENDEE", "CATEGORIES"):
        assert word not in shown.replace("\r\n ", "")


@pytest.mark.parametrize("method", list(Method))
def test_invite__to_the_booker__has_one_attendee_and_its_own_organiser(method: Method) -> None:
    text = invite_text(a_card(), method, "amina@sme.example", "abc123")
    calendar = read(text)
    event = only_event(text)
    assert str(calendar["METHOD"]) == method
    assert str(event["ATTENDEE"]) == "mailto:amina@sme.example"
    assert str(event["ORGANIZER"]) == "mailto:bookings+abc123@bench.example"
    assert text.replace("\r\n ", "").count("ATTENDEE") == 1


def test_invite__apart_from_its_people__is_the_kept_text() -> None:
    card = a_card()
    kept = read(single_text(vevent_text(card))).walk("VEVENT")[0]
    sent = only_event(invite_text(card, Method.REQUEST, card.person_email, "abc"))
    for name in ("ORGANIZER", "ATTENDEE"):
        kept.pop(name, None)
        sent.pop(name, None)
    assert kept.to_ical() == sent.to_ical()


def test_freebusy__two_stretches__names_times_and_nobody() -> None:
    day = datetime(2026, 12, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    busy = [Interval(day, day + hour), Interval(day + 3 * hour, day + 4 * hour)]
    text = freebusy_text(
        SAMPLE_ID,
        host="bench.example",
        during=Interval(day, day + 24 * hour),
        busy=busy,
        now=day,
    )
    assert text.count("FREEBUSY;") == len(busy)
    assert "20261201T030000Z/20261201T040000Z" in text
    assert "SUMMARY" not in text
