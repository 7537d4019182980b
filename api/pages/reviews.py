"""One request on a round's board: what it asks, its reviews, and the form to review it."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.boards import reviewers_page, seen
from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Scope, may
from booking.errors import DomainError
from booking.queries.calculations import adoptions_about
from booking.queries.decisions import decision_facts, latest_decision
from booking.queries.requests import RequestFacts, find_request, request_facts, reviews_of
from booking.queries.round_pages import RoundShown
from booking.services import reviews as services
from booking.services.permits import permit

router = APIRouter()
LOWEST: Final = services.LOWEST_SCORE
HIGHEST: Final = services.HIGHEST_SCORE
MOST_TYPED: Final = 1_000_000


@router.get("/manage/rounds/{slug}/requests/{request_id:uuid}")
def request_on_board(visit: Visiting, slug: str, request_id: UUID) -> Response:
    """Show the request with its reviews, and the visitor's own to write or change."""
    shown, facts = of_board(visit, slug, request_id)
    return request_shown(visit, shown, facts)


@router.post("/manage/rounds/{slug}/requests/{request_id:uuid}/review")
def review(visit: Submitting, slug: str, request_id: UUID, form: Form) -> Response:
    """Write a score with a comment, or declare a conflict: as the pressed button says."""
    shown, facts = of_board(visit, slug, request_id)
    score = form.whole("score", least=0, most=MOST_TYPED)
    if form["do"] != "conflict":
        form.needed("score", f"Give a score from {LOWEST} to {HIGHEST}.")
    if form.refusal:
        return request_shown(visit, shown, facts, form, form.refusal)
    common: dict[str, Any] = {
        "actor": visit.actor,
        "now": visit.now,
        "round_key": slug,
        "request_id": request_id,
    }

    def change(session: Session) -> Any:
        if form["do"] == "conflict":
            return services.declare_conflict(session, **common, conflict=form.line("conflict"))
        return services.write_review(
            session, **common, score=score or 0, comment=form.prose("comment")
        )

    written = visit.write(change)
    if isinstance(written, DomainError):
        return request_shown(visit, shown, facts, form, written)
    return go(visit, f"/manage/rounds/{slug}", f"Your review of “{facts.request.title}” is kept.")


def of_board(visit: Visit, slug: str, request_id: UUID) -> tuple[RoundShown, RequestFacts]:
    """Return a request on the board, if the visitor may see it.

    Raises: NotSignedIn; NotFound; NotPermitted.
    """
    shown = seen(visit, slug)
    found = shown.facts.round
    permit(visit.actor, Action.REQUEST_SEE, Scope(facility_id=found.facility_id))
    facts = visit.read(
        lambda session: request_facts(session, find_request(session, request_id, round_id=found.id))
    )
    return shown, facts


def request_shown(
    visit: Visit,
    shown: RoundShown,
    facts: RequestFacts,
    form: Typed | None = None,
    refused: DomainError | None = None,
) -> Response:
    """Show a request on the board."""
    found = shown.facts.round
    scope = Scope(facility_id=found.facility_id)
    reviews = visit.read(lambda session: reviews_of(session, facts.request.id))
    own = next((each for each in reviews if each.reviewer_id == visit.actor.person_id), None)
    return show(
        visit,
        "board/request.html",
        status=200 if refused is None else STATUS[type(refused)],
        shown=shown,
        round=found,
        facts=facts,
        resources={each.id: each for each in shown.resources},
        group_names={each.key: each.name for each in shown.groups},
        reviews=reviews if may(visit.actor, Action.REVIEW_SEE, scope) else (),
        may_review=may(visit.actor, Action.REVIEW_WRITE, scope)
        and found.state is RoundState.REVIEWING,
        reviewers_page=reviewers_page(visit, shown),
        own=own,
        typed=form or typed(_fields_of(own)),
        errors=errors_of(refused),
        refused=refused,
        decision=_decision(visit, shown, facts),
        adoptions=_adoptions(visit, shown, facts),
        may_adopt=found.state is RoundState.ALLOCATED and may(visit.actor, Action.ROUND_RUN, scope),
    )


def _fields_of(own: Any) -> dict[str, str]:
    if own is None:
        return {}
    score = "" if own.score is None else str(own.score)
    return {"score": score, "comment": own.comment, "conflict": own.conflict}


def _adoptions(visit: Visit, shown: RoundShown, facts: RequestFacts) -> Any:
    """Return what the board asked about the request's declarations, to the board."""
    found = shown.facts.round
    if not may(visit.actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id)):
        return ()
    return visit.read(lambda session: adoptions_about(session, found.id, facts.request.id))


def _decision(visit: Visit, shown: RoundShown, facts: RequestFacts) -> Any:
    """Return the decision, an unpublished one too, for those who run the round."""
    scope = Scope(facility_id=shown.facts.round.facility_id)
    if not may(visit.actor, Action.ROUND_SEE_BOARD, scope):
        return None

    def look(session: Session) -> Any:
        if latest_decision(session, facts.request.id) is None:
            return None
        return decision_facts(session, facts.request)

    return visit.read(look)
