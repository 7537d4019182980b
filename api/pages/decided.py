"""What stands beside a published decision: what was tried again, and the appeals on it."""

from typing import Any

from sqlmodel import Session

from api.pages.fields import Typed, errors_of
from api.pages.visit import Visit
from booking.engine.appeals import FACT_WORDS
from booking.engine.permissions import Action, Scope, may
from booking.engine.vocabulary import AppealState, CalculationKind
from booking.errors import DomainError
from booking.queries.appeals import appeals_on, may_appeal_until
from booking.queries.counterfactuals import calculations_about, calculations_told
from booking.queries.decisions import DECIDED
from booking.queries.requests import RequestFacts
from booking.queries.round_pages import RoundShown
from booking.services.counterfactuals import may_ask


def beside_decision(
    visit: Visit,
    shown: RoundShown,
    facts: RequestFacts,
    decision: Any,
    typed: Typed,
    refused: DomainError | None,
) -> dict[str, Any]:
    """Gather it; `typed` and `refused` are of the form of an appeal, if that was sent."""
    if decision is None or facts.request.state not in DECIDED:
        return {"tried": (), "may_ask": False, "appeals": (), "may_appeal": False}

    def look(session: Session) -> dict[str, Any]:
        request = facts.request
        rows = calculations_about(session, request.id, CalculationKind.COUNTERFACTUAL)
        appeals = appeals_on(session, request.id)
        scope = Scope(project_id=request.project_id, organisation_id=facts.organisation_id)
        until = may_appeal_until(request)
        waits = any(each.state is AppealState.OPEN for each in appeals)
        place = shown.facts.round.facility_id
        return {
            "tried": calculations_told(session, request, rows),
            "may_ask": may_ask(session, visit.actor, request, place) and not decision.granted,
            "appeals": appeals,
            "may_appeal": may(visit.actor, Action.APPEAL_MAKE, scope)
            and visit.now <= until
            and not waits,
            "may_answer": may(visit.actor, Action.APPEAL_ANSWER, Scope(facility_id=place)),
            "appeal_until": until,
            "fact_words": list(FACT_WORDS.items()),
            "appeal_typed": typed,
            "appeal_errors": errors_of(refused),
        }

    return visit.read(look)
