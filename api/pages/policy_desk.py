"""The policy desk: try a policy on real demand, see what it would do, publish that very one."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.calculations import CalculationShown, calculation_shown
from api.pages.fields import Form, Typed, typed
from api.pages.places import around, managed
from api.pages.policy_form import (
    at_fields,
    form_shown,
    values_of,
    wish_in,
    with_group,
    without_group,
)
from api.pages.policy_versions import Line, lines_of
from api.pages.trial_words import summary_of, trial_shown
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.permissions import Action
from booking.engine.vocabulary import CalculationKind
from booking.errors import DomainError, NotFound
from booking.queries.calculations import (
    CalculationFacts,
    facts_of,
    find_calculation,
    visible_calculation,
)
from booking.queries.policies import current_policy
from booking.queries.policy_trials import round_to_try_on, trials
from booking.queries.rounds import facilities, find_round
from booking.services import calculations
from booking.services.policies import PolicyWish, wish_of
from booking.services.policy_differences import policy_differences
from booking.services.policy_trials import publish_tried, tried_against, tried_wish, try_policy

router = APIRouter()
MOST_LISTED: Final = 20
STATES: Final = {
    "waiting": "waits",
    "running": "is being worked out",
    "done": "worked out",
    "stopped": "stopped",
    "failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A trial in the list: what it changes in the policy then in force, and what that does."""

    facts: CalculationFacts
    state: str
    lines: tuple[Line, ...]
    summary: str


@router.get("/manage/facilities/{slug}/policy/desk")
def desk(visit: Visiting, slug: str) -> Response:
    """Show the form, with the policy in force or the one of an earlier trial, and the trials."""
    facility = managed(visit, slug, Action.POLICY_TRY)
    address = typed(dict(visit.request.query_params))
    earlier = address.key("trial")
    if earlier is not None:
        wish = tried_wish(_trial(visit, facility, earlier).question)
    else:
        current = visit.read(lambda session: current_policy(session, facility.id))
        wish = wish_of(current) if current else PolicyWish()
    return _shown(visit, facility, typed(values_of(wish)))


@router.post("/manage/facilities/{slug}/policy/desk")
def try_it(visit: Submitting, slug: str, form: Form) -> Response:
    """Add or drop a group, or try the policy: as the button that was pressed says."""
    facility = managed(visit, slug, Action.POLICY_TRY)
    pressed, _, which = form["do"].partition("-")
    if pressed == "add":
        return _shown(visit, facility, with_group(form))
    if pressed == "remove" and which.isdigit():
        return _shown(visit, facility, without_group(form, int(which)))
    if pressed != "try":
        return _shown(visit, facility, form)
    wish = wish_in(form)
    if form.refusal:
        return _shown(visit, facility, form, form.refusal)
    asked = visit.write(
        lambda session: try_policy(
            session, actor=visit.actor, now=visit.now, facility=slug, wish=wish
        )
    )
    if isinstance(asked, DomainError):
        return _shown(visit, facility, form, at_fields(asked, wish))
    return go(visit, f"/manage/facilities/{slug}/policy/desk/{asked.id}")


@router.get("/manage/facilities/{slug}/policy/desk/{trial_id:uuid}")
def trial(visit: Visiting, slug: str, trial_id: UUID) -> Response:
    """Show how far a trial is, or what it found."""
    facility = managed(visit, slug, Action.POLICY_TRY)
    return _trial_shown(visit, facility, trial_id)


@router.post("/manage/facilities/{slug}/policy/desk/{trial_id:uuid}/stop")
def stop(visit: Submitting, slug: str, trial_id: UUID) -> Response:
    """Stop a trial; the best found until then is kept."""
    facility = managed(visit, slug, Action.POLICY_TRY)
    _trial(visit, facility, trial_id)
    stopped = visit.write(
        lambda session: calculations.stop(
            session, actor=visit.actor, now=visit.now, calculation_id=trial_id
        )
    )
    words = "It was asked to stop."
    if isinstance(stopped, DomainError):
        words = stopped.message
    return go(visit, f"/manage/facilities/{slug}/policy/desk/{trial_id}", words)


