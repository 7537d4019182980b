"""Facilities' terms, and projects' acceptance of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.deps import Instant, Now, Prose, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.rounds import Key
from booking.errors import NotFound
from booking.queries.requests import current_terms
from booking.queries.rounds import facility_named
from booking.services import terms

router = APIRouter(tags=["terms"], route_class=IdempotentRoute)


class TermsIn(BaseModel):
    """Terms to publish."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[Prose, StringConstraints(min_length=1)]


class TermsOut(BaseModel):
    """The current version of a facility's terms."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    facility_id: UUID
    number: int
    text: str
    published_at: Instant


class AcceptanceIn(BaseModel):
    """Which project accepts; `number` is the version that was read."""

    model_config = ConfigDict(extra="forbid")

    project_id: UUID
    number: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)] | None = None


class AcceptanceOut(BaseModel):
    """A project's acceptance of terms."""

    model_config = ConfigDict(from_attributes=True)

    terms_version_id: UUID
    project_id: UUID
    person_id: UUID
    accepted_at: Instant


@router.get("/facilities/{key}/terms", responses=problems(404))
def see_terms(key: Key, session: ReadSession) -> TermsOut:
    """Return the facility's current terms."""
    place = facility_named(session, key)
    found = current_terms(session, [place.id]).get(place.id)
    if found is None:
        raise NotFound(f"{place.name} has no terms; there is nothing to accept.")
    return TermsOut.model_validate(found)


@router.put("/facilities/{key}/terms", responses=problems(401, 403, 404, 409))
def publish_terms(
    key: Key, given: TermsIn, session: WriteSession, actor: SignedIn, now: Now
) -> TermsOut:
    """Publish a new version of the terms; the same text again makes none."""
    row = terms.publish_terms(session, actor=actor, now=now, facility=key, text=given.text)
    return TermsOut.model_validate(row)


@router.post("/facilities/{key}/terms/accept", responses=problems(401, 403, 404, 409))
def accept_terms(
    key: Key, given: AcceptanceIn, session: WriteSession, actor: SignedIn, now: Now
) -> AcceptanceOut:
    """Accept the current terms for a project."""
    row = terms.accept_terms(
        session,
        actor=actor,
        now=now,
        facility=key,
        project_id=given.project_id,
        number=given.number,
    )
    return AcceptanceOut.model_validate(row)
