"""Reads about projects and the people on them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select, true

from booking.engine.permissions import Action, Actor, reach
from booking.models import Booking, Organisation, Person, Project, ProjectMember, Resource
from booking.queries.name_order import page_by_name
from booking.queries.paging import Page


@dataclass(frozen=True, slots=True)
class ProjectMemberFacts:
    """A person on a project, as the others on it see them."""

    person_id: UUID
    name: str
    email: str
    principal_investigator: bool


def project(session: Session, project_id: UUID) -> Project | None:
    """Return the project with that id."""
    return session.get(Project, project_id)


def projects(
    session: Session,
    *,
    viewer: Actor,
    organisation_id: UUID | None = None,
    mine: bool = False,
    limit: int,
    cursor: str | None = None,
) -> Page[Project]:
    """Return by name the projects that the viewer may see; `mine` are those they are on."""
    query = select(Project).where(
        col(Project.id).in_(sorted(viewer.project_ids)) if mine else _seen_by(viewer)
    )
    if organisation_id is not None:
        query = query.where(Project.organisation_id == organisation_id)
    return page_by_name(session, query, Project, limit=limit, cursor=cursor)


def _seen_by(viewer: Actor) -> ColumnElement[bool]:
    seen = reach(viewer, Action.PROJECT_SEE)
    if seen.everywhere:
        return true()
    return or_(
        col(Project.id).in_(sorted(seen.project_ids)),
        col(Project.organisation_id).in_(sorted(seen.organisation_ids)),
    )


def projects_of(session: Session, person_id: UUID) -> tuple[Project, ...]:
    """Return the projects that a person is on, by name."""
    return tuple(
        session.exec(
            select(Project)
            .join(ProjectMember, col(ProjectMember.project_id) == Project.id)
            .where(ProjectMember.person_id == person_id)
            .order_by(col(Project.name), col(Project.id))
        )
    )


def project_member(session: Session, project_id: UUID, person_id: UUID) -> ProjectMember | None:
    """Return the person's place on the project."""
    return session.get(ProjectMember, (project_id, person_id))


def people_of(session: Session, project_id: UUID) -> tuple[ProjectMemberFacts, ...]:
    """Return the people on the project, by name."""
    rows = session.exec(
        select(Person, Project.principal_investigator_id)
        .join(ProjectMember, col(ProjectMember.person_id) == Person.id)
        .join(Project, col(Project.id) == ProjectMember.project_id)
        .where(ProjectMember.project_id == project_id)
        .order_by(col(Person.name), col(Person.id))
    )
    return tuple(
        ProjectMemberFacts(person.id, person.name, person.email, person.id == leader)
        for person, leader in rows
    )


def projects_booked_at(
    session: Session, facility_id: UUID, *, limit: int = 200
) -> tuple[tuple[UUID, str], ...]:
    """Return the projects that ever booked at a facility, each with its name, by name."""
    rows = session.exec(
        select(Project.id, Project.name, Organisation.name)
        .join(Organisation, col(Organisation.id) == Project.organisation_id)
        .where(
            select(Booking.id)
            .join(Resource, col(Resource.id) == Booking.resource_id)
            .where(Booking.project_id == Project.id, Resource.facility_id == facility_id)
            .exists()
        )
        .order_by(col(Project.name), col(Project.id))
        .limit(limit)
    )
    return tuple((key, f"{name} ({whose})") for key, name, whose in rows)


def lock_project(session: Session, project_id: UUID) -> Project | None:
    """Return the project with that id, locked until the transaction ends."""
    return session.get(Project, project_id, with_for_update=True)
