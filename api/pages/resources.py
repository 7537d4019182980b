"""A resource's page: what it is, its rules and its week."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words, timeline
from api.pages.fields import Address, Typed
from api.pages.visit import Visit, Visiting, show
from booking.engine.intervals import Interval
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import monday_of
from booking.engine.permissions import Action, Scope, may
from booking.errors import NotFound
from booking.queries import catalogue
from booking.queries.availability import availability_of, closures_of
from booking.queries.catalogue import ResourceFacts
from booking.queries.terms_standing import terms_standing

router = APIRouter()
WEEKS_BACK: Final = 4


@router.get("/resources/{resource_id:uuid}")
def resource(visit: Visiting, resource_id: UUID, address: Address) -> Response:
    """Show a resource and its week; a retired one keeps its page."""
    return _shown(visit, resource_id, address)


def _known(session: Session, visit: Visit, resource_id: UUID) -> ResourceFacts:
    found = catalogue.resource_facts(session, resource_id, viewer=visit.actor)
    if found is None:
        raise NotFound("There is no such resource. Search for it on the start page.")
    return found


def _shown(visit: Visit, resource_id: UUID, values: Typed) -> Response:
    seen = visit.read(lambda session: _look(session, visit, resource_id, values))
    found: ResourceFacts = seen["resource"]
    if found.state is ResourceState.RETIRED:
        return show(visit, "resource/retired.html", **seen)
    return show(
        visit,
        "resource/resource.html",
        rules=rules_in_words.rules_of(found),
        access=rules_in_words.ACCESS[found.access_by],
        prices=rules_in_words.prices_of(found),
        credits=rules_in_words.credits_in_words(found),
        quantity_shown=_quantity(values, found),
        **seen,
    )


def _look(session: Session, visit: Visit, resource_id: UUID, values: Typed) -> dict[str, Any]:
    """Read all that the page shows."""
    found = _known(session, visit, resource_id)
    if found.state is ResourceState.RETIRED:
        return {"resource": found}
    monday = _monday(visit, found, values)
    within = timeline.span_of(monday, found.zone)
    times = availability_of(session, [found], within=within, now=visit.now)[found.id]
    drawn = timeline.week(
        found, times, monday=monday, now=visit.now, quantity=_quantity(values, found)
    )
    return {
        "resource": found,
        "week": drawn,
        "around": _weeks_around(visit, found, monday),
        "closures": _closures(session, found, within),
        "hours": _hours(session, found),
        "follows": may(visit.actor, Action.BOOKING_SEE, Scope(facility_id=found.facility_id)),
        "terms": terms_standing(session, found.facility_id, viewer=visit.actor),
    }


def _closures(session: Session, found: ResourceFacts, within: Interval) -> list[Any]:
    return [
        each
        for each in closures_of(session, [found], within)
        if each.resource_id in {None, found.id}
    ]


def _hours(session: Session, found: ResourceFacts) -> list[tuple[str, str]]:
    own = catalogue.opening_hours(session, found.facility_id, resource_id=found.id)
    hours = own or catalogue.opening_hours(session, found.facility_id)
    return rules_in_words.hours_in_words(hours)


def _quantity(values: Typed, found: ResourceFacts) -> int:
    asked = values["quantity"]
    return max(1, min(int(asked[:9]), found.capacity)) if asked.isdecimal() else 1


def _today(visit: Visit, found: ResourceFacts) -> date:
    return visit.now.astimezone(ZoneInfo(found.zone)).date()


def _monday(visit: Visit, found: ResourceFacts, values: Typed) -> date:
    """Choose the week: the one asked for, else that of the wish, drawn into what is shown."""
    today = _today(visit, found)
    asked = Typed({"week": values["week"] or values["day"]}).day("week") or today
    first, last = _ends(today, found)
    return monday_of(min(max(asked, first), last))


def _ends(today: date, found: ResourceFacts) -> tuple[date, date]:
    return today - timedelta(weeks=WEEKS_BACK), today + timedelta(days=found.horizon_days)


def _weeks_around(
    visit: Visit, found: ResourceFacts, monday: date
) -> tuple[date | None, date | None]:
    """Return the weeks before and after, None where there is nothing more to see."""
    first, last = _ends(_today(visit, found), found)
    before, after = monday - timedelta(weeks=1), monday + timedelta(weeks=1)
    return (
        before if before >= monday_of(first) else None,
        after if after <= last else None,
    )
