"""What would have placed an access request: asked for, solved again, kept."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from api.deps import Instant, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.reviews import PlacementOut
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.queries import counterfactuals as counterfactuals_read
from booking.queries.counterfactuals import visible_request_anywhere
from booking.services import counterfactuals

router = APIRouter(tags=["access requests"], route_class=IdempotentRoute)


class CounterfactualIn(BaseModel):
    """One change to try; without it, whatever is worth trying.

    A change is an object with `kind` and its values, in steps of the round: `score` (merit),
    `more_alternatives` (session, alternatives as in a problem file), `session_length` (session,
    steps), `units` (session, quantity), `group_added` and `group_removed` (group),
    `corrected_groups` (groups), `fair_share` (fair_share).
    """

    model_config = ConfigDict(extra="forbid")

    change: dict[str, Any] | None = None


class GroupShiftOut(BaseModel):
    """What share of its reserved hours a group has, as published and with the change."""

    group: str
    before: float
    after: float


class AnswerOut(BaseModel):
    """Where a change would have led, found by solving again.

    `exact` if both timetables are proved the best possible. Other requests stand under the
    codes of the decision: `lost` would have had no place, `gained` one, `moved` another one.
    """

    change: dict[str, Any]
    granted: bool
    exact: bool
    sentence: str
    losers: str
    places: list[PlacementOut]
    gained: list[str]
    lost: list[str]
    moved: list[str]
    objective_before: float
    objective_after: float
    attainment: list[GroupShiftOut]


class CounterfactualOut(BaseModel):
    """A question, how far it is, and the answers; GET /calculations/{id} watches it too."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: CalculationState
    change: dict[str, Any] | None
    done: int
    total: int
    tried: int
    failure: str
    asked_at: Instant
    finished_at: Instant | None
    answers: list[AnswerOut]


class CounterfactualList(BaseModel):
    """All that was asked about a request, the newest first; there is one page."""

    items: list[CounterfactualOut]
    next: str | None = None


@router.get("/requests/{request_id}/counterfactuals", responses=problems(401, 404))
def list_counterfactuals(
    request_id: UUID, session: ReadSession, actor: SignedIn
) -> CounterfactualList:
    """Return what was asked of a request, with the answers that are there."""
    request = visible_request_anywhere(session, request_id, viewer=actor)
    rows = counterfactuals_read.calculations_about(
        session, request.id, CalculationKind.COUNTERFACTUAL
    )
    told = counterfactuals_read.calculations_told(session, request, rows)
    return CounterfactualList(items=[shown(each) for each in told])


@router.post(
    "/requests/{request_id}/counterfactuals",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def ask_counterfactuals(
    request_id: UUID,
    given: CounterfactualIn,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> CounterfactualOut:
    """Ask what would have placed a request, or where one change would have led.

    The round is solved again in the background. The same question about the same result is
    answered once.
    """
    request = visible_request_anywhere(session, request_id, viewer=actor)
    row = counterfactuals.ask_counterfactuals(
        session, actor=actor, now=now, request=request, change=given.change
    )
    return told(session, request, row)


def told(session: Session, request: Any, row: Any) -> CounterfactualOut:
    """Return one calculation about a request as the API shows it."""
    (one,) = counterfactuals_read.calculations_told(session, request, [row])
    return shown(one)


def shown(one: counterfactuals_read.CalculationTold) -> CounterfactualOut:
    """Return a calculation in words as the API shows it."""
    return CounterfactualOut(
        id=one.id,
        state=one.state,
        change=None if one.change is None else dict(one.change),
        done=one.done,
        total=one.total,
        tried=one.tried,
        failure=one.failure,
        asked_at=one.asked_at,
        finished_at=one.finished_at,
        answers=[_answer(each) for each in one.answers],
    )


def _answer(one: counterfactuals_read.AnswerTold) -> AnswerOut:
    return AnswerOut(
        change=dict(one.change),
        granted=one.granted,
        exact=one.exact,
        sentence=one.sentence,
        losers=one.losers,
        places=[PlacementOut.model_validate(each) for each in one.places],
        gained=list(one.gained),
        lost=list(one.lost),
        moved=list(one.moved),
        objective_before=one.objective[0],
        objective_after=one.objective[1],
        attainment=[
            GroupShiftOut(group=group, before=before, after=after)
            for group, before, after in one.attainment
        ],
    )
