"""Audit and adopt: a round solved again without a contested declaration, before publication."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Now, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.calculations import CalculationOut, shown
from api.rest.rounds import Key
from booking.services import adoptions

router = APIRouter(tags=["calculations"], route_class=IdempotentRoute)


class AdoptionIn(BaseModel):
    """The request without a place, and the group whose declaration is contested."""

    model_config = ConfigDict(extra="forbid")

    request_id: UUID
    group: Annotated[str, Field(min_length=1, max_length=60)]


@router.post("/rounds/{key}/adoptions", status_code=201, responses=problems(401, 403, 404, 409))
def ask_adoption(
    key: Key, given: AdoptionIn, session: WriteSession, actor: SignedIn, now: Now
) -> CalculationOut:
    """Solve an allocated round again without a declaration, and adopt what scores no less.

    In the background; the answer says which it was, with the numbers. What is adopted becomes
    the round's newest result.
    """
    row = adoptions.ask_adoption(
        session,
        actor=actor,
        now=now,
        key=key,
        request_id=given.request_id,
        group=given.group,
    )
    return shown(row)
