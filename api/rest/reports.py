"""Reports: the equity of rounds."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, StringConstraints
from sqlmodel import Session

from api.deps import Day, Instant, ReadSession
from api.equity_csv import equity_csv
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.equity_words import DEFINITIONS, SUPPRESSION
from booking.errors import Malformed
from booking.queries.reports import EquityReport, equity_report
from booking.queries.rounds import facility_named

router = APIRouter(tags=["reports"], route_class=IdempotentRoute)

Key = Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Since = Annotated[Day | None, Query(alias="from")]
Until = Annotated[Day | None, Query(alias="to")]
CSV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {}}}}


class GroupLineOut(BaseModel):
    """One equity group; null where fewer than five organisations could be told."""

    key: str
    name: str
    suppressed: bool
    reserved_credits: float
    target_share: float | None
    organisations: int | None
    requests: int | None
    credited_credits: float | None
    attainment: float | None
    share: float | None
    member_share: float | None
    asked_share: float | None
    demand_met: float | None
    success_rate: float | None
    median_waiting_days: float | None


class CommonOut(BaseModel):
    """What concerns everyone; null where fewer than five organisations could be told.

    `mean_merit_by_merit` is null as well where a round's timetable by merit alone was not kept.
    """

    suppressed: bool
    offered_credits: float
    organisations: int | None
    allocated_credits: float | None
    utilisation: float | None
    success_rate: float | None
    median_waiting_days: float | None
    jain: float | None
    gini: float | None
    largest_share: float | None
    herfindahl: float | None
    mean_merit: float | None
    mean_merit_by_merit: float | None
    price_of_fairness: float | None
    price_of_fairness_low: float | None
    price_of_fairness_high: float | None
    points_per_hour: float | None
    points_per_hour_by_merit: float | None


class FacilityPartOut(CommonOut):
    """One facility with its groups."""

    slug: str
    name: str
    requests: int | None
    groups: list[GroupLineOut]


class RoundLineOut(CommonOut):
    """One round with its groups; the gap is how far it may be below the best, proven."""

    slug: str
    name: str
    access_starts_at: Instant
    access_ends_at: Instant
    gap: float
    requests: int | None
    groups: list[GroupLineOut]


class LeastAttainedOut(BaseModel):
    """The reserve that was filled least, of those asked for that may be shown."""

    facility: str
    group: str
    attainment: float


class EquityReportOut(CommonOut):
    """Who got what share; `definitions` say what each figure means."""

    requests: int
    rounds: list[RoundLineOut]
    groups: list[GroupLineOut]
    facilities: list[FacilityPartOut]
    least_attained: LeastAttainedOut | None
    wish_days: float | None
    definitions: dict[str, str]
    suppression: str


@router.get("/reports/equity", responses=problems(404))
def see_equity_report(
    session: ReadSession,
    *,
    facility: Key | None = None,
    since: Since = None,
    until: Until = None,
) -> EquityReportOut:
    """Return the report on published rounds with access from `from` until before `to`."""
    shown = asdict(_report(session, facility, since, until))
    return EquityReportOut.model_validate(
        {
            **shown,
            **_flat(shown),
            "rounds": [_flat(each) for each in shown["rounds"]],
            "facilities": [_flat(each) for each in shown["facilities"]],
            "least_attained": shown["least"],
            "definitions": DEFINITIONS,
            "suppression": SUPPRESSION,
        }
    )


@router.get("/reports/equity.csv", response_class=Response, responses=problems(404) | CSV)
def download_equity_report(
    session: ReadSession,
    *,
    facility: Key | None = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Return the same report as CSV: one figure a row, each with what it means."""
    text = equity_csv(_report(session, facility, since, until))
    headers = {"Content-Disposition": 'attachment; filename="equity.csv"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _report(
    session: Session, facility: str | None, since: date | None, until: date | None
) -> EquityReport:
    if since is not None and until is not None and until <= since:
        raise Malformed("Let `to` be after `from`; it is the day after the last one.")
    place = facility_named(session, facility) if facility is not None else None
    return equity_report(
        session,
        facility_id=place.id if place else None,
        start=_midnight(since),
        end=_midnight(until),
    )


def _flat(part: Mapping[str, Any]) -> dict[str, Any]:
    """Put what concerns everyone beside what the part says itself."""
    return {**part["common"], **part}


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
