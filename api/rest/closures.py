"""Closures: list, one, add, change, remove."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.deps import (
    CurrentActor,
    Cursor,
    Instant,
    Limit,
    Now,
    Prose,
    ReadSession,
    SignedIn,
    WriteSession,
)
from api.etags import IfMatch, check_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.facilities import facility_at
from api.rest.resources import Filter, facts_at
from booking.engine.permissions import Actor
from booking.engine.violations import Violation
from booking.engine.vocabulary import ClosureKind
from booking.errors import Malformed, NotFound
from booking.queries import closures as reads
from booking.services import closures

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)


class ClosureIn(BaseModel):
    """A new closure, of a resource or, where none is named, of a whole facility."""

    model_config = ConfigDict(extra="forbid")

    facility: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    resource_id: UUID | None = None
    starts_at: Instant
    ends_at: Instant
    kind: ClosureKind = ClosureKind.MAINTENANCE
    reason: Prose = ""


class ClosureChange(BaseModel):
    """What changes of a closure."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    kind: ClosureKind | None = None
    reason: Prose | None = None


class ClosureOut(BaseModel):
    """A closure; `resource_id` is null where the whole facility is closed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    facility_id: UUID
    resource_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    kind: ClosureKind
    reason: str
    created_at: datetime


class AddedClosure(ClosureOut):
    """A new closure, with the bookings it falls upon: they stay until somebody moves them."""

    overlapping_bookings: list[UUID]


class ClosureList(BaseModel):
    """A page of closures."""

    items: list[ClosureOut]
    next: str | None


def _row_at(session: Session, closure_id: UUID) -> Any:
    row = reads.closure(session, closure_id)
    if row is None:
        raise NotFound("There is no such closure; it may have been removed.")
    return row


def _facility_of(session: Session, body: ClosureIn, viewer: Actor) -> UUID:
    if body.facility is not None:
        found_id: UUID = facility_at(session, body.facility).id
        return found_id
    if body.resource_id is not None:
        return facts_at(session, body.resource_id, viewer).facility_id
    reason = "Name what is closed: a `facility`, or a `resource_id`."
    raise Malformed(reason, [Violation("missing", reason, "/facility")])


@router.get("/closures", responses=problems(401))
def list_closures(
    session: ReadSession,
    actor: CurrentActor,
    facility: Filter = "",
    resource_id: UUID | None = None,
    start: Annotated[Instant | None, Query(description="Those that end after it")] = None,
    end: Annotated[Instant | None, Query(description="Those that start before it")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClosureList:
    """Return a page of closures, by start."""
    page = reads.closures(
        session,
        viewer=actor,
        facility=facility,
        resource_id=resource_id,
        ends_after=start,
        starts_before=end,
        limit=limit,
        cursor=cursor,
    )
    items = [ClosureOut.model_validate(each) for each in page.items]
    return ClosureList(items=items, next=page.next)


@router.post("/closures", status_code=201, responses=problems(401, 403, 404, 409))
def create_closure(
    session: WriteSession, actor: SignedIn, now: Now, body: ClosureIn
) -> AddedClosure:
    """Close a resource or a facility for a time."""
    row = closures.add_closure(
        session,
        actor=actor,
        now=now,
        facility_id=_facility_of(session, body, actor),
        resource_id=body.resource_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        kind=body.kind,
        reason=body.reason,
    )
    under = [each.id for each in reads.bookings_under(session, row)]
    closed = ClosureOut.model_validate(row).model_dump()
    return AddedClosure(**closed, overlapping_bookings=under)


@router.get("/closures/{closure_id}", responses=problems(401, 404))
def get_closure(
    session: ReadSession, actor: CurrentActor, closure_id: UUID, response: Response
) -> ClosureOut:
    """Return one closure."""
    row = _row_at(session, closure_id)
    if row.resource_id is not None:
        facts_at(session, row.resource_id, actor)
    found = ClosureOut.model_validate(row)
    set_etag(response, found)
    return found


@router.patch("/closures/{closure_id}", responses=problems(401, 403, 404, 409, 412))
def edit_closure(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    closure_id: UUID,
    body: ClosureChange,
    response: Response,
    if_match: IfMatch = None,
) -> ClosureOut:
    """Change a closure; what is left out or null stays."""
    check_match(if_match, ClosureOut.model_validate(_row_at(session, closure_id)))
    row = closures.edit_closure(
        session,
        actor=actor,
        now=now,
        closure_id=closure_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        kind=body.kind,
        reason=body.reason,
    )
    found = ClosureOut.model_validate(row)
    set_etag(response, found)
    return found


@router.delete("/closures/{closure_id}", status_code=204, responses=problems(401, 403, 404, 409))
def remove_closure(session: WriteSession, actor: SignedIn, now: Now, closure_id: UUID) -> None:
    """Take a closure away."""
    closures.remove_closure(session, actor=actor, now=now, closure_id=closure_id)
