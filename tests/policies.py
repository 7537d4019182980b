"""A facility with a policy, for tests of booking on-line: who is of its groups and who is not."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import OrganisationKind
from booking.errors import RulesBroken
from booking.models import Booking, Facility, Project, Resource
from booking.queries.people import actor_of
from booking.services import policies
from booking.services.bookings import NewBooking, book
from tests.builders import (
    NOW,
    a_facility,
    a_person,
    a_project,
    a_resource,
    an_organisation,
)

# Three weeks ahead: all of that week lies beyond T1.
MONDAY = datetime(2026, 12, 14, tzinfo=UTC)
HOURS_A_WEEK = 168
DOMAIN = "benchshare.example"


def of_kind(kind: OrganisationKind, share: int, key: str | None = None) -> policies.GroupWish:
    """Make a group of all organisations of a kind, with a reserved share in per cent."""
    rule = {"kind": "attribute", "key": "kind", "op": "eq", "value": kind}
    return policies.GroupWish(key or kind, f"The {kind} group", rule, share * 10_000)


def a_policy(*groups: policies.GroupWish, **given: Any) -> policies.PolicyWish:
    return policies.PolicyWish(**{"groups": groups, "cap_share_ppm": None} | given)


@dataclass(frozen=True, slots=True)
class PolicyScene:
    """A facility in UTC that is always open, a resource of one unit, a startup and an SME."""

    facility: Facility
    resource: Resource
    startup: Project
    sme: Project

    def publish(self, session: Session, wish: policies.PolicyWish) -> None:
        policies.publish_policy(
            session, actor=SYSTEM, now=NOW, facility=self.facility.slug, wish=wish
        )

    def book(
        self, session: Session, project: Project, start: int, length: int, **given: Any
    ) -> Booking:
        """Book so many hours, from so many hours after the Monday on."""
        at = given.pop("now", NOW)
        wanted: dict[str, Any] = {
            "resource_id": self.resource.id,
            "project_id": project.id,
            "starts_at": hour(start),
            "ends_at": hour(start + length),
        }
        return book(
            session,
            actor=actor_of(session, project.principal_investigator_id),
            now=at,
            domain=DOMAIN,
            new=NewBooking(**wanted | given),
        )

    def refusal(
        self, session: Session, project: Project, start: int, length: int, **given: Any
    ) -> RulesBroken:
        with pytest.raises(RulesBroken) as caught:
            self.book(session, project, start, length, **given)
        return caught.value

    def codes(
        self, session: Session, project: Project, start: int, length: int, **given: Any
    ) -> set[str]:
        refused = self.refusal(session, project, start, length, **given)
        return {each.code for each in refused.violations}


def hour(number: int) -> datetime:
    """Give the instant so many hours after the Monday."""
    return MONDAY + timedelta(hours=number)


def a_policy_scene(session: Session, **resource: Any) -> PolicyScene:
    facility = a_facility(session, zone="UTC")
    projects = [
        a_project(
            session, a_person(session), organisation_id=an_organisation(session, kind=kind).id
        )
        for kind in (OrganisationKind.STARTUP, OrganisationKind.SME)
    ]
    return PolicyScene(facility, a_resource(session, facility.id, **resource), *projects)
