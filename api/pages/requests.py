"""Access requests: ask in a round, change, send, withdraw, and read what was decided."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.decided import beside_decision
from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.local_reasons import by_the_clock_of
from api.pages.request_cost import costs
from api.pages.request_form import at_fields, fresh, reshaped, shape, values_of, wanted_in
from api.pages.rounds import DECIDED, STATE_WORDS
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import RequestState, RoundState
from booking.engine.permissions import Action, Scope, may
from booking.engine.request_rules import WantedSession
from booking.errors import DomainError, WrongState
from booking.queries.accounts import organisations_of
from booking.queries.decisions import decision_facts, latest_decision
from booking.queries.requests import RequestFacts, find_request, request_facts
from booking.queries.round_pages import RoundShown, applying_projects, round_shown
from booking.queries.rounds import groups_of, visible_round
from booking.services import access_requests
from booking.services.memberships import memberships
from booking.services.permits import permit
from booking.services.terms import accept_terms

router = APIRouter()
CHANGEABLE: Final = frozenset({RequestState.DRAFT, RequestState.SUBMITTED})
LONGEST_TITLE: Final = 200


@router.get("/rounds/{slug}/requests/new")
def new_request(visit: Visiting, slug: str) -> Response:
    """Show an empty form.

    Raises: WrongState where the call is not open.
    """
    visit.sign_in_first()
    shown = _round(visit, slug)
    if shown.facts.round.state is not RoundState.OPEN:
        raise WrongState(
            "The call of this round is not open, so it takes no requests. Look at the "
            "list of rounds for one whose call is open, or book what is free on-line."
        )
    return _form_shown(visit, shown, typed(fresh()))


@router.post("/rounds/{slug}/requests/new")
def ask(visit: Submitting, slug: str, form: Form) -> Response:
    """Add or drop a part of the form, keep a draft, or send: as the pressed button says."""
    visit.sign_in_first()
    shown = _round(visit, slug)
    other = reshaped(form, form["do"])
    if other is not None:
        return _form_shown(visit, shown, other)
    sessions, project = _read(form, shown), form.key("project")
    form.needed("project", "Choose the project that asks.")
    if form.refusal or project is None or form["do"] == "check":
        return _form_shown(visit, shown, form, form.refusal)

    def change(session: Session) -> Any:
        if form["do"] == "send":
            _accept(session, visit, form, shown, project)
        made = access_requests.create_request(
            session,
            actor=visit.actor,
            now=visit.now,
            round_key=slug,
            project_id=project,
            title=form.line("title"),
            summary=form.prose("summary"),
            sessions=sessions,
        )
        return _sent(session, visit, slug, made) if form["do"] == "send" else made

    made = visit.write(change)
    if isinstance(made, DomainError):
        return _form_shown(visit, shown, form, at_fields(made))
    return go(visit, f"/rounds/{slug}/requests/{made.id}", _done(made.state))


@router.get("/rounds/{slug}/requests/{request_id:uuid}")
def one_request(visit: Visiting, slug: str, request_id: UUID) -> Response:
    """Show a request; to who may change it the form too, and the decision once published."""
    shown, facts = theirs(visit, slug, request_id)
    return request_shown(visit, shown, facts)


@router.post("/rounds/{slug}/requests/{request_id:uuid}")
def change_request(visit: Submitting, slug: str, request_id: UUID, form: Form) -> Response:
    """Change the form's shape, save, send or withdraw: as the pressed button says."""
    shown, facts = theirs(visit, slug, request_id)
    if form["do"] == "withdraw":
        return _withdraw(visit, slug, shown, facts)
    other = reshaped(form, form["do"])
    if other is not None:
        return request_shown(visit, shown, facts, other)
    sessions = _read(form, shown)
    if form.refusal or form["do"] == "check":
        return request_shown(visit, shown, facts, form, form.refusal)

    def change(session: Session) -> Any:
        if form["do"] == "send":
            _accept(session, visit, form, shown, facts.request.project_id)
        row = access_requests.change_request(
            session,
            actor=visit.actor,
            now=visit.now,
            round_key=slug,
            request_id=request_id,
            title=form.line("title"),
            summary=form.prose("summary"),
            sessions=sessions,
        )
        return _sent(session, visit, slug, row) if form["do"] == "send" else row

    changed = visit.write(change)
    if isinstance(changed, DomainError):
        return request_shown(visit, shown, facts, form, at_fields(changed))
    return go(visit, f"/rounds/{slug}/requests/{request_id}", _done(changed.state))


def _withdraw(visit: Visit, slug: str, shown: RoundShown, facts: RequestFacts) -> Response:
    done = visit.write(
        lambda session: access_requests.withdraw_request(
            session,
            actor=visit.actor,
            now=visit.now,
            round_key=slug,
            request_id=facts.request.id,
        )
    )
    if isinstance(done, DomainError):
        return request_shown(visit, shown, facts, refused=done)
    return go(visit, f"/rounds/{slug}", "The request is withdrawn.")


def _sent(session: Session, visit: Visit, slug: str, row: Any) -> Any:
    """Submit a draft; a request that was sent before stays sent."""
    if row.state is not RequestState.DRAFT:
        return row
    return access_requests.submit_request(
        session, actor=visit.actor, now=visit.now, round_key=slug, request_id=row.id
    )


def _accept(
    session: Session, visit: Visit, form: Typed, shown: RoundShown, project_id: UUID
) -> None:
    """Accept for the project the terms whose box is ticked."""
    for part in shown.facts.facilities:
        version = form[f"terms-{part.slug}"]
        if part.facility_id in shown.terms and version.isascii() and version.isdigit():
            accept_terms(
                session,
                actor=visit.actor,
                now=visit.now,
                facility=part.slug,
                project_id=project_id,
                number=int(version),
            )


