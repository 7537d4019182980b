"""When components happen: the tables of RFC 4791, 9.9, at their exact edges."""

from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from api.dav.spans import MOST_OCCURRENCES, occurrences, touches
from booking.engine.intervals import Interval
from tests.api.dav.program import calendar_text

START, END = "20261201T080000Z", "20261201T100000Z"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, 1, hour, minute, tzinfo=UTC)


SPAN = Interval(at(8), at(10))


def touched(kind: str, *lines: str) -> bool:
    calendar = Calendar.from_ical(calendar_text("UID:one", *lines, kind=kind))
    return touches(calendar.walk(kind)[0], SPAN)


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        ("VEVENT", ["DTSTART:20261201T070000Z", f"DTEND:{START}"], False),
        ("VEVENT", ["DTSTART:20261201T070000Z", "DTEND:20261201T080001Z"], True),
        ("VEVENT", [f"DTSTART:{END}", "DURATION:PT1H"], False),
        ("VEVENT", ["DTSTART:20261201T070000Z", "DURATION:PT1H"], False),
        ("VEVENT", ["DTSTART:20261201T070000Z", "DURATION:PT61M"], True),
        ("VEVENT", [f"DTSTART:{START}"], True),
        ("VEVENT", [f"DTSTART:{END}"], False),
        ("VEVENT", ["DTSTART;VALUE=DATE:20261201"], True),
        ("VEVENT", ["DTSTART;VALUE=DATE:20261130"], False),
        ("VEVENT", ["DTSTART;VALUE=DATE:20261130", "DTEND;VALUE=DATE:20261202"], True),
        ("VEVENT", ["DTSTART:20261201T090000", "DTEND:20261201T091500"], True),
        ("VEVENT", ["DTSTART:20261201T090000Z", "DTEND:20261201T070000Z"], True),
        ("VTODO", ["DTSTART:20261201T070000Z", "DURATION:PT1H"], False),
        ("VTODO", ["DTSTART:20261201T070000Z", "DUE:20261201T090000Z"], True),
        ("VTODO", [f"DTSTART:{START}"], True),
        ("VTODO", [f"DTSTART:{END}"], False),
        ("VTODO", [f"DUE:{START}"], False),
        ("VTODO", [f"DUE:{END}"], True),
        ("VTODO", [f"COMPLETED:{START}"], True),
        ("VTODO", ["COMPLETED:20261201T075959Z"], False),
        ("VTODO", ["COMPLETED:20261202T080000Z", "CREATED:20261130T080000Z"], True),
        ("VTODO", [f"CREATED:{END}"], False),
        ("VTODO", ["CREATED:20261130T080000Z"], True),
        ("VTODO", [], True),
        ("VJOURNAL", [f"DTSTART:{START}"], True),
        ("VJOURNAL", ["DTSTART;VALUE=DATE:20261201"], True),
        ("VJOURNAL", ["DTSTART;VALUE=DATE:20261202"], False),
        ("VJOURNAL", [], False),
    ],
)
def test_touches__at_the_edges__follows_the_table(
    kind: str, lines: list[str], *, expected: bool
) -> None:
    assert touched(kind, *lines) is expected


def test_occurrences__endless_rule__are_looked_at_up_to_the_most() -> None:
    text = calendar_text("UID:one", f"DTSTART:{START}", "RRULE:FREQ=MINUTELY")
    span = Interval(at(8), datetime(2027, 12, 1, tzinfo=UTC))

    found = list(occurrences(Calendar.from_ical(text), "VEVENT", span))
    assert len(found) == MOST_OCCURRENCES


def test_occurrences__one_of_them_moved__is_found_where_it_went() -> None:
    rule = calendar_text("UID:one", "DTSTART:20261130T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    moved = calendar_text(
        "UID:one", "RECURRENCE-ID:20261201T080000Z", "DTSTART:20261201T200000Z", "DURATION:PT1H"
    )
    both = rule.replace("END:VCALENDAR\r\n", moved.partition("//EN\r\n")[2])
    calendar = Calendar.from_ical(both)

    assert list(occurrences(calendar, "VEVENT", SPAN)) == []
    assert len(list(occurrences(calendar, "VEVENT", Interval(at(19), at(23))))) == 1
