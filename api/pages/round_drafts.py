"""Draft a round, and change it until its call opens."""

import re
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.boards import seen
from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import Action, Scope, may
from booking.errors import DomainError, NotPermitted, WrongState
from booking.queries.desk import facilities_of, versions_in_force
from booking.services.permits import permit
from booking.services.rounds import RoundWish, create_round, edit_round, wish_of

router = APIRouter()
STEPS: Final = (("15", "15 min"), ("30", "30 min"), ("60", "1 hour"), ("1440", "1 day"))
INSTANTS: Final = (
    ("call_opens_at", "Call opens"),
    ("call_closes_at", "Call closes"),
    ("access_starts_at", "Access begins"),
    ("access_ends_at", "Access ends"),
)
WALL: Final = "%Y-%m-%dT%H:%M"


@router.get("/manage/rounds/new")
def new_round(visit: Visiting) -> Response:
    """Show the form, with dates that would do."""
    places = places_to_draft(visit)
    lead = _likely_lead(visit, places)
    start = visit.now.astimezone(ZoneInfo(lead.zone)).replace(hour=9, minute=0)
    midnight = start.replace(hour=0) + timedelta(days=36)
    dates = {
        "call_opens_at": start + timedelta(days=1),
        "call_closes_at": start + timedelta(days=22),
        "access_starts_at": midnight,
        "access_ends_at": midnight + timedelta(days=28),
    }
    values = {name: f"{at:{WALL}}" for name, at in dates.items()}
    values |= {
        "lead": lead.slug,
        "decision_on": (start + timedelta(days=29)).date().isoformat(),
        "step_minutes": "60",
        "quality_threshold": "300",
    }
    return _shown(visit, typed(values), places)


@router.post("/manage/rounds/new")
def draft(visit: Submitting, form: Form) -> Response:
    """Draft the round."""
    places = places_to_draft(visit)
    lead = next((each for each in places if each.slug == form["lead"]), None)
    if lead is None:
        form.fault("lead", "Choose the facility whose policy rules the round.")
    wish = _wish(form, lead.zone if lead else "UTC")
    if wish is None or lead is None or form.refusal:
        return _shown(visit, form, places, form.refusal)
    others = [each.slug for each in places if form[f"with-{each.slug}"] and each is not lead]
    made = visit.write(
        lambda session: create_round(
            session,
            actor=visit.actor,
            now=visit.now,
            wish=wish,
            facility_keys=[lead.slug, *others],
        )
    )
    if isinstance(made, DomainError):
        return _shown(visit, form, places, made)
    return go(
        visit, f"/manage/rounds/{made.slug}", "The round is drafted. Open its call when ready."
    )


@router.get("/manage/rounds/{slug}/edit")
def edit(visit: Visiting, slug: str) -> Response:
    """Show the draft's form."""
    found, zone = draft_seen(visit, slug)
    wish = wish_of(found)
    values = {
        name: str(getattr(wish, name))
        for name in ("name", "slug", "description", "step_minutes", "quality_threshold")
    }
    values |= {
        name: f"{getattr(wish, name).astimezone(ZoneInfo(zone)):{WALL}}" for name, _ in INSTANTS
    }
    values["decision_on"] = wish.decision_on.isoformat()
    return _shown(visit, typed(values), (), found=found, zone=zone)


@router.post("/manage/rounds/{slug}/edit")
def change(visit: Submitting, slug: str, form: Form) -> Response:
    """Change the draft."""
    found, zone = draft_seen(visit, slug)
    wish = _wish(form, zone)
    if wish is None or form.refusal:
        return _shown(visit, form, (), form.refusal, found=found, zone=zone)
    changes = {name: getattr(wish, name) for name in RoundWish.__dataclass_fields__}

    def write(session: Session) -> Any:
        return edit_round(session, actor=visit.actor, now=visit.now, key=slug, changes=changes)

    done = visit.write(write)
    if isinstance(done, DomainError):
        return _shown(visit, form, (), done, found=found, zone=zone)
    return go(visit, f"/manage/rounds/{done.slug}", "The draft is changed.")


def draft_seen(visit: Visit, slug: str) -> tuple[Any, str]:
    """Return a draft that the visitor may change, and the zone of its lead.

    Raises: NotSignedIn; NotFound; NotPermitted; WrongState once its call is open.
    """
    shown = seen(visit, slug)
    found = shown.facts.round
    permit(visit.actor, Action.ROUND_RUN, Scope(facility_id=found.facility_id))
    if found.state is not RoundState.DRAFT:
        raise WrongState("Only a draft can be changed. What the call opened with stands.")
    return found, shown.zone


def places_to_draft(visit: Visit) -> tuple[Any, ...]:
    """Return the facilities for which the visitor may draft a round.

    Raises: NotSignedIn; NotPermitted where there is none.
    """
    visit.sign_in_first()
    every = visit.read(lambda session: facilities_of(session, viewer=visit.actor))
    places = tuple(
        each for each in every if may(visit.actor, Action.ROUND_CREATE, Scope(facility_id=each.id))
    )
    if not places:
        raise NotPermitted(
            "A round is drafted by a manager of a facility. Ask a programme officer for that role."
        )
    return places


def _likely_lead(visit: Visit, places: tuple[Any, ...]) -> Any:
    """Return the facility that the address names, else the first whose policy could rule."""
    asked = visit.request.query_params.get("facility", "")
    ids = [each.id for each in places]
    ruled = visit.read(lambda session: versions_in_force(session, ids))
    named = next((each for each in places if each.slug == asked), None)
    return named or next((each for each in places if each.id in ruled), places[0])


def _wish(form: Typed, zone: str) -> RoundWish | None:
    """Read the round; what cannot be read is noted, and then there is none."""
    form.needed("name", "Give the round a name.")
    name = form.line("name")
    slug = form.line("slug", longest=80) or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or slug == "new":
        form.fault("slug", "Use small letters, digits and single hyphens, such as spring-2027.")
    at = {each: form.instant(each, zone) for each, _ in INSTANTS}
    day = form.day("decision_on")
    for each, _ in (*INSTANTS, ("decision_on", "")):
        form.needed(each, "Choose a date.")
    step = form.whole("step_minutes", least=5, most=1440)
    threshold = form.whole("quality_threshold", least=300, most=1000)
    opens, closes, starts, ends = at.values()
    description = form.prose("description")
    if form.faults or not (opens and closes and starts and ends and day):
        return None
    return RoundWish(
        slug=slug,
        name=name,
        call_opens_at=opens,
        call_closes_at=closes,
        decision_on=day,
        access_starts_at=starts,
        access_ends_at=ends,
        description=description,
        step_minutes=step or 60,
        quality_threshold=threshold or 300,
    )


def _shown(
    visit: Visit,
    form: Typed,
    places: tuple[Any, ...],
    refused: DomainError | None = None,
    *,
    found: Any = None,
    zone: str = "",
) -> Response:
    lead = next((each for each in places if each.slug == form["lead"]), None)
    return show(
        visit,
        "board/draft.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=form,
        refused=refused,
        errors=errors_of(refused),
        places=places,
        found=found,
        steps=STEPS,
        instants=INSTANTS,
        clock=zone or (lead.zone if lead else "UTC"),
    )
