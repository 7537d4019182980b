"""Reads of where an organisation used time, and of the factors that rounds keep of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from booking.models import Facility, LedgerEntry, OrganisationSnapshot, Round

MOST_FROZEN: Final = 12


@dataclass(frozen=True, slots=True)
class FrozenFactor:
    """The factor, in millionths, that counts for an organisation in a round."""

    slug: str
    name: str
    call_opened_at: datetime
    millionths: int


def facilities_used(session: Session, organisation_id: UUID) -> tuple[Facility, ...]:
    """Return the facilities that ever charged the organisation, the latest to do so first."""
    latest = func.max(LedgerEntry.entered_at)
    rows = session.exec(
        select(LedgerEntry.facility_id)
        .where(LedgerEntry.organisation_id == organisation_id)
        .group_by(col(LedgerEntry.facility_id))
        .order_by(latest.desc(), col(LedgerEntry.facility_id))
    ).all()
    found = session.exec(select(Facility).where(col(Facility.id).in_(rows)))
    by_id = {each.id: each for each in found}
    return tuple(by_id[each] for each in rows)


def frozen_factors(session: Session, organisation_id: UUID) -> tuple[FrozenFactor, ...]:
    """Return what the latest rounds keep of the organisation's factor, the latest first."""
    rows = session.exec(
        select(Round, OrganisationSnapshot.fair_share_millionths)
        .join(OrganisationSnapshot, col(OrganisationSnapshot.round_id) == Round.id)
        .where(OrganisationSnapshot.organisation_id == organisation_id)
        .order_by(col(Round.call_opens_at).desc(), col(Round.id))
        .limit(MOST_FROZEN)
    )
    return tuple(
        FrozenFactor(found.slug, found.name, found.call_opens_at, millionths)
        for found, millionths in rows
    )
