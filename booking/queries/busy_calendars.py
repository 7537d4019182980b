"""Reads of outside calendars: whose they are, what they say is taken, which are due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, func, select

from booking.engine.intervals import Interval, intersect, union
from booking.engine.lifecycle import HOLDING
from booking.models import Booking, BusyCalendar, BusyTime, Closure, Facility, Person, Resource
from booking.queries.locking import locked


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose calendar it is: a person's, or a resource's with its facility; and their zone."""

    zone: str
    person_id: UUID | None = None
    resource_id: UUID | None = None
    facility_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A booking that stands in time which an outside calendar says is taken."""

    booking_id: UUID
    starts_at: datetime
    ends_at: datetime


def busy_calendar(session: Session, calendar_id: UUID) -> BusyCalendar | None:
    """Return the outside calendar with that id."""
    return session.get(BusyCalendar, calendar_id)


def lock_busy_calendar(session: Session, calendar_id: UUID) -> BusyCalendar | None:
    """Return the outside calendar as it is now, locked; its resource is locked before."""
    return locked(session, BusyCalendar, calendar_id)


def owner_person(session: Session, person_id: UUID) -> Owner | None:
    """Return a person as the owner of calendars."""
    row = session.get(Person, person_id)
    return None if row is None else Owner(zone=row.zone, person_id=row.id)


def owner_resource(session: Session, resource_id: UUID) -> Owner | None:
    """Return a resource as the owner of calendars; its zone is its facility's."""
    row = session.exec(
        select(Resource.facility_id, Facility.zone)
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
        .where(Resource.id == resource_id)
    ).one_or_none()
    if row is None:
        return None
    return Owner(zone=row[1], resource_id=resource_id, facility_id=row[0])


def owner_of(session: Session, row: BusyCalendar) -> Owner | None:
    """Return whose calendar it is."""
    if row.person_id is not None:
        return owner_person(session, row.person_id)
    return None if row.resource_id is None else owner_resource(session, row.resource_id)


def calendars_of(session: Session, owner: Owner) -> Sequence[BusyCalendar]:
    """Return an owner's outside calendars, by when they were added."""
    return session.exec(
        select(BusyCalendar)
        .where(_of(owner))
        .order_by(col(BusyCalendar.created_at), col(BusyCalendar.id))
    ).all()


def uids_named_elsewhere(
    session: Session, owner: Owner, *, host: str, since: datetime
) -> Sequence[str]:
    """Return the uids of the owner's bookings that calendar programs gave them, not `host`.

    Those that end after `since`.
    """
    whose = (
        col(Booking.person_id) == owner.person_id
        if owner.person_id is not None
        else col(Booking.resource_id) == owner.resource_id
    )
    ours = col(Booking.uid).endswith(f"@{host}", autoescape=True)
    return session.exec(select(Booking.uid).where(whose, col(Booking.ends_at) > since, ~ours)).all()


def count_of(session: Session, owner: Owner) -> int:
    """Count an owner's outside calendars."""
    return session.exec(select(func.count()).select_from(BusyCalendar).where(_of(owner))).one()


def due_calendars(session: Session, *, now: datetime, limit: int) -> Sequence[BusyCalendar]:
    """Return calendars to be fetched now, locked: those due that nobody has claimed."""
    return session.exec(
        select(BusyCalendar)
        .where(*_due(now))
        .order_by(col(BusyCalendar.due_at), col(BusyCalendar.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def any_due(session: Session, *, now: datetime) -> bool:
    """Say whether a calendar is to be fetched now."""
    found = session.exec(select(BusyCalendar.id).where(*_due(now)).limit(1))
    return found.first() is not None


def times_known(session: Session, row: BusyCalendar) -> dict[Interval, UUID]:
    """Return what the calendar is known to take, with the id of each row."""
    if row.person_id is not None:
        kept: Any = select(BusyTime.id, BusyTime.starts_at, BusyTime.ends_at).where(
            BusyTime.busy_calendar_id == row.id
        )
    else:
        kept = select(Closure.id, Closure.starts_at, Closure.ends_at).where(
            Closure.busy_calendar_id == row.id
        )
    return {Interval(start, end): key for key, start, end in session.exec(kept)}


def count_known(session: Session, row: BusyCalendar, *, now: datetime) -> int:
    """Count the busy times of a calendar that are not over."""
    table: Any = BusyTime if row.person_id is not None else Closure
    return int(
        session.exec(
            select(func.count())
            .select_from(table)
            .where(table.busy_calendar_id == row.id, table.ends_at > now)
        ).one()
    )


def busy_elsewhere(session: Session, person_id: UUID, *, within: Interval) -> tuple[Interval, ...]:
    """Return when a person is busy elsewhere, by start; overlapping times are not merged."""
    rows = session.exec(
        select(BusyTime.starts_at, BusyTime.ends_at)
        .join(BusyCalendar, col(BusyCalendar.id) == col(BusyTime.busy_calendar_id))
        .where(
            BusyCalendar.person_id == person_id,
            BusyTime.starts_at < within.end,
            BusyTime.ends_at > within.start,
        )
        .order_by(col(BusyTime.starts_at), col(BusyTime.ends_at))
    )
    return tuple(Interval(*row) for row in rows)


def busy_among(
    session: Session, person_id: UUID | None, slots: Collection[Interval]
) -> frozenset[Interval]:
    """Return those of the slots in which a person is busy elsewhere; nobody is in none."""
    if person_id is None or not slots:
        return frozenset()
    within = Interval(min(each.start for each in slots), max(each.end for each in slots))
    busy = union(busy_elsewhere(session, person_id, within=within))
    return frozenset(each for each in slots if intersect([each], busy))


def conflicts(
    session: Session, resource_id: UUID, *, now: datetime, limit: int
) -> tuple[Conflict, ...]:
    """Return bookings to come of a resource that stand in time taken elsewhere, by start."""
    taken = (
        select(Closure.id)
        .where(
            col(Closure.resource_id) == col(Booking.resource_id),
            col(Closure.busy_calendar_id).is_not(None),
            col(Closure.starts_at) < col(Booking.ends_at),
            col(Closure.ends_at) > col(Booking.starts_at),
        )
        .exists()
    )
    rows = session.exec(
        select(Booking.id, Booking.starts_at, Booking.ends_at)
        .where(
            Booking.resource_id == resource_id,
            col(Booking.status).in_(HOLDING),
            Booking.ends_at > now,
            taken,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
        .limit(limit)
    )
    return tuple(Conflict(*row) for row in rows)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    claimed = col(BusyCalendar.claimed_until)
    return col(BusyCalendar.due_at) <= now, or_(claimed.is_(None), claimed <= now)


def _of(owner: Owner) -> Any:
    if owner.person_id is not None:
        return BusyCalendar.person_id == owner.person_id
    return BusyCalendar.resource_id == owner.resource_id
