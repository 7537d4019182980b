"""A facility with one resource, one project that books there, and who acts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.permissions import Actor, Role
from booking.errors import RulesBroken
from booking.models import Booking, Facility, Person, Project, Resource
from booking.queries.people import actor_of
from booking.services.bookings import NewBooking, book
from tests.builders import NOW, a_facility, a_person, a_project, a_resource, a_role

TOMORROW = NOW + timedelta(days=1)
DOMAIN = "benchshare.example"


@dataclass(frozen=True, slots=True)
class Scene:
    """`member` is the project's only one; `manager` manages the facility and no more."""

    facility: Facility
    resource: Resource
    project: Project
    member: Person
    manager: Person
    by_member: Actor
    by_manager: Actor
    by_stranger: Actor

    def wish(self, start: int = 0, end: int = 60, **given: Any) -> NewBooking:
        """Wish for the minutes `start` to `end` of tomorrow, counted from 9 o'clock UTC."""
        wanted: dict[str, Any] = {
            "resource_id": self.resource.id,
            "project_id": self.project.id,
            "starts_at": at(start),
            "ends_at": at(end),
        }
        return NewBooking(**wanted | given)


def at(minutes: int) -> datetime:
    """Give the instant so many minutes after tomorrow, 9 o'clock UTC."""
    return TOMORROW + timedelta(minutes=minutes)


def a_scene(session: Session, **resource: Any) -> Scene:
    facility = a_facility(session)
    member, manager = a_person(session), a_person(session)
    project = a_project(session, member)
    a_role(session, manager.id, Role.MANAGER, facility_id=facility.id)
    return Scene(
        facility=facility,
        resource=a_resource(session, facility.id, **resource),
        project=project,
        member=member,
        manager=manager,
        by_member=actor_of(session, member.id),
        by_manager=actor_of(session, manager.id),
        by_stranger=actor_of(session, a_person(session).id),
    )


def booked(
    session: Session, scene: Scene, new: NewBooking | None = None, *, actor: Actor | None = None
) -> Booking:
    return book(
        session,
        actor=actor or scene.by_member,
        now=NOW,
        domain=DOMAIN,
        new=new or scene.wish(),
    )


def codes(session: Session, scene: Scene, new: NewBooking | None = None, **given: Any) -> set[str]:
    with pytest.raises(RulesBroken) as caught:
        booked(session, scene, new, **given)
    return {each.code for each in caught.value.violations}
