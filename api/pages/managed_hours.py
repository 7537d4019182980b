"""When a facility is open: its week."""

from collections.abc import Iterable
from datetime import time
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from api.pages.fields import Form, Typed, errors_of, typed
from api.pages.places import around, managed
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


@router.post("/manage/facilities/{slug}/hours")
def change(visit: Submitting, slug: str, form: Form) -> Response:
    """Set the week; `do` may ask for one more window a day instead."""
    facility = managed(visit, slug, Action.CATALOGUE_EDIT)
    if form["do"] == "more":
        return _shown(visit, facility, form)
    week = _week(form)
    if form.refusal:
        return _shown(visit, facility, form, form.refusal)
    done = visit.write(
        lambda session: set_opening_hours(
            session, actor=visit.actor, now=visit.now, facility_id=facility.id, hours=week
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done)
    words = "The week is saved." if week else "The week is saved: always open."
    return go(visit, f"/manage/facilities/{slug}/hours", words)


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
    visit: Visit, facility: Any, form: Typed, refused: DomainError | None = None
) -> Response:
    return show(
        visit,
        "manage/hours.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        typed=form,
        errors=errors_of(refused),
        days=DAYS,
        windows=_windows(form),
        **around(visit, facility, "/hours"),
    )
