"""The choices of how a person hears of bookings, as the forms show them."""

from typing import Any, Final

from api.pages.fields import Typed
from api.pages.wording import duration
from booking.engine.digests import LONGEST_ALARM_MINUTES
from booking.engine.vocabulary import CalendarMail
from booking.services.preferences import Alarm

NEVER: Final = "never"
BY_RULE: Final = "rule"
CALENDAR_MAILS: Final = (
    (CalendarMail.INVITE, "an invitation each time"),
    (CalendarMail.DIGEST, "one digest a day, at 07:00"),
    (CalendarMail.FEED, "none: I read my calendar feed"),
)
_USUAL: Final = (0, 5, 10, 15, 30, 60, 120, 1440, 2880)


def alarm_choices(also: int | None) -> list[tuple[str, str]]:
    """Return the usual alarms, and the one that is set."""
    minutes = sorted({*_USUAL, *(() if also is None else (also,))})
    words = ((str(each), f"{duration(each)} before") for each in minutes if each)
    return [(NEVER, "never"), ("0", "at the start"), *words]


def alarm_form(rule: int | None, chosen: Alarm | None) -> dict[str, Any]:
    """Return what the form for one booking's alarm shows: the choices, and which is set."""
    ruled = dict(alarm_choices(rule))[_value(rule)]
    by_rule = (BY_RULE, f"as my account says: {ruled}")
    if chosen is None:
        return {"choices": [by_rule, *alarm_choices(rule)], "value": BY_RULE}
    return {"choices": [by_rule, *alarm_choices(chosen.minutes)], "value": _value(chosen.minutes)}


def _value(minutes: int | None) -> str:
    return NEVER if minutes is None else str(minutes)


def read_alarm(form: Typed) -> Alarm | None:
    """Read the alarm that was chosen; None where there is none to read, with its fault noted."""
    if form["alarm_minutes"] == NEVER:
        return Alarm(None)
    minutes = form.whole("alarm_minutes", least=0, most=LONGEST_ALARM_MINUTES)
    return None if minutes is None else Alarm(minutes)
