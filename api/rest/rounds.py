"""Allocation rounds: drafted, opened, closed, allocated, published; their results."""

import json
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import Session

from api import round_run
from api.deps import (
    AppDatabase,
    AppSettings,
    ClaimLast,
    CurrentActor,
    Cursor,
    Day,
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
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Actor, Scope, may
from booking.errors import NotFound
from booking.queries import decisions as decisions_read
from booking.queries import rounds as rounds_read
from booking.services import round_drafts, rounds

router = APIRouter(tags=["rounds"], route_class=IdempotentRoute)

DAY_MINUTES: Final = 1440
MOST_FACILITIES: Final = 100
LOWEST_SCORE, HIGHEST_SCORE = 300, 1000
PUBLIC: Final = (
    "format",
    "problem_sha256",
    "result_sha256",
    "seed",
    "stopped",
    "objective",
    "bound",
    "certificate_bound",
    "gap",
    "work",
)

Key = Annotated[
    str, Path(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Slug or id")
]
Named = Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Slug = Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Step = Annotated[int, Field(ge=1, le=DAY_MINUTES, strict=True)]
Score = Annotated[int, Field(ge=LOWEST_SCORE, le=HIGHEST_SCORE, strict=True)]


class GroupOut(BaseModel):
    """An equity group at a facility; credits are unit-hours at rate 1.

    `verified_organisations` were counted at `snapshot_at`, null where they are fewer than 5, or
    where the groups' shares would give away another group's number below 5.
    """

    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    reserved_share_ppm: int
    reserved_credits: float | None
    verified_organisations: int | None


class TakingPartOut(BaseModel):
    """A facility that takes part."""

    model_config = ConfigDict(from_attributes=True)

    facility_id: UUID
    slug: str
    name: str
    zone: str
    country: str
    offered_credits: float | None
    published_at: Instant | None
    groups: list[GroupOut]


class RoundOut(BaseModel):
    """A round; the seed is shown once it is published, its hash before."""

    id: UUID
    slug: str
    name: str
    description: str
    state: RoundState
    lead_facility_id: UUID
    call_opens_at: Instant
    call_closes_at: Instant
    decision_on: date
    access_starts_at: Instant
    access_ends_at: Instant
    step_minutes: int
    quality_threshold: int
    policy_version: int | None
    seed_hash: str
    seed: str | None
    submitted: int
    snapshot_at: Instant | None
    facilities: list[TakingPartOut]


class RoundList(BaseModel):
    """A page of rounds."""

    items: list[RoundOut]
    next: str | None


class RoundIn(BaseModel):
    """A round to draft; the first facility (slug or id) leads it."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    name: Name
    facilities: Annotated[list[Named], Field(min_length=1, max_length=MOST_FACILITIES)]
    description: Prose = ""
    call_opens_at: Instant
    call_closes_at: Instant
    decision_on: Day
    access_starts_at: Instant
    access_ends_at: Instant
    step_minutes: Step = 60
    quality_threshold: Score = LOWEST_SCORE


class RoundChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug | None = None
    name: Name | None = None
    description: Prose | None = None
    call_opens_at: Instant | None = None
    call_closes_at: Instant | None = None
    decision_on: Day | None = None
    access_starts_at: Instant | None = None
    access_ends_at: Instant | None = None
    step_minutes: Step | None = None
    quality_threshold: Score | None = None


class NewLead(BaseModel):
    """The facility (slug or id) whose policy is to rule the round."""

    model_config = ConfigDict(extra="forbid")

    facility: Named


class CertificateOut(BaseModel):
    """How good the timetable is: the best possible is worth at most `bound`."""

    model_config = ConfigDict(from_attributes=True)

    number: int | None
    problem_sha256: str
    result_sha256: str
    objective: float
    bound: float
    gap: float
    granted: int
    not_granted: int
    bookings: int


class PublishedOut(BaseModel):
    """What publishing made."""

    bookings: int
    state: RoundState


@router.get("/rounds", responses=problems(401))
def list_rounds(
    session: ReadSession,
    actor: CurrentActor,
    *,
    state: RoundState | None = None,
    facility: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RoundList:
    """Return rounds by slug; drafts only to who may run them."""
    page = rounds_read.rounds(
        session, viewer=actor, state=state, facility_id=facility, limit=limit, cursor=cursor
    )
    shown = [_shown(rounds_read.round_facts(session, each)) for each in page.items]
    return RoundList(items=shown, next=page.next)


@router.post("/rounds", status_code=201, responses=problems(401, 403, 404, 409))
def create_round(
    given: RoundIn, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> RoundOut:
    """Draft a round of one or more facilities."""
    wish = rounds.RoundWish(**given.model_dump(exclude={"facilities"}))
    row = rounds.create_round(
        session, actor=actor, now=now, wish=wish, facility_keys=given.facilities
    )
    return _answered(rounds_read.round_facts(session, row), response)


@router.get("/rounds/{key}", responses=problems(401, 404))
def see_round(key: Key, response: Response, session: ReadSession, actor: CurrentActor) -> RoundOut:
    """Return one round with its rules."""
    row = rounds_read.visible_round(session, key, viewer=actor)
    return _answered(rounds_read.round_facts(session, row), response)


@router.patch("/rounds/{key}", responses=problems(401, 403, 404, 409, 412))
def change_round(
    key: Key,
    given: RoundChange,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    if_match: IfMatch = None,
) -> RoundOut:
    """Change a draft."""
    _seen_as_is(session, key, actor, if_match)
    changes = given.model_dump(exclude_none=True)
    row = rounds.edit_round(session, actor=actor, now=now, key=key, changes=changes)
    return _answered(rounds_read.round_facts(session, row), response)


@router.delete("/rounds/{key}", status_code=204, responses=problems(401, 403, 404, 409, 412))
def delete_round(
    key: Key, session: WriteSession, actor: SignedIn, now: Now, if_match: IfMatch = None
) -> None:
    """Delete a draft whose call never opened."""
    _seen_as_is(session, key, actor, if_match)
    round_drafts.delete_draft(session, actor=actor, now=now, key=key)


@router.post("/rounds/{key}/lead", responses=problems(401, 403, 404, 409, 412))
def hand_over_lead(
    key: Key,
    given: NewLead,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    if_match: IfMatch = None,
) -> RoundOut:
    """Let another facility lead a draft: its policy will rule the round."""
    _seen_as_is(session, key, actor, if_match)
    row = round_drafts.hand_over_lead(
        session, actor=actor, now=now, key=key, facility=given.facility
    )
    return _answered(rounds_read.round_facts(session, row), response)


@router.post("/rounds/{key}/open", responses=problems(401, 403, 404, 409))
def open_round(
    key: Key, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> RoundOut:
    """Open the call; the policy version and the offered hours are frozen."""
    row = rounds.open_round(session, actor=actor, now=now, key=key)
    return _answered(rounds_read.round_facts(session, row), response)


@router.post("/rounds/{key}/close", responses=problems(401, 403, 404, 409))
def close_round(
    key: Key, response: Response, session: WriteSession, actor: SignedIn, now: Now
) -> RoundOut:
    """Close the call of an open round; close a published round for good."""
    found = rounds_read.visible_round(session, key, viewer=actor)
    close = rounds.close_call if found.state is RoundState.OPEN else rounds.close_round
    row = close(session, actor=actor, now=now, key=key)
    return _answered(rounds_read.round_facts(session, row), response)


@router.post("/rounds/{key}/allocate", responses=problems(401, 403, 404, 409))
def allocate_round(
    key: Key,
    database: AppDatabase,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
    *,
    dry_run: bool = False,
) -> CertificateOut:
    """Allocate the round and answer the certificate; a dry run stores nothing."""
    certificate = round_run.allocate_round(
        database, actor=actor, now=now, key=key, store=not dry_run, with_last=claim
    )
    return CertificateOut.model_validate(certificate)


@router.post("/rounds/{key}/publish", responses=problems(401, 403, 404, 409))
def publish_round(
    key: Key,
    database: AppDatabase,
    settings: AppSettings,
    actor: SignedIn,
    now: Now,
    claim: ClaimLast,
) -> PublishedOut:
    """Create the bookings, one transaction a facility, and tell everyone."""
    count = round_run.publish_round(
        database, actor=actor, now=now, settings=settings, key=key, with_last=claim
    )
    return PublishedOut(bookings=count, state=RoundState.PUBLISHED)


@router.get("/rounds/{key}/result", responses=problems(401, 404))
def see_result(key: Key, session: ReadSession, actor: CurrentActor) -> dict[str, Any]:
    """Return the newest result in the file format of `benchshare allocate`.

    Until the round is published for who may run or audit it only. Others are shown the
    certificate: figures of few organisations would tell whose they are, so who got what
    share is in the equity report, which leaves such cells out.
    """
    found = rounds_read.visible_round(session, key, viewer=actor)
    whole = may(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
    if not whole and found.state not in {RoundState.PUBLISHED, RoundState.CLOSED}:
        raise NotFound("The round has no published result yet; look again after the decision.")
    result: dict[str, Any] = json.loads(decisions_read.result_of(session, found).result)
    if whole:
        return result
    return {name: result[name] for name in PUBLIC}


@router.get("/rounds/{key}/bundle", responses=problems(401, 403, 404))
def see_bundle(key: Key, database: AppDatabase, actor: SignedIn) -> dict[str, Any]:
    """Return all that running the round again needs: see `benchshare round verify`."""
    return round_run.bundle_of(database, actor=actor, key=key)


def _seen_as_is(session: Session, key: str, actor: Actor, if_match: str | None) -> None:
    """Return if the actor may know of the round, and saw it as it is or did not say."""
    before = rounds_read.visible_round(session, key, viewer=actor)
    lock_to_match(session, if_match, before)
    check_match(if_match, _shown(rounds_read.round_facts(session, before)))


def _answered(facts: rounds_read.RoundFacts, response: Response) -> RoundOut:
    shown = _shown(facts)
    set_etag(response, shown)
    return shown


def _shown(facts: rounds_read.RoundFacts) -> RoundOut:
    row = facts.round
    return RoundOut(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        state=row.state,
        lead_facility_id=row.facility_id,
        call_opens_at=row.call_opens_at,
        call_closes_at=row.call_closes_at,
        decision_on=row.decision_on,
        access_starts_at=row.access_starts_at,
        access_ends_at=row.access_ends_at,
        step_minutes=row.step_minutes,
        quality_threshold=row.quality_threshold,
        policy_version=facts.policy.number if facts.policy else None,
        seed_hash=row.seed_hash,
        seed=facts.seed,
        submitted=facts.submitted,
        snapshot_at=facts.snapshot_at,
        facilities=[TakingPartOut.model_validate(each) for each in facts.facilities],
    )
