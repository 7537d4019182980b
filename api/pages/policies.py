"""A facility's policy: edit it, see what it means in hours, publish it, look at its versions."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, typed
from api.pages.places import around, managed
from api.pages.plots import Bar, bar_plot
from api.pages.policy_form import (
    at_fields,
    form_shown,
    values_of,
    wish_in,
    with_group,
    without_group,
)
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wording import figure
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.engine.permissions import Action
from booking.engine.quotas import PPM
from booking.errors import DomainError
from booking.queries.offers import offers
from booking.queries.policies import current_policy, policy_versions
from booking.services.policies import (
    PolicyWish,
    check_wish,
    notes_on,
    publish_policy,
    wish_of,
    with_shares,
)

router = APIRouter()
LONGEST_PERIOD: Final = timedelta(days=366)
FIRST_DAYS: Final = 28
STEP_MINUTES: Final = 60
THOUSAND: Final = 1000
NARROW: Final = 310


@dataclass(frozen=True, slots=True)
class Effect:
    """What a policy means at a facility in a period; hours are of one unit at rate 1."""

    offered: float
    groups: tuple[tuple[str, int, float], ...]
    for_all: float
    cap: float | None
    notes: tuple[str, ...]


@router.get("/manage/facilities/{slug}/policy")
def policy(visit: Visiting, slug: str) -> Response:
    """Show the editor, with the policy in force."""
    facility = managed(visit, slug, Action.POLICY_EDIT)
    current = visit.read(lambda session: current_policy(session, facility.id))
    wish = wish_of(current) if current else PolicyWish()
    start = visit.now.astimezone(ZoneInfo(facility.zone)).date() + timedelta(days=1)
    period = {
        "from_day": start.isoformat(),
        "until_day": (start + timedelta(days=FIRST_DAYS)).isoformat(),
    }
    return _shown(visit, facility, typed(values_of(wish) | period))


@router.post("/manage/facilities/{slug}/policy")
def change(visit: Submitting, slug: str, form: Form) -> Response:
    """Add or drop a group, show the effect, or publish: as the button that was pressed says."""
    facility = managed(visit, slug, Action.POLICY_EDIT)
    pressed, _, which = form["do"].partition("-")
    if pressed == "add":
        return _shown(visit, facility, with_group(form))
    if pressed == "remove" and which.isdigit():
        return _shown(visit, facility, without_group(form, int(which)))
    wish = wish_in(form)
    refused = form.refusal or _refusal(wish)
    if refused or pressed != "publish":
        return _shown(visit, facility, form, refused)
    published = visit.write(
        lambda session: publish_policy(
            session, actor=visit.actor, now=visit.now, facility=slug, wish=wish
        )
    )
    if isinstance(published, DomainError):
        return _shown(visit, facility, form, at_fields(published, wish))
    number = published.version.number
    return go(
        visit,
        f"/manage/facilities/{slug}/policy",
        f"Version {number} of the policy is published. Calls that are open keep the version they "
        "opened with.",
    )


def _refusal(wish: PolicyWish) -> DomainError | None:
    try:
        check_wish(wish)
    except DomainError as refused:
        return at_fields(refused, wish)
    return None


def _shown(
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    versions = visit.read(lambda session: policy_versions(session, facility.id))
    effect = None if refused else _effect(visit, facility, form)
    quiet = "hx-request" in visit.request.headers
    return show(
        visit,
        "policy/edit.html",
        status=200 if refused is None or quiet else STATUS[type(refused)],
        refused=refused,
        **form_shown(form, refused),
        effect=effect,
        plot=_plot(effect) if effect and effect.groups else "",
        versions=versions,
        **around(visit, facility, "/policy"),
    )


def _effect(visit: Visit, facility: Any, form: Typed) -> Effect | None:
    """Work out what the policy on the form means; None where something is to be mended."""
    period = _period(form, facility.zone)
    trial = replace(form, faults=[])
    wish = wish_in(trial)
    if period is None or trial.faults or _refusal(wish):
        return None
    found = visit.read(
        lambda session: offers(session, [facility.id], access=period, step_minutes=STEP_MINUTES)
    )
    shared = visit.read(lambda session: with_shares(session, wish, on=visit.now.date()))
    offered = sum(each.credit_thousandths for each in found) / THOUSAND
    groups = tuple(
        (each.name, each.reserved_share_ppm, offered * each.reserved_share_ppm / PPM)
        for each in shared.groups
    )
    cap = None if wish.cap_share_ppm is None else offered * wish.cap_share_ppm / PPM
    for_all = offered - sum(hours for _, _, hours in groups)
    return Effect(offered, groups, for_all, cap, notes_on(wish, visit.now.date()))


def _period(form: Typed, zone: str) -> Interval | None:
    """Read the days to look at; both ends are shown, the last one is not counted."""
    first, last = form.day("from_day"), form.day("until_day")
    for name, found in (("from_day", first), ("until_day", last)):
        if found is None:
            form.fault(name, "Choose a day.")
    if first is None or last is None:
        return None
    place = ZoneInfo(zone)
    if not timedelta(0) < last - first <= LONGEST_PERIOD:
        form.fault("until_day", "Choose a day after the first one, at most 366 days on.")
        return None
    try:
        start, end = (datetime.combine(each, time(), place) for each in (first, last))
        return Interval(start, end)
    except (OverflowError, ValueError):
        form.fault("from_day", "Choose a year between 1 and 9999.")
        return None


def _plot(effect: Effect) -> str:
    bars = [Bar(name, share / PPM, f"{figure(hours)} h") for name, share, hours in effect.groups]
    left = effect.for_all / effect.offered if effect.offered else 0.0
    bars.append(Bar("For everyone", left, f"{figure(effect.for_all)} h"))
    summary = "; ".join(f"{each.label}: {each.words}" for each in bars)
    return bar_plot("effect-plot", "Reserved hours by group", summary, bars, width=NARROW)
