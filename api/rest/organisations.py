"""Organisations, the facts they declare, and their members."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from api.deps import Cursor, Limit, Line, Name, Now, Prose, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.vocabulary import OrganisationKind
from booking.queries import organisations as organisations_read
from booking.services import organisations

router = APIRouter(tags=["organisations"], route_class=IdempotentRoute)
Country = Annotated[str, Query(pattern="^[A-Za-z]{2}$")]


class Organisation(BaseModel):
    """What every signed-in person may know of an organisation."""

    id: UUID
    name: str
    country: str
    kind: OrganisationKind
    ror_id: str | None
    suspended: bool


class Organisations(BaseModel):
    """One page of organisations, by name."""

    items: list[Organisation]
    next: str | None


class NewOrganisation(BaseModel):
    """An organisation to register."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    country: Line
    kind: OrganisationKind
    ror_id: Line | None = None


class OrganisationChange(BaseModel):
    """What to change; a country holds from today, an empty ROR id takes it away."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    country: Line | None = None
    kind: OrganisationKind | None = None
    ror_id: Line | None = None


class Suspension(BaseModel):
    """Why the organisation is suspended."""

    model_config = ConfigDict(extra="forbid")

    reason: Prose


@router.get("/organisations", responses=problems(401))
def list_organisations(
    session: ReadSession,
    _actor: SignedIn,
    q: Line = "",
    country: Country | None = None,
    kind: OrganisationKind | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Organisations:
    """Return organisations by name."""
    page = organisations_read.organisations(
        session,
        text=q,
        country=country.upper() if country else None,
        kind=kind,
        limit=limit,
        cursor=cursor,
    )
    return Organisations(items=[_shown(each) for each in page.items], next=page.next)


@router.post("/organisations", status_code=201, responses=problems(401, 403, 409))
def create_organisation(
    new: NewOrganisation, session: WriteSession, actor: SignedIn, now: Now, response: Response
) -> Organisation:
    """Register an organisation; who registers it becomes its administrator."""
    row = organisations.create_organisation(session, actor=actor, now=now, **new.model_dump())
    shown = _shown(row)
    set_etag(response, shown)
    return shown


@router.get("/organisations/{organisation_id}", responses=problems(401, 404))
def see_organisation(
    organisation_id: UUID, session: ReadSession, _actor: SignedIn, response: Response
) -> Organisation:
    """Return an organisation."""
    shown = _shown(organisations.known_organisation(session, organisation_id))
    set_etag(response, shown)
    return shown


@router.patch("/organisations/{organisation_id}", responses=problems(401, 403, 404, 409, 412))
def edit_organisation(
    organisation_id: UUID,
    change: OrganisationChange,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> Organisation:
    """Change an organisation."""
    before = organisations_read.organisation(session, organisation_id)
    if before is not None:
        lock_to_match(session, if_match, before)
        check_match(if_match, _shown(before))
    row = organisations.edit_organisation(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        **change.model_dump(exclude_none=True),
    )
    shown = _shown(row)
    set_etag(response, shown)
    return shown


@router.post("/organisations/{organisation_id}/suspend", responses=problems(401, 403, 404, 409))
def suspend_organisation(
    organisation_id: UUID,
    suspension: Suspension,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> Organisation:
    """Suspend an organisation: it takes part in nothing new."""
    row = organisations.suspend(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        reason=suspension.reason,
    )
    return _shown(row)


@router.post("/organisations/{organisation_id}/reinstate", responses=problems(401, 403, 404, 409))
def reinstate_organisation(
    organisation_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> Organisation:
    """End a suspension."""
    row = organisations.reinstate(session, actor=actor, now=now, organisation_id=organisation_id)
    return _shown(row)


def _shown(row: Any) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        country=row.country,
        kind=row.kind,
        ror_id=row.ror_id,
        suspended=row.suspended_at is not None,
    )
