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
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import OrganisationKind
from booking.models import Person, Project, Resource
from booking.services.policies import GroupWish, PolicyWish, publish_policy
from tests.builders import (
    a_booking,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_token,
    an_offer,
    an_organisation,
)

HOUR: Final = timedelta(hours=1)
HALF_A_WEEK: Final = 84
STARTUPS: Final = GroupWish(
    key="startup",
    name="Startups",
    rule={"kind": "attribute", "key": "kind", "op": "eq", "value": OrganisationKind.STARTUP},
    reserved_share_ppm=500_000,
)
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


def last_hour_of_a_quota(session: Session, writers: int, slots: int) -> Stage:
    """Let everybody want an hour of their own in a week that has one left for them.

    Half of the week is kept for startups, and SMEs hold all of the other half but an hour.
    """
    people = [a_person(session) for _ in range(writers)]
    firms = [an_organisation(session, kind=OrganisationKind.SME) for _ in people]
    projects = [
        a_project(session, person, organisation_id=firm.id)
        for person, firm in zip(people, firms, strict=True)
    ]
    monday = first_hour().replace(hour=0) + timedelta(days=28)
    monday -= timedelta(days=monday.weekday())
    contests = []
    for _ in range(slots):
        facility = a_facility(session, zone="UTC")
        wish = PolicyWish(groups=(STARTUPS,), cap_share_ppm=None)
        publish_policy(session, actor=SYSTEM, now=utc_now(), facility=facility.slug, wish=wish)
        resource = a_resource(session, facility.id)
        a_booking(session, resource, projects[0], monday, monday + (HALF_A_WEEK - 1) * HOUR)
        starts = [monday + (HALF_A_WEEK + number) * HOUR for number in range(writers)]
        wishes = (
            booking_of(resource.id, project.id, start)
            for project, start in zip(projects, starts, strict=True)
        )
        contests.append(Contest(tuple(Request(BOOKINGS, each) for each in wishes), units=1))
    return Stage(tokens_of(session, people), tuple(contests))


def last_offer(session: Session, writers: int, slots: int) -> Stage:
    """Let all members of a project accept the one offer that was made to it."""
    people = [a_person(session) for _ in range(writers)]
    project = a_project(session, *people)
    resource = a_resource(session, a_facility(session).id)
    contests = []
    for number in range(slots):
        start = first_hour() + number * HOUR
        offer = an_offer(session, resource, project, start, start + HOUR)
        accept = Request(f"/api/v1/offers/{offer.id}/accept", {})
        contests.append(Contest((accept,) * writers, units=1))
    return Stage(tokens_of(session, people), tuple(contests))


CASES: Final[Mapping[str, Case]] = MappingProxyType(
    {
        "one slot": one_slot,
        "a pool": a_pool,
        "last hour of a quota": last_hour_of_a_quota,
        "last offer": last_offer,
    }
)


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
