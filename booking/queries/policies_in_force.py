"""Every facility's present policy, in few queries."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from booking.models import EquityGroup, Facility, PolicyVersion


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The newest version of a facility's policy, with its groups in order."""

    facility_id: UUID
    facility_slug: str
    facility_name: str
    number: int
    grace_days: int
    groups: tuple[EquityGroup, ...]


def policies_in_force(session: Session) -> tuple[PolicyInForce, ...]:
    """Return the newest policy of each facility that has one with groups, by facility name.

    Cost: two queries.
    """
    newest = (
        select(PolicyVersion.facility_id, func.max(PolicyVersion.number).label("number"))
        .group_by(col(PolicyVersion.facility_id))
        .subquery()
    )
    versions = session.exec(
        select(PolicyVersion, Facility)
        .join(Facility, col(Facility.id) == PolicyVersion.facility_id)
        .join(
            newest,
            (newest.c.facility_id == PolicyVersion.facility_id)
            & (newest.c.number == PolicyVersion.number),
        )
        .order_by(col(Facility.name), col(Facility.slug))
    ).all()
    groups = _groups(session, [version.id for version, _ in versions])
    return tuple(
        PolicyInForce(
            place.id,
            place.slug,
            place.name,
            version.number,
            version.grace_days,
            tuple(groups[version.id]),
        )
        for version, place in versions
        if groups[version.id]
    )


def _groups(session: Session, version_ids: list[UUID]) -> dict[UUID, list[EquityGroup]]:
    rows = session.exec(
        select(EquityGroup)
        .where(col(EquityGroup.policy_version_id).in_(version_ids))
        .order_by(col(EquityGroup.position))
    )
    found: dict[UUID, list[EquityGroup]] = defaultdict(list)
    for each in rows:
        found[each.policy_version_id].append(each)
    return found
