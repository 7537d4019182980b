"""What refers to a round, and would be left about none if it were deleted."""

from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, select

from booking.models import (
    AccessRequest,
    Calculation,
    OrganisationSnapshot,
    RoundResult,
    WeeklyReserve,
)

# A draft has none of these but by an access request; they are kept for good all the same.
STAYING: Final[dict[Any, tuple[str, str]]] = {
    AccessRequest: ("has_requests", "requests"),
    Calculation: ("has_calculations", "calculations"),
    RoundResult: ("has_results", "results"),
    OrganisationSnapshot: ("has_snapshots", "organisations counted for it"),
    WeeklyReserve: ("has_reserves", "reserved hours"),
}


def what_stays(session: Session, round_id: UUID) -> tuple[tuple[str, str], ...]:
    """List by code and in a word what refers to the round, but for who takes part in it."""
    return tuple(told for table, told in STAYING.items() if _refers(session, table, round_id))


def _refers(session: Session, table: Any, round_id: UUID) -> bool:
    query = select(table.round_id).where(table.round_id == round_id)
    return session.exec(query.limit(1)).first() is not None
