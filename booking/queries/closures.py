"""Reads about closures, and the bookings that they fall upon."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING, ResourceState
from booking.engine.permissions import Actor
from booking.models import Booking, Closure, Facility, Offer, Person, Project, Resource
from booking.queries.catalogue import visible
from booking.queries.instants import after_instant
from booking.queries.paging import Page, page_of


def closure(session: Session, closure_id: UUID) -> Closure | None:
    """Return the closure with that id."""
    return session.get(Closure, closure_id)


def closures(
    session: Session,
    *,
    viewer: Actor,
    facility: str = "",
    resource_id: UUID | None = None,
    ends_after: datetime | None = None,
    starts_before: datetime | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Closure]:
    """Return a page of closures, by start; of resources that the viewer may know of."""
    known = select(Resource.id).where(
        or_(visible(viewer), col(Resource.state) == ResourceState.RETIRED)
    )
    query = (
        select(Closure)
        .where(
            or_(col(Closure.resource_id).is_(None), col(Closure.resource_id).in_(known)),
            after_instant(cursor, col(Closure.starts_at), col(Closure.id)),
        )
        .order_by(col(Closure.starts_at), col(Closure.id))
        .limit(limit + 1)
    )
    if facility:
        at = select(Facility.id).where(Facility.slug == facility)
        query = query.where(col(Closure.facility_id).in_(at))
    if resource_id is not None:
        query = query.where(Closure.resource_id == resource_id)
    if ends_after is not None:
        query = query.where(Closure.ends_at > ends_after)
    if starts_before is not None:
        query = query.where(Closure.starts_at < starts_before)
    rows = session.exec(query).all()
    return page_of(rows, limit=limit, key=lambda each: (each.starts_at.isoformat(), str(each.id)))


def closures_at(session: Session, facility_id: UUID) -> Sequence[Closure]:
    """Return all closures of a facility and its resources."""
    return session.exec(select(Closure).where(Closure.facility_id == facility_id)).all()


def past_closures(
    session: Session, facility_id: UUID, *, before: datetime, limit: int
) -> Sequence[Closure]:
    """Return closures of a facility that were over by then, the last first."""
    return session.exec(
        select(Closure)
        .where(Closure.facility_id == facility_id, Closure.ends_at <= before)
        .order_by(col(Closure.ends_at).desc(), col(Closure.id))
        .limit(limit)
    ).all()


def lock_closure(session: Session, closure_id: UUID) -> Closure | None:
    """Return the closure as it is now, locked for a change; its resources are locked before."""
    return session.exec(
        select(Closure)
        .where(Closure.id == closure_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def lock_resources(
    session: Session,
    *,
    facility_id: UUID,
    resource_ids: Collection[UUID] | None,
    also: Collection[UUID] = (),
) -> frozenset[UUID]:
    """Let no other writer book those resources meanwhile, nor `also`; return their ids.

    None stands for every resource of the facility. They are locked by id.
    """
    named: list[ColumnElement[bool]] = [col(Resource.id).in_((*(resource_ids or ()), *also))]
    if resource_ids is None:
        named.append(col(Resource.facility_id) == facility_id)
    return frozenset(
        session.exec(
            select(Resource.id)
            .where(or_(*named))
            .order_by(col(Resource.id))
            .with_for_update(key_share=True)
        )
    )


def published_at(session: Session, facility_id: UUID) -> Sequence[UUID]:
    """Return the ids of a facility's published resources."""
    return session.exec(
        select(Resource.id).where(
            Resource.facility_id == facility_id, Resource.state == ResourceState.PUBLISHED
        )
    ).all()


@dataclass(frozen=True, slots=True)
class TakenSpan:
    """When a booking holds time of a resource."""

    booking_id: UUID
    resource_id: UUID
    interval: Interval


def taken_spans(
    session: Session,
    *,
    facility_id: UUID,
    resource_ids: Collection[UUID] | None,
    within: Interval,
) -> tuple[TakenSpan, ...]:
    """Return when bookings hold time of the resources; None stands for the whole facility."""
    query = select(Booking.id, Booking.resource_id, Booking.starts_at, Booking.ends_at).where(
        col(Booking.status).in_(HOLDING),
        Booking.starts_at < within.end,
        Booking.ends_at > within.start,
    )
    if resource_ids is None:
        at = select(Resource.id).where(Resource.facility_id == facility_id)
        query = query.where(col(Booking.resource_id).in_(at))
    else:
        query = query.where(col(Booking.resource_id).in_(resource_ids))
    return tuple(
        TakenSpan(booking_id, resource_id, Interval(starts_at, ends_at))
        for booking_id, resource_id, starts_at, ends_at in session.exec(query)
    )


@dataclass(frozen=True, slots=True)
class BookingUnder:
    """A booking that a closure falls upon, with the names that a manager reads."""

    booking: Booking
    resource: Resource
    project_name: str
    person_name: str


def bookings_under(session: Session, booking_ids: Collection[UUID]) -> tuple[BookingUnder, ...]:
    """Return those bookings as they are now, locked; by start, then by when they were made."""
    rows = session.exec(
        select(Booking, Resource, Project.name, Person.name)
        .where(
            col(Booking.id).in_(booking_ids),
            col(Resource.id) == col(Booking.resource_id),
            col(Project.id) == col(Booking.project_id),
            col(Person.id) == col(Booking.person_id),
        )
        .order_by(col(Booking.starts_at), col(Booking.created_at), col(Booking.id))
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    ).all()
    return tuple(BookingUnder(*row) for row in rows)


def held_for_waiters(session: Session, booking_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of the bookings are held for somebody on the waiting list."""
    return frozenset(
        session.exec(
            select(Offer.booking_id).where(
                col(Offer.booking_id).in_(booking_ids), col(Offer.entry_id).is_not(None)
            )
        )
    )


def one_of_each_kind(session: Session, resource_ids: Collection[UUID]) -> tuple[Resource, ...]:
    """Return of those resources the first of each kind."""
    rows = session.exec(
        select(Resource).where(col(Resource.id).in_(resource_ids)).order_by(col(Resource.id).desc())
    )
    return tuple({each.kind: each for each in rows}.values())


@dataclass(frozen=True, slots=True)
class ResourceName:
    """A resource as it is named to people, with the clock of its facility."""

    name: str
    facility_id: UUID
    facility_name: str
    zone: str


def resource_names(session: Session, resource_ids: Collection[UUID]) -> Mapping[UUID, ResourceName]:
    """Return how those resources are named, by id."""
    rows = session.exec(
        select(Resource.id, Resource.name, Facility).where(
            col(Resource.id).in_(resource_ids), col(Facility.id) == col(Resource.facility_id)
        )
    )
    return {
        resource_id: ResourceName(name, place.id, place.name, place.zone)
        for resource_id, name, place in rows
    }
