"""How much of everything an installation holds."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from booking.engine.lifecycle import HOLDING, RequestState, ResourceState
from booking.models import AccessRequest, Booking, Facility, Organisation, Resource


@dataclass(frozen=True, slots=True)
class Tallies:
    """Counts; `bookings` are those that hold time, `granted` requests in full or part."""

    facilities: int
    resources: int
    organisations: int
    countries: int
    requests: int
    granted: int
    bookings: int


def tallies(session: Session) -> Tallies:
    """Count what is published, who takes part, and what was asked for, granted and booked."""
    granted = (RequestState.GRANTED, RequestState.PARTLY_GRANTED)
    sent = (RequestState.SUBMITTED, RequestState.NOT_GRANTED, *granted)
    return Tallies(
        facilities=_count(session, select(func.count()).select_from(Facility)),
        resources=_count(
            session,
            select(func.count()).where(col(Resource.state) == ResourceState.PUBLISHED),
        ),
        organisations=_count(session, select(func.count()).select_from(Organisation)),
        countries=_count(session, select(func.count(func.distinct(col(Organisation.country))))),
        requests=_count(session, select(func.count()).where(col(AccessRequest.state).in_(sent))),
        granted=_count(session, select(func.count()).where(col(AccessRequest.state).in_(granted))),
        bookings=_count(session, select(func.count()).where(col(Booking.status).in_(HOLDING))),
    )


def _count(session: Session, counting: Any) -> int:
    return int(session.exec(counting).one())
