"""Whatever a program puts is read, or refused in words: nothing else comes of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dav.backends import Collection, Sent
from api.dav.events import read_event
from api.dav.markup import Refused
from api.dav.objects import sent_object
from booking.errors import Malformed
from tests.api.dav.bookings import an_event

COLLECTION = Collection("bookings", "Mine", writable=True)
NAMES = st.sampled_from(
    ("DTSTART", "DTEND", "DURATION", "LOCATION", "SUMMARY", "TRIGGER", "RRULE", "X-A", "BEGIN")
)
PARAMS = st.sampled_from(("", ";VALUE=DATE", ";TZID=Own", ";TZID=Africa/Nairobi", ";RELATED=END"))
VALUES = st.one_of(
    st.text(max_size=20),
    st.datetimes().map(lambda at: f"{at:%Y%m%dT%H%M%S}"),
    st.datetimes().map(lambda at: f"{at:%Y%m%dT%H%M%SZ}"),
    st.sampled_from(("20261201", "PT1H", "-PT15M", "P9999999999D", "VALARM", "FREQ=DAILY", "")),
)
LINES = st.lists(st.builds("{}{}:{}".format, NAMES, PARAMS, VALUES), max_size=6)
TIMES = st.sampled_from(((), ("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z")))
OWN_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:{}\r\n"
    "TZOFFSETFROM:{}\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


@settings(max_examples=150, deadline=None)
@given(
    TIMES,
    LINES,
    st.sampled_from(("19700101T000000", "x")),
    st.sampled_from(("+0300", "-9900", "x")),
)
def test_an_event_is_read_or_refused_in_words(
    times: tuple[str, ...], lines: list[str], since: str, offset: str
) -> None:
    text = an_event(*times, *lines).replace(
        "BEGIN:VEVENT", f"{OWN_ZONE.format(since, offset)}BEGIN:VEVENT"
    )
    try:
        event = read_event(sent(text))
    except (Malformed, Refused):
        return
    assert event.starts_at < event.ends_at
    assert event.starts_at.tzinfo is UTC
    assert event.alarm_minutes is None or event.alarm_minutes >= 0


def sent(text: str) -> Sent:
    return sent_object(text.encode("utf-8", "replace"), "text/calendar", COLLECTION)


def test_read_event__two_zones_of_one_name__are_each_events_own() -> None:
    found = []
    for offset in ("+0300", "+0500"):
        zone = OWN_ZONE.format("19700101T000000", offset).replace("TO:+0300", f"TO:{offset}")
        lines = ("DTSTART;TZID=Own:20261201T090000", "DURATION:PT1H")
        text = an_event(*lines).replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT")
        found.append(read_event(sent(text)).starts_at)
    assert found == [datetime(2026, 12, 1, 6, tzinfo=UTC), datetime(2026, 12, 1, 4, tzinfo=UTC)]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;BYHOUR=1,2", "FREQ=YEARLY"])
def test_read_event__zone_with_rules_that_no_clock_keeps__is_refused_and_never_run(
    rule: str,
) -> None:
    count = 17 if rule == "FREQ=YEARLY" else 1
    zone = zone_by_rules(*[rule] * count)
    with pytest.raises(Malformed, match="no clock keeps"):
        read_event(sent(at_eight(zone)))


def test_read_event__zone_by_its_rules_of_every_year__is_read() -> None:
    zone = zone_by_rules(*["FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"] * 16)
    assert read_event(sent(at_eight(zone))).starts_at.tzinfo is UTC


def zone_by_rules(*rules: str) -> str:
    """Write a zone that goes between summer and winter by each of the rules."""
    changes = (
        f"BEGIN:{name}\r\nDTSTART:16010101T000000\r\nRRULE:{rule}\r\n"
        f"TZOFFSETFROM:{before}\r\nTZOFFSETTO:{after}\r\nEND:{name}\r\n"
        for rule in rules
        for name, before, after in (("STANDARD", "+0200", "+0100"), ("DAYLIGHT", "+0100", "+0200"))
    )
    return f"BEGIN:VTIMEZONE\r\nTZID:Ours\r\n{''.join(changes)}END:VTIMEZONE\r\n"


def at_eight(zone: str) -> str:
    text = an_event("DTSTART;TZID=Ours:20261201T080000", "DURATION:PT1H")
    return text.replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT")
