"""Reads that the pages about rounds share: lists, what is offered, and who asks."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.permissions import Actor
from booking.models import (
    Facility,
    Organisation,
    Project,
    Resource,
    Round,
    RoundFacility,
    TermsVersion,
)
from booking.queries.offers import published_resources
from booking.queries.paging import LARGEST_PAGE
from booking.queries.requests import accepted_terms, current_terms
from booking.queries.rounds import GroupFacts, RoundFacts, facilities, round_facts, rounds


@dataclass(frozen=True, slots=True)
class RoundListed:
    """A round in a list, with the facilities that take part."""

    round: Round
    facilities: tuple[str, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class RoundShown:
    """A round with what it offers, and the terms of its facilities by facility."""

    facts: RoundFacts
    resources: tuple[Resource, ...]
    terms: dict[UUID, TermsVersion]
    zone: str

    def resources_at(self, facility_id: UUID) -> tuple[Resource, ...]:
        """The published resources of one facility, by name."""
        here = (each for each in self.resources if each.facility_id == facility_id)
        return tuple(sorted(here, key=lambda each: (each.name.casefold(), each.id)))

    @property
    def groups(self) -> tuple[GroupFacts, ...]:
        """The equity groups of the round's policy, in its order."""
        return self.facts.facilities[0].groups if self.facts.facilities else ()


@dataclass(frozen=True, slots=True)
class ApplyingProject:
    """A project of the viewer's that may ask for access."""

    id: UUID
    name: str
    organisation: Organisation
    accepted: frozenset[UUID]


def rounds_listed(session: Session, *, viewer: Actor) -> tuple[RoundListed, ...]:
    """Return the rounds that the viewer may see, the latest call first."""
    found = rounds(session, viewer=viewer, limit=LARGEST_PAGE).items
    names = _names(session, [each.id for each in found])
    zones = facilities(session, {each.facility_id for each in found})
    listed = [
        RoundListed(each, names.get(each.id, ()), zones[each.facility_id].zone) for each in found
    ]
    return tuple(sorted(listed, key=lambda each: each.round.call_opens_at, reverse=True))


def _names(session: Session, round_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = session.exec(
        select(RoundFacility.round_id, Facility.name)
        .join(Facility, col(Facility.id) == RoundFacility.facility_id)
        .where(col(RoundFacility.round_id).in_(round_ids))
        .order_by(col(Facility.name))
    )
    found: dict[UUID, tuple[str, ...]] = {}
    for round_id, name in rows:
        found[round_id] = (*found.get(round_id, ()), name)
    return found


def round_shown(session: Session, found: Round) -> RoundShown:
    """Gather all that the pages of a round show."""
    facts = round_facts(session, found)
    ids = [each.facility_id for each in facts.facilities]
    lead = facilities(session, [found.facility_id])[found.facility_id]
    return RoundShown(
        facts=facts,
        resources=published_resources(session, ids),
        terms=current_terms(session, ids),
        zone=lead.zone,
    )


def applying_projects(session: Session, *, viewer: Actor) -> tuple[ApplyingProject, ...]:
    """Return the viewer's projects, by name."""
    rows = session.exec(
        select(Project, Organisation)
        .join(Organisation, col(Organisation.id) == Project.organisation_id)
        .where(col(Project.id).in_(sorted(viewer.project_ids)))
        .order_by(col(Project.name), col(Project.id))
    ).all()
    return tuple(
        ApplyingProject(project.id, project.name, organisation, accepted_terms(session, project.id))
        for project, organisation in rows
    )
