"""Public holidays of a facility: proposed, and adopted as closures."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from api.rest.closures import ClosureOut, FallenUponLists, fallen_upon
from api.rest.facilities import facility_at
from booking.services.holiday_closures import MOST_DATES, adopt_holidays, holiday_proposals

router = APIRouter(tags=["catalogue"], route_class=IdempotentRoute)


class HolidayOut(BaseModel):
    """A holiday of the facility's country and region; `closure_id` where it is adopted.

    The date of an `estimated` one may yet be moved: it displaces nobody until its closure
    is changed to be certain.
    """

    model_config = ConfigDict(from_attributes=True)

    on: date
    name: str
    category: str
    estimated: bool
    starts_at: datetime
    ends_at: datetime
    over: bool
    closure_id: UUID | None
    closure_estimated: bool


class HolidayList(BaseModel):
    """The holidays of a year."""

    items: list[HolidayOut]


class HolidaysIn(BaseModel):
    """The dates to adopt."""

    model_config = ConfigDict(extra="forbid")

    dates: list[date] = Field(min_length=1, max_length=MOST_DATES)
    dry_run: Annotated[bool, Field(description="Say what it would do, and do nothing")] = False


class AdoptedOut(FallenUponLists):
    """The closures that were added, and the dates that were adopted before."""

    closures: list[ClosureOut]
    already: list[date]


@router.get("/facilities/{facility}/holiday-proposals", responses=problems(401, 403, 404))
def list_holiday_proposals(
    session: ReadSession,
    actor: SignedIn,
    now: Now,
    facility: str,
    year: Annotated[int, Query(ge=2000, le=2099)],
) -> HolidayList:
    """Return the holidays that the facility may adopt, and those that it has adopted."""
    found = holiday_proposals(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, facility).id,
        year=year,
    )
    return HolidayList(items=[HolidayOut.model_validate(each) for each in found])


@router.post(
    "/facilities/{facility}/holidays",
    status_code=201,
    responses={
        200: {"description": "What a dry run found", "model": AdoptedOut},
        **problems(401, 403, 404, 409),
    },
)
def adopt_facility_holidays(
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    facility: str,
    body: HolidaysIn,
    response: Response,
) -> AdoptedOut:
    """Close the facility on some of its holidays; bookings on certain dates give way."""
    done = adopt_holidays(
        session,
        actor=actor,
        now=now,
        facility_id=facility_at(session, facility).id,
        dates=body.dates,
        dry_run=body.dry_run,
    )
    if body.dry_run:
        response.status_code = 200
    return AdoptedOut(
        closures=[ClosureOut.model_validate(each) for each in done.closures],
        already=list(done.already),
        **fallen_upon(done.displacement),
    )
