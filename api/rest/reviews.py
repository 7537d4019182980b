"""Decisions on access requests, and the reviews they rest on."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, model_validator

from api.deps import Instant, Now, Prose, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.rounds import Key, Score
from booking.engine.lifecycle import BookingMode
from booking.engine.permissions import Action, Scope, may
from booking.errors import NotFound
from booking.queries import decisions as decisions_read
from booking.queries import requests as requests_read
from booking.queries import rounds as rounds_read
from booking.services import reviews
from booking.services.permits import permit

router = APIRouter(tags=["access requests"], route_class=IdempotentRoute)


class BlockerOut(BaseModel):
    """Who holds what was asked for, under a pseudonym that is the same all through the round."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    points_per_hour: float
    group: str | None


class CapOut(BaseModel):
    """Hours of one unit at rate 1: the cap, what the organisation holds, what the request needs."""

    model_config = ConfigDict(from_attributes=True)

    most: float
    held: float
    needed: float


class ReasonOut(BaseModel):
    """One reason, with a sentence in plain words."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    session: int | None
    resource_id: UUID | None
    resource_name: str
    starts_at: Instant | None
    sentence: str
    blockers: list[BlockerOut]
    cap: CapOut | None


class PlacementOut(BaseModel):
    """Where and when a session was placed."""

    model_config = ConfigDict(from_attributes=True)

    session: int
    resource_id: UUID
    resource_name: str
    starts_at: Instant
    ends_at: Instant
    quantity: int


class NearSlotOut(BaseModel):
    """A slot that the round left free, for one session; somebody may have booked it since."""

    model_config = ConfigDict(from_attributes=True)

    session: int
    resource: UUID
    resource_name: str
    facility_name: str
    mode: BookingMode
    starts_at: Instant
    ends_at: Instant
    quantity: int


class DecisionOut(BaseModel):
    """What was decided and why; `points_needed_per_hour` would have placed the request.

    `points_per_hour` are its own: score times past use. `standing` sets both side by side in
    words, `advice` says what would have helped, `nearest` are free slots of the same kind.
    """

    model_config = ConfigDict(from_attributes=True)

    request_id: UUID
    granted: bool
    published: bool
    decided_at: Instant
    merit: int | None
    points_per_hour: int | None
    points_needed_per_hour: int | None
    standing: str
    reasons: list[ReasonOut]
    advice: list[str]
    placements: list[PlacementOut]
    nearest: list[NearSlotOut]
    problem_sha256: str
    result_sha256: str


class ReviewIn(BaseModel):
    """A score with a comment, or a conflict of interest; never both."""

    model_config = ConfigDict(extra="forbid")

    score: Score | None = None
    comment: Prose = ""
    conflict: Prose = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "ReviewIn":
        if (self.score is None) == (not self.conflict.strip()):
            raise ValueError("give either a score or a conflict of interest")
        return self


class ReviewOut(BaseModel):
    """A review of an access request."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    reviewer_id: UUID
    score: int | None
    comment: str
    conflict: str
    reviewed_at: Instant


class ReviewList(BaseModel):
    """All reviews of a request; there is one page."""

    items: list[ReviewOut]
    next: str | None = None


@router.get("/rounds/{key}/requests/{request_id}/decision", responses=problems(401, 404))
def see_decision(key: Key, request_id: UUID, session: ReadSession, actor: SignedIn) -> DecisionOut:
    """Return the decision with its reasons, and what would have placed the request."""
    row = requests_read.visible_request(session, key, request_id, viewer=actor)
    facts = decisions_read.decision_facts(session, row)
    found = rounds_read.find_round(session, str(row.round_id))
    board = may(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
    if not facts.published and not board:
        raise NotFound("Nothing was published on this request yet; look again after the decision.")
    return DecisionOut.model_validate(facts)


@router.get("/rounds/{key}/requests/{request_id}/reviews", responses=problems(401, 403, 404))
def list_reviews(key: Key, request_id: UUID, session: ReadSession, actor: SignedIn) -> ReviewList:
    """Return the reviews of a request, to its reviewers and the board."""
    row = requests_read.visible_request(session, key, request_id, viewer=actor)
    found = rounds_read.find_round(session, str(row.round_id))
    permit(actor, Action.REVIEW_SEE, Scope(facility_id=found.facility_id))
    rows = requests_read.reviews_of(session, row.id)
    return ReviewList(items=[ReviewOut.model_validate(each) for each in rows])


@router.post(
    "/rounds/{key}/requests/{request_id}/reviews",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def write_review(
    key: Key, request_id: UUID, given: ReviewIn, session: WriteSession, actor: SignedIn, now: Now
) -> ReviewOut:
    """Score a request, or declare a conflict of interest; a second one replaces the first."""
    if given.score is None:
        row = reviews.declare_conflict(
            session,
            actor=actor,
            now=now,
            round_key=key,
            request_id=request_id,
            conflict=given.conflict,
        )
    else:
        row = reviews.write_review(
            session,
            actor=actor,
            now=now,
            round_key=key,
            request_id=request_id,
            score=given.score,
            comment=given.comment,
        )
    return ReviewOut.model_validate(row)
