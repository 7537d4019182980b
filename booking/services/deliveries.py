"""Messages as rows: plan them for events, claim them, settle how sending went, try again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from booking.clock import new_id
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.vocabulary import DeliveryState
from booking.errors import NotFound, WrongState
from booking.models import Delivery, Event
from booking.queries import events as queries
from booking.queries.deliveries import given_up_at
from booking.queries.events import Addressee, DueDelivery, PendingEvent
from booking.services.permits import permit

BACK_OFF: Final = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 240, 720, 1440))
MOST_TRIES: Final = len(BACK_OFF) + 1
LONGEST_ERROR: Final = 1000
NOBODY: Final = "@deleted.invalid"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sending a claimed message went; `error` is empty when it was sent.

    A permanent error is not tried again by itself.
    """

    delivery_id: UUID
    attempts: int
    error: str = ""
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """How many messages were sent, wait for another try, and were given up."""

    sent: int = 0
    retried: int = 0
    failed: int = 0


def plan(
    session: Session,
    *,
    events: Sequence[PendingEvent],
    addressees: Mapping[UUID, Sequence[Addressee]],
    host: str,
    now: datetime,
) -> int:
    """Add a delivery for everybody who is told of an event, by event; count them.

    Every event is marked, also those nobody is told of.
    """
    planned = [
        _delivery(event, each, host=host, now=now)
        for event in events
        for each in addressees.get(event.id, ())
    ]
    session.add_all(planned)
    ids = [each.id for each in events]
    session.exec(update(Event).where(col(Event.id).in_(ids)).values(fanned_out_at=now))
    return len(planned)


def _delivery(event: PendingEvent, to: Addressee, *, host: str, now: datetime) -> Delivery:
    delivery_id = new_id()
    return Delivery(
        id=delivery_id,
        event_id=event.id,
        person_id=to.person_id,
        address=to.address,
        message_id=f"<{delivery_id}@{host}>",
        due_at=now,
    )


def claim(
    session: Session, *, now: datetime, until: datetime, limit: int
) -> tuple[DueDelivery, ...]:
    """Claim messages to send; nobody else gets them before `until`. The try is counted."""
    found = queries.due_deliveries(session, now=now, limit=limit)
    if found:
        session.exec(
            update(Delivery)
            .where(col(Delivery.id).in_([each.id for each in found]))
            .values(
                state=DeliveryState.CLAIMED,
                claimed_until=until,
                attempts=col(Delivery.attempts) + 1,
            )
        )
    return tuple(replace(each, attempts=each.attempts + 1) for each in found)


def settle(session: Session, *, outcomes: Sequence[Outcome], now: datetime) -> Settled:
    """Write down how sending went: sent, to be tried again, or given up."""
    sent = [each.delivery_id for each in outcomes if not each.error]
    if sent:
        session.exec(
            update(Delivery)
            .where(col(Delivery.id).in_(sent))
            .values(state=DeliveryState.SENT, sent_at=now, claimed_until=None, last_error="")
        )
    unsent = [each for each in outcomes if each.error]
    for each in unsent:
        _put_off(session, each, now=now)
    failed = sum(_given_up(each) for each in unsent)
    return Settled(sent=len(sent), retried=len(unsent) - failed, failed=failed)


def _given_up(outcome: Outcome) -> bool:
    return outcome.permanent or outcome.attempts >= MOST_TRIES


def _put_off(session: Session, outcome: Outcome, *, now: datetime) -> None:
    """Set when the next try is; never undo that another claim sent it meanwhile."""
    given_up = _given_up(outcome)
    wait = timedelta() if given_up else BACK_OFF[outcome.attempts - 1]
    session.exec(
        update(Delivery)
        .where(
            col(Delivery.id) == outcome.delivery_id, col(Delivery.state) == DeliveryState.CLAIMED
        )
        .values(
            state=DeliveryState.FAILED if given_up else DeliveryState.DUE,
            due_at=now + wait,
            claimed_until=None,
            last_error=outcome.error[:LONGEST_ERROR],
        )
    )


def retry(session: Session, *, actor: Actor, delivery_id: UUID, now: datetime) -> Delivery:
    """Send a message that was given up again, from the first try on.

    It keeps its Message-ID, so whoever has it already sees it once.
    Raises: NotFound; NotPermitted; WrongState if it was not given up, or its reader is gone.
    """
    found = queries.delivery_of(session, delivery_id)
    if found is None:
        raise NotFound("There is no such message; look at the list of those that failed.")
    delivery, facility_id = found
    permit(actor, Action.DELIVERY_RESEND, Scope(facility_id=facility_id))
    if delivery.state is not DeliveryState.FAILED:
        raise WrongState("Only a message that was given up can be sent again.")
    if delivery.address.endswith(NOBODY):
        raise WrongState("Its reader deleted their account, so it cannot be sent any more.")
    delivery.state = DeliveryState.DUE
    delivery.attempts = 0
    delivery.due_at = now
    session.add(delivery)
    return delivery


def retry_all(session: Session, *, actor: Actor, facility_id: UUID, now: datetime) -> int:
    """Send every message of a facility that was given up again; count them.

    Those whose reader deleted their account stay.
    Raises: NotPermitted.
    """
    permit(actor, Action.DELIVERY_RESEND, Scope(facility_id=facility_id))
    about = given_up_at(facility_id, but_to=NOBODY)
    done = session.exec(
        update(Delivery)
        .where(about)
        .values(state=DeliveryState.DUE, attempts=0, due_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)
