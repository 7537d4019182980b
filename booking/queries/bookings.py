"""Bookings as a viewer may see them, and as a writer locks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import Session, col, select

from booking.engine.lifecycle import BookingStatus, ResourceState
from booking.engine.permissions import Action, Actor, Scope, reach
from booking.errors import StaleVersion
from booking.models import Booking, Facility, Person, Project, Resource, WaitlistEntry
from booking.queries.instants import after_instant
from booking.queries.paging import Page, page_of

MOST_PEERS: Final = 5


@dataclass(frozen=True, slots=True)
class BookingSeen:
    """A booking, with the names a page shows beside it."""

    booking: Booking
    resource_name: str
    facility_id: UUID
    facility_slug: str
    facility_name: str
    zone: str
    organisation_id: UUID
    project_name: str
    person_name: str

    @property
    def scope(self) -> Scope:
        """The places the booking belongs to."""
        return Scope(
            facility_id=self.facility_id,
            organisation_id=self.organisation_id,
            project_id=self.booking.project_id,
            person_id=self.booking.person_id,
        )


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings a list is about; None lets all through.

    `since` and `until` bound the time that bookings touch, half-open.
    """

    resource_id: UUID | None = None
    facility_id: UUID | None = None
    project_id: UUID | None = None
    person_id: UUID | None = None
    series_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: frozenset[BookingStatus] | None = None


EVERY_BOOKING: Final = BookingFilter()


