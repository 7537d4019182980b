"""Rounds: which there are, what each offers by which rules, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.outcomes import outcome_shown
from api.pages.visit import Visiting, show
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Scope, may
from booking.queries.decisions import newest_result
from booking.queries.reports import hidden_in_round
from booking.queries.requests import my_requests
from booking.queries.round_pages import (
    RoundListed,
    round_shown,
    rounds_listed,
)
from booking.queries.rounds import visible_round

router = APIRouter()
STATE_WORDS: Final = {
    RoundState.DRAFT: "being prepared",
    RoundState.OPEN: "call open",
    RoundState.REVIEWING: "in review",
    RoundState.ALLOCATED: "being decided",
    RoundState.PUBLISHED: "decided",
    RoundState.CLOSED: "over",
}
DECIDED: Final = frozenset({RoundState.PUBLISHED, RoundState.CLOSED})


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rounds that are listed together."""

    title: str
    empty: str
    rounds: tuple[RoundListed, ...]


@router.get("/rounds")
def rounds(visit: Visiting) -> Response:
    """List the rounds: those with an open call, coming, under way, and past."""
    found = visit.read(lambda session: rounds_listed(session, viewer=visit.actor))
    return show(visit, "rounds/list.html", shelves=_shelves(found, visit.now), words=STATE_WORDS)


def _shelves(found: Iterable[RoundListed], now: datetime) -> tuple[Shelf, ...]:
    kept: dict[str, list[RoundListed]] = {"open": [], "coming": [], "under_way": [], "past": []}
    for each in found:
        kept[_shelf_of(each, now)].append(each)
    none_open = "No call is open now. You can book instant resources at any time."
    return (
        Shelf("Calls open now", none_open, tuple(kept["open"])),
        Shelf("Coming", "No round is announced.", tuple(kept["coming"])),
        Shelf("In review", "", tuple(kept["under_way"])),
        Shelf("Decided", "No round has been decided yet.", tuple(kept["past"])),
    )


def _shelf_of(listed: RoundListed, now: datetime) -> str:
    state = listed.round.state
    if state in DECIDED:
        return "past"
    if state is RoundState.DRAFT:
        return "coming"
    open_now = state is RoundState.OPEN and now < listed.round.call_closes_at
    return "open" if open_now else "under_way"


@router.get("/rounds/{slug}")
def one_round(visit: Visiting, slug: str) -> Response:
    """Show a round: what it offers, its rules, the visitor's requests, and its result."""
    found = visit.read(lambda session: visible_round(session, slug, viewer=visit.actor))
    shown = visit.read(lambda session: round_shown(session, found))
    mine = visit.read(lambda session: my_requests(session, visit.actor)) if visit.person else ()
    decided = found.state in DECIDED
    outcome = visit.read(lambda session: newest_result(session, found.id)) if decided else None
    scope = Scope(facility_id=found.facility_id)
    small = visit.read(lambda session: hidden_in_round(session, found.slug)) if decided else ()
    return show(
        visit,
        "rounds/round.html",
        round=found,
        shown=shown,
        words=STATE_WORDS,
        mine=[facts for facts, its in mine if its.id == found.id],
        call_open=found.state is RoundState.OPEN and visit.now < found.call_closes_at,
        decided=decided,
        outcome=outcome and outcome_shown(outcome, shown, hidden=small),
        may_check=may(visit.actor, Action.ROUND_SEE_BOARD, scope),
        may_run=any(
            may(visit.actor, action, scope)
            for action in (Action.ROUND_SEE_BOARD, Action.REVIEW_WRITE)
        ),
    )
