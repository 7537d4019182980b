"""Organisations, the facts they declare, and their members."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, JsonValue

from api.deps import Cursor, Day, Limit, Line, Name, Now, Prose, ReadSession, SignedIn, WriteSession
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.declared_facts import FactName
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


class NewFact(BaseModel):
    """A fact to declare, as of the day it speaks of."""

    model_config = ConfigDict(extra="forbid")

    name: FactName
    value: JsonValue
    as_of: Day


class Fact(BaseModel):
    """A declared fact; `verified_at` None is not yet verified."""

    id: UUID
    name: FactName
    value: Any
    as_of: date
    declared_by: UUID | None
    declared_at: datetime
    verified_by: UUID | None
    verified_at: datetime | None


class Facts(BaseModel):
    """All declared facts, by name and day; there is one page."""

    items: list[Fact]
    next: str | None = None


class Verification(BaseModel):
    """Whether the fact is verified; false takes a verification back."""

    model_config = ConfigDict(extra="forbid")

    verified: bool = True


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


@router.get("/organisations/{organisation_id}/facts", responses=problems(401, 403, 404))
def list_facts(organisation_id: UUID, session: ReadSession, actor: SignedIn) -> Facts:
    """Return what the organisation declared."""
    rows = organisations.list_facts(session, actor=actor, organisation_id=organisation_id)
    return Facts(items=[_fact(each) for each in rows])


@router.post(
    "/organisations/{organisation_id}/facts",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def declare_fact(
    organisation_id: UUID, new: NewFact, session: WriteSession, actor: SignedIn, now: Now
) -> Fact:
    """Declare a fact; for the same day it replaces only one that is not verified."""
    row = organisations.declare_fact(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        name=new.name,
        value=new.value,
        as_of=new.as_of,
    )
    return _fact(row)


@router.post(
    "/organisations/{organisation_id}/facts/{fact_id}/verify",
    responses=problems(401, 403, 404, 409),
)
def verify_fact(
    organisation_id: UUID,
    fact_id: UUID,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    verification: Verification | None = None,
) -> Fact:
    """Verify a fact, or take its verification back."""
    row = organisations.verify_fact(
        session,
        actor=actor,
        now=now,
        organisation_id=organisation_id,
        fact_id=fact_id,
        verified=verification is None or verification.verified,
    )
    return _fact(row)


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


def _fact(row: Any) -> Fact:
    return Fact.model_validate(row, from_attributes=True)
