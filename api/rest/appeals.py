"""Appeals: an applicant asks for a review of facts, an officer answers."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session

from api.deps import Cursor, Instant, Limit, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.counterfactuals import CounterfactualOut, shown
from booking.engine.vocabulary import AppealedFact, AppealState
from booking.queries import appeals as appeals_read
from booking.queries.counterfactuals import visible_request_anywhere
from booking.services import appeals

router = APIRouter(tags=["appeals"], route_class=IdempotentRoute)

Words = Annotated[str, Field(max_length=20_000)]


class AppealIn(BaseModel):
    """Which fact is wrong, and what shows it."""

    model_config = ConfigDict(extra="forbid")

    fact: AppealedFact
    grounds: Words


class AnswerIn(BaseModel):
    """Upheld with the correction, as a change that a counterfactual takes, or dismissed."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["upheld", "dismissed"]
    answer: Words
    correction: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _corrected_if_upheld(self) -> "AnswerIn":
        if (self.state == "upheld") != (self.correction is not None):
            raise ValueError("give a correction with upheld, and none with dismissed")
        return self


class AppealOut(BaseModel):
    """An appeal; `review` is the round solved again with the correction, for the difference."""

    id: UUID
    request_id: UUID
    round_id: UUID
    request_title: str
    organisation_name: str
    fact: AppealedFact
    grounds: str
    state: AppealState
    asked_at: Instant
    answer: str
    correction: dict[str, Any] | None
    answered_at: Instant | None
    review: CounterfactualOut | None


class AppealList(BaseModel):
    """A page of appeals."""

    items: list[AppealOut]
    next: str | None = None


@router.get("/appeals", responses=problems(401))
def list_appeals(
    session: ReadSession,
    actor: SignedIn,
    *,
    state: AppealState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AppealList:
    """Return the appeals on requests that you may see, the newest first."""
    page = appeals_read.appeals(session, viewer=actor, state=state, limit=limit, cursor=cursor)
    return AppealList(items=[_shown(each) for each in page.items], next=page.next)


@router.get("/appeals/{appeal_id}", responses=problems(401, 404))
def see_appeal(appeal_id: UUID, session: ReadSession, actor: SignedIn) -> AppealOut:
    """Return one appeal, with its answer once there is one."""
    return _answered(session, appeals_read.visible_appeal(session, appeal_id, viewer=actor))


@router.post("/appeals/{appeal_id}/answer", responses=problems(401, 403, 404, 409))
def answer_appeal(
    appeal_id: UUID, given: AnswerIn, session: WriteSession, actor: SignedIn, now: Now
) -> AppealOut:
    """Uphold an appeal or dismiss it, in words; the applicant is told by mail.

    With a correction the round is solved again in the background, to show the difference. What
    was published stays.
    """
    row = appeals.answer_appeal(
        session,
        actor=actor,
        now=now,
        appeal_id=appeal_id,
        answer=given.answer,
        correction=given.correction,
    )
    return _answered(session, row)


@router.get("/requests/{request_id}/appeals", responses=problems(401, 404))
def list_appeals_on_request(request_id: UUID, session: ReadSession, actor: SignedIn) -> AppealList:
    """Return the appeals on one access request, the oldest first; there is one page."""
    request = visible_request_anywhere(session, request_id, viewer=actor)
    found = appeals_read.appeals_on(session, request.id)
    return AppealList(items=[_shown(each) for each in found])


@router.post(
    "/requests/{request_id}/appeals",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def make_appeal(
    request_id: UUID, given: AppealIn, session: WriteSession, actor: SignedIn, now: Now
) -> AppealOut:
    """Ask for a review of a fact behind a published decision, within 30 days."""
    request = visible_request_anywhere(session, request_id, viewer=actor)
    row = appeals.make_appeal(
        session, actor=actor, now=now, request=request, fact=given.fact, grounds=given.grounds
    )
    return _answered(session, row)


def _answered(session: Session, row: Any) -> AppealOut:
    return _shown(appeals_read.appeal_facts(session, row))


def _shown(facts: appeals_read.AppealFacts) -> AppealOut:
    return AppealOut(
        id=facts.id,
        request_id=facts.request_id,
        round_id=facts.round_id,
        request_title=facts.request_title,
        organisation_name=facts.organisation_name,
        fact=facts.fact,
        grounds=facts.grounds,
        state=facts.state,
        asked_at=facts.asked_at,
        answer=facts.answer,
        correction=None if facts.correction is None else dict(facts.correction),
        answered_at=facts.answered_at,
        review=None if facts.review is None else shown(facts.review),
    )
