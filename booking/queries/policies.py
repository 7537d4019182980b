"""Reads of facilities' policies."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from booking.errors import NotFound
from booking.models import EquityGroup, PolicyVersion
from booking.queries.rounds import groups_of


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One version of a policy with its groups, in order."""

    version: PolicyVersion
    groups: tuple[EquityGroup, ...]


def current_policy(session: Session, facility_id: UUID) -> PolicyFacts | None:
    """Return the newest version of the facility's policy."""
    version = session.exec(
        select(PolicyVersion)
        .where(PolicyVersion.facility_id == facility_id)
        .order_by(col(PolicyVersion.number).desc())
        .limit(1)
    ).first()
    return _with_groups(session, version)


def policy(session: Session, version_id: UUID) -> PolicyFacts | None:
    """Return the policy version with that id."""
    return _with_groups(session, session.get(PolicyVersion, version_id))


def policy_numbered(session: Session, facility_id: UUID, number: int) -> PolicyFacts:
    """Return the version of the facility's policy with that number.

    Raises: NotFound.
    """
    version = session.exec(
        select(PolicyVersion).where(
            PolicyVersion.facility_id == facility_id, PolicyVersion.number == number
        )
    ).one_or_none()
    found = _with_groups(session, version)
    if found is None:
        raise NotFound(f"This facility's policy has no version {number}; see the list of versions.")
    return found


def policy_versions(session: Session, facility_id: UUID) -> tuple[PolicyVersion, ...]:
    """Return every version, the newest first."""
    return tuple(
        session.exec(
            select(PolicyVersion)
            .where(PolicyVersion.facility_id == facility_id)
            .order_by(col(PolicyVersion.number).desc())
        )
    )


def _with_groups(session: Session, version: PolicyVersion | None) -> PolicyFacts | None:
    return None if version is None else PolicyFacts(version, groups_of(session, version.id))
