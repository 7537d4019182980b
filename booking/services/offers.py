"""Offers of time: made as a held booking, accepted, declined, or ended by their deadline.

The resource is locked before the booking, the booking before the offer, the offer before
the entry of the waiting list. What becomes of an offer is told by the offer's own events;
their subject is its booking.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.booking_changes import approval_lapses_at
from booking.engine.intervals import Interval
from booking.engine.lifecycle import (
    HOLDING,
    OFFER_STEPS,
    WAITLIST_STEPS,
    BookingMode,
    BookingStatus,
    EventKind,
    Step,
    step,
)
from booking.engine.permissions import SYSTEM, Action, Actor
from booking.engine.violations import Violation
from booking.engine.vocabulary import BookingSource, OfferState, WaitlistState
from booking.engine.waitlist import WaitlistCode, deadline
from booking.engine.wording import at_words
from booking.errors import NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import Booking, Offer, Resource, WaitlistEntry
from booking.queries import offered_time, waiting_list
from booking.queries.bookings import BookingSeen, lock_booking, resource_to_book
from booking.queries.offered_time import OfferSeen
from booking.services.booking_changes import next_step, write_step
from booking.services.booking_writing import insert_guarded
from booking.services.bookings import as_recorded
from booking.services.permits import permit

AT_ONCE: Final = 100
EXPIRED_WITH: Final = "let_lapse"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Time to offer: to an entry of the waiting list, or instead of a displaced booking.

    `standing` says in numbers why it is this one's turn.
    """

    project_id: UUID
    person_id: UUID
    slot: Interval
    quantity: int = 1
    title: str = ""
    groups: tuple[str, ...] = ()
    group_key: str = ""
    entry_id: UUID | None = None
    displaced_id: UUID | None = None
    standing: dict[str, Any] = field(default_factory=dict)


def make_offer(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    domain: str,
    resource: Resource,
    proposal: Proposal,
) -> Offer | None:
    """Hold the time, and offer it until its deadline; None if the guard finds it taken.

    The resource is locked, and the time was found to keep every rule.
    """
    until = deadline(now, proposal.slot.start)
    row = _held(resource, proposal, domain=domain, until=until, now=now)
    booking = insert_guarded(session, row, one_unit=resource.capacity == 1)
    if booking is None:
        return None
    offer = Offer(
        booking_id=booking.id,
        entry_id=proposal.entry_id,
        displaced_id=proposal.displaced_id,
        standing=proposal.standing,
        made_at=now,
        deadline_at=until,
    )
    session.add(offer)
    if proposal.entry_id is not None:
        _move_entry(session, proposal.entry_id, "offer", now=now)
    session.flush()
    record(
        session,
        EventKind.OFFER_MADE,
        subject_id=booking.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=resource.facility_id,
        payload={**as_recorded(booking), **_beside(offer)},
    )
    return offer


def accept(session: Session, *, actor: Actor, now: datetime, offer_id: UUID) -> OfferSeen:
    """Take the offered time: the booking is confirmed, or waits for the facility's approval.

    Up to the deadline; at that very instant the offer has ended.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken when it has ended.
    """
    found = _load(session, actor, offer_id)
    _next_state(found.offer, "accept")
    if now >= found.offer.deadline_at:
        raise _too_late(found.offer)
    booking = found.seen.booking
    resource = resource_to_book(session, booking.resource_id)
    asks = resource is not None and resource.mode is BookingMode.APPROVAL
    leads_to = next_step(booking, "submit" if asks else "confirm")
    until = _approval_until(resource, booking, now) if asks else None
    _answer(session, actor, found, leads_to, "accept", {"expires_at": until}, now=now)
    return found


def decline(session: Session, *, actor: Actor, now: datetime, offer_id: UUID) -> OfferSeen:
    """Let the offered time go to the next in line; the entry waits on.

    Raises: NotFound, NotPermitted, or WrongState if it was answered or has ended.
    """
    found = _load(session, actor, offer_id)
    _next_state(found.offer, "decline")
    leads_to = next_step(found.seen.booking, "cancel")
    _answer(session, actor, found, leads_to, "decline", {"expires_at": None}, now=now)
    return found


def expire_offers(session: Session, *, now: datetime, limit: int = AT_ONCE) -> int:
    """End the offers of one resource whose deadline is over, and count them; 0 if none is left.

    An offer whose booking was meanwhile confirmed, cancelled or displaced in another way
    is brought into line with it. The freed time is noted for the next in line.
    """
    ended = offered_time.ended_offers(session, now=now, limit=limit)
    if not ended:
        return 0
    together = [each for each in ended if each.resource_id == ended[0].resource_id]
    return sum(_settle(session, each.offer_id, now=now) for each in together)