def _done(state: RequestState) -> str:
    if state is RequestState.SUBMITTED:
        return "Your request is sent. You can change it until the call closes."
    return "The draft is kept. Send it before the call closes."


def _round(visit: Visit, slug: str) -> RoundShown:
    def look(session: Session) -> RoundShown:
        return round_shown(session, visible_round(session, slug, viewer=visit.actor))

    return visit.read(look)


def theirs(visit: Visit, slug: str, request_id: UUID) -> tuple[RoundShown, RequestFacts]:
    """Return the request, if the visitor may see it.

    Raises: NotSignedIn; NotFound; NotPermitted.
    """
    visit.sign_in_first()
    shown = _round(visit, slug)
    found = shown.facts.round
    facts = visit.read(
        lambda session: request_facts(session, find_request(session, request_id, round_id=found.id))
    )
    scope = Scope(
        facility_id=found.facility_id,
        organisation_id=facts.organisation_id,
        project_id=facts.request.project_id,
    )
    permit(visit.actor, Action.REQUEST_SEE, scope)
    return shown, facts


def _zones(shown: RoundShown) -> dict[UUID, str]:
    """Return the zone of each resource offered."""
    of = {part.facility_id: part.zone for part in shown.facts.facilities}
    return {each.id: of[each.facility_id] for each in shown.resources}


def _read(form: Typed, shown: RoundShown) -> tuple[WantedSession, ...]:
    form.needed("title", "Give the request a title.")
    form.line("title", longest=LONGEST_TITLE)
    form.prose("summary")
    return wanted_in(form, _zones(shown), shown.zone)


def _form_shown(
    visit: Visit, shown: RoundShown, form: Typed, refused: DomainError | None = None
) -> Response:
    if not visit.actor.project_ids:
        return _project_first(visit, shown)
    return show(
        visit,
        "rounds/request_new.html",
        status=200 if refused is None else STATUS[type(refused)],
        **_asking(visit, shown, form, refused),
    )


def _project_first(visit: Visit, shown: RoundShown) -> Response:
    """Say what somebody on no project needs before asking."""
    return show(
        visit,
        "rounds/project_first.html",
        shown=shown,
        round=shown.facts.round,
        organisations=visit.read(lambda session: organisations_of(session, visit.actor)),
    )


def request_shown(
    visit: Visit,
    shown: RoundShown,
    facts: RequestFacts,
    form: Typed | None = None,
    refused: DomainError | None = None,
    *,
    appeal: Typed | None = None,
) -> Response:
    """Show a request; `appeal` is what was typed into the form of an appeal."""
    found = shown.facts.round
    scope = Scope(organisation_id=facts.organisation_id, project_id=facts.request.project_id)
    theirs = may(visit.actor, Action.REQUEST_SUBMIT, scope)
    state = facts.request.state
    open_now = found.state is RoundState.OPEN and visit.now < found.call_closes_at
    form = form or typed(values_of(facts, _zones(shown), shown.zone))
    decision = _decision(visit, shown, facts)
    return show(
        visit,
        "rounds/request.html",
        status=200 if refused is None else STATUS[type(refused)],
        facts=facts,
        may_change=theirs and open_now and state in CHANGEABLE,
        may_withdraw=theirs
        and state in CHANGEABLE
        and found.state in {RoundState.OPEN, RoundState.REVIEWING},
        decision=decision,
        **beside_decision(visit, shown, facts, decision, appeal or typed({}), refused),
        **_asking(visit, shown, form, refused),
    )


def _decision(visit: Visit, shown: RoundShown, facts: RequestFacts) -> Any:
    if shown.facts.round.state not in DECIDED:
        return None

    def look(session: Session) -> Any:
        if latest_decision(session, facts.request.id) is None:
            return None
        return decision_facts(session, facts.request)

    return visit.read(look)


def _asking(
    visit: Visit, shown: RoundShown, form: Typed, refused: DomainError | None
) -> dict[str, Any]:
    """Return what the form shows: options, what was typed, groups with working, the cost."""
    projects = visit.read(lambda session: applying_projects(session, viewer=visit.actor))
    chosen = next((each for each in projects if str(each.id) == form["project"]), None)
    if chosen is None and len(projects) == 1:
        chosen = projects[0]
    refused = refused and by_the_clock_of(refused, shown.zone)
    trial = typed(form.values)
    sessions = wanted_in(trial, _zones(shown), shown.zone)
    return {
        "shown": shown,
        "round": shown.facts.round,
        "words": STATE_WORDS,
        "typed": form,
        "refused": refused,
        "errors": errors_of(refused),
        "shape": shape(form),
        "projects": projects,
        "chosen": chosen,
        "resources": {each.id: each for each in shown.resources},
        "several_zones": len({part.zone for part in shown.facts.facilities}) > 1,
        "groups": _groups(visit, shown, chosen),
        "costs": () if trial.faults else costs(shown, sessions),
    }


def _groups(visit: Visit, shown: RoundShown, chosen: Any) -> list[tuple[str, Any]]:
    """Return the membership in each group on this day, by the group's name."""
    version = shown.facts.policy
    if chosen is None or version is None:
        return []

    def look(session: Session) -> list[tuple[str, Any]]:
        stored = groups_of(session, version.id)
        decided = memberships(
            session,
            chosen.organisation,
            stored,
            on=visit.now.date(),
            grace_days=version.grace_days,
        )
        return list(zip((each.name for each in stored), decided, strict=True))

    return visit.read(look)