@router.post("/manage/facilities/{slug}/policy/desk/{trial_id:uuid}/publish")
def publish(visit: Submitting, slug: str, trial_id: UUID, form: Form) -> Response:
    """Publish the very policy that was tried."""
    facility = managed(visit, slug, Action.POLICY_EDIT)
    _trial(visit, facility, trial_id)
    published = visit.write(
        lambda session: publish_tried(
            session,
            actor=visit.actor,
            now=visit.now,
            calculation_id=trial_id,
            note=form.line("note"),
        )
    )
    if isinstance(published, DomainError):
        return _trial_shown(visit, facility, trial_id, published)
    number = published.version.number
    return go(
        visit,
        f"/manage/facilities/{slug}/policy",
        f"Version {number} of the policy is published, as it was tried. Calls that are open keep "
        "the version they opened with.",
    )


def _trial(visit: Visit, facility: Any, trial_id: UUID) -> Any:
    """Return a trial of the facility.

    Raises: NotFound.
    """
    found = visit.read(lambda session: visible_calculation(session, trial_id, viewer=visit.actor))
    leads = visit.read(lambda session: find_round(session, str(found.round_id))).facility_id
    if found.kind is not CalculationKind.WHAT_IF or leads != facility.id:
        raise NotFound("This facility has no such trial. Look at its policy desk.")
    return found


def _shown(
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    found = visit.read(lambda session: trials(session, facility.id, limit=MOST_LISTED)).items
    quiet = "hx-request" in visit.request.headers
    return show(
        visit,
        "policy/desk.html",
        status=200 if refused is None or quiet else STATUS[type(refused)],
        refused=refused,
        **form_shown(form, refused),
        demand=visit.read(lambda session: round_to_try_on(session, facility.id)),
        trials=[_listed(visit, each) for each in found],
        **around(visit, facility, "/policy"),
    )


def _listed(visit: Visit, facts: CalculationFacts) -> Listed:
    found = STATES[facts.state]
    answer = visit.read(lambda session: find_calculation(session, facts.id).answer)
    return Listed(facts, found, _changes(visit, facts), summary_of(answer) if answer else "")


def _changes(visit: Visit, facts: CalculationFacts) -> tuple[Line, ...]:
    """Say what the tried policy changes in the one it was compared with."""
    before = visit.read(lambda session: tried_against(session, facts))
    return lines_of(policy_differences(wish_of(before), tried_wish(facts.question)))


def _places(visit: Visit, answer: dict[str, Any]) -> dict[str, str]:
    """Return the names of the facilities of an answer, ids as text."""
    ids = [UUID(each) for each in answer["offered"]]
    found = visit.read(lambda session: facilities(session, ids))
    return {str(key): each.name for key, each in found.items()}


def _trial_shown(
    visit: Visit, facility: Any, trial_id: UUID, refused: DomainError | None = None
) -> Response:
    found = _trial(visit, facility, trial_id)
    facts = facts_of(found)
    wish = tried_wish(found.question)
    before = visit.read(lambda session: tried_against(session, facts))
    current = visit.read(lambda session: current_policy(session, facility.id))
    names = {each.key: each.name for each in before.groups}
    names |= {each.key: each.name for each in wish.groups}
    places = _places(visit, found.answer) if found.answer else {}
    answer = trial_shown(found.answer, names, places) if found.answer else None
    running: CalculationShown | None = None if answer else calculation_shown(facts, now=visit.now)
    response = show(
        visit,
        "policy/trial.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        trial=facts,
        changes=_changes(visit, facts),
        against=before.version.number,
        in_force=current is not None and not policy_differences(wish_of(current), wish),
        answer=answer,
        calculation=running,
        demand=visit.read(lambda session: find_round(session, str(found.round_id))),
        address=f"/manage/facilities/{facility.slug}/policy/desk/{trial_id}",
        **around(visit, facility, "/policy"),
    )
    if not facts.under_way and "hx-request" in visit.request.headers:
        # What looked how far it is shall see the whole page once it is over.
        response.headers["HX-Refresh"] = "true"
    return response
