"""Access requests of a round."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.deps import (
    Cursor,
    Instant,
    Limit,
    Name,
    Now,
    Prose,
    ReadSession,
    SignedIn,
    WriteSession,
)
from api.etags import IfMatch, check_match, lock_to_match, set_etag
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.rounds import Key
from booking.engine.lifecycle import RequestState
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.queries import requests as requests_read
from booking.queries import rounds as rounds_read
from booking.services import access_requests

router = APIRouter(tags=["access requests"], route_class=IdempotentRoute)

MOST_MINUTES: Final = 527_040
MOST_UNITS: Final = 2**31 - 1
MOST_RANK: Final = 1000
# Above what the rules allow, so that the rules say what is too much.
MOST_LISTED: Final = 200


class AlternativeIn(BaseModel):
    """A resource, and the window in which the session would do; rank 0 is liked best."""

    model_config = ConfigDict(extra="forbid")

    resource_id: UUID
    earliest_at: Instant
    latest_at: Instant
    rank: Annotated[int, Field(ge=0, le=MOST_RANK, strict=True)] = 0


class SessionIn(BaseModel):
    """One stretch of use; all sessions of a request are granted, or none."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES, strict=True)]
    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS, strict=True)] = 1
    alternatives: Annotated[list[AlternativeIn], Field(max_length=MOST_LISTED)]


class RequestIn(BaseModel):
    """What a project asks for; sent at once, unless it is to be a draft."""

    model_config = ConfigDict(extra="forbid")

    project_id: UUID
    title: Name
    summary: Prose = ""
    sessions: Annotated[list[SessionIn], Field(max_length=MOST_LISTED)]
    state: Literal["draft", "submitted"] = "submitted"


class RequestChange(BaseModel):
    """What is to be different; what is left out stays; sessions are replaced as a whole."""

    model_config = ConfigDict(extra="forbid")

    title: Name | None = None
    summary: Prose | None = None
    sessions: Annotated[list[SessionIn], Field(max_length=MOST_LISTED)] | None = None


class AlternativeOut(BaseModel):
    """A resource and window that would do."""

    model_config = ConfigDict(from_attributes=True)

    resource_id: UUID
    earliest_at: Instant
    latest_at: Instant
    rank: int


class SessionOut(BaseModel):
    """One stretch of use that is asked for."""

    model_config = ConfigDict(from_attributes=True)

    minutes: int
    quantity: int
    alternatives: list[AlternativeOut]


class MembershipOut(BaseModel):
    """Whether the organisation is of an equity group, and why."""

    group: str
    member: bool
    working: list[str]
    verified: bool


class RequestOut(BaseModel):
    """An access request, to those who may see it."""

    id: UUID
    round_id: UUID
    project_id: UUID
    project_name: str
    organisation_id: UUID
    organisation_name: str
    title: str
    summary: str
    state: RequestState
    merit: int | None
    memberships: list[MembershipOut]
    fair_share: float
    submitted_at: Instant | None
    sessions: list[SessionOut]


class RequestList(BaseModel):
    """A page of access requests."""

    items: list[RequestOut]
    next: str | None


@router.get("/rounds/{key}/requests", responses=problems(401, 404))
def list_requests(
    key: Key,
    session: ReadSession,
    actor: SignedIn,
    *,
    state: RequestState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RequestList:
    """Return the round's requests that you may see: your projects', or all on its board."""
    found = rounds_read.visible_round(session, key, viewer=actor)
    page = requests_read.requests_of_round(
        session, found, viewer=actor, state=state, limit=limit, cursor=cursor
    )
    return RequestList(items=[_shown(each) for each in page.items], next=page.next)


@router.post("/rounds/{key}/requests", status_code=201, responses=problems(401, 403, 404, 409))
def create_request(
    key: Key,
    given: RequestIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> RequestOut:
    """Ask for access; a refusal lists every reason with its place in what was sent."""
    row = access_requests.create_request(
        session,
        actor=actor,
        now=now,
        round_key=key,
        project_id=given.project_id,
        title=given.title,
        summary=given.summary,
        sessions=_wanted(given.sessions),
    )
    if given.state == "submitted":
        access_requests.submit_request(
            session, actor=actor, now=now, round_key=key, request_id=row.id
        )
    return _answered(session, row.id, row.round_id, response)


@router.get("/rounds/{key}/requests/{request_id}", responses=problems(401, 404))
def see_request(
    key: Key, request_id: UUID, response: Response, session: ReadSession, actor: SignedIn
) -> RequestOut:
    """Return one access request."""
    row = requests_read.visible_request(session, key, request_id, viewer=actor)
    return _answered(session, row.id, row.round_id, response)


@router.patch("/rounds/{key}/requests/{request_id}", responses=problems(401, 403, 404, 409, 412))
def change_request(
    key: Key,
    request_id: UUID,
    given: RequestChange,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    if_match: IfMatch = None,
) -> RequestOut:
    """Change a draft or a submitted request while the call is open."""
    lock_to_match(session, if_match, rounds_read.visible_round(session, key, viewer=actor))
    before = requests_read.visible_request(session, key, request_id, viewer=actor)
    check_match(if_match, _shown(requests_read.request_facts(session, before)))
    row = access_requests.change_request(
        session,
        actor=actor,
        now=now,
        round_key=key,
        request_id=request_id,
        title=given.title,
        summary=given.summary,
        sessions=None if given.sessions is None else _wanted(given.sessions),
    )
    return _answered(session, row.id, row.round_id, response)


@router.post("/rounds/{key}/requests/{request_id}/submit", responses=problems(401, 403, 404, 409))
def submit_request(
    key: Key,
    request_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> RequestOut:
    """Submit a draft; equity groups are decided on this day."""
    row = access_requests.submit_request(
        session, actor=actor, now=now, round_key=key, request_id=request_id
    )
    return _answered(session, row.id, row.round_id, response)


@router.post("/rounds/{key}/requests/{request_id}/withdraw", responses=problems(401, 403, 404, 409))
def withdraw_request(
    key: Key,
    request_id: UUID,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> RequestOut:
    """Withdraw a request before the round is allocated."""
    row = access_requests.withdraw_request(
        session, actor=actor, now=now, round_key=key, request_id=request_id
    )
    return _answered(session, row.id, row.round_id, response)


def _wanted(given: list[SessionIn]) -> tuple[WantedSession, ...]:
    return tuple(
        WantedSession(
            each.minutes,
            each.quantity,
            tuple(WantedAlternative(**one.model_dump()) for one in each.alternatives),
        )
        for each in given
    )


def _answered(session: Session, request_id: UUID, round_id: UUID, response: Response) -> RequestOut:
    row = requests_read.find_request(session, request_id, round_id=round_id)
    shown = _shown(requests_read.request_facts(session, row))
    set_etag(response, shown)
    return shown


def _shown(facts: requests_read.RequestFacts) -> RequestOut:
    row = facts.request
    return RequestOut(
        id=row.id,
        round_id=row.round_id,
        project_id=row.project_id,
        project_name=facts.project_name,
        organisation_id=facts.organisation_id,
        organisation_name=facts.organisation_name,
        title=row.title,
        summary=row.summary,
        state=row.state,
        merit=row.merit,
        memberships=[MembershipOut.model_validate(each) for each in row.memberships],
        fair_share=row.fair_share_millionths / 1_000_000,
        submitted_at=row.submitted_at,
        sessions=[SessionOut.model_validate(each) for each in facts.sessions],
    )
