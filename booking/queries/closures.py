"""Reads about closures, and the bookings that they fall upon."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from booking.engine.intervals import in_utc
from booking.engine.lifecycle import HOLDING, ResourceState
from booking.engine.permissions import Actor
from booking.models import Booking, Closure, Facility, Resource
from booking.queries.catalogue import visible
from booking.queries.paging import Page, not_a_cursor, page_of, read_cursor


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
        .where(or_(col(Closure.resource_id).is_(None), col(Closure.resource_id).in_(known)))
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
    if after := read_cursor(cursor, parts=2):
        starts_at, closure_id = _key(after[0], after[1])
        same = and_(col(Closure.starts_at) == starts_at, col(Closure.id) > closure_id)
        query = query.where(or_(col(Closure.starts_at) > starts_at, same))
    rows = session.exec(query).all()
    return page_of(rows, limit=limit, key=lambda each: (each.starts_at.isoformat(), str(each.id)))


def closures_at(session: Session, facility_id: UUID) -> Sequence[Closure]:
    """Return all closures of a facility and its resources."""
    return session.exec(select(Closure).where(Closure.facility_id == facility_id)).all()


def bookings_under(session: Session, row: Closure) -> Sequence[Booking]:
    """Return the bookings that hold time within the closure, by start."""
    query = (
        select(Booking)
        .where(
            col(Resource.id) == col(Booking.resource_id),
            Resource.facility_id == row.facility_id,
            col(Booking.status).in_(HOLDING),
            Booking.starts_at < row.ends_at,
            Booking.ends_at > row.starts_at,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    )
    if row.resource_id is not None:
        query = query.where(Booking.resource_id == row.resource_id)
    return session.exec(query).all()


def _key(starts_at: object, closure_id: object) -> tuple[datetime, UUID]:
    """Read a cursor's parts.

    Raises: Malformed if they are none of ours.
    """
    try:
        return in_utc(datetime.fromisoformat(str(starts_at))), UUID(str(closure_id))
    except (ValueError, OverflowError) as error:
        raise not_a_cursor() from error
