"""The board of a round: where it stands, its requests, the next step, and what a step would do."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api import round_run
from api.pages.calculations import CalculationShown, calculation_shown
from api.pages.fields import Form
from api.pages.outcomes import OutcomeShown, outcome_of, outcome_shown
from api.pages.rounds import STATE_WORDS
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.permissions import Action, Scope, may
from booking.engine.vocabulary import CalculationKind
from booking.engine.wording import counted
from booking.errors import DomainError, WrongState
from booking.queries.calculations import (
    CalculationFacts,
    find_calculation,
    newest_calculation,
)
from booking.queries.decisions import newest_result
from booking.queries.people import has_reviewer
from booking.queries.requests import requests_of_round
from booking.queries.round_pages import RoundShown, round_shown
from booking.queries.rounds import visible_round
from booking.services import calculations
from booking.services import rounds as services
from booking.services.allocation import keep_preview
from booking.services.permits import permit

router = APIRouter()
A_PAGE: Final = 50
ALLOCATION: Final = CalculationKind.ALLOCATION


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one step that comes next: its address, its words, and what it does."""

    end: str
    words: str
    does: str


NEXT: Final = {
    RoundState.DRAFT: NextStep(
        "open",
        "Open the call",
        "This fixes the policy, the hours offered and the cap, and publishes the seed's hash. "
        "Projects may ask from then on.",
    ),
    RoundState.OPEN: NextStep(
        "close-call",
        "Close the call",
        "No request can be sent or changed any more, and the reviewers begin.",
    ),
    RoundState.REVIEWING: NextStep(
        "preview",
        "Preview the allocation",
        "This works out a timetable and shows it. You keep it or not, and nobody is told.",
    ),
    RoundState.ALLOCATED: NextStep(
        "publish",
        "Look at what publishing does",
        "The next page says how many bookings and mails it makes, before anything happens.",
    ),
    RoundState.PUBLISHED: NextStep(
        "close",
        "Close the round",
        "Do this once the access period is over. Bookings and reasons stay readable.",
    ),
}


@router.get("/manage/rounds/{slug}")
def board(visit: Visiting, slug: str) -> Response:
    """Show the board, a page of requests at a time."""
    return _shown(visit, seen(visit, slug))


@router.post("/manage/rounds/{slug}/open")
def open_call(visit: Submitting, slug: str) -> Response:
    """Open the call."""
    return _stepped(visit, slug, services.open_round, "The call is open.")


