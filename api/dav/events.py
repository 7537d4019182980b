"""An event that a calendar program puts, read as what a booking can take over of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Timezone
from icalendar.prop import vRecur
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from api.dav.backends import Sent
from booking.engine.identifiers import read_zone
from booking.engine.violations import Violation
from booking.errors import Malformed
from booking.services.client_edits import ClientEvent

LONGEST_ALARM: Final = timedelta(days=28)
MOST_ZONE_RULES: Final = 32
_PARTS_OF_ZONES: Final = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
)
_REPEATING: Final = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_MINUTE: Final = timedelta(minutes=1)


def read_event(sent: Sent) -> ClientEvent:
    """Return what the one event says that a booking takes over.

    Raises: Malformed, with a reason for people, for what no booking can be.
    """
    events = [each for each in sent.calendar.subcomponents if each.name == "VEVENT"]
    if len(events) != 1 or any(name in events[0] for name in _REPEATING):
        raise _no(
            "repeats",
            "A booking is a single event: take the repetition out and make an event for each "
            "time, or book a series on the website.",
        )
    event = events[0]
    starts_at = _instant(sent.calendar, event, "DTSTART")
    return ClientEvent(
        uid=sent.uid,
        starts_at=starts_at,
        ends_at=_end(sent.calendar, event, starts_at),
        title=_text(event, "SUMMARY") if "SUMMARY" in event else None,
        place=_text(event, "LOCATION"),
        alarm_minutes=_alarm(event, starts_at),
    )


def _end(calendar: Calendar, event: Component, starts_at: datetime) -> datetime:
    if "DTEND" in event:
        ends_at = _instant(calendar, event, "DTEND")
    elif isinstance(length := _value(event, "DURATION"), timedelta):
        ends_at = _reached(starts_at, length)
    else:
        raise _no("no_end", "The event has no end; say until when the booking lasts.")
    if ends_at <= starts_at:
        raise _no("ends_before_start", "The event ends before it starts; give a later end.")
    return ends_at


def _reached(at: datetime, length: timedelta) -> datetime:
    try:
        return at + length
    except OverflowError:
        raise _no("out_of_range", "The event ends too far away; give an earlier end.") from None


def _instant(calendar: Calendar, event: Component, name: str) -> datetime:
    """Return the instant of a date-time: in UTC, or on the clock of a zone that is known."""
    value = _value(event, name)
    if not isinstance(value, datetime):
        if isinstance(value, date):
            raise _no(
                "all_day",
                "The event lasts whole days, and a booking has a start and an end in hours: give "
                "it both.",
            )
        raise _no("no_time", f"{name} is no date and time; give it one.")
    tzid = str(event[name].params.get("TZID", ""))
    try:
        if tzid:
            return value.replace(tzinfo=_zone(calendar, tzid)).astimezone(UTC)
        if value.tzinfo is None:
            raise _no(
                "floating",
                "The event's times are in no time zone, so that nobody knows when they are: give "
                "them a time zone.",
            )
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise _no("out_of_range", f"{name} is out of range; give a nearer time.") from None


def _zone(calendar: Calendar, tzid: str) -> tzinfo:
    """Find a zone: by its IANA name, as the event's own VTIMEZONE says, or by Windows's name.

    A definition that came with the event counts for this event alone.
    """
    found = read_zone(tzid)
    if not isinstance(found, Violation):
        return ZoneInfo(found)
    for each in calendar.walk("VTIMEZONE"):
        if isinstance(each, Timezone) and str(each.get("TZID", "")) == tzid:
            return _defined(each, tzid)
    if tzid in WINDOWS_TO_OLSON:
        return ZoneInfo(WINDOWS_TO_OLSON[tzid])
    raise _unknown_zone(tzid)


def _defined(zone: Timezone, tzid: str) -> tzinfo:
    rules = [each["RRULE"] for each in zone.subcomponents if "RRULE" in each]
    if len(rules) > MOST_ZONE_RULES or not all(map(_is_yearly, rules)):
        raise _no(
            "unknown_zone",
            f"The time zone {tzid[:60]!r} is defined by rules that no clock keeps; choose one of "
            "a place, such as Africa/Nairobi.",
        )
    try:
        made: tzinfo = zone.to_tz(lookup_tzid=False)
    except (ValueError, KeyError, TypeError, AttributeError, LookupError):
        raise _unknown_zone(tzid) from None
    return made


def _is_yearly(rule: object) -> bool:
    """Say whether a rule is as those of real zones are; others could be worked out for ever."""
    return (
        isinstance(rule, vRecur)
        and rule.get("FREQ") == ["YEARLY"]
        and _PARTS_OF_ZONES.issuperset(rule)
        and len(rule.get("BYMONTH", ())) <= 1
    )


def _unknown_zone(tzid: str) -> Malformed:
    return _no(
        "unknown_zone",
        f"The time zone {tzid[:60]!r} is not known here, and the event does not define it; "
        "choose one of a place, such as Africa/Nairobi.",
    )


def _alarm(event: Component, starts_at: datetime) -> int | None:
    """Return how many minutes before the start the event rings first; None for never."""
    found = sorted(_leads(event, starts_at), reverse=True)
    return None if not found else found[0] // _MINUTE


def _leads(event: Component, starts_at: datetime) -> Iterator[timedelta]:
    for each in event.subcomponents:
        if each.name != "VALARM" or str(each.get("ACTION", "")).upper() not in {
            "DISPLAY",
            "AUDIO",
        }:
            continue
        trigger = _value(each, "TRIGGER")
        # An instant stands in UTC (RFC 5545, 3.8.6.3); other zones are not looked at.
        if isinstance(trigger, datetime) and trigger.tzinfo in {UTC, ZoneInfo("UTC")}:
            trigger = trigger - starts_at
        elif str(getattr(each.get("TRIGGER"), "params", {}).get("RELATED", "START")) != "START":
            continue
        if isinstance(trigger, timedelta) and timedelta() <= -trigger <= LONGEST_ALARM:
            yield -trigger


def _value(component: Component, name: str) -> Any:
    return getattr(component.get(name), "dt", None)


def _text(event: Component, name: str) -> str:
    value = event.get(name, "")
    first = value[0] if isinstance(value, list) and value else value
    return "".join(each if each.isprintable() else " " for each in str(first))


def _no(code: str, reason: str) -> Malformed:
    return Malformed(reason, [Violation(code, reason)])
