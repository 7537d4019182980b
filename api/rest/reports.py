"""Reports: the equity of rounds."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.deps import Day, Instant, ReadSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.errors import Malformed
from booking.queries.reports import equity_report
from booking.queries.rounds import facility_named

router = APIRouter(tags=["reports"], route_class=IdempotentRoute)

Key = Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class GroupLineOut(BaseModel):
    """One equity group; null where fewer than five organisations are in the cell."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    suppressed: bool
    reserved_credits: float
    target_share: float
    credited_credits: float | None
    attainment: float | None
    share: float | None
    success_rate: float | None
    median_waiting_days: float | None


class RoundLineOut(BaseModel):
    """One round; null where fewer than five organisations are in the cell."""

    model_config = ConfigDict(from_attributes=True)

    slug: str
    name: str
    access_starts_at: Instant
    access_ends_at: Instant
    suppressed: bool
    gap: float
    allocated_credits: float | None
    jain: float | None
    gini: float | None
    price_of_fairness: float | None
    utilisation: float | None
    mean_merit: float | None


class EquityReportOut(BaseModel):
    """Who got what share; overall figures are means weighted by allocated credits."""

    model_config = ConfigDict(from_attributes=True)

    rounds: list[RoundLineOut]
    groups: list[GroupLineOut]
    suppressed: bool
    requests: int
    success_rate: float | None
    median_waiting_days: float | None
    jain: float | None
    gini: float | None
    price_of_fairness: float | None
    utilisation: float | None
    mean_merit: float | None


@router.get("/reports/equity", responses=problems(404))
def see_equity_report(
    session: ReadSession,
    *,
    facility: Key | None = None,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
) -> EquityReportOut:
    """Return the report on published rounds with access from `from` until before `to`."""
    if since is not None and until is not None and until <= since:
        raise Malformed("Let `to` be after `from`; it is the day after the last one.")
    place = facility_named(session, facility) if facility is not None else None
    report = equity_report(
        session,
        facility_id=place.id if place else None,
        start=_midnight(since),
        end=_midnight(until),
    )
    return EquityReportOut.model_validate(report)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
