"""What waits on the desk of a manager, operator, reviewer or officer."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingStatus, ResourceState, RoundState
from booking.engine.permissions import FACILITY_ROLES, INSTALLATION_ROLES, Actor
from booking.engine.vocabulary import DeliveryState
from booking.models import (
    Booking,
    Delivery,
    Event,
    Facility,
    PolicyVersion,
    Resource,
    Round,
    RoundFacility,
)

MOST_FACILITIES = 200
UNDER_WAY = tuple(each for each in RoundState if each is not RoundState.CLOSED)


@dataclass(frozen=True, slots=True)
class FacilityOnDesk:
    """A facility with what is in it and what waits there."""

    facility: Facility
    draft: int
    published: int
    retired: int
    pending: int
    failed: int
    policy: int | None


def facilities_of(session: Session, *, viewer: Actor) -> tuple[Facility, ...]:
    """Return the facilities that the viewer's roles are about, by name; at most 200."""
    query = select(Facility).order_by(col(Facility.name), col(Facility.slug))
    if not any(each.role in INSTALLATION_ROLES for each in viewer.grants):
        here = {each.facility_id for each in viewer.grants if each.role in FACILITY_ROLES}
        query = query.where(col(Facility.id).in_(sorted(each for each in here if each)))
    return tuple(session.exec(query.limit(MOST_FACILITIES)))


def desk(session: Session, *, viewer: Actor) -> tuple[FacilityOnDesk, ...]:
    """Return the viewer's facilities with their counts.

    Cost: five queries, whatever the number of facilities.
    """
    places = facilities_of(session, viewer=viewer)
    ids = [each.id for each in places]
    states = _resources_by_state(session, ids)
    pending, failed, policies = (
        _pending(session, ids),
        _failed(session, ids),
        versions_in_force(session, ids),
    )
    return tuple(
        FacilityOnDesk(
            facility=each,
            draft=states.get((each.id, ResourceState.DRAFT), 0),
            published=states.get((each.id, ResourceState.PUBLISHED), 0),
            retired=states.get((each.id, ResourceState.RETIRED), 0),
            pending=pending.get(each.id, 0),
            failed=failed.get(each.id, 0),
            policy=policies.get(each.id),
        )
        for each in places
    )


def rounds_under_way(session: Session, *, facility_ids: list[UUID]) -> tuple[Round, ...]:
    """Return the rounds of the facilities that are not closed yet, the earliest call first."""
    part = select(RoundFacility.round_id).where(col(RoundFacility.facility_id).in_(facility_ids))
    return tuple(
        session.exec(
            select(Round)
            .where(
                col(Round.state).in_(UNDER_WAY),
                or_(col(Round.id).in_(part), col(Round.facility_id).in_(facility_ids)),
            )
            .order_by(col(Round.call_opens_at), col(Round.slug))
        )
    )


def _resources_by_state(session: Session, ids: list[UUID]) -> dict[tuple[UUID, ResourceState], int]:
    rows = session.exec(
        select(Resource.facility_id, Resource.state, func.count())
        .where(col(Resource.facility_id).in_(ids))
        .group_by(col(Resource.facility_id), col(Resource.state))
    )
    return {(facility_id, ResourceState(state)): count for facility_id, state, count in rows}


def _pending(session: Session, ids: list[UUID]) -> dict[UUID, int]:
    rows = session.exec(
        select(Resource.facility_id, func.count())
        .join(Booking, col(Booking.resource_id) == col(Resource.id))
        .where(col(Resource.facility_id).in_(ids), Booking.status == BookingStatus.PENDING)
        .group_by(col(Resource.facility_id))
    )
    return dict(rows.all())


def _failed(session: Session, ids: list[UUID]) -> dict[UUID | None, int]:
    rows = session.exec(
        select(Event.facility_id, func.count())
        .join(Delivery, col(Delivery.event_id) == col(Event.id))
        .where(col(Event.facility_id).in_(ids), Delivery.state == DeliveryState.FAILED)
        .group_by(col(Event.facility_id))
    )
    return dict(rows.all())


def versions_in_force(session: Session, ids: list[UUID]) -> dict[UUID, int]:
    """Return the number of the newest policy of each facility that has one."""
    rows = session.exec(
        select(PolicyVersion.facility_id, func.max(PolicyVersion.number))
        .where(col(PolicyVersion.facility_id).in_(ids))
        .group_by(col(PolicyVersion.facility_id))
    )
    return dict(rows.all())
