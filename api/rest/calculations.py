"""Calculations: long work of the engine on a round, asked for, watched, stopped."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Cursor, Instant, Limit, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.rounds import Key
from booking.engine.permissions import Action, Scope
from booking.engine.vocabulary import CalculationKind, CalculationState
from booking.queries import calculations as calculations_read
from booking.queries.rounds import visible_round
from booking.services import calculations
from booking.services.permits import permit

router = APIRouter(tags=["calculations"], route_class=IdempotentRoute)


class ProgressOut(BaseModel):
    """How far a calculation is: parts done of all, the best found, the most there can be.

    `gap` is the share that what is found may be short of the best; it falls while parts are
    done. What is not known yet is null.
    """

    done: int | None = None
    total: int | None = None
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None


class CalculationListed(BaseModel):
    """A calculation without its answer; `failure` says in words why there is none."""

    id: UUID
    round_id: UUID
    request_id: UUID | None
    kind: CalculationKind
    state: CalculationState
    question: dict[str, Any]
    progress: ProgressOut
    failure: str
    asked_at: Instant
    stop_asked_at: Instant | None
    finished_at: Instant | None


class CalculationOut(CalculationListed):
    """A calculation with its answer; of a stopped one that is the best found until then."""

    answer: dict[str, Any] | None


class CalculationList(BaseModel):
    """A page of calculations."""

    items: list[CalculationListed]
    next: str | None


class AllocationQuestion(BaseModel):
    """Whether the round is to be allocated by the result, or the result only looked at."""

    model_config = ConfigDict(extra="forbid")

    keep: Annotated[bool, Field(strict=True)] = True


class AllocationAsked(BaseModel):
    """An allocation of the round."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["allocation"]
    question: AllocationQuestion = AllocationQuestion()


@router.get("/rounds/{key}/calculations", responses=problems(401, 403, 404))
def list_calculations(
    key: Key,
    session: ReadSession,
    actor: SignedIn,
    *,
    kind: CalculationKind | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CalculationList:
    """Return the round's calculations, the newest first."""
    found = visible_round(session, key, viewer=actor)
    permit(actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
    page = calculations_read.calculations(session, found.id, kind=kind, limit=limit, cursor=cursor)
    return CalculationList(items=[listed(each) for each in page.items], next=page.next)


@router.post("/rounds/{key}/calculations", status_code=201, responses=problems(401, 403, 404, 409))
def ask_for_calculation(
    key: Key,
    given: AllocationAsked,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
) -> CalculationOut:
    """Have the round allocated in the background; the same question under way is not asked twice.

    A policy is tried by POST /facilities/{key}/policy/try.
    """
    found = visible_round(session, key, viewer=actor)
    row = calculations.ask(
        session,
        actor=actor,
        now=now,
        found=found,
        kind=CalculationKind(given.kind),
        question=given.question.model_dump(),
    )
    response.headers["Location"] = f"/api/v1/calculations/{row.id}"
    return shown(row)


@router.get("/calculations/{calculation_id}", responses=problems(401, 404))
def see_calculation(calculation_id: UUID, session: ReadSession, actor: SignedIn) -> CalculationOut:
    """Return a calculation with its progress, and its answer once there is one."""
    return shown(calculations_read.visible_calculation(session, calculation_id, viewer=actor))


@router.post("/calculations/{calculation_id}/stop", responses=problems(401, 403, 404, 409))
def stop_calculation(
    calculation_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> CalculationOut:
    """Stop a calculation; a running one ends soon, with the best it has found."""
    row = calculations.stop(session, actor=actor, now=now, calculation_id=calculation_id)
    return shown(row)


def shown(row: Any) -> CalculationOut:
    """Return a calculation as the API shows it."""
    known = listed(calculations_read.facts_of(row))
    return CalculationOut(**known.model_dump(), answer=row.answer)


def listed(facts: calculations_read.CalculationFacts) -> CalculationListed:
    """Return a calculation as lists show it."""
    told = {name: facts.progress.get(name) for name in ("done", "total", "objective", "bound")}
    return CalculationListed(
        id=facts.id,
        round_id=facts.round_id,
        request_id=facts.request_id,
        kind=facts.kind,
        state=facts.state,
        question=dict(facts.question),
        progress=ProgressOut(**told, gap=facts.gap),
        failure=facts.failure,
        asked_at=facts.asked_at,
        stop_asked_at=facts.stop_asked_at,
        finished_at=facts.finished_at,
    )
