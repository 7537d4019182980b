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
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.engine.violations import Violation
from booking.engine.vocabulary import ClosureKind
from booking.errors import Malformed, NotFound
from booking.queries import closures as reads
from booking.services import closures
from booking.services.closures import ClosureChanges, NewClosure
from booking.services.displacement import Displacement

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
    estimated: Annotated[
        bool, Field(description="The date is not certain: new bookings keep off, none gives way")
    ] = False
    dry_run: Annotated[bool, Field(description="Say what it would do, and do nothing")] = False


class ClosureChange(BaseModel):
    """What changes of a closure."""

    model_config = ConfigDict(extra="forbid")

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    kind: ClosureKind | None = None
    reason: Prose | None = None
    estimated: bool | None = None
    dry_run: Annotated[bool, Field(description="Say what it would do, and do nothing")] = False


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
    estimated: bool
    created_at: datetime


class OtherTimeOut(BaseModel):
    """A time that would do instead, with the clock of its facility."""

    model_config = ConfigDict(from_attributes=True)

    resource_id: UUID
    resource_name: str
    facility_name: str
    zone: str
    starts_at: datetime
    ends_at: datetime


class FallenUponOut(BaseModel):
    """A booking that a closure falls upon, as it was before.

    `offered` is the one of its `alternatives` that is kept for it until it is answered.
    """

    model_config = ConfigDict(from_attributes=True)

    booking_id: UUID
    closure_id: UUID
    resource_id: UUID
    resource_name: str
    project_id: UUID
    project_name: str
    person_id: UUID
    person_name: str
    starts_at: datetime
    ends_at: datetime
    quantity: int
    status: BookingStatus
    alternatives: list[OtherTimeOut]
    offered: OtherTimeOut | None


class FallenUponLists(BaseModel):
    """The bookings that gave way, and those that stay: in use, or the date is estimated."""

    displaced: list[FallenUponOut]
    staying: list[FallenUponOut]


class ChangedClosure(FallenUponLists, ClosureOut):
    """A closure, with what it did to the bookings that it falls upon."""


class AddedClosure(ChangedClosure):
    """A new closure; `overlapping_bookings` are the ids of all that it falls upon.

    After a dry run there is none, and what is said of it is what would be.
    """

    overlapping_bookings: list[UUID]


class ClosureList(BaseModel):
    """A page of closures."""

    items: list[ClosureOut]
    next: str | None


def fallen_upon(found: Displacement) -> dict[str, list[FallenUponOut]]:
    """Return both lists as they are answered."""
    return {
        "displaced": [FallenUponOut.model_validate(each) for each in found.displaced],
        "staying": [FallenUponOut.model_validate(each) for each in found.staying],
    }


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


@router.post(
    "/closures",
    status_code=201,
    responses={
        200: {"description": "What a dry run found", "model": AddedClosure},
        **problems(401, 403, 404, 409),
    },
)
def create_closure(
    session: WriteSession, actor: SignedIn, now: Now, body: ClosureIn, response: Response
) -> AddedClosure:
    """Close a resource or a facility for a time; bookings in it give way, but those in use."""
    done = closures.add_closure(
        session,
        actor=actor,
        now=now,
        facility_id=_facility_of(session, body, actor),
        new=NewClosure(
            resource_id=body.resource_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            kind=body.kind,
            reason=body.reason,
            estimated=body.estimated,
        ),
        dry_run=body.dry_run,
    )
    if body.dry_run:
        response.status_code = 200
    every = (*done.displacement.displaced, *done.displacement.staying)
    return AddedClosure(
        **ClosureOut.model_validate(done.closure).model_dump(),
        **fallen_upon(done.displacement),
        overlapping_bookings=[each.booking_id for each in every],
    )


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
) -> ChangedClosure:
    """Change a closure; what is left out or null stays. A dry run answers it unchanged."""
    row = _row_at(session, closure_id)
    check_match(if_match, ClosureOut.model_validate(row))
    done = closures.edit_closure(
        session,
        actor=actor,
        now=now,
        closure_id=closure_id,
        changes=ClosureChanges(**body.model_dump(exclude={"dry_run"})),
        dry_run=body.dry_run,
    )
    found = ClosureOut.model_validate(row)
    set_etag(response, found)
    return ChangedClosure(**found.model_dump(), **fallen_upon(done.displacement))


@router.delete(
    "/closures/{closure_id}", status_code=204, responses=problems(401, 403, 404, 409, 412)
)
def remove_closure(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    closure_id: UUID,
    if_match: IfMatch = None,
) -> None:
    """Take a closure away; its time is free again."""
    check_match(if_match, ClosureOut.model_validate(_row_at(session, closure_id)))
    closures.remove_closure(session, actor=actor, now=now, closure_id=closure_id)
