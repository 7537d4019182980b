"""When somebody wants a resource, as forms say it: by day and length, or as an offered time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from api.deps import read_instant
from api.pages.fields import Typed
from booking.errors import DomainError
from booking.queries import catalogue

MOST_UNITS: Final = 2**31 - 1
MOST_MINUTES: Final = 366 * 1440


@dataclass(frozen=True, slots=True)
class Offered:
    """A time offered instead of the one that was refused, where it is."""

    resource_id: UUID
    resource_name: str
    zone: str
    starts_at: datetime
    ends_at: datetime


def read_times(form: Typed, zone: str) -> tuple[datetime, datetime] | None:
    """Read start and end; None where the form has a fault, which is then noted.

    A time that was offered comes as two instants; what people type, as a day, a time of
    day and a length in minutes.
    """
    if form["starts_at"]:
        return _offered_times(form)
    starts_at = form.moment("day", "start", zone, again_name="again")
    minutes = form.whole("minutes", least=1, most=MOST_MINUTES)
    form.needed("minutes", "Choose how long.")
    if starts_at is None or minutes is None:
        return None
    try:
        return starts_at, starts_at + timedelta(minutes=minutes)
    except OverflowError:
        form.fault("day", "Choose a day nearer than that.")
        return None


def _offered_times(form: Typed) -> tuple[datetime, datetime] | None:
    try:
        return read_instant(form["starts_at"]), read_instant(form["ends_at"])
    except ValueError:
        form.fault("day", "Choose a day and a time.")
        return None


def read_quantity(form: Typed) -> int:
    """Read how many units; one where nothing is said."""
    return form.whole("quantity", least=1, most=MOST_UNITS) or 1


def offers_beside(session: Session, refused: DomainError | None) -> tuple[Offered, ...]:
    """Return the times that a refusal offers instead, with the resource each is on."""
    offers: Iterable[Mapping[str, Any]] = (
        () if refused is None else refused.beside.get("alternatives", ())
    )
    return offered_times(session, offers)


def offered_times(session: Session, offers: Iterable[Mapping[str, Any]]) -> tuple[Offered, ...]:
    """Return the times with the resource each is on."""
    offers = tuple(offers)
    found = catalogue.facts_of(session, {UUID(each["resource_id"]) for each in offers})
    return tuple(
        Offered(
            resource_id=UUID(each["resource_id"]),
            resource_name=found[UUID(each["resource_id"])].name,
            zone=found[UUID(each["resource_id"])].zone,
            starts_at=read_instant(each["starts_at"]),
            ends_at=read_instant(each["ends_at"]),
        )
        for each in offers
    )
