"""Holidays of a facility: those of its country and region, to adopt as closures."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.closures import confirmed, seen_in
from api.pages.fields import Address, Form, Typed
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.opening import to_local
from booking.engine.permissions import Action
from booking.errors import DomainError
from booking.reference.holiday_calendar import FIRST_YEAR, LAST_YEAR, knows_holidays_of, regions_of
from booking.services.displacement import Displacement
from booking.services.holiday_closures import HolidayProposal, adopt_holidays, holiday_proposals

router = APIRouter()


async def _ticked(request: Request) -> list[str]:
    """Return every date that was ticked, as it came."""
    return [each for each in (await request.form()).getlist("dates") if isinstance(each, str)]


Ticked = Annotated[list[str], Depends(_ticked)]


@router.get("/manage/facilities/{slug}/closures/holidays")
def holidays(visit: Visiting, slug: str, address: Address) -> Response:
    """List a year's holidays: adopted, over, or to choose from."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    year = address.whole("year", least=FIRST_YEAR, most=LAST_YEAR)
    return _shown(visit, facility, year or to_local(visit.now, facility.zone).year)


@router.post("/manage/facilities/{slug}/closures/holidays")
def adopt(visit: Submitting, slug: str, ticked: Ticked, form: Form) -> Response:
    """Adopt the chosen ones; where bookings fall under them, they are shown first."""
    facility = managed(visit, slug, Action.CLOSURE_EDIT)
    year = form.whole("year", least=FIRST_YEAR, most=LAST_YEAR) or visit.now.year
    dates = _read_dates(form, ticked)
    if form.refusal:
        return _shown(visit, facility, year, form.refusal)

    def change(session: Session, dry_run: bool) -> Displacement:  # noqa: FBT001 - see Change
        return adopt_holidays(
            session,
            actor=visit.actor,
            now=visit.now,
            facility_id=facility.id,
            dates=dates,
            dry_run=dry_run,
        ).displacement

    found = confirmed(visit, form, change)
    if isinstance(found, DomainError):
        return _shown(visit, facility, year, found)
    if isinstance(found, Displacement):
        return _preview(visit, facility, year, dates, found)
    where = f"/manage/facilities/{slug}/closures/holidays?year={year}"
    return go(visit, where, f"The chosen holidays are closures now{found.words}")


def _read_dates(form: Typed, texts: Sequence[str]) -> list[date]:
    found = []
    for each in texts:
        try:
            found.append(date.fromisoformat(each))
        except ValueError:
            form.fault("dates", "Choose dates of the list.")
    if not texts:
        form.fault("dates", "Tick at least one date.")
    return found


def _known(visit: Visit, facility: Any, year: int) -> tuple[HolidayProposal, ...]:
    return visit.read(
        lambda session: holiday_proposals(
            session, actor=visit.actor, now=visit.now, facility_id=facility.id, year=year
        )
    )


def _shown(visit: Visit, facility: Any, year: int, refused: DomainError | None = None) -> Response:
    return show(
        visit,
        "manage/holidays.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        year=year,
        years=[each for each in (year - 1, year + 1) if FIRST_YEAR <= each <= LAST_YEAR],
        proposals=_known(visit, facility, year),
        known=knows_holidays_of(facility.country),
        region=regions_of(facility.country).get(facility.holiday_region, ""),
        **around(visit, facility, "/closures"),
    )


def _preview(
    visit: Visit, facility: Any, year: int, dates: Sequence[date], found: Displacement
) -> Response:
    return show(
        visit,
        "manage/holidays_preview.html",
        year=year,
        chosen=[each for each in _known(visit, facility, year) if each.on in set(dates)],
        found=found,
        seen=seen_in(found),
        **around(visit, facility, "/closures"),
    )
