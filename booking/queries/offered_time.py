"""Offers of time to those who wait or were displaced, and time that became free."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, exists, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Action, Actor
from booking.engine.vocabulary import OfferState
from booking.models import Booking, FreedTime, Offer
from booking.queries.bookings import BookingSeen, named, visible_to, where_given
from booking.queries.instants import after_instant
from booking.queries.paging import Page, page_of


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """An offer, with the booking that keeps its time and the names a page shows."""

    offer: Offer
    seen: BookingSeen


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """Which offers a list is about; None lets all through."""

    resource_id: UUID | None = None
    project_id: UUID | None = None
    person_id: UUID | None = None
    entry_id: UUID | None = None
    states: frozenset[OfferState] | None = None


EVERY_OFFER: Final = OfferFilter()


@dataclass(frozen=True, slots=True)
class Ended:
    """An offer that has ended, and the resource whose time it was."""

    offer_id: UUID
    resource_id: UUID


@dataclass(frozen=True, slots=True)
class ToDo:
    """Whether freed time waits to be looked at, and whether offers ended."""

    freed: bool
    ended: bool


def offer_seen(session: Session, offer_id: UUID, *, viewer: Actor) -> OfferSeen | None:
    """Return the offer if the viewer may see its booking."""
    row = session.exec(_offers(viewer).where(Offer.id == offer_id)).one_or_none()
    return None if row is None else _of_row(row)


def offers_seen(
    session: Session,
    *,
    viewer: Actor,
    only: OfferFilter = EVERY_OFFER,
    limit: int,
    cursor: str | None = None,
) -> Page[OfferSeen]:
    """Return the viewer's page of offers, by when they were made and then id."""
    rows = session.exec(
        _offers(viewer)
        .where(*_only(only), after_instant(cursor, col(Offer.made_at), col(Offer.id)))
        .order_by(col(Offer.made_at), col(Offer.id))
        .limit(limit + 1)
    ).all()
    return page_of(
        [_of_row(row) for row in rows],
        limit=limit,
        key=lambda each: (each.offer.made_at.isoformat(), str(each.offer.id)),
    )


def open_offer_instead(
    session: Session, displaced_id: UUID, *, viewer: Actor, now: datetime
) -> OfferSeen | None:
    """Return the offer that can still be taken instead of a displaced booking."""
    row = session.exec(
        _offers(viewer)
        .where(
            Offer.displaced_id == displaced_id,
            Offer.state == OfferState.MADE,
            col(Offer.deadline_at) > now,
        )
        .order_by(col(Offer.id))
        .limit(1)
    ).first()
    return None if row is None else _of_row(row)


def offer_of(session: Session, offer_id: UUID) -> Offer | None:
    """Return the offer, unlocked."""
    return session.get(Offer, offer_id)


def offered_to(session: Session, offer_id: UUID) -> UUID | None:
    """Return whom the offer was made to."""
    return session.exec(
        select(Booking.person_id)
        .join(Offer, col(Offer.booking_id) == col(Booking.id))
        .where(Offer.id == offer_id)
    ).one_or_none()


def open_offers_to(session: Session, entry_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the unanswered offers to entries of the waiting list: their ids by entry."""
    rows = session.exec(
        select(Offer.entry_id, Offer.id).where(
            col(Offer.entry_id).in_(entry_ids), Offer.state == OfferState.MADE
        )
    )
    return {entry_id: offer_id for entry_id, offer_id in rows if entry_id is not None}


def lock_offer(session: Session, offer_id: UUID) -> Offer:
    """Return the offer as it is now, locked; its resource is locked before."""
    return session.exec(
        select(Offer)
        .where(Offer.id == offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def ended_offers(session: Session, *, now: datetime, limit: int) -> tuple[Ended, ...]:
    """Return unanswered offers past their deadline, or whose time was otherwise let go.

    Unlocked: whoever settles one locks its resource first, and looks again.
    """
    rows = session.exec(
        select(Offer.id, Booking.resource_id)
        .join(Booking, col(Booking.id) == col(Offer.booking_id))
        .where(_ended(now))
        .order_by(col(Offer.deadline_at), col(Offer.id))
        .limit(limit)
    )
    return tuple(Ended(offer_id, resource_id) for offer_id, resource_id in rows)


def to_do(session: Session, *, now: datetime) -> ToDo:
    """Say in one cheap query whether there is work for the waiting list."""
    of_offer = col(Booking.id) == col(Offer.booking_id)
    freed, ended = session.exec(
        select(
            exists(select(FreedTime.id)),
            exists(select(Offer.id).join(Booking, of_offer).where(_ended(now))),
        )
    ).one()
    return ToDo(freed=bool(freed), ended=bool(ended))


def let_go_by(session: Session, entry_id: UUID) -> tuple[Interval, ...]:
    """Return the times that were offered to an entry and that it did not take."""
    rows = session.exec(
        select(Booking.starts_at, Booking.ends_at)
        .join(Offer, col(Offer.booking_id) == col(Booking.id))
        .where(
            Offer.entry_id == entry_id,
            col(Offer.state).in_((OfferState.DECLINED, OfferState.EXPIRED)),
        )
    )
    return tuple(Interval(starts_at, ends_at) for starts_at, ends_at in rows)


def resource_with_freed_time(session: Session) -> UUID | None:
    """Return the resource of the oldest freed time that nobody else is looking at."""
    return session.exec(
        select(FreedTime.resource_id)
        .order_by(col(FreedTime.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def freed_times(session: Session, resource_id: UUID) -> tuple[FreedTime, ...]:
    """Return the freed times of a resource, locked; those that somebody else has are left out."""
    return tuple(
        session.exec(
            select(FreedTime)
            .where(FreedTime.resource_id == resource_id)
            .order_by(col(FreedTime.id))
            .with_for_update(skip_locked=True)
        )
    )


def _ended(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(Offer.state) == OfferState.MADE,
        or_(col(Offer.deadline_at) <= now, col(Booking.status) != BookingStatus.HELD),
    )


def _offers(viewer: Actor) -> Any:
    return (
        named(Booking)
        .add_columns(Offer)
        .join(Offer, col(Offer.booking_id) == col(Booking.id))
        .where(visible_to(viewer, Action.BOOKING_SEE))
    )


def _of_row(row: Any) -> OfferSeen:
    *seen, offer = row
    return OfferSeen(offer, BookingSeen(*seen))


def _only(only: OfferFilter) -> list[ColumnElement[bool]]:
    chosen = where_given(
        (Booking.resource_id, only.resource_id),
        (Booking.project_id, only.project_id),
        (Booking.person_id, only.person_id),
        (Offer.entry_id, only.entry_id),
    )
    if only.states is not None:
        chosen.append(col(Offer.state).in_(only.states))
    return chosen
