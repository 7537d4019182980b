"""When a facility is open, and a resource that has hours of its own: the week."""

from collections.abc import Iterable
from datetime import time
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed, resource_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.opening import WeeklyHours
from booking.engine.permissions import Action
from booking.errors import DomainError
from booking.queries import catalogue as reads
from booking.services.opening_hours import set_opening_hours

router = APIRouter()
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WINDOWS: Final = 3


@router.get("/manage/facilities/{slug}/hours")
def hours(visit: Visiting, slug: str) -> Response:
    """Show the week, with an empty window beside those of each day."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    rows = visit.read(lambda session: reads.opening_hours(session, facility.id))
    return _shown(visit, facility, typed(_values(rows)))


@router.get("/manage/facilities/{slug}/resources/{resource_id:uuid}/hours")
def own_hours(visit: Visiting, slug: str, resource_id: UUID) -> Response:
    """Show the week of one resource; empty where it has the facility's."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    row = resource_of(visit, facility, resource_id)
    rows = visit.read(
        lambda session: reads.opening_hours(session, facility.id, resource_id=resource_id)
    )
    return _shown(visit, facility, typed(_values(rows)), row=row)


@router.post("/manage/facilities/{slug}/hours")
def change(visit: Submitting, slug: str, form: Form) -> Response:
    """Set the week; `do` may ask for one more window a day instead."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    return _changed(visit, facility, form, None)


@router.post("/manage/facilities/{slug}/resources/{resource_id:uuid}/hours")
def change_own(visit: Submitting, slug: str, resource_id: UUID, form: Form) -> Response:
    """Set the week of one resource; an empty one gives it the facility's again."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    return _changed(visit, facility, form, resource_of(visit, facility, resource_id))


def _changed(visit: Visit, facility: Any, form: Typed, row: Any) -> Response:
    if form["do"] == "more":
        return _shown(visit, facility, form, row=row)
    week = _week(form)
    if form.refusal:
        return _shown(visit, facility, form, form.refusal, row=row)
    done = visit.write(
        lambda session: set_opening_hours(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            hours=week,
            resource_id=None if row is None else row.id,
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done, row=row)
    empty = "always open" if row is None else "the hours of the facility"
    words = "The week is saved." if week else f"The week is saved: {empty}."
    return go(visit, visit.request.url.path, words)


def _values(rows: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    counts = [0] * len(DAYS)
    for row in rows:
        at = f"{row.weekday}-{counts[row.weekday]}"
        found[f"opens-{at}"], found[f"closes-{at}"] = f"{row.opens:%H:%M}", f"{row.closes:%H:%M}"
        counts[row.weekday] += 1
    return {**found, "windows": str(max(WINDOWS - 1, *counts))}


def _windows(form: Typed) -> int:
    """Return how many windows a day the form has; a button asks for one more."""
    text = form["windows"]
    known = int(text) if text.isascii() and text.isdigit() and len(text) == 1 else WINDOWS - 1
    return min(9, max(1, known) + (form["do"] == "more"))


def _week(form: Typed) -> list[WeeklyHours]:
    found = []
    for weekday in range(len(DAYS)):
        for nth in range(_windows(form)):
            first, last = f"opens-{weekday}-{nth}", f"closes-{weekday}-{nth}"
            if not form[first].strip() and not form[last].strip():
                continue
            opens, closes = _clock(form, first), _clock(form, last)
            if opens is not None and closes is not None:
                found.append(WeeklyHours(weekday, opens, closes))
    return found


def _clock(form: Typed, name: str) -> time | None:
    try:
        at = time.fromisoformat(form[name].strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo or at.second or at.microsecond:
        form.fault(name, "Write a time of day such as 09:00, in both fields or in neither.")
        return None
    return at


def _shown(
    visit: Visit,
    facility: Any,
    form: Typed,
    refused: DomainError | None = None,
    *,
    row: Any = None,
) -> Response:
    return show(
        visit,
        "manage/hours.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        row=row,
        days=DAYS,
        windows=_windows(form),
        **around(visit, facility, "/hours" if row is None else ""),
    )
