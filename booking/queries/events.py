"""Reads of events and deliveries: what is to be told to whom, what failed, what is unsealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, or_, text
from sqlmodel import Session, col, select

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.vocabulary import CalendarMail, DeliveryState
from booking.models import (
    AccessRequest,
    Booking,
    Delivery,
    Event,
    Person,
    SignInLink,
    WaitlistEntry,
)
from booking.queries.paging import Page, page_of, read_cursor

SEALING_LOCK: Final = 7_310_001


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event whose messages are not yet planned."""

    id: UUID
    kind: EventKind
    subject_id: UUID
    payload: dict[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is told about something; whoever has no account has no `person_id`."""

    person_id: UUID | None
    address: str
    calendar_mail: CalendarMail = CalendarMail.INVITE


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """One message to send, with the event it is about."""

    id: UUID
    person_id: UUID | None
    address: str
    message_id: str
    attempts: int
    kind: EventKind
    happened_at: datetime
    subject_id: UUID
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A message that was given up, for whoever may send it again."""

    id: UUID
    address: str
    kind: str
    happened_at: datetime
    subject_id: UUID
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and how many were given up."""

    due: int
    failed: int


def pending_events(session: Session, *, limit: int) -> tuple[PendingEvent, ...]:
    """Return the oldest events without planned messages, locked; those of others are skipped."""
    rows = session.exec(
        select(Event)
        .where(col(Event.fanned_out_at).is_(None))
        .order_by(col(Event.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return tuple(
        PendingEvent(row.id, EventKind(row.kind), row.subject_id, row.payload, row.happened_at)
        for row in rows
    )


def bookers(session: Session, booking_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return who holds each of the bookings."""
    rows = session.exec(
        select(Booking.id, Person.id, Person.email, Person.calendar_mail)
        .join(Person, col(Person.id) == col(Booking.person_id))
        .where(col(Booking.id).in_(booking_ids))
    ).all()
    return {
        subject_id: Addressee(person_id, email, CalendarMail(calendar_mail))
        for subject_id, person_id, email, calendar_mail in rows
    }


def addressees(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return how each of the persons is reached."""
    rows = session.exec(
        select(Person.id, Person.email, Person.calendar_mail).where(col(Person.id).in_(person_ids))
    ).all()
    return {
        person_id: Addressee(person_id, email, CalendarMail(calendar_mail))
        for person_id, email, calendar_mail in rows
    }


def submitters(session: Session, request_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return who submitted each of the access requests."""
    rows = session.exec(
        select(AccessRequest.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(AccessRequest.submitted_by))
        .where(col(AccessRequest.id).in_(request_ids))
    ).all()
    return {subject_id: Addressee(person_id, email) for subject_id, person_id, email in rows}


def waiters(session: Session, entry_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return who waits by each of the entries of the waiting list."""
    rows = session.exec(
        select(WaitlistEntry.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(WaitlistEntry.person_id))
        .where(col(WaitlistEntry.id).in_(entry_ids))
    ).all()
    return {subject_id: Addressee(person_id, email) for subject_id, person_id, email in rows}


def link_readers(session: Session, link_ids: Sequence[UUID]) -> dict[UUID, Addressee]:
    """Return whom each of the sign-in links is for."""
    rows = session.exec(
        select(SignInLink.id, Person.id, Person.email)
        .join(Person, col(Person.id) == col(SignInLink.person_id))
        .where(col(SignInLink.id).in_(link_ids))
    ).all()
    return {subject_id: Addressee(person_id, email) for subject_id, person_id, email in rows}


def due_deliveries(session: Session, *, now: datetime, limit: int) -> tuple[DueDelivery, ...]:
    """Return messages to send now, locked: those due, and those whose claim has lapsed."""
    rows = session.exec(
        select(Delivery, Event)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(
            or_(
                and_(col(Delivery.state) == DeliveryState.DUE, col(Delivery.due_at) <= now),
                and_(
                    col(Delivery.state) == DeliveryState.CLAIMED,
                    col(Delivery.claimed_until) <= now,
                ),
            )
        )
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(limit)
        .with_for_update(of=Delivery, skip_locked=True)
    ).all()
    return tuple(
        DueDelivery(
            id=delivery.id,
            person_id=delivery.person_id,
            address=delivery.address,
            message_id=delivery.message_id,
            attempts=delivery.attempts,
            kind=EventKind(event.kind),
            happened_at=event.happened_at,
            subject_id=event.subject_id,
            payload=event.payload,
        )
        for delivery, event in rows
    )


def delivery_of(session: Session, delivery_id: UUID) -> tuple[Delivery, UUID | None] | None:
    """Return a delivery, locked, with the facility it concerns."""
    row = session.exec(
        select(Delivery, Event.facility_id)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(Delivery.id == delivery_id)
        .with_for_update(of=Delivery)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def failed_deliveries(
    session: Session, *, viewer: Actor, facility_id: UUID | None, limit: int, cursor: str | None
) -> Page[FailedDelivery]:
    """Return messages that were given up, oldest first.

    `facility_id` None means those of no facility. Empty for who may not see them.
    """
    if not may(viewer, Action.DELIVERY_SEE, Scope(facility_id=facility_id)):
        return Page((), None)
    after = read_cursor(cursor, parts=1)
    statement = (
        select(Delivery, Event)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(
            Delivery.state == DeliveryState.FAILED,
            col(Event.facility_id).is_not_distinct_from(facility_id),
        )
        .order_by(col(Delivery.id))
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(col(Delivery.id) > UUID(str(after[0])))
    rows = [
        FailedDelivery(
            id=delivery.id,
            address=delivery.address,
            kind=event.kind,
            happened_at=event.happened_at,
            subject_id=event.subject_id,
            attempts=delivery.attempts,
            last_error=delivery.last_error,
        )
        for delivery, event in session.exec(statement).all()
    ]
    return page_of(rows, limit=limit, key=lambda row: (str(row.id),))


def backlog(session: Session) -> Backlog:
    """Count the messages that wait and those that were given up."""
    counted = dict(
        session.exec(select(Delivery.state, func.count()).group_by(col(Delivery.state))).all()
    )
    waiting = counted.get(DeliveryState.DUE, 0) + counted.get(DeliveryState.CLAIMED, 0)
    return Backlog(due=waiting, failed=counted.get(DeliveryState.FAILED, 0))


def lock_sealing(session: Session) -> None:
    """Wait until nobody else seals, to the end of the transaction; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        locking = text("SELECT pg_advisory_xact_lock(:key)")
        session.connection().execute(locking, {"key": SEALING_LOCK})


def unsealed_events(session: Session, *, limit: int) -> Sequence[Event]:
    """Return the oldest events without a position, in the order of their ids."""
    return session.exec(
        select(Event).where(col(Event.position).is_(None)).order_by(col(Event.id)).limit(limit)
    ).all()


def last_sealed(session: Session) -> Event | None:
    """Return the event with the highest position."""
    return session.exec(
        select(Event)
        .where(col(Event.position).is_not(None))
        .order_by(col(Event.position).desc())
        .limit(1)
    ).one_or_none()


def sealed_events(session: Session, *, after: int, limit: int) -> Sequence[Event]:
    """Return sealed events by position, those after position `after`."""
    return session.exec(
        select(Event).where(col(Event.position) > after).order_by(col(Event.position)).limit(limit)
    ).all()
