"""Reads for calendar feeds: whose they are, what they show, and when a resource is busy."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from booking.engine.availability import busy_time
from booking.engine.intervals import Interval, intersect, subtract, union
from booking.engine.lifecycle import HOLDING, ResourceState
from booking.engine.opening import open_windows
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.vocabulary import CalendarKind, FeedOf
from booking.models import (
    Booking,
    CalendarToken,
    Closure,
    Event,
    Facility,
    Project,
    Resource,
)
from booking.queries.alarms import alarms_of
from booking.queries.catalogue import hours_of_each
from booking.queries.holds import held_by
from booking.queries.people import actor_of, person

SHOWN_BEFORE: Final = timedelta(days=90)
SHOWN_AFTER: Final = timedelta(days=400)
GONE_SHOWN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FeedSubject:
    """What a feed may be of, with the places it belongs to."""

    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class ShownBooking:
    """A booking that a feed shows."""

    id: UUID
    revision: int
    resource_name: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a secret address shows now; a public one names nobody.

    `alarms` are the minutes before each booking that its reader's calendar rings.
    """

    token_id: UUID
    name: str
    public: bool
    last_used_at: datetime | None
    bookings: tuple[ShownBooking, ...]
    alarms: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Followed:
    """A secret address that is known, and whose owner may see what it shows."""

    token: CalendarToken
    subject: FeedSubject


def followed(session: Session, token_hash: str) -> Followed | None:
    """Return what a secret address is of.

    None where it is unknown or revoked, or its owner may no longer see what it shows.
    """
    token = session.exec(
        select(CalendarToken).where(
            CalendarToken.token_hash == token_hash,
            col(CalendarToken.kind) == CalendarKind.FEED,
            col(CalendarToken.revoked_at).is_(None),
        )
    ).one_or_none()
    if token is None:
        return None
    subject = feed_subject(session, of=token.of, subject_id=token.subject_id or token.person_id)
    if subject is None or not may_follow(actor_of(session, token.person_id), token.of, subject):
        return None
    return Followed(token, subject)


def feed(session: Session, of: Followed, *, now: datetime) -> Feed:
    """Return what a secret address shows now."""
    token = of.token
    shown = _shown(session, token.of, token.subject_id or token.person_id, now=now)
    mine = [each.id for each in shown] if token.of is FeedOf.ME else []
    return Feed(
        token_id=token.id,
        name=of.subject.name,
        public=token.of in {FeedOf.RESOURCE, FeedOf.FACILITY},
        last_used_at=token.last_used_at,
        bookings=shown,
        alarms=alarms_of(session, token.person_id, mine) if mine else {},
    )


def newest_event(session: Session) -> UUID | None:
    """Return the id of the newest event there is: whatever changes a feed records one."""
    return session.exec(select(Event.id).order_by(col(Event.id).desc()).limit(1)).first()


def may_follow(actor: Actor, of: FeedOf, subject: FeedSubject) -> bool:
    """Say whether the actor may see the bookings of what a feed is of."""
    if of is FeedOf.ME:
        return actor.person_id is not None and actor.person_id == subject.scope.person_id
    return may(actor, Action.BOOKING_SEE, subject.scope)


def feed_subject(session: Session, *, of: FeedOf, subject_id: UUID) -> FeedSubject | None:
    """Return what a feed would be of; `subject_id` is a person's id for `me`."""
    return _SUBJECTS[of](session, subject_id)


def _person(session: Session, person_id: UUID) -> FeedSubject | None:
    row = person(session, person_id)
    return None if row is None else FeedSubject("Benchshare", Scope(person_id=row.id))


def _project(session: Session, project_id: UUID) -> FeedSubject | None:
    row = session.get(Project, project_id)
    if row is None:
        return None
    return FeedSubject(row.name, Scope(project_id=row.id, organisation_id=row.organisation_id))


def _resource(session: Session, resource_id: UUID) -> FeedSubject | None:
    row = session.get(Resource, resource_id)
    return None if row is None else FeedSubject(row.name, Scope(facility_id=row.facility_id))


def _facility(session: Session, facility_id: UUID) -> FeedSubject | None:
    row = session.get(Facility, facility_id)
    return None if row is None else FeedSubject(row.name, Scope(facility_id=row.id))


_SUBJECTS: Final = {
    FeedOf.ME: _person,
    FeedOf.PROJECT: _project,
    FeedOf.RESOURCE: _resource,
    FeedOf.FACILITY: _facility,
}


def calendar_token(session: Session, token_id: UUID) -> CalendarToken | None:
    """Return the calendar token with that id."""
    return session.get(CalendarToken, token_id)


def tokens_of(person_id: UUID) -> Any:
    """Return the statement that selects the ids of a person's calendar tokens."""
    return select(CalendarToken.id).where(CalendarToken.person_id == person_id)


def freebusy(
    session: Session, resource_id: UUID, *, during: Interval
) -> tuple[Interval, ...] | None:
    """Return when not a single unit is to be had, merged: booked out or closed.

    None where there is no such resource that the public knows of.
    """
    resource = _public(session, resource_id)
    if resource is None:
        return None
    held = held_by(session, [resource_id]).get(resource_id, ())
    taken = busy_time(held, capacity=resource.capacity, quantity=1)
    return intersect(union([*taken, *_closures(session, resource, during)]), [during])


def open_time(
    session: Session, resource_id: UUID, *, during: Interval
) -> tuple[Interval, ...] | None:
    """Return when a resource is open and not closed for once, whoever has booked it.

    None where there is no such resource that the public knows of.
    """
    resource = _public(session, resource_id)
    place = None if resource is None else session.get(Facility, resource.facility_id)
    if resource is None or place is None:
        return None
    hours = hours_of_each(session, place.id)
    weekly = hours.get(resource_id) or hours.get(None, [])
    windows = open_windows(weekly, zone=place.zone, within=during)
    return subtract(windows, _closures(session, resource, during))


def _public(session: Session, resource_id: UUID) -> Resource | None:
    resource = session.get(Resource, resource_id)
    return None if resource is None or resource.state is ResourceState.DRAFT else resource


def _closures(session: Session, resource: Resource, during: Interval) -> list[Interval]:
    rows = session.exec(
        select(Closure.starts_at, Closure.ends_at).where(
            Closure.facility_id == resource.facility_id,
            or_(col(Closure.resource_id).is_(None), col(Closure.resource_id) == resource.id),
            Closure.ends_at > during.start,
            Closure.starts_at < during.end,
        )
    )
    return [Interval(*row) for row in rows]


def _shown(
    session: Session, of: FeedOf, subject_id: UUID, *, now: datetime
) -> tuple[ShownBooking, ...]:
    """Return bookings from 90 days ago to 400 days ahead; those that fell through for 30 days."""
    whose: dict[FeedOf, ColumnElement[bool]] = {
        FeedOf.ME: col(Booking.person_id) == subject_id,
        FeedOf.PROJECT: col(Booking.project_id) == subject_id,
        FeedOf.RESOURCE: col(Booking.resource_id) == subject_id,
        FeedOf.FACILITY: col(Resource.facility_id) == subject_id,
    }
    holding: Collection[Any] = HOLDING
    rows = session.exec(
        select(Booking.id, Booking.revision, Resource.name)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .where(
            whose[of],
            col(Booking.ends_at) > now - SHOWN_BEFORE,
            col(Booking.starts_at) < now + SHOWN_AFTER,
            or_(col(Booking.status).in_(holding), col(Booking.updated_at) > now - GONE_SHOWN),
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    ).all()
    return tuple(ShownBooking(*row) for row in rows)
