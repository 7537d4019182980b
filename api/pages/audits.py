"""The auditor's page of a round, and how time is shared in plain words."""

from importlib.metadata import version
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.outcomes import gap_words
from api.pages.rounds import DECIDED, STATE_WORDS
from api.pages.visit import Visiting, show
from booking.engine.permissions import Action, Scope, may
from booking.queries.audits import round_audit
from booking.queries.round_pages import round_shown
from booking.queries.rounds import visible_round

router = APIRouter()
EVENT_WORDS: Final = {
    "round.created": "The round was drafted",
    "round.changed": "The draft was changed",
    "round.handed_over": "Another facility took the lead",
    "round.opened": "The call opened",
    "round.call_closed": "The call closed",
    "round.allocated": "The time was shared out",
    "round.published": "The result was published",
    "round.closed": "The round was closed",
    "round.result_adopted": "A corrected result was adopted",
}


@router.get("/how-time-is-shared")
def how_time_is_shared(visit: Visiting) -> Response:
    """Tell the mechanism in plain words."""
    return show(visit, "docs/how_time_is_shared.html")


@router.get("/rounds/{slug}/audit")
def audit(visit: Visiting, slug: str) -> Response:
    """Show what was promised, what came out, and how to check it on one's own machine."""
    found = visit.read(lambda session: visible_round(session, slug, viewer=visit.actor))
    may_check = may(visit.actor, Action.ROUND_SEE_BOARD, Scope(facility_id=found.facility_id))
    decided = found.state in DECIDED
    seen = visit.read(lambda session: round_audit(session, found, results=decided or may_check))
    return show(
        visit,
        "rounds/audit.html",
        round=found,
        shown=visit.read(lambda session: round_shown(session, found)),
        audit=seen,
        decided=decided,
        may_check=may_check,
        words=STATE_WORDS,
        events=EVENT_WORDS,
        gap_words=gap_words,
        versions={name: version(name) for name in ("benchshare", "highspy", "numpy")},
        base=visit.settings.base_url,
    )
