"""Whether what a program puts is one calendar object (RFC 4791, 4.1 and 5.3.2.1)."""

from http import HTTPStatus
from typing import Final

from icalendar import Calendar, Component
from icalendar.prop import vBroken

from api.dav.backends import (
    SUPPORTED_COMPONENT,
    VALID_CALENDAR_DATA,
    VALID_CALENDAR_OBJECT,
    Collection,
    Refusal,
    Sent,
)
from api.dav.markup import Refused, caldav

CALENDAR_TYPE: Final = "text/calendar"
LONGEST_UID: Final = 200
_TIMES: Final = ("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_BESIDE: Final = ("VTIMEZONE",)


def sent_object(body: bytes, content_type: str, collection: Collection) -> Sent:
    """Return what a PUT holds, once it is known to be one calendar object.

    Raises: Refused with the precondition that fails.
    """
    if content_type.partition(";")[0].strip().lower() not in {"", CALENDAR_TYPE}:
        raise _no("supported-calendar-data", "Send text/calendar; nothing else is kept here.")
    text, calendar = _read(body)
    objects = [each for each in calendar.subcomponents if each.name not in _BESIDE]
    kinds = {str(each.name) for each in objects}
    if "METHOD" in calendar:
        raise _not_one("It has a METHOD, which is for mail. Leave METHOD out.")
    if len(kinds) != 1:
        raise _not_one("Send one event at a time, and no other kind of component with it.")
    (kind,) = kinds
    if kind not in collection.components:
        raise Refused(
            Refusal(
                HTTPStatus.FORBIDDEN,
                SUPPORTED_COMPONENT,
                f"This calendar takes {', '.join(collection.components)} alone, not {kind}.",
            )
        )
    return Sent(text, calendar, _one_uid(objects), kind)


def _read(body: bytes) -> tuple[str, Calendar]:
    try:
        text = body.decode("utf-8-sig")
        calendar = Calendar.from_ical(text)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as fault:
        raise _no("", "The body is not iCalendar in UTF-8, so that nothing was kept.") from fault
    if not isinstance(calendar, Calendar):
        raise _no("", "The body is not a VCALENDAR. Put the event inside one.")
    return text, calendar


def _one_uid(objects: list[Component]) -> str:
    uids = {str(each.get("UID", "")).strip() for each in objects}
    if len(uids) != 1:
        raise _not_one("It holds events of several UIDs. Send each of them by itself.")
    (uid,) = uids
    if not uid or len(uid) > LONGEST_UID or not uid.isprintable():
        raise _not_one(
            f"It has no UID, or one above {LONGEST_UID} characters or with control characters "
            "in it. Give it a UID."
        )
    if sum("RECURRENCE-ID" not in each for each in objects) > 1:
        raise _not_one("It holds the same event twice. Send it once.")
    for each in objects:
        _check_times(each)
    return uid


def _check_times(each: Component) -> None:
    for name in _TIMES:
        values = each.get(name, [])
        if any(
            isinstance(value, vBroken)
            for value in (values if isinstance(values, list) else [values])
        ):
            raise _no("", f"{name} cannot be read. Mend it, then send the event again.")
        if isinstance(values, list) and name not in {"RDATE", "EXDATE", "RRULE"} and values:
            raise _not_one(f"{name} stands there more than once. Send it once.")
    if each.name == "VEVENT" and "DTSTART" not in each:
        raise _not_one("It has no DTSTART. Say when the event starts.")


def _no(element: str, reason: str) -> Refused:
    name = caldav(element) if element else VALID_CALENDAR_DATA
    return Refused(Refusal(HTTPStatus.FORBIDDEN, name, reason))


def _not_one(reason: str) -> Refused:
    return Refused(Refusal(HTTPStatus.FORBIDDEN, VALID_CALENDAR_OBJECT, reason))
