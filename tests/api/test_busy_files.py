"""Outside calendar files become busy time, or a clear refusal; none of them holds anybody up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.busy_files import read_busy
from booking.engine.busy_calendars import LARGEST_BYTES, MOST_EVENTS
from booking.engine.intervals import Interval
from booking.errors import RulesBroken
from tests.builders import NOW
from tests.busy_files import CORPUS, a_calendar, an_event, an_hour

HOST = "benchshare.example"
FILES = sorted(CORPUS.rglob("*.ics"))
# Years in which the corpus has events, so that what they repeat is worked out.
SEEN = datetime(2020, 3, 1, tzinfo=UTC)


def busy(
    content: bytes, *, zone: str = "UTC", now: datetime = NOW, own_uids: tuple[str, ...] = ()
) -> tuple[Interval, ...]:
    return read_busy(content, zone=zone, host=HOST, own_uids=own_uids, now=now)


def told(content: bytes, *, now: datetime = NOW) -> str:
    """Read it; return why it was refused, empty where its times are in order."""
    try:
        found = busy(content, now=now)
    except RulesBroken as error:
        return error.message or "refused without a reason"
    assert list(found) == sorted(found, key=lambda each: each.start)
    assert all(one.end < other.start for one, other in pairwise(found))
    return ""


def refusal(content: bytes) -> str:
    with pytest.raises(RulesBroken) as caught:
        busy(content)
    return caught.value.message


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_now__the_tests_clock__is_before_the_events_here() -> None:
    assert NOW - timedelta(days=1) < utc("2027-01-11T09:00") < NOW + timedelta(days=400)


def test_read__every_calendar_of_the_corpus__gives_times_or_a_reason() -> None:
    assert len(FILES) > 30
    began = monotonic()
    said = {path.name: told(path.read_bytes(), now=SEEN) for path in FILES}
    # A second each, taken together, since a busy machine may hold up any one of them.
    assert monotonic() - began < len(FILES)
    refused = {name: reason for name, reason in said.items() if reason}
    assert refused.keys() <= {"empty.ics", "recurrence_tzinfo.ics"}
    assert all("BEGIN:VCALENDAR" in reason for reason in refused.values())


def test_read__an_event__takes_its_time() -> None:
    found = busy(a_calendar(an_hour("20270111T090000Z")))
    assert found == (Interval(utc("2027-01-11T09:00"), utc("2027-01-11T10:00")),)


def test_read__free_cancelled_and_our_own__takes_no_time() -> None:
    assert not busy(
        a_calendar(
            an_hour("20270111T090000Z", "TRANSP:TRANSPARENT", uid="a"),
            an_hour("20270112T090000Z", "STATUS:CANCELLED", uid="b"),
            an_hour("20270113T090000Z", uid=f"0190@{HOST}"),
            an_event("DTSTART:20270114T090000Z", uid="c"),
            an_hour("20270115T090000Z", uid="named@elsewhere"),
        ),
        own_uids=("named@elsewhere",),
    )


def test_read__a_series_with_a_change_and_a_gap__follows_them() -> None:
    rule = "RRULE:FREQ=DAILY;COUNT=4"
    found = busy(
        a_calendar(
            an_hour("20270111T090000Z", rule, "EXDATE:20270112T090000Z", uid="s"),
            an_hour("20270113T150000Z", "RECURRENCE-ID:20270113T090000Z", uid="s"),
            an_hour(
                "20270114T090000Z", "RECURRENCE-ID:20270114T090000Z", "STATUS:CANCELLED", uid="s"
            ),
        )
    )
    assert [each.start for each in found] == [utc("2027-01-11T09:00"), utc("2027-01-13T15:00")]


def test_read__a_whole_day__is_that_of_the_owners_zone() -> None:
    day = a_calendar(an_event("DTSTART;VALUE=DATE:20270328", "DTEND;VALUE=DATE:20270329"))
    (found,) = busy(day, zone="Europe/Berlin")
    assert found == Interval(utc("2027-03-27T23:00"), utc("2027-03-28T22:00"))


def test_read__a_time_without_a_zone__is_by_the_owners_clock() -> None:
    (found,) = busy(a_calendar(an_hour("20270111T090000")), zone="Africa/Nairobi")
    assert found.start == utc("2027-01-11T06:00")


def test_read__free_busy_text__takes_what_is_not_free() -> None:
    text = (
        "BEGIN:VFREEBUSY\r\nFREEBUSY:20270111T090000Z/PT1H\r\n"
        "FREEBUSY;FBTYPE=FREE:20270112T090000Z/20270112T100000Z\r\nEND:VFREEBUSY\r\n"
    )
    assert [each.start for each in busy(a_calendar(text))] == [utc("2027-01-11T09:00")]


def test_read__the_edges_of_the_time_looked_at__leave_out_what_is_beyond() -> None:
    at = [NOW - timedelta(days=1, hours=1), NOW - timedelta(days=1, minutes=59)]
    at += [NOW + timedelta(days=400, minutes=-1), NOW + timedelta(days=400)]
    events = [an_hour(f"{each:%Y%m%dT%H%M%SZ}", uid=str(n)) for n, each in enumerate(at)]
    assert [each.start for each in busy(a_calendar(*events))] == at[1:3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "<!DOCTYPE html>"),
        (a_calendar()[:-18], "begins on line 1 has no end"),
        (b"BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR\n", "Line 2"),
        (a_calendar(an_event("DTSTART:yesterday")), "line 4 has a DTSTART"),
        (a_calendar(an_event("SUMMARY:when?")), "line 4 has no DTSTART"),
        (a_calendar(an_hour("20270111T090000Z", "RRULE:FREQ=OFTEN")), "line 4 has a RRULE"),
        (b"x" * (LARGEST_BYTES + 1), "larger than 2 MB"),
    ],
)
def test_read__what_is_no_calendar__says_what_and_where(content: bytes, said: str) -> None:
    assert said in refusal(content)


def test_read__one_event_too_many__is_refused_and_the_most_is_read() -> None:
    events = [an_event("DTSTART:20200101T000000Z", uid=str(n)) for n in range(MOST_EVENTS)]
    assert busy(a_calendar(*events)) == ()
    assert "5,001 events" in refusal(a_calendar(*events, an_event("DTSTART:20200101T000000Z")))


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYHOUR=3"]
)
def test_read__a_rule_that_would_not_end__is_ended_and_the_next_is_read(rule: str) -> None:
    hostile = a_calendar(an_event("DTSTART:19800101T000000Z", "DURATION:PT1S", f"RRULE:{rule}"))
    began = monotonic()
    with pytest.raises(RulesBroken, match=r"too long|more than 10,000"):
        read_busy(hostile, zone="UTC", host=HOST, own_uids=(), now=NOW, seconds=0.7)
    assert monotonic() - began < 6
    assert busy(a_calendar(an_hour("20270111T090000Z")))


LINES = st.sampled_from(
    [
        *("DTSTART:20270111T090000Z", "DTSTART;TZID=Nowhere:20270111T090000", "DTSTART:00010101"),
        *("DTEND:20270111T080000Z", "DTEND;VALUE=DATE:20270112", "DTEND:99991231T235959Z"),
        *("DURATION:-PT1H", "DURATION:P99999999D", "RRULE:FREQ=DAILY;COUNT=-1", "RRULE:"),
        *("RRULE:FREQ=YEARLY;UNTIL=1", "RDATE:20270111", "EXDATE;VALUE=PERIOD:1/2", "BEGIN:VEVENT"),
        *("END:VEVENT", "RECURRENCE-ID:20270111T090000Z", "UID:two", "TRANSP:", ":", ";=", " x"),
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES | st.text(max_size=20), max_size=6), st.binary(max_size=8))
def test_read__any_lines__give_times_or_a_reason(lines: list[str], tail: bytes) -> None:
    told(a_calendar(an_event(*lines)) + tail)
