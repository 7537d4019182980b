"""What a person's account shows: whom they act for, their projects, their calendar feeds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.permissions import ORGANISATION_ROLES, Actor, Role
from booking.engine.vocabulary import CalendarAccess, CalendarKind, FeedOf, OrganisationKind
from booking.models import CalendarToken, Facility, Organisation, Project, Resource


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation the person acts for, and in which role."""

    id: UUID
    name: str
    country: str
    kind: OrganisationKind
    role: Role
    suspended: bool


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project the person is on; `leads` is true for its principal investigator."""

    id: UUID
    name: str
    organisation_id: UUID
    organisation_name: str
    leads: bool


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A feed or calendar account of the person; `shows` is the name of what it shows.

    That is empty for `me`; `username` is empty for a feed.
    """

    id: UUID
    name: str
    kind: CalendarKind
    access: CalendarAccess
    username: str
    of: FeedOf
    shows: str
    created_at: datetime
    last_used_at: datetime | None


def organisations_of(session: Session, viewer: Actor) -> tuple[OrganisationLine, ...]:
    """Return the organisations in which the viewer has a role, by name."""
    roles = {
        grant.organisation_id: grant.role
        for grant in sorted(viewer.grants, key=lambda each: each.role is not Role.MEMBER)
        if grant.role in ORGANISATION_ROLES and grant.organisation_id
    }
    rows = session.exec(
        select(Organisation)
        .where(col(Organisation.id).in_(sorted(roles)))
        .order_by(col(Organisation.name), col(Organisation.id))
    )
    return tuple(
        OrganisationLine(
            row.id, row.name, row.country, row.kind, roles[row.id], row.suspended_at is not None
        )
        for row in rows
    )


def projects_of(session: Session, viewer: Actor) -> tuple[ProjectLine, ...]:
    """Return the projects that the viewer is on, by name."""
    rows = session.exec(
        select(Project, Organisation.name)
        .join(Organisation, col(Organisation.id) == Project.organisation_id)
        .where(col(Project.id).in_(sorted(viewer.project_ids)))
        .order_by(col(Project.name), col(Project.id))
    )
    return tuple(
        ProjectLine(
            row.id,
            row.name,
            row.organisation_id,
            organisation_name,
            row.principal_investigator_id == viewer.person_id,
        )
        for row, organisation_name in rows
    )


def feeds_of(session: Session, viewer: Actor) -> tuple[FeedLine, ...]:
    """Return the viewer's feeds and calendar accounts that were not revoked, the newest first."""
    rows = session.exec(
        select(CalendarToken)
        .where(CalendarToken.person_id == viewer.person_id, col(CalendarToken.revoked_at).is_(None))
        .order_by(col(CalendarToken.id).desc())
    ).all()
    names = _names(session, {row.subject_id for row in rows if row.subject_id})
    return tuple(
        FeedLine(
            row.id,
            row.name,
            row.kind,
            row.access,
            row.username or "",
            row.of,
            names.get(row.subject_id, "") if row.subject_id else "",
            row.created_at,
            row.last_used_at,
        )
        for row in rows
    )


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for table in (Project, Resource, Facility):
        rows = session.exec(select(table.id, table.name).where(col(table.id).in_(ids)))
        found.update((key, name) for key, name in rows)
    return found