def _held(
    resource: Resource, proposal: Proposal, *, domain: str, until: datetime, now: datetime
) -> Booking:
    return Booking(
        uid=f"{uuid4()}@{domain}",
        resource_id=resource.id,
        project_id=proposal.project_id,
        person_id=proposal.person_id,
        starts_at=proposal.slot.start,
        ends_at=proposal.slot.end,
        quantity=proposal.quantity,
        status=BookingStatus.HELD,
        source=BookingSource.WAITING_LIST,
        title=proposal.title,
        groups=list(proposal.groups),
        group_key=proposal.group_key,
        expires_at=until,
        created_at=now,
        updated_at=now,
    )


def _beside(offer: Offer) -> dict[str, Any]:
    return {
        "offer_id": str(offer.id),
        "entry_id": None if offer.entry_id is None else str(offer.entry_id),
        "displaced_id": None if offer.displaced_id is None else str(offer.displaced_id),
        "deadline_at": offer.deadline_at.isoformat(),
        "standing": offer.standing,
    }


def _load(session: Session, actor: Actor, offer_id: UUID) -> OfferSeen:
    """Lock the offer, and what it is about, for an answer that the actor may give."""
    known = offered_time.offer_of(session, offer_id)
    seen = None if known is None else lock_booking(session, known.booking_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such offer, or it is not yours to see; look at your list.")
    permit(actor, Action.BOOKING_CHANGE, seen.scope)
    return OfferSeen(offered_time.lock_offer(session, offer_id), seen)


def _next_state(offer: Offer, name: str) -> Step:
    found = step(OFFER_STEPS, offer.state, name)
    if isinstance(found, Violation):
        words = f"This offer is {offer.state} already, so there is nothing left to answer."
        raise WrongState(words, [Violation(found.code, words)])
    return found


def _too_late(offer: Offer) -> RulesBroken:
    reason = (
        f"The offer ended {at_words(offer.deadline_at)}, and the time goes to the next in line. "
        "You stay on the waiting list for other time; or look whether it is free to book."
    )
    return RulesBroken(reason, [Violation(WaitlistCode.OFFER_OVER, reason)])


def _approval_until(resource: Resource | None, booking: Booking, now: datetime) -> datetime:
    days = None if resource is None else resource.approval_days
    return approval_lapses_at(now, booking.starts_at, approval_days=days)


def _answer(
    session: Session,
    actor: Actor,
    found: OfferSeen,
    leads_to: Step,
    name: str,
    changes: dict[str, Any],
    *,
    now: datetime,
) -> None:
    """Write what the offer's step makes of its booking and of the entry, under one event."""
    offer, answered = found.offer, _next_state(found.offer, name)
    told = Step(leads_to.new_state, answered.event)
    write_step(session, actor, found.seen, told, changes, now=now, beside=_beside(offer))
    _close(session, offer, OfferState(answered.new_state), now=now)


def _close(session: Session, offer: Offer, state: OfferState, *, now: datetime) -> None:
    offer.state = state
    offer.answered_at = now
    session.add(offer)
    by = {
        OfferState.ACCEPTED: "accept",
        OfferState.DECLINED: "decline",
        OfferState.EXPIRED: EXPIRED_WITH,
    }
    if offer.entry_id is not None:
        _move_entry(session, offer.entry_id, by[state], now=now)
    session.flush()


def _move_entry(session: Session, entry_id: UUID, name: str, *, now: datetime) -> WaitlistEntry:
    """Take a step of the entry that the offer's own event tells."""
    entry = waiting_list.lock_entry(session, entry_id)
    found = step(WAITLIST_STEPS, entry.state, name)
    if isinstance(found, Violation):
        raise WrongState(found.reason, [found])
    entry.state = WaitlistState(found.new_state)
    entry.updated_at = now
    session.add(entry)
    return entry


def _settle(session: Session, offer_id: UUID, *, now: datetime) -> bool:
    """End an offer if it has ended; another may have settled it first."""
    known = offered_time.offer_of(session, offer_id)
    seen = None if known is None else lock_booking(session, known.booking_id, viewer=SYSTEM)
    if seen is None:
        return False
    offer = offered_time.lock_offer(session, offer_id)
    if offer.state is not OfferState.MADE:
        return False
    if seen.booking.status is not BookingStatus.HELD:
        _follow(session, offer, seen, now=now)
    elif now < offer.deadline_at:
        return False
    else:
        leads_to = next_step(seen.booking, "expire")
        found = OfferSeen(offer, seen)
        _answer(session, SYSTEM, found, leads_to, "expire", {"expires_at": None}, now=now)
    return True


def _follow(session: Session, offer: Offer, seen: BookingSeen, *, now: datetime) -> None:
    """Bring an offer into line with a booking that was decided about in another way.

    The booking's own event was told; this one, about the offer alone, is for the record.
    """
    status = seen.booking.status
    name = "accept" if status in HOLDING else "decline"
    if status in {BookingStatus.EXPIRED, BookingStatus.DISPLACED}:
        name = "expire"
    found = _next_state(offer, name)
    _close(session, offer, OfferState(found.new_state), now=now)
    record(
        session,
        found.event,
        subject_id=offer.id,
        now=now,
        facility_id=seen.facility_id,
        payload={"booking_id": str(seen.booking.id), "status": str(status), **_beside(offer)},
    )