def lock_resource(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource as it is now, and let no other writer book it meanwhile.

    On SQLite the whole transaction is that lock already.
    """
    return session.exec(
        select(Resource)
        .where(Resource.id == resource_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def lock_resource_at_hand(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource locked as by `lock_resource`; None where somebody else has it."""
    return session.exec(
        select(Resource)
        .where(Resource.id == resource_id)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def resource_to_book(session: Session, resource_id: UUID) -> Resource | None:
    """Return the resource, unlocked."""
    return session.get(Resource, resource_id)


def project_to_book_for(session: Session, project_id: UUID) -> Project | None:
    """Return the project."""
    return session.get(Project, project_id)


def resources_like(session: Session, resource: Resource) -> Sequence[Resource]:
    """Return published resources of the same kind, those of the same facility first."""
    return session.exec(
        select(Resource)
        .where(
            Resource.kind == resource.kind,
            Resource.state == ResourceState.PUBLISHED,
            Resource.id != resource.id,
        )
        .order_by(col(Resource.facility_id) != resource.facility_id, col(Resource.id))
        .limit(MOST_PEERS)
    ).all()


def booking_seen(session: Session, booking_id: UUID, *, viewer: Actor) -> BookingSeen | None:
    """Return the booking if the viewer may see it."""
    row = session.exec(
        named(Booking).where(Booking.id == booking_id, visible_to(viewer, Action.BOOKING_SEE))
    ).one_or_none()
    return None if row is None else BookingSeen(*row)


def bookings_seen(
    session: Session,
    *,
    viewer: Actor,
    only: BookingFilter = EVERY_BOOKING,
    limit: int,
    cursor: str | None = None,
) -> Page[BookingSeen]:
    """Return the viewer's page of bookings, by start and then id."""
    rows = session.exec(
        named(Booking)
        .where(
            visible_to(viewer, Action.BOOKING_SEE),
            *_only(only),
            after_instant(cursor, col(Booking.starts_at), col(Booking.id)),
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
        .limit(limit + 1)
    ).all()
    return page_of(
        [BookingSeen(*row) for row in rows],
        limit=limit,
        key=lambda each: (each.booking.starts_at.isoformat(), str(each.booking.id)),
    )


def pending_seen(
    session: Session, facility_id: UUID, *, viewer: Actor, limit: int, cursor: str | None = None
) -> Page[BookingSeen]:
    """Return the bookings of a facility that wait for approval, those made first first."""
    rows = session.exec(
        named(Booking)
        .where(
            visible_to(viewer, Action.BOOKING_SEE),
            col(Resource.facility_id) == facility_id,
            col(Booking.status) == BookingStatus.PENDING,
            after_instant(cursor, col(Booking.created_at), col(Booking.id)),
        )
        .order_by(col(Booking.created_at), col(Booking.id))
        .limit(limit + 1)
    ).all()
    return page_of(
        [BookingSeen(*row) for row in rows],
        limit=limit,
        key=lambda each: (each.booking.created_at.isoformat(), str(each.booking.id)),
    )


def lock_booking(
    session: Session, booking_id: UUID, *, viewer: Actor, also: Sequence[UUID] = ()
) -> BookingSeen | None:
    """Return the booking as it is now if the viewer may see it, locked for a change.

    Locks its resource and the resources in `also` first, by id, then the booking itself.
    Raises: StaleVersion if it was moved to yet another resource in that moment.
    """
    seen = booking_seen(session, booking_id, viewer=viewer)
    if seen is None:
        return None
    resource_id = seen.booking.resource_id
    for each in sorted({resource_id, *also}):
        lock_resource(session, each)
    session.exec(
        select(Booking)
        .where(Booking.id == booking_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if seen.booking.resource_id != resource_id:
        raise StaleVersion(
            "It was moved to another resource a moment ago; look at it and decide again."
        )
    return seen


def lock_at_hand(session: Session, booking_ids: Sequence[UUID]) -> tuple[BookingSeen, ...]:
    """Return the bookings as they are now, locked, by id; those that somebody else has left out.

    Their resources are locked before.
    """
    rows = session.exec(
        named(Booking)
        .where(col(Booking.id).in_(booking_ids))
        .order_by(col(Booking.id))
        .with_for_update(of=Booking, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return tuple(BookingSeen(*row) for row in rows)


def visible_to(viewer: Actor, action: Action, *, project_id: Any = None) -> ColumnElement[bool]:
    """Return the condition under which the viewer may take `action` on a booking.

    Or on what else belongs to a project and a resource: `project_id` is its column.
    Needs that, Resource and Project in the statement.
    """
    seen = reach(viewer, action)
    if seen.everywhere:
        return true()
    places = (
        (col(Booking.project_id) if project_id is None else project_id, seen.project_ids),
        (col(Resource.facility_id), seen.facility_ids),
        (col(Project.organisation_id), seen.organisation_ids),
    )
    return or_(false(), *(column.in_(ids) for column, ids in places if ids))


def where_given(*wanted: tuple[Any, UUID | None]) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter on columns of ids; None lets all through."""
    return [col(column) == value for column, value in wanted if value is not None]


def named(thing: type[Booking | WaitlistEntry]) -> Any:
    """Select what belongs to a project, a person and a resource, with their names behind it."""
    columns: Any = (
        thing,
        col(Resource.name),
        col(Facility.id),
        col(Facility.slug),
        col(Facility.name),
        col(Facility.zone),
        col(Project.organisation_id),
        col(Project.name),
        col(Person.name),
    )
    return (
        select(*columns)
        .join_from(thing, Resource, col(Resource.id) == col(thing.resource_id))
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .join(Project, col(Project.id) == col(thing.project_id))
        .join(Person, col(Person.id) == col(thing.person_id))
    )


def _only(only: BookingFilter) -> list[ColumnElement[bool]]:
    chosen = where_given(
        (Booking.resource_id, only.resource_id),
        (Resource.facility_id, only.facility_id),
        (Booking.project_id, only.project_id),
        (Booking.person_id, only.person_id),
        (Booking.series_id, only.series_id),
    )
    if only.since is not None:
        chosen.append(col(Booking.ends_at) > only.since)
    if only.until is not None:
        chosen.append(col(Booking.starts_at) < only.until)
    if only.statuses is not None:
        chosen.append(col(Booking.status).in_(only.statuses))
    return chosen
