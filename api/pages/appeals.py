"""Appeals: applicants ask for a review of a fact, officers look at the facts and answer."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.correction_form import ASKED, fields_of, read_correction
from api.pages.declaring import fact_in_words
from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.requests import request_shown, theirs
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.engine.vocabulary import AppealedFact, AppealState
from booking.errors import DomainError
from booking.queries.appeals import AppealFacts, appeal_facts, appeals, visible_appeal
from booking.queries.decisions import decision_facts
from booking.queries.facts_with_people import facts_with_people
from booking.queries.requests import find_request, request_facts, reviews_of
from booking.queries.round_pages import RoundShown, round_shown
from booking.queries.rounds import visible_round
from booking.services import appeals as services
from booking.services.permits import permit

router = APIRouter()
A_PAGE: Final = 50


@router.post("/rounds/{slug}/requests/{request_id:uuid}/appeals")
def make(visit: Submitting, slug: str, request_id: UUID, form: Form) -> Response:
    """Ask for a review of a fact."""
    shown, facts = theirs(visit, slug, request_id)
    form.needed("grounds", "Say what is wrong, and what shows it.")
    fact = next((each for each in AppealedFact if each == form["fact"]), None)
    if fact is None:
        form.fault("fact", "Choose which fact is wrong.")
    if form.refusal or fact is None:
        return request_shown(visit, shown, facts, refused=form.refusal, appeal=form)

    def change(session: Session) -> Any:
        row = find_request(session, request_id, round_id=shown.facts.round.id)
        return services.make_appeal(
            session,
            actor=visit.actor,
            now=visit.now,
            request=row,
            fact=fact,
            grounds=form.prose("grounds"),
        )

    made = visit.write(change)
    if isinstance(made, DomainError):
        return request_shown(visit, shown, facts, refused=made, appeal=form)
    words = "Your appeal is received. You get the answer by mail, and it stands here."
    return go(visit, f"/rounds/{slug}/requests/{request_id}", words)


@router.get("/manage/appeals")
def listed(visit: Visiting) -> Response:
    """List the appeals, those that wait first asked for."""
    visit.sign_in_first()
    permit(visit.actor, Action.APPEAL_ANSWER)
    state = next(
        (each for each in AppealState if each == visit.request.query_params.get("state")), None
    )
    cursor = visit.request.query_params.get("cursor")
    page = visit.read(
        lambda session: appeals(
            session, viewer=visit.actor, state=state, limit=A_PAGE, cursor=cursor
        )
    )
    return show(visit, "board/appeals.html", appeals=page.items, state=state, cursor=page.next)


@router.get("/manage/appeals/{appeal_id:uuid}")
def one(visit: Visiting, appeal_id: UUID) -> Response:
    """Show an appeal with the facts, their working and who verified them."""
    return _shown(visit, _found(visit, appeal_id))


@router.post("/manage/appeals/{appeal_id:uuid}")
def answer(visit: Submitting, appeal_id: UUID, form: Form) -> Response:
    """Uphold the appeal with the corrected fact, or dismiss it: as the pressed button says."""
    appeal = _found(visit, appeal_id)
    form.needed("answer", "Say what you looked at, and what follows from it.")
    correction = None
    if form["do"] == "uphold":
        shown, facts = _about(visit, appeal)
        correction = read_correction(form, appeal.fact, shown, facts)
    if form.refusal:
        return _shown(visit, appeal, form, form.refusal)
    done = visit.write(
        lambda session: services.answer_appeal(
            session,
            actor=visit.actor,
            now=visit.now,
            appeal_id=appeal_id,
            answer=form.prose("answer"),
            correction=correction,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, appeal, form, done)
    words = "The appeal is answered, and the applicant is told."
    return go(visit, f"/manage/appeals/{appeal_id}", words)


def _found(visit: Visit, appeal_id: UUID) -> AppealFacts:
    """Return the appeal, for who answers appeals.

    Raises: NotSignedIn; NotPermitted; NotFound.
    """
    visit.sign_in_first()
    permit(visit.actor, Action.APPEAL_ANSWER)
    return visit.read(
        lambda session: appeal_facts(
            session, visible_appeal(session, appeal_id, viewer=visit.actor)
        )
    )


def _about(visit: Visit, appeal: AppealFacts) -> tuple[RoundShown, Any]:
    def look(session: Session) -> tuple[RoundShown, Any]:
        found = visible_round(session, appeal.round_slug, viewer=visit.actor)
        request = find_request(session, appeal.request_id, round_id=found.id)
        return round_shown(session, found), request_facts(session, request)

    return visit.read(look)


def _shown(
    visit: Visit,
    appeal: AppealFacts,
    form: Typed | None = None,
    refused: DomainError | None = None,
) -> Response:
    shown, facts = _about(visit, appeal)

    def look(session: Session) -> Mapping[str, Any]:
        return {
            "decision": decision_facts(session, facts.request),
            "reviews": reviews_of(session, facts.request.id),
            "declared": facts_with_people(session, appeal.organisation_id),
        }

    return show(
        visit,
        "board/appeal.html",
        status=200 if refused is None else STATUS[type(refused)],
        appeal=appeal,
        shown=shown,
        round=shown.facts.round,
        facts=facts,
        resources={each.id: each for each in shown.resources},
        group_names={each.key: each.name for each in shown.groups},
        typed=form or typed(fields_of(facts)),
        asked=ASKED,
        in_words=fact_in_words,
        errors={name.rpartition("/")[2]: words for name, words in errors_of(refused).items()},
        refused=refused,
        **visit.read(look),
    )
