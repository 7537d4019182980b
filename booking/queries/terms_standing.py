"""A facility's present terms, and which of a person's projects have accepted them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.permissions import Actor
from booking.models import Project, TermsAcceptance, TermsVersion


@dataclass(frozen=True, slots=True)
class ProjectStanding:
    """A project of the viewer, and when it accepted the terms; None while it has not."""

    id: UUID
    name: str
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class TermsStanding:
    """The newest terms of a facility, and the viewer's projects by name."""

    number: int
    text: str
    published_at: datetime
    projects: tuple[ProjectStanding, ...]

    @property
    def open(self) -> bool:
        """Whether a project of the viewer has still to accept them."""
        return any(each.accepted_at is None for each in self.projects)


def terms_standing(session: Session, facility_id: UUID, *, viewer: Actor) -> TermsStanding | None:
    """Return the facility's newest terms, None where it has none."""
    terms = session.exec(
        select(TermsVersion)
        .where(TermsVersion.facility_id == facility_id)
        .order_by(col(TermsVersion.number).desc())
        .limit(1)
    ).first()
    if terms is None:
        return None
    rows: Iterable[Any] = session.exec(
        select(Project, TermsAcceptance)
        .outerjoin(
            TermsAcceptance,
            (col(TermsAcceptance.project_id) == col(Project.id))
            & (col(TermsAcceptance.terms_version_id) == terms.id),
        )
        .where(col(Project.id).in_(sorted(viewer.project_ids)))
        .order_by(col(Project.name), col(Project.id))
    )
    projects = tuple(
        ProjectStanding(row.id, row.name, None if accepted is None else accepted.accepted_at)
        for row, accepted in rows
    )
    return TermsStanding(terms.number, terms.text, terms.published_at, projects)
