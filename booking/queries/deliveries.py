"""Reads of messages as they stand: those that failed, wait or were sent, for whoever may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, true
from sqlmodel import Session, col, select

from booking.engine.permissions import Action, Actor, reach
from booking.engine.vocabulary import DeliveryState
from booking.models import Delivery, Event
from booking.queries.paging import Page, page_of, read_cursor


@dataclass(frozen=True, slots=True)
class DeliverySeen:
    """A message to one reader, with the event that it tells of.

    `due_at` is when it is tried next; `last_error` says how the last try went wrong.
    """

    id: UUID
    facility_id: UUID | None
    kind: str
    happened_at: datetime
    subject_id: UUID
    address: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    sent_at: datetime | None
    last_error: str


def deliveries_seen(
    session: Session,
    *,
    viewer: Actor,
    facility_id: UUID | None = None,
    state: DeliveryState | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[DeliverySeen]:
    """Return the viewer's page of messages, in the order of their ids; None lets all through."""
    after = read_cursor(cursor, parts=1)
    statement = (
        select(Delivery, Event)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(
            _visible_to(viewer),
            true() if facility_id is None else col(Event.facility_id) == facility_id,
            true() if state is None else col(Delivery.state) == state,
            true() if after is None else col(Delivery.id) > UUID(str(after[0])),
        )
        .order_by(col(Delivery.id))
        .limit(limit + 1)
    )
    rows = [_seen(delivery, event) for delivery, event in session.exec(statement).all()]
    return page_of(rows, limit=limit, key=lambda each: (str(each.id),))


def delivery_seen(session: Session, delivery_id: UUID, *, viewer: Actor) -> DeliverySeen | None:
    """Return the message if the viewer may see it."""
    row = session.exec(
        select(Delivery, Event)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(Delivery.id == delivery_id, _visible_to(viewer))
    ).one_or_none()
    return None if row is None else _seen(*row)


def count_failed(session: Session, facility_id: UUID) -> int:
    """Count the messages of a facility that were given up."""
    return session.exec(
        select(func.count())
        .select_from(Delivery)
        .join(Event, col(Event.id) == col(Delivery.event_id))
        .where(Delivery.state == DeliveryState.FAILED, col(Event.facility_id) == facility_id)
    ).one()


def given_up_at(facility_id: UUID, *, but_to: str) -> ColumnElement[bool]:
    """Return the condition that a message of the facility was given up; not to such addresses."""
    here = select(Event.id).where(col(Event.facility_id) == facility_id)
    return and_(
        col(Delivery.state) == DeliveryState.FAILED,
        col(Delivery.event_id).in_(here),
        ~col(Delivery.address).endswith(but_to, autoescape=True),
    )


def _visible_to(viewer: Actor) -> ColumnElement[bool]:
    seen = reach(viewer, Action.DELIVERY_SEE)
    if seen.everywhere:
        return true()
    places: Sequence[UUID] = sorted(seen.facility_ids)
    return col(Event.facility_id).in_(places) if places else false()


def _seen(delivery: Delivery, event: Event) -> DeliverySeen:
    return DeliverySeen(
        id=delivery.id,
        facility_id=event.facility_id,
        kind=event.kind,
        happened_at=event.happened_at,
        subject_id=event.subject_id,
        address=delivery.address,
        state=delivery.state,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        last_error=delivery.last_error,
    )
