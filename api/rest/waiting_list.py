"""The waiting list: who waits for time of which resource, and in which place."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Cursor, Instant, Limit, Line, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.vocabulary import WaitlistState
from booking.errors import NotFound
from booking.queries.offered_time import open_offers_to
from booking.queries.waiting_list import EntryFilter, EntrySeen, entries_seen, entry_seen
from booking.services import waiting_list as services
from booking.services.waiting_line import places_of

router = APIRouter(tags=["waiting list"], route_class=IdempotentRoute)

MOST_MINUTES = 31 * 24 * 60
MOST_UNITS = 2**31 - 1


class EntryOut(BaseModel):
    """An entry of the waiting list: so many minutes anywhere between start and end.

    `place` is 1 for who is asked next about that time; null for who waits no longer.
    `offer_id` is an offer to it that is not answered yet.
    """

    id: UUID
    resource_id: UUID
    project_id: UUID
    person_id: UUID
    starts_at: Instant
    ends_at: Instant
    minutes: int
    quantity: int
    title: str
    state: WaitlistState
    place: int | None
    offer_id: UUID | None
    entered_at: Instant


class EntryList(BaseModel):
    """A page of the waiting list."""

    items: list[EntryOut]
    next: str | None


class EntryIn(BaseModel):
    """Time to wait for; without `minutes` it is all of the time between start and end."""

    model_config = ConfigDict(extra="forbid")

    resource_id: UUID
    project_id: UUID
    starts_at: Instant
    ends_at: Instant
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES, strict=True)] | None = None
    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS, strict=True)] = 1
    title: Line = ""


@router.get("/waiting-list", responses=problems(401))
def list_waiting(
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    resource: UUID | None = None,
    project: UUID | None = None,
    state: Annotated[list[WaitlistState] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EntryList:
    """List the entries the caller may see, by the start of what they wait for."""
    only = EntryFilter(
        resource_id=resource,
        project_id=project,
        states=frozenset(state) if state else None,
    )
    page = entries_seen(session, viewer=actor, only=only, limit=limit, cursor=cursor)
    return EntryList(items=_shown(session, page.items, now), next=page.next)


@router.post("/waiting-list", status_code=201, responses=problems(401, 403, 404, 409))
def join_waiting_list(given: EntryIn, session: WriteSession, actor: SignedIn, now: Now) -> EntryOut:
    """Wait for time that is taken; where some is free, the answer is 409 and says which."""
    new = services.NewEntry(
        resource_id=given.resource_id,
        project_id=given.project_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        minutes=given.minutes,
        quantity=given.quantity,
        title=given.title,
    )
    entry = services.join(session, actor=actor, now=now, new=new)
    return _one(session, actor, entry.id, now)


@router.delete("/waiting-list/{entry_id}", responses=problems(401, 403, 404, 409))
def leave_waiting_list(
    entry_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> EntryOut:
    """Wait no longer; an offer that is open is declined with it."""
    services.leave(session, actor=actor, now=now, entry_id=entry_id)
    return _one(session, actor, entry_id, now)


def _one(session: WriteSession, actor: SignedIn, entry_id: UUID, now: Now) -> EntryOut:
    seen = entry_seen(session, entry_id, viewer=actor)
    if seen is None:
        raise NotFound("You wait for no such time, or it is not yours to see; look at your list.")
    return _shown(session, (seen,), now)[0]


def _shown(session: ReadSession, entries: tuple[EntrySeen, ...], now: Now) -> list[EntryOut]:
    places = places_of(session, entries, now=now)
    offers = open_offers_to(session, [each.entry.id for each in entries])
    return [
        EntryOut(
            id=each.entry.id,
            resource_id=each.entry.resource_id,
            project_id=each.entry.project_id,
            person_id=each.entry.person_id,
            starts_at=each.entry.earliest_at,
            ends_at=each.entry.latest_at,
            minutes=each.entry.minutes,
            quantity=each.entry.quantity,
            title=each.entry.title,
            state=each.entry.state,
            place=places.get(each.entry.id),
            offer_id=offers.get(each.entry.id),
            entered_at=each.entry.entered_at,
        )
        for each in entries
    ]
