"""Calendars: of a resource and of a facility, a week or a month, as a grid or a list."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import calendar_view
from api.pages.calendar_cells import by_day, cell_rows, runs
from api.pages.calendar_days import Period, View, at, hour_rows
from api.pages.calendar_spans import Drawn, Look, draw
from api.pages.calendar_view import Asked, Clock, Shape, asked_for
from api.pages.fields import Address, Typed
from api.pages.visit import Visit, Visiting, show
from booking.engine.lifecycle import ResourceState
from booking.errors import NotFound
from booking.queries import catalogue
from booking.queries.month import Times, times_of_facility, times_of_resource

router = APIRouter()
A_PAGE: Final = 40
WORDS: Final[dict[str, Any]] = {
    "View": View,
    "Shape": Shape,
    "Look": Look,
    "Clock": Clock,
    "clock_of": calendar_view.clock_of,
    "span_of": calendar_view.span_of,
    "instant": at,
    "moment_of": calendar_view.moment_of,
    "hours_of": calendar_view.hours_of,
    "wish_at": calendar_view.wish_at,
    "place_of": calendar_view.place_of,
}


@router.get("/resources/{resource_id:uuid}/calendar")
def resource_calendar(visit: Visiting, resource_id: UUID, address: Address) -> Response:
    """Show a resource's week or month."""
    seen = visit.read(lambda session: _look_at_resource(session, visit, resource_id, address))
    return show(visit, "calendar/resource.html", **WORDS, **seen)


@router.get("/facilities/{slug}/calendar")
def facility_calendar(visit: Visiting, slug: str, address: Address) -> Response:
    """Show a week or month of a facility's resources."""
    seen = visit.read(lambda session: _look_at_facility(session, visit, slug, address))
    return show(visit, "calendar/facility.html", **WORDS, **seen)


def _look_at_resource(
    session: Session, visit: Visit, resource_id: UUID, address: Typed
) -> dict[str, Any]:
    found = catalogue.resource_facts(session, resource_id, viewer=visit.actor)
    if found is None or found.state is ResourceState.RETIRED:
        raise NotFound("There is no such resource to book. Search for one on the start page.")
    asked = asked_for(visit, address, found.zone, "quantity")
    period = asked.period
    times = times_of_resource(
        session, resource_id, viewer=visit.actor, within=period.within, now=visit.now
    )
    if times is None:
        raise NotFound("There is no such resource. Search for one on the start page.")
    quantity = _quantity(address, found.capacity)
    drawn = _draw(times, period, visit, quantity)
    days = by_day(drawn, period.days)
    rows = hour_rows(period.days, asked.zone) if period.view is View.WEEK else ()
    return {
        "resource": found,
        "asked": asked,
        "period": period,
        "days": days,
        "runs": runs(days),
        "rows": cell_rows(drawn, rows) if asked.shape is not Shape.LIST else (),
        "also": f"&quantity={quantity}" if quantity > 1 else "",
        "pool": found.capacity > 1,
        "quantity": quantity,
        "second_clock": _second_clock(asked),
    }


def _look_at_facility(session: Session, visit: Visit, slug: str, address: Typed) -> dict[str, Any]:
    place = catalogue.facility_by_slug(session, slug)
    if place is None:
        raise NotFound("There is no such facility. Look at the list of facilities.")
    asked = asked_for(visit, address, place.zone)
    period = asked.period
    page = times_of_facility(
        session,
        place.id,
        viewer=visit.actor,
        within=period.within,
        now=visit.now,
        limit=A_PAGE,
        cursor=address["cursor"] or None,
    )
    return {
        "facility": place,
        "asked": asked,
        "period": period,
        "lines": [
            (times.line, by_day(_draw(times, period, visit), period.days)) for times in page.items
        ],
        "next": page.next,
        "second_clock": _second_clock(asked),
    }


def _draw(times: Times, period: Period, visit: Visit, quantity: int = 1) -> Drawn:
    within = period.days[0].start, period.days[-1].end
    return draw(times, within=within, now=visit.now, quantity=quantity)


def _second_clock(asked: Asked) -> bool:
    return asked.both_clocks and bool(asked.apart)


def _quantity(address: Typed, capacity: int) -> int:
    asked = Typed({"quantity": address["quantity"]}).whole("quantity", least=1, most=capacity)
    return asked or 1
