"""Series: the same hours by day or week, booked as single bookings with a report."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import AppSettings, Day, Instant, Line, Name, Now, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import ProblemError, error_items, problems
from api.rest.bookings import BookingOut, Quantity
from booking.engine.repetition import MOST_DATES, Every, Repetition
from booking.services import booking_series
from booking.services.booking_series import RefusedDate, SeriesOutcome
from booking.services.bookings import NewBooking

router = APIRouter(tags=["bookings"], route_class=IdempotentRoute)

Weekday = Annotated[int, Field(ge=0, le=6, strict=True)]


class RepeatsIn(BaseModel):
    """Every so many days or weeks, by the facility's clock: `count` times, or `until` a day.

    Weekdays are 0 (Monday) to 6; without any it is that of the first date.
    """

    model_config = ConfigDict(extra="forbid")

    every: Every
    interval: Annotated[int, Field(ge=1, le=366, strict=True)] = 1
    weekdays: Annotated[list[Weekday], Field(max_length=7)] = []
    count: Annotated[int, Field(ge=1, le=MOST_DATES, strict=True)] | None = None
    until: Day | None = None


class SeriesIn(BaseModel):
    """A wish to book again and again; the times given are those of the first date.

    `if_refused` says whether a date that cannot be had is left out, or none is booked.
    `dry_run` only tells which dates could be had.
    """

    model_config = ConfigDict(extra="forbid")

    resource_id: UUID
    project_id: UUID
    starts_at: Instant
    ends_at: Instant
    repeats: RepeatsIn
    quantity: Quantity = 1
    title: Line = ""
    person_id: UUID | None = None
    waiver: Name | None = None
    if_refused: Literal["skip", "none"] = "skip"
    dry_run: bool = False


class DateOut(BaseModel):
    """A date of a series."""

    model_config = ConfigDict(from_attributes=True)

    starts_at: Instant
    ends_at: Instant


class TimeOut(DateOut):
    """A time that would do instead."""

    resource_id: UUID


class RefusedDateOut(DateOut):
    """A date that cannot be had, why, and for the first 20 of them what would do instead."""

    errors: list[ProblemError]
    alternatives: list[TimeOut]


class SeriesOut(BaseModel):
    """What was booked, or in a trial could be: its dates, its bookings, and what is refused."""

    series_id: UUID | None
    dates: list[DateOut]
    bookings: list[BookingOut]
    refused: list[RefusedDateOut]


_TRIED: dict[int | str, dict[str, Any]] = {
    200: {"model": SeriesOut, "description": "A trial: nothing was booked"}
}


@router.post("/bookings/series", status_code=201, responses=_TRIED | problems(401, 403, 404, 409))
def create_series(
    given: SeriesIn,
    response: Response,
    session: WriteSession,
    actor: SignedIn,
    now: Now,
    settings: AppSettings,
) -> SeriesOut:
    """Book the same hours again and again; the report names the dates that cannot be had."""
    outcome = booking_series.book_series(
        session,
        actor=actor,
        now=now,
        domain=settings.host,
        new=_first(given),
        repeats=_repetition(given.repeats),
        skip_refused=given.if_refused == "skip",
        dry_run=given.dry_run,
    )
    if given.dry_run:
        response.status_code = 200
    return _shown(outcome)


def _first(given: SeriesIn) -> NewBooking:
    return NewBooking(
        resource_id=given.resource_id,
        project_id=given.project_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        quantity=given.quantity,
        title=given.title,
        person_id=given.person_id,
        waiver=given.waiver or "",
    )


def _repetition(given: RepeatsIn) -> Repetition:
    return Repetition(
        every=given.every,
        interval=given.interval,
        weekdays=frozenset(given.weekdays),
        count=given.count,
        until=given.until,
    )


def _shown(outcome: SeriesOutcome) -> SeriesOut:
    return SeriesOut(
        series_id=outcome.series_id,
        dates=[DateOut(starts_at=each.start, ends_at=each.end) for each in outcome.dates],
        bookings=[BookingOut.model_validate(each) for each in outcome.bookings],
        refused=[_refused(each) for each in outcome.refused],
    )


def _refused(date: RefusedDate) -> RefusedDateOut:
    return RefusedDateOut(
        starts_at=date.starts_at,
        ends_at=date.ends_at,
        errors=[ProblemError(**each) for each in error_items(date.violations)],
        alternatives=[TimeOut.model_validate(each) for each in date.alternatives],
    )
