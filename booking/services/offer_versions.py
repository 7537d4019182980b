"""Say that what a facility offers has changed, so that nobody reckons with what it was."""

from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from booking.models import Facility
from booking.queries.offered_weeks import CHANGED


def raise_offer_version(session: Session, facility_id: UUID) -> None:
    """Raise the facility's offer version, in the transaction that changes its offer.

    To be called by whatever changes hours, closures, a zone, or the capacity, rate or state
    of a resource. What this transaction reads of the offer is kept for no other.
    """
    session.info.setdefault(CHANGED, set()).add(facility_id)
    session.connection().execute(
        update(Facility)
        .where(col(Facility.id) == facility_id)
        .values(offer_version=col(Facility.offer_version) + 1)
    )
