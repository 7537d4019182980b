"""The form of a resource: its fields in groups, read and written back."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from api.pages.fields import Typed
from booking.engine.lifecycle import BookingMode
from booking.engine.vocabulary import AccessBy

MOST: Final = 1_000_000
THOUSAND: Final = 1000
MODE_OPTIONS: Final = (
    (BookingMode.INSTANT, "at once, by anybody entitled"),
    (BookingMode.APPROVAL, "after a manager approves"),
    (BookingMode.ROUND_ONLY, "in rounds only"),
)
ACCESS_OPTIONS: Final = (
    (AccessBy.PHYSICAL, "on site"),
    (AccessBy.REMOTE, "remotely"),
    (AccessBy.VIRTUAL, "virtually, as a service"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the form: its name, its words, and how it is read."""

    name: str
    words: str
    how: str = "line"
    hint: str = ""
    needed: bool = False


WHAT: Final = (
    Asked("name", "Name", needed=True),
    Asked("kind", "Kind", needed=True, hint="Such as electron microscope, or GPU cluster"),
    Asked("description", "Description", "prose"),
    Asked("technique", "Technique"),
    Asked("measured_variables", "Measures", "list", "Commas between"),
    Asked("manufacturer", "Manufacturer"),
    Asked("model", "Model"),
    Asked("persistent_identifier", "Persistent identifier", hint="Such as a DOI or handle"),
    Asked("location", "Where it stands"),
    Asked("web_address", "Web address"),
)
CONTACT: Final = (
    Asked("contact_name", "Contact"),
    Asked("contact_email", "Contact's e-mail"),
)
BOOKED: Final = (
    Asked("capacity", "Units", "whole", "How many can be used at once", needed=True),
    Asked("unit_label", "A unit is called", hint="Such as unit, GPU, seat", needed=True),
    Asked("rate", "Rate", "rate", "Credits for one unit and hour; 1 if in doubt", needed=True),
    Asked("grid_minutes", "Begins every, in minutes", "whole", needed=True),
    Asked("minimum_minutes", "Shortest booking, in minutes", "maybe", "Empty: no limit"),
    Asked("maximum_minutes", "Longest booking, in minutes", "maybe", "Empty: no limit"),
    Asked("lead_minutes", "Booked ahead by at least, in minutes", "whole", needed=True),
    Asked("horizon_days", "Booked ahead by at most, in days", "whole", needed=True),
    Asked("buffer_before_minutes", "Kept free before, in minutes", "whole", needed=True),
    Asked("buffer_after_minutes", "Kept free after, in minutes", "whole", needed=True),
    Asked("cancel_by_minutes", "Cancelled at least, in minutes before", "maybe", "Empty: any time"),
    Asked(
        "concurrent_per_project",
        "A project's bookings at a time",
        "maybe",
        "So many to come at most; empty: no limit",
    ),
    Asked(
        "concurrent_per_organisation",
        "An organisation's bookings at a time",
        "maybe",
        "So many to come at most, all its projects together; empty: no limit",
    ),
    Asked(
        "no_show_grace_minutes",
        "Missed without check-in, in minutes after the start",
        "maybe",
        "Its time then goes to others; empty: nobody needs to check in",
    ),
    Asked(
        "approval_days",
        "Approved within, in days",
        "maybe",
        "A booking not answered by then lapses; empty: up to its start",
    ),
)
EVERY: Final = (*WHAT, *CONTACT, *BOOKED)
NEW: Final = {
    "capacity": "1",
    "unit_label": "unit",
    "rate": "1",
    "grid_minutes": "15",
    "lead_minutes": "0",
    "horizon_days": "365",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "0",
    "mode": BookingMode.INSTANT.value,
    "access_by": AccessBy.PHYSICAL.value,
}


def values_of(row: Any) -> dict[str, str]:
    """Return the fields that would write the same resource."""
    found = {"mode": row.mode.value, "access_by": row.access_by.value}
    if row.qualification_needed:
        found["qualification_needed"] = "yes"
    for each in EVERY:
        if each.how == "rate":
            found[each.name] = f"{Decimal(row.rate_thousandths) / THOUSAND:f}"
        elif each.how == "list":
            found[each.name] = ", ".join(getattr(row, each.name))
        else:
            value = getattr(row, each.name)
            found[each.name] = "" if value is None else str(value)
    return found


def changes_in(form: Typed) -> dict[str, Any]:
    """Read all fields, by the names the services know; what cannot be read is noted."""
    found: dict[str, Any] = {
        "mode": form.word("mode", BookingMode) or BookingMode.INSTANT,
        "access_by": form.word("access_by", AccessBy) or AccessBy.PHYSICAL,
        "qualification_needed": form["qualification_needed"] == "yes",
    }
    for each in EVERY:
        if each.needed:
            form.needed(each.name, "This field is needed.")
        if each.how == "rate":
            found["rate_thousandths"] = _rate(form)
        else:
            found[each.name] = _read(form, each)
    return found


def _read(form: Typed, asked: Asked) -> Any:
    if asked.how == "prose":
        return form.prose(asked.name)
    if asked.how == "list":
        return [each.strip() for each in form[asked.name].split(",") if each.strip()]
    if asked.how == "line":
        return form.line(asked.name, longest=1000)
    number = form.whole(asked.name, least=0, most=MOST)
    return number if asked.how == "maybe" else number or 0


def _rate(form: Typed) -> int:
    try:
        exact = Decimal(form["rate"].strip().replace(",", ".") or "0") * THOUSAND
    except InvalidOperation:
        exact = Decimal("NaN")
    if exact.is_finite() and 0 <= exact <= MOST * THOUSAND and exact == exact.to_integral_value():
        return int(exact)
    form.fault("rate", "Write a number with at most three decimals, such as 1 or 2.5.")
    return 0
