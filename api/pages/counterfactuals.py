"""Ask what would have placed a request, and stop what is being worked out."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Form
from api.pages.requests import request_shown, theirs
from api.pages.visit import Submitting, go
from booking.errors import DomainError
from booking.queries.requests import find_request
from booking.services import calculations
from booking.services.counterfactuals import ask_counterfactuals

router = APIRouter()
MOST_SCORE = 1000


@router.post("/rounds/{slug}/requests/{request_id:uuid}/counterfactuals")
def ask(visit: Submitting, slug: str, request_id: UUID, form: Form) -> Response:
    """Ask for whatever is worth trying, or for one score: as the pressed button says."""
    shown, facts = theirs(visit, slug, request_id)
    score = form.whole("score", least=0, most=MOST_SCORE)
    if form["do"] == "score":
        form.needed("score", "Write the score to try.")
    if form.refusal:
        return request_shown(visit, shown, facts, refused=form.refusal)
    change: dict[str, Any] | None = None
    if form["do"] == "score":
        change = {"kind": "score", "merit": score}

    def asked(session: Session) -> Any:
        row = find_request(session, request_id, round_id=shown.facts.round.id)
        return ask_counterfactuals(
            session, actor=visit.actor, now=visit.now, request=row, change=change
        )

    done = visit.write(asked)
    if isinstance(done, DomainError):
        return request_shown(visit, shown, facts, refused=done)
    return go(visit, f"/rounds/{slug}/requests/{request_id}#tried")


@router.post("/rounds/{slug}/requests/{request_id:uuid}/counterfactuals/{calculation_id:uuid}/stop")
def stop(visit: Submitting, slug: str, request_id: UUID, calculation_id: UUID) -> Response:
    """Stop what is being worked out; what it has found is kept."""
    theirs(visit, slug, request_id)
    stopped = visit.write(
        lambda session: calculations.stop(
            session, actor=visit.actor, now=visit.now, calculation_id=calculation_id
        )
    )
    words = "It was asked to stop."
    if isinstance(stopped, DomainError):
        words = stopped.message
    return go(visit, f"/rounds/{slug}/requests/{request_id}", words)
