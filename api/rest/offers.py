"""Offers of time: listed, looked at, accepted, declined."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.deps import Cursor, Instant, Limit, Now, ReadSession, SignedIn, WriteSession
from api.etags import set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import OfferState
from booking.engine.waitlist_words import standing_words
from booking.errors import NotFound
from booking.queries.offered_time import OfferFilter, OfferSeen, offer_seen, offers_seen
from booking.services import offers as services

router = APIRouter(tags=["waiting list"], route_class=IdempotentRoute)


class OfferOut(BaseModel):
    """Freed time that is held for one project until a deadline.

    Made to `entry_id` of the waiting list, or instead of the booking `displaced_id`.
    `standing` are the numbers that made it this one's turn, `why` the same in sentences.
    """

    id: UUID
    booking_id: UUID
    entry_id: UUID | None
    displaced_id: UUID | None
    resource_id: UUID
    project_id: UUID
    person_id: UUID
    starts_at: Instant
    ends_at: Instant
    quantity: int
    title: str
    state: OfferState
    booking_status: BookingStatus
    made_at: Instant
    deadline_at: Instant
    answered_at: Instant | None
    standing: dict[str, Any]
    why: list[str]


class OfferList(BaseModel):
    """A page of offers."""

    items: list[OfferOut]
    next: str | None


@router.get("/offers", responses=problems(401))
def list_offers(
    session: ReadSession,
    actor: SignedIn,
    resource: UUID | None = None,
    project: UUID | None = None,
    state: Annotated[list[OfferState] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> OfferList:
    """List the offers the caller may see, by when they were made."""
    only = OfferFilter(
        resource_id=resource,
        project_id=project,
        states=frozenset(state) if state else None,
    )
    page = offers_seen(session, viewer=actor, only=only, limit=limit, cursor=cursor)
    return OfferList(items=[_out(each) for each in page.items], next=page.next)


@router.get("/offers/{offer_id}", responses=problems(401, 404))
def read_offer(
    offer_id: UUID, response: Response, session: ReadSession, actor: SignedIn
) -> OfferOut:
    """Return an offer, one that was answered too."""
    seen = offer_seen(session, offer_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such offer, or it is not yours to see; look at your list.")
    return _shown(seen, response)


@router.post("/offers/{offer_id}/accept", responses=problems(401, 403, 404, 409, 412))
def accept_offer(
    offer_id: UUID, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> OfferOut:
    """Take the offered time: it is confirmed, or waits for approval where the facility asks."""
    seen = services.accept(session, actor=actor, now=now, offer_id=offer_id)
    return _shown(seen, response)


@router.post("/offers/{offer_id}/decline", responses=problems(401, 403, 404, 409, 412))
def decline_offer(
    offer_id: UUID, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> OfferOut:
    """Let the time go to the next in line; the entry waits on for other time."""
    seen = services.decline(session, actor=actor, now=now, offer_id=offer_id)
    return _shown(seen, response)


def _shown(seen: OfferSeen, response: Response) -> OfferOut:
    shown = _out(seen)
    set_etag(response, shown)
    return shown


def _out(seen: OfferSeen) -> OfferOut:
    offer, booking = seen.offer, seen.seen.booking
    return OfferOut(
        id=offer.id,
        booking_id=booking.id,
        entry_id=offer.entry_id,
        displaced_id=offer.displaced_id,
        resource_id=booking.resource_id,
        project_id=booking.project_id,
        person_id=booking.person_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        quantity=booking.quantity,
        title=booking.title,
        state=offer.state,
        booking_status=booking.status,
        made_at=offer.made_at,
        deadline_at=offer.deadline_at,
        answered_at=offer.answered_at,
        standing=offer.standing,
        why=list(standing_words(offer.standing)),
    )
