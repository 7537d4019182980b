"""What a booking form asks for, what it would cost, and whom it may be for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from api.pages.fields import Typed, shown_twice
from api.pages.visit import Visit
from api.pages.wishes import read_quantity, read_times
from booking.engine.intervals import MINUTE
from booking.engine.online_quotas import credits_of as credits_charged
from booking.engine.permissions import Action, Scope, may
from booking.engine.wording import credits_in_words
from booking.queries import accounts, projects
from booking.queries.catalogue import ResourceFacts
from booking.services.bookings import NewBooking

AGAIN: Final = (("0", "the first time"), ("1", "the second time, an hour later"))
KEPT: Final = ("project_id", "person_id", "quantity", "title", "waiver", "even_if_busy")
TIMES: Final = ("day", "start", "again", "minutes")
REPEATS: Final = ("every", "interval", "count", "until")
PER: Final[Mapping[str, str]] = {
    "per_hour": "an hour",
    "per_day": "a day",
    "per_booking": "a booking",
}


@dataclass(frozen=True, slots=True)
class Price:
    """What a booking costs one sort of user: the rate in words, and the sum where it is known."""

    whom: str
    rate: str
    total: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Whom the visitor may book for; `people` are those of the chosen project."""

    projects: list[tuple[UUID, str]]
    project_id: UUID | None
    people: list[tuple[str, str]]
    waives: bool


def read_new(form: Typed, found: ResourceFacts) -> NewBooking | None:
    """Read what is asked for; None where the form has a fault, which is then noted."""
    times, quantity = read_times(form, found.zone), read_quantity(form)
    project_id, person_id = form.key("project_id"), form.key("person_id")
    title, waiver = form.line("title"), form.line("waiver")
    form.needed("project_id", "Choose the project you book for.")
    if form.refusal or times is None or project_id is None:
        return None
    return NewBooking(
        found.id,
        project_id,
        *times,
        quantity,
        title,
        hold=form["hold"] == "yes",
        person_id=person_id,
        waiver=waiver,
        even_if_busy=form["even_if_busy"] == "yes",
    )


def with_day(values: Typed, zone: str) -> Typed:
    """Fill in day, time and length where the form came with two instants instead."""
    if not values["starts_at"]:
        return values
    times = read_times(Typed(values.values), zone)
    if times is None:
        return values
    there = times[0].astimezone(ZoneInfo(zone))
    shown = {
        "day": there.date().isoformat(),
        "start": f"{there:%H:%M}",
        "again": str(there.fold) if shown_twice(there.replace(tzinfo=None), zone) else "",
        "minutes": str((times[1] - times[0]) // MINUTE),
    }
    return Typed({**values.values, **shown}, values.faults)


def asked_times(values: Typed, zone: str, *, minutes: int) -> tuple[datetime, datetime] | None:
    """Return start and end of so many minutes as typed, None where they cannot be read."""
    if not values["day"]:
        return None
    return read_times(Typed({**values.values, "starts_at": "", "minutes": str(minutes)}), zone)


def asks_which(values: Typed, zone: str) -> bool:
    """Say whether the time that was typed is one that the clock shows twice that day."""
    try:
        day, clock = date.fromisoformat(values["day"]), time.fromisoformat(values["start"])
    except ValueError:
        return False
    return clock.tzinfo is None and shown_twice(datetime.combine(day, clock), zone)


def query_of(values: Typed, *names: str) -> str:
    """Return the named fields as the query of an address."""
    return urlencode({name: values[name] for name in names if values[name]})


def choices(session: Session, visit: Visit, values: Typed, found: ResourceFacts) -> Choices:
    """Read whom the visitor may book for: their projects, and a manager those known here."""
    if visit.person is None:
        return Choices([], None, [], waives=False)
    scope = Scope(facility_id=found.facility_id)
    lines = [
        (each.id, f"{each.name} ({each.organisation_name})")
        for each in accounts.projects_of(session, visit.actor)
    ]
    if may(visit.actor, Action.BOOKING_CREATE, scope):
        known = {each for each, _ in lines}
        others = projects.projects_booked_at(session, found.facility_id)
        lines += [each for each in others if each[0] not in known]
    asked = Typed({"project_id": values["project_id"]}).key("project_id")
    chosen = asked if any(asked == each for each, _ in lines) else lines[0][0] if lines else None
    people = projects.people_of(session, chosen) if chosen else ()
    return Choices(
        projects=lines,
        project_id=chosen,
        people=[
            (str(each.person_id), each.name) for each in people if each.person_id != visit.person.id
        ],
        waives=may(visit.actor, Action.BOOKING_WAIVE, scope),
    )


def credits_of(found: ResourceFacts, *, minutes: int, quantity: int) -> str:
    """Say how many credits a booking counts: hours of all its units, times the rate."""
    amount = credits_charged(minutes, quantity=quantity, rate_thousandths=found.rate_thousandths)
    return credits_in_words(amount)


def prices(found: ResourceFacts, *, minutes: int | None, quantity: int) -> list[Price]:
    """Say what a booking costs, for each sort of user that the facility names."""
    return [_price(each, minutes, quantity) for each in found.rates]


def _price(rate: Mapping[str, Any], minutes: int | None, quantity: int) -> Price:
    currency = str(rate.get("currency", ""))
    words = [
        f"{rate[key]} {currency}".strip() + f" {each}" for key, each in PER.items() if key in rate
    ]
    total = None if minutes is None else _total(rate, minutes, quantity)
    sum_ = "" if total is None else f"{total.quantize(Decimal('0.01')):f} {currency}".strip()
    return Price(str(rate.get("for", "everybody")), " ".join("; ".join(words).split()), sum_)


def _total(rate: Mapping[str, Any], minutes: int, quantity: int) -> Decimal | None:
    """Add up the parts of a rate; None where the facility words one that is no number."""
    units = {
        "per_hour": Decimal(minutes * quantity) / 60,
        "per_day": Decimal(minutes * quantity) / 1440,
        "per_booking": Decimal(1),
    }
    try:
        parts = [Decimal(str(rate[key])) * units[key] for key in PER if key in rate]
    except InvalidOperation:
        return None
    return sum(parts, Decimal()) if parts else None


def length_of(new: NewBooking) -> int:
    """Return the minutes that are asked for."""
    return (new.ends_at - new.starts_at) // timedelta(minutes=1)