@router.get("/manage/rounds/{slug}/close-call")
def before_closing_the_call(visit: Visiting, slug: str) -> Response:
    """Say what closing the call before its published end does.

    Raises: WrongState where the call is not open.
    """
    shown = seen(visit, slug)
    found = shown.facts.round
    permit(visit.actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    if found.state is not RoundState.OPEN:
        raise WrongState("The call of this round is not open. Open the round's board.")
    return show(visit, "board/close_call.html", shown=shown, round=found)


@router.post("/manage/rounds/{slug}/close-call")
def close_call(visit: Submitting, slug: str) -> Response:
    """Close the call."""
    return _stepped(visit, slug, services.close_call, "The call is closed. Reviewers may score.")


@router.post("/manage/rounds/{slug}/close")
def close(visit: Submitting, slug: str) -> Response:
    """Close the round."""
    return _stepped(visit, slug, services.close_round, "The round is closed.")


@router.post("/manage/rounds/{slug}/preview")
def preview(visit: Submitting, slug: str) -> Response:
    """Have worked out what an allocation would decide now; nothing of it is kept."""
    return _asked(visit, slug, keep=False)


@router.post("/manage/rounds/{slug}/allocate")
def allocate(visit: Submitting, slug: str, form: Form) -> Response:
    """Allocate, and keep the result; nobody is told before it is published.

    A preview that still holds is kept as it is; else the round is worked out anew.
    """
    shown = seen(visit, slug)
    preview_id = form.key("preview")
    if preview_id is None:
        return _asked(visit, slug, keep=True)
    kept = visit.write(
        lambda session: keep_preview(
            session, actor=visit.actor, now=visit.now, calculation_id=preview_id
        )
    )
    if isinstance(kept, DomainError):
        return _shown(visit, shown, kept)
    return go(visit, f"/manage/rounds/{slug}", "The round is allocated. Nobody is told yet.")


@router.post("/manage/rounds/{slug}/stop")
def stop(visit: Submitting, slug: str) -> Response:
    """Stop the allocation that is under way; what it has found is kept."""
    found = seen(visit, slug).facts.round
    running = visit.read(lambda session: newest_calculation(session, found.id, ALLOCATION))
    if running is None:
        raise WrongState("Nothing is being worked out for this round. Open its board.")
    stopped = visit.write(
        lambda session: calculations.stop(
            session, actor=visit.actor, now=visit.now, calculation_id=running.id
        )
    )
    words = "It was asked to stop."
    if isinstance(stopped, DomainError):
        words = stopped.message
    return go(visit, f"/manage/rounds/{slug}", words)


def _asked(visit: Visit, slug: str, *, keep: bool) -> Response:
    """Ask for an allocation, and lead to the board, which shows how far it is."""
    shown = seen(visit, slug)
    asked = visit.write(
        lambda session: calculations.ask(
            session,
            actor=visit.actor,
            now=visit.now,
            found=shown.facts.round,
            kind=ALLOCATION,
            question={"keep": keep},
        )
    )
    if isinstance(asked, DomainError):
        return _shown(visit, shown, asked)
    return go(visit, f"/manage/rounds/{slug}")


@router.get("/manage/rounds/{slug}/publish")
def before_publishing(visit: Visiting, slug: str) -> Response:
    """Say what publishing will do, before it is done."""
    return _confirmation(visit, seen(visit, slug))


@router.post("/manage/rounds/{slug}/publish")
def publish(visit: Submitting, slug: str) -> Response:
    """Publish: make the bookings, and have everybody told."""
    shown = seen(visit, slug)
    try:
        count = round_run.publish_round(
            visit.database,
            actor=visit.actor,
            now=visit.now,
            settings=visit.settings,
            key=slug,
        )
    except DomainError as refused:
        return _confirmation(visit, shown, refused)
    made = f"{counted(count, 'booking')} {'is' if count == 1 else 'are'} made"
    words = f"The round is published. {made}, and the mails are on their way."
    return go(visit, f"/manage/rounds/{slug}", words)


def _stepped(visit: Visit, slug: str, step: Any, done: str) -> Response:
    shown = seen(visit, slug)
    taken = visit.write(lambda session: step(session, actor=visit.actor, now=visit.now, key=slug))
    if isinstance(taken, DomainError):
        return _shown(visit, shown, taken)
    return go(visit, f"/manage/rounds/{slug}", done)


def seen(visit: Visit, slug: str) -> RoundShown:
    """Return the round, if the visitor runs, reviews or audits it.

    Raises: NotSignedIn; NotFound; NotPermitted.
    """
    visit.sign_in_first()

    def look(session: Session) -> RoundShown:
        return round_shown(session, visible_round(session, slug, viewer=visit.actor))

    shown = visit.read(look)
    scope = Scope(facility_id=shown.facts.round.facility_id)
    if not may(visit.actor, Action.REVIEW_WRITE, scope):
        permit(visit.actor, Action.ROUND_SEE_BOARD, scope)
    return shown


def reviewers_page(visit: Visit, shown: RoundShown) -> str | None:
    """Return where to add a reviewer, while scores matter and nobody may give them."""
    found = shown.facts.round
    scope = Scope(facility_id=found.facility_id)
    if found.state not in {RoundState.OPEN, RoundState.REVIEWING}:
        return None
    if not may(visit.actor, Action.STAFF_MANAGE, scope):
        return None
    if visit.read(lambda session: has_reviewer(session, found.facility_id)):
        return None
    lead = next(each for each in shown.facts.facilities if each.facility_id == found.facility_id)
    return f"/manage/facilities/{lead.slug}/staff"


def _stored(visit: Visit, shown: RoundShown) -> OutcomeShown | None:
    row = visit.read(lambda session: newest_result(session, shown.facts.round.id))
    if row is None:
        return None
    return outcome_shown(row, shown, others=_left_out(row, shown))


def _left_out(row: Any, shown: RoundShown) -> int:
    """Count requests that were decided without the engine."""
    dealt = json.loads(row.problem)["requests"]
    return max(0, shown.facts.submitted - len(dealt))


@dataclass(frozen=True, slots=True)
class Preview:
    """A result that is looked at and not kept, and the requests that it places."""

    id: UUID
    outcome: OutcomeShown
    placed: frozenset[str]


def _preview(visit: Visit, shown: RoundShown, newest: CalculationFacts | None) -> Preview | None:
    """Return the preview that was worked out last, while the round waits to be allocated."""
    if newest is None or newest.under_way or newest.question.get("keep", True):
        return None
    if shown.facts.round.state is not RoundState.REVIEWING:
        return None
    answer = visit.read(lambda session: find_calculation(session, newest.id).answer)
    if answer is None:
        return None
    result = answer["result"]
    placed = frozenset(each["request"] for each in result["bookings"])
    return Preview(newest.id, outcome_of(result, shown, others=answer["left_out"]), placed)


def _told(
    newest: CalculationFacts | None, outcome: OutcomeShown | None, now: datetime
) -> CalculationShown | None:
    """Return the calculation that there is something to say of: under way, or without result."""
    if newest is None:
        return None
    found = calculation_shown(newest, now=now)
    known = outcome is not None and (
        outcome.allocated_at is None
        or newest.finished_at is None
        or outcome.allocated_at >= newest.finished_at
    )
    over = not newest.under_way and (known or not found.trouble)
    return None if over else found


def _shown(visit: Visit, shown: RoundShown, refused: DomainError | None = None) -> Response:
    found = shown.facts.round
    newest = visit.read(lambda session: newest_calculation(session, found.id, ALLOCATION))
    preview = _preview(visit, shown, newest)
    outcome = preview.outcome if preview else _stored(visit, shown)
    under_way = newest is not None and newest.under_way
    cursor = visit.request.query_params.get("cursor")
    page = visit.read(
        lambda session: requests_of_round(
            session, found, viewer=visit.actor, limit=A_PAGE, cursor=cursor
        )
    )
    scope = Scope(facility_id=found.facility_id)
    response = show(
        visit,
        "board/board.html",
        status=200 if refused is None else STATUS[type(refused)],
        shown=shown,
        round=found,
        words=STATE_WORDS,
        refused=refused,
        requests=[each for each in page.items if each.request.state is not RequestState.DRAFT],
        cursor=page.next,
        next_step=NEXT.get(found.state) if may(visit.actor, Action.ROUND_RUN, scope) else None,
        may_review=may(visit.actor, Action.REVIEW_WRITE, scope),
        reviewers_page=reviewers_page(visit, shown),
        may_see_merit=may(visit.actor, Action.REVIEW_SEE, scope),
        group_names={each.key: each.name for each in shown.groups},
        outcome=outcome,
        preview=preview,
        calculation=_told(newest, outcome, visit.now),
    )
    if not under_way and "hx-request" in visit.request.headers:
        # What looked how far it is shall see the whole page once it is over.
        response.headers["HX-Refresh"] = "true"
    return response


def _confirmation(visit: Visit, shown: RoundShown, refused: DomainError | None = None) -> Response:
    found = shown.facts.round
    permit(visit.actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    outcome = _stored(visit, shown)
    if outcome is None or found.state is not RoundState.ALLOCATED:
        raise WrongState("Only a round that is allocated can be published. Open its board.")
    return show(
        visit,
        "board/publish.html",
        status=200 if refused is None else STATUS[type(refused)],
        shown=shown,
        round=found,
        refused=refused,
        outcome=outcome,
    )
