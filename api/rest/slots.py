"""Free slots across resources."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import CurrentActor, Cursor, Instant, Limit, Now, ReadSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.resources import LONGEST_SEARCH, Filters, Minutes, Quantity, interval_of
from booking.queries.availability import TimeWish, free_slots

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)


class SlotOut(BaseModel):
    """A free slot that may be booked; all its units are free throughout."""

    resource_id: UUID
    resource_name: str
    facility: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    quantity: int


class SlotList(BaseModel):
    """A page of free slots."""

    items: list[SlotOut]
    next: str | None


@router.get("/slots", responses=problems(401))
def list_slots(
    session: ReadSession,
    actor: CurrentActor,
    now: Now,
    filters: Filters,
    start: Annotated[Instant, Query(description="No slot starts earlier")],
    end: Annotated[Instant, Query(description="No slot ends later")],
    minutes: Minutes = None,
    quantity: Quantity = 1,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SlotList:
    """Return a page of free slots, by resource and then by start; at most 92 days.

    Slots start on each resource's grid; `minutes` of none is the shortest it lets.
    """
    within = interval_of(start, end, longest=LONGEST_SEARCH, at="/query/end")
    page = free_slots(
        session,
        viewer=actor,
        search=filters,
        wish=TimeWish(within, minutes, quantity),
        now=now,
        limit=limit,
        cursor=cursor,
    )
    items = [
        SlotOut(
            resource_id=each.resource.id,
            resource_name=each.resource.name,
            facility=each.resource.facility_slug,
            kind=each.resource.kind,
            starts_at=each.slot.start,
            ends_at=each.slot.end,
            quantity=quantity,
        )
        for each in page.items
    ]
    return SlotList(items=items, next=page.next)
