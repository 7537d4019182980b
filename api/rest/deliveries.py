"""Messages as they stand: what could not be sent, and sending it again."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.deps import Cursor, Instant, Limit, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.facilities import facility_at
from booking.engine.delivery_words import failure_in_words
from booking.engine.vocabulary import DeliveryState
from booking.errors import NotFound
from booking.queries.deliveries import DeliverySeen, deliveries_seen, delivery_seen
from booking.services import deliveries

router = APIRouter(tags=["mail"], route_class=IdempotentRoute)


class DeliveryOut(BaseModel):
    """A message to one reader; `why` says in words what `last_error` means."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    facility_id: UUID | None
    kind: str
    subject_id: UUID
    happened_at: Instant
    address: str
    state: DeliveryState
    attempts: int
    due_at: Instant
    sent_at: Instant | None
    last_error: str
    why: str


class DeliveryList(BaseModel):
    """A page of messages, the oldest first."""

    items: list[DeliveryOut]
    next: str | None


class SentAgain(BaseModel):
    """How many messages will be sent again."""

    count: int


@router.get("/deliveries", responses=problems(401, 403, 404))
def list_deliveries(
    session: ReadSession,
    actor: SignedIn,
    state: DeliveryState = DeliveryState.FAILED,
    facility: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryList:
    """List messages of the facilities that the caller manages; those that failed unless said."""
    place = None if facility is None else facility_at(session, facility).id
    page = deliveries_seen(
        session, viewer=actor, facility_id=place, state=state, limit=limit, cursor=cursor
    )
    return DeliveryList(items=[_out(each) for each in page.items], next=page.next)


@router.post("/deliveries/{delivery_id}/resend", responses=problems(401, 403, 404, 409))
def resend_delivery(
    delivery_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> DeliveryOut:
    """Send a message that was given up again, from the first try on, under its Message-ID."""
    deliveries.retry(session, actor=actor, delivery_id=delivery_id, now=now)
    seen = delivery_seen(session, delivery_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such message; look at the list of those that failed.")
    return _out(seen)


@router.post("/facilities/{facility}/deliveries/resend", responses=problems(401, 403, 404))
def resend_all(facility: str, session: WriteSession, actor: SignedIn, now: Now) -> SentAgain:
    """Send every message of a facility that was given up again."""
    place = facility_at(session, facility)
    count = deliveries.retry_all(session, actor=actor, facility_id=place.id, now=now)
    return SentAgain(count=count)


def _out(seen: DeliverySeen) -> DeliveryOut:
    why = failure_in_words(seen.last_error) if seen.last_error else ""
    return DeliveryOut.model_validate({**_values(seen), "why": why})


def _values(seen: DeliverySeen) -> dict[str, object]:
    return {name: getattr(seen, name) for name in DeliveryOut.model_fields if name != "why"}
