"""Recurring events written out one by one, and busy time without what it is about."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from icalendar import Calendar, Component, FreeBusy
from icalendar.parser import Parameters
from icalendar.prop import vPeriod

from api.dav.spans import bounds, instant, occurrences, repeats, value_of
from booking.clock import utc_now
from booking.engine.intervals import Interval, union

PRODUCT: Final = "-//Benchshare//Calendars//EN"
_TIMES: Final = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID")
_RULES: Final = ("RRULE", "RDATE", "EXDATE", "EXRULE")


def expanded_text(calendar: Calendar, span: Interval) -> str:
    """Return the object with each occurrence within the span by itself, in UTC.

    Source: RFC 4791, 9.6.5.
    """
    written = _envelope()
    for name in sorted({str(each.name) for each in calendar.subcomponents} - {"VTIMEZONE"}):
        repeating = repeats(calendar, name)
        for each in occurrences(calendar, name, span):
            written.add_component(_alone(each, repeating=repeating))
    octets: bytes = written.to_ical()
    return octets.decode()


def _envelope() -> Calendar:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    return calendar


def _alone(component: Component, *, repeating: bool) -> Component:
    """Turn an occurrence into a component that needs neither rules nor zones."""
    for name in _RULES:
        component.pop(name, None)
    if not repeating:
        component.pop("RECURRENCE-ID", None)
    for name in _TIMES:
        value = value_of(component, name)
        if isinstance(value, datetime) and value.utcoffset() is not None:
            component.pop(name)
            component.add(name, instant(value))
    return component


def busy_text(calendars: Iterable[Calendar], span: Interval) -> bytes:
    """Return a VFREEBUSY of the span: busy, and apart from it tentatively busy.

    Source: RFC 4791, 7.10.
    """
    busy: dict[str, list[Interval]] = {"BUSY": [], "BUSY-TENTATIVE": []}
    for calendar in calendars:
        for event in occurrences(calendar, "VEVENT", span):
            start, end = bounds(event)
            status = str(event.get("STATUS", "")).upper()
            opaque = str(event.get("TRANSP", "OPAQUE")).upper() == "OPAQUE"
            if start < end and opaque and status != "CANCELLED":
                kind = "BUSY-TENTATIVE" if status == "TENTATIVE" else "BUSY"
                busy[kind].append(Interval(max(start, span.start), min(end, span.end)))
    written = _envelope()
    written.add_component(_free_busy(busy, span))
    octets: bytes = written.to_ical()
    return octets


def _free_busy(busy: dict[str, list[Interval]], span: Interval) -> FreeBusy:
    component = FreeBusy()
    component.add("DTSTAMP", utc_now())
    component.add("DTSTART", span.start)
    component.add("DTEND", span.end)
    for kind, intervals in busy.items():
        for each in union(intervals):
            period = vPeriod((each.start, each.end))
            period.params = Parameters({"FBTYPE": kind})
            component.add("FREEBUSY", period)
    return component
