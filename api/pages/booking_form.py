"""The form that books: the rules, the price and what is left, before anything is sent."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import booking_wish, rules_in_words
from api.pages.booking_quota import quota_beside
from api.pages.booking_wish import AGAIN, KEPT, TIMES, Choices
from api.pages.fields import Address, Typed, marks_of
from api.pages.local_reasons import by_the_clock_of, in_zone
from api.pages.taken_time import taken_time
from api.pages.visit import Visit, Visiting, show
from api.pages.wishes import offers_beside
from api.problems import STATUS
from booking.engine.booking_facts import BookingCode
from booking.engine.intervals import Interval, intersect, union
from booking.engine.lifecycle import ResourceState
from booking.errors import DomainError, NotFound
from booking.queries import catalogue
from booking.queries.busy_calendars import busy_elsewhere
from booking.queries.catalogue import ResourceFacts
from booking.queries.terms_standing import terms_standing

router = APIRouter()
USUAL_MINUTES: Final = 60
LONGEST: Final = 366 * 1440


@router.get("/resources/{resource_id:uuid}/book")
def ask(visit: Visiting, resource_id: UUID, address: Address) -> Response:
    """Show the form, filled with what the address says."""
    return form_shown(visit, resource_id, address)


def known(session: Session, visit: Visit, resource_id: UUID) -> ResourceFacts:
    """Return the resource.

    Raises: NotFound if there is none that the visitor may know of.
    """
    found = catalogue.resource_facts(session, resource_id, viewer=visit.actor)
    if found is None:
        raise NotFound("There is no such resource. Search for it on the start page.")
    return found


def form_shown(
    visit: Visit, resource_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    """Show the form as it was typed, and why it was refused."""
    found = visit.read(lambda session: known(session, visit, resource_id))
    if found.state is ResourceState.RETIRED:
        return show(visit, "resource/retired.html", resource=found)
    values = booking_wish.with_day(values, found.zone)
    typed_minutes = Typed({"minutes": values["minutes"]}).whole("minutes", least=1, most=LONGEST)
    usual = typed_minutes or max(found.minimum_minutes or found.grid_minutes, USUAL_MINUTES)
    times = booking_wish.asked_times(values, found.zone, minutes=usual)
    seen = visit.read(lambda session: _look(session, visit, values, found, refused, times))
    if refused is not None:
        refused = by_the_clock_of(refused, found.zone)
    return show(
        visit,
        "booking/form.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=marks_of(refused),
        waivable=any(each.waivable for each in refused.violations) if refused else False,
        resource=found,
        lengths=rules_in_words.lengths_of(found, usual),
        usual=str(usual),
        which=AGAIN if booking_wish.asks_which(values, found.zone) else (),
        carried=booking_wish.query_of(values, *TIMES, "quantity", "title"),
        **beside(found, minutes=usual, quantity=_quantity(values)),
        **seen,
    )


def _look(
    session: Session,
    visit: Visit,
    values: Typed,
    found: ResourceFacts,
    refused: DomainError | None,
    times: tuple[datetime, datetime] | None,
) -> dict[str, Any]:
    own = catalogue.opening_hours(session, found.facility_id, resource_id=found.id)
    hours = own or catalogue.opening_hours(session, found.facility_id)
    chosen: Choices = booking_wish.choices(session, visit, values, found)
    return {
        "wish": times,
        "taken": taken_time(session, visit, found, chosen.project_id, times, refused),
        "busy": _busy(session, visit, times),
        "busy_refused": refused is not None
        and any(each.code == BookingCode.BUSY_ELSEWHERE for each in refused.violations),
        "quota": quota_beside(session, found, chosen.project_id, times, now=visit.now),
        "hours": rules_in_words.hours_in_words(hours),
        "choices": chosen,
        "offers": offers_beside(session, refused),
        "offer_fields": {name: values[name] for name in KEPT if name != "quantity"}
        | {"quantity": values["quantity"] or "1"},
        "terms": terms_standing(session, found.facility_id, viewer=visit.actor),
    }


def _busy(
    session: Session, visit: Visit, times: tuple[datetime, datetime] | None
) -> tuple[Interval, ...]:
    """Find when the visitor is busy elsewhere within the time that was asked for."""
    if times is None or visit.person is None:
        return ()
    wanted = Interval(*times)
    busy = busy_elsewhere(session, visit.person.id, within=wanted)
    return intersect([wanted], union(busy))


def beside(found: ResourceFacts, *, minutes: int | None, quantity: int) -> dict[str, Any]:
    """Say the rules, and the price of so long."""
    counted = None
    if minutes is not None:
        counted = booking_wish.credits_of(found, minutes=minutes, quantity=quantity)
    return {
        "rules": rules_in_words.rules_of(found),
        "prices": booking_wish.prices(found, minutes=minutes, quantity=quantity),
        "credits": rules_in_words.credits_in_words(found),
        "counted": counted,
        "minutes": minutes,
        "by_clock": in_zone,
    }


def _quantity(values: Typed) -> int:
    asked = Typed({"quantity": values["quantity"]}).whole("quantity", least=1, most=2**31 - 1)
    return asked or 1
