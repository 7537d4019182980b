"""A round with its people, for tests: three organisations want one microscope."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from booking.engine.permissions import SYSTEM, Actor, Role
from booking.engine.quotas import LadderStep
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.models import AccessRequest, Facility, Person, Project, Resource, Round
from booking.queries.people import actor_of
from booking.services import access_requests, policies, reviews, rounds
from tests.builders import (
    NOW,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
    an_organisation,
)

ACCESS = datetime(2027, 1, 4, tzinfo=UTC)
DOMAIN = "benchshare.example"


def hour(number: int) -> datetime:
    """Give the start of an hour of the access period."""
    return ACCESS + timedelta(hours=number)


@dataclass(frozen=True, slots=True)
class RoundScene:
    """A facility with a policy and one resource, its staff, and two applicants."""

    facility: Facility
    resource: Resource
    manager: Person
    reviewer: Person
    members: tuple[Person, Person]
    projects: tuple[Project, Project]

    def actor(self, session: Session, person: Person) -> Actor:
        return actor_of(session, person.id)

    def sessions(self, *, start: int = 0, end: int = 4, minutes: int = 240) -> Any:
        wanted = WantedAlternative(self.resource.id, hour(start), hour(end))
        return (WantedSession(minutes, 1, (wanted,)),)


def a_policy(**given: Any) -> policies.PolicyWish:
    defaults: dict[str, Any] = {
        "groups": (
            policies.GroupWish(
                "ldc",
                "Least developed countries",
                {"kind": "country_scheme", "scheme": "un_ldc", "values": ["member"]},
                200_000,
            ),
        ),
        "ladder": (LadderStep(500_000, 1200), LadderStep(1_000_000, 600)),
        "cap_share_ppm": None,
    }
    return policies.PolicyWish(**defaults | given)


def a_round_scene(session: Session, **resource: Any) -> RoundScene:
    facility = a_facility(session, zone="UTC")
    manager, reviewer = a_person(session), a_person(session)
    a_role(session, manager.id, Role.MANAGER, facility_id=facility.id)
    a_role(session, reviewer.id, Role.REVIEWER, facility_id=facility.id)
    members = (a_person(session), a_person(session))
    countries = ("KE", "UG")
    organisations = [an_organisation(session, country=each) for each in countries]
    projects = tuple(
        a_project(session, member, organisation_id=each.id)
        for member, each in zip(members, organisations, strict=True)
    )
    return RoundScene(
        facility=facility,
        resource=a_resource(session, facility.id, **resource),
        manager=manager,
        reviewer=reviewer,
        members=members,
        projects=(projects[0], projects[1]),
    )


def a_wish(**given: Any) -> rounds.RoundWish:
    defaults: dict[str, Any] = {
        "slug": "spring",
        "name": "Spring round",
        "call_opens_at": NOW,
        "call_closes_at": NOW + timedelta(days=10),
        "decision_on": date(2026, 12, 20),
        "access_starts_at": ACCESS,
        "access_ends_at": ACCESS + timedelta(hours=24),
    }
    return rounds.RoundWish(**defaults | given)


def an_open_round(session: Session, scene: RoundScene, *more: Facility, **given: Any) -> Round:
    policy = given.pop("policy", a_policy())
    policies.publish_policy(
        session, actor=SYSTEM, now=NOW, facility=scene.facility.slug, wish=policy
    )
    row = rounds.create_round(
        session,
        actor=SYSTEM,
        now=NOW,
        wish=a_wish(**given),
        facility_keys=[scene.facility.slug, *(each.slug for each in more)],
        seed="a seed",
    )
    return rounds.open_round(session, actor=SYSTEM, now=NOW, key=row.slug)


def a_submitted_request(
    session: Session, scene: RoundScene, which: int = 0, *, sessions: Any = None
) -> AccessRequest:
    actor = actor_of(session, scene.members[which].id)
    row = access_requests.create_request(
        session,
        actor=actor,
        now=NOW,
        round_key="spring",
        project_id=scene.projects[which].id,
        title=f"Request {which}",
        sessions=scene.sessions() if sessions is None else sessions,
    )
    return access_requests.submit_request(
        session, actor=actor, now=NOW, round_key="spring", request_id=row.id
    )


def scored(session: Session, scene: RoundScene, row: AccessRequest, score: int) -> None:
    reviews.write_review(
        session,
        actor=actor_of(session, scene.reviewer.id),
        now=NOW,
        round_key="spring",
        request_id=row.id,
        score=score,
    )


def a_scored_round(
    session: Session, scene: RoundScene, *scores: int, **given: Any
) -> tuple[AccessRequest, ...]:
    """Open a round, submit a request for each score, close the call and score them."""
    an_open_round(session, scene, **given)
    rows = tuple(a_submitted_request(session, scene, which) for which in range(len(scores)))
    rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    for row, score in zip(rows, scores, strict=True):
        scored(session, scene, row, score)
    return rows
