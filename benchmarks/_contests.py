"""What the writers of races.py contest, and how much of it there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.clock import utc_now
from booking.models import Person, Project, Resource
from tests.builders import a_facility, a_person, a_project, a_resource, a_token

HOUR: Final = timedelta(hours=1)
BOOKINGS: Final = "/api/v1/bookings"


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that one writer sends: how many units it asks for, of those contested."""

    path: str
    body: dict[str, Any]
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Contest:
    """A request of each writer, of which no more than `units` can be granted together."""

    requests: tuple[Request, ...]
    units: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The contests of one race, and a token for each writer."""

    tokens: tuple[str, ...]
    contests: tuple[Contest, ...]


Case = Callable[[Session, int, int], Stage]


def one_slot(session: Session, writers: int, slots: int) -> Stage:
    """Let everybody want the same hour of a resource of one unit."""
    return _same_hours(session, [1] * writers, slots, capacity=1)


def a_pool(session: Session, writers: int, slots: int) -> Stage:
    """Let everybody want one, two or three of five units."""
    return _same_hours(session, list(islice(cycle([1, 2, 3]), writers)), slots, capacity=5)


CASES: Final[Mapping[str, Case]] = MappingProxyType({"one slot": one_slot, "a pool": a_pool})


def _same_hours(session: Session, quantities: list[int], slots: int, *, capacity: int) -> Stage:
    people = [a_person(session) for _ in quantities]
    project = a_project(session, *people)
    resource = a_resource(session, a_facility(session).id, capacity=capacity)
    contests = (
        Contest(
            tuple(
                Request(BOOKINGS, _wish(resource, project, number, quantity), quantity)
                for quantity in quantities
            ),
            units=capacity,
        )
        for number in range(slots)
    )
    return Stage(tokens_of(session, people), tuple(contests))


def tokens_of(session: Session, people: list[Person]) -> tuple[str, ...]:
    """Give each of the people a token."""
    return tuple(a_token(session, each) for each in people)


def _wish(resource: Resource, project: Project, number: int, quantity: int) -> dict[str, Any]:
    start = first_hour() + number * HOUR
    return booking_of(resource.id, project.id, start) | {"quantity": quantity}


def booking_of(resource_id: UUID, project_id: UUID, start: datetime) -> dict[str, Any]:
    """Word the wish for one hour."""
    return {
        "resource_id": str(resource_id),
        "project_id": str(project_id),
        "starts_at": start.isoformat(),
        "ends_at": (start + HOUR).isoformat(),
    }


def first_hour() -> datetime:
    """Choose tomorrow's 9 o'clock UTC."""
    return utc_now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
