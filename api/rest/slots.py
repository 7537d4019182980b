"""Free slots across resources."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.deps import CurrentActor, Cursor, Instant, Limit, Now, ReadSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.resources import LONGEST_SEARCH, Filters, Minutes, Quantity, interval_of
from api.short_ways import json_response
from booking.engine.permissions import Actor
from booking.errors import NotFound
from booking.queries.availability import FreeSlot, free_slots
from booking.queries.busy_calendars import busy_among
from booking.queries.slot_batches import TimeWish
from booking.queries.slots_for_project import Team

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
    busy_elsewhere: bool


class SlotList(BaseModel):
    """A page of free slots."""

    items: list[SlotOut]
    next: str | None


@router.get("/slots", response_model=SlotList, responses=problems(401, 404))
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
    project: Annotated[
        UUID | None, Query(description="Only slots that this project of yours may book")
    ] = None,
) -> Response:
    """Return a page of free slots, by resource and then by start; at most 92 days.

    Slots start on each resource's grid; `minutes` of none is the shortest it lets. For a
    project it is only what every rule of booking lets it have: `kind` "x-ray
    diffractometer" is then any of them that it may use. `busy_elsewhere` says whether a busy
    calendar of the caller's own has something on.
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
        team=None if project is None else _team(actor, project),
    )
    busy = busy_among(session, actor.person_id, [each.slot for each in page.items])
    items = [_shown(each, quantity, busy=each.slot in busy) for each in page.items]
    return json_response({"items": items, "next": page.next})


def _shown(each: FreeSlot, quantity: int, *, busy: bool) -> dict[str, Any]:
    return {
        "resource_id": each.resource.id,
        "resource_name": each.resource.name,
        "facility": each.resource.facility_slug,
        "kind": each.resource.kind,
        "starts_at": each.slot.start,
        "ends_at": each.slot.end,
        "quantity": quantity,
        "busy_elsewhere": busy,
    }


def _team(actor: Actor, project_id: UUID) -> Team:
    if actor.person_id is None or project_id not in actor.project_ids:
        raise NotFound("You have no such project; look in the list of your projects.")
    return Team(project_id, actor.person_id)
