"""Open, closed and taken time of a resource, or of a facility's, as a calendar shows it.

Two statements, however many resources and bookings there are.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable
from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import ResourceState
from booking.engine.opening import WeeklyHours, open_windows
from booking.engine.permissions import Action, Actor, Scope, may
from booking.queries.booking_statements import CLOSED, IN_ROUND
from booking.queries.paging import Page, page_of, read_cursor
from booking.queries.timetable_statements import (
    BOOKINGS_OF_EACH,
    BOOKINGS_OF_RESOURCE,
    OPEN,
    PLACE,
    RESOURCE,
    SETTING_OF_FACILITY,
    SETTING_OF_RESOURCE,
)

DAY: Final = timedelta(days=1)
NOWHERE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class OpenTime:
    """Opening hours, cut to what was asked."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ClosedTime:
    """A closure of a resource or of its whole facility."""

    starts_at: datetime
    ends_at: datetime
    id: UUID
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class TakenTime:
    """A booking as anybody may see it; `id` and `title` are None for those who may not know."""

    starts_at: datetime
    ends_at: datetime
    quantity: int
    status: str
    id: UUID | None
    title: str | None


@dataclass(frozen=True, slots=True)
class RoundTime:
    """Time that a round shares out; what it leaves is free to book from `until` on."""

    starts_at: datetime
    ends_at: datetime
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TimeTable:
    """What happens on a resource within an interval, by time."""

    bookings: list[TakenTime]
    closures: list[ClosedTime]
    open: list[OpenTime]
    rounds: list[RoundTime]


@dataclass(frozen=True, slots=True)
class NamedTimeTable:
    """What happens on one of several resources."""

    resource_id: UUID
    resource_name: str
    calendar: TimeTable


@dataclass(frozen=True, slots=True)
class _Setting:
    """A facility's zone, resources, hours, closures and rounds."""

    facility_id: UUID
    zone: str
    resources: tuple[Any, ...]
    hours: dict[UUID | None, list[WeeklyHours]]
    closures: dict[UUID | None, list[ClosedTime]]
    rounds: list[RoundTime]

    def seen_by(self, viewer: Actor, *hidden: ResourceState) -> list[Any]:
        """List the resources without the `hidden`; drafts only for those who may see them."""
        scope = Scope(facility_id=self.facility_id)
        if not may(viewer, Action.CATALOGUE_SEE_DRAFTS, scope):
            hidden = (*hidden, ResourceState.DRAFT)
        return [each for each in self.resources if each.kind not in hidden]

    def table(self, resource_id: UUID, bookings: list[TakenTime], within: Interval) -> TimeTable:
        """Put together what happens on a resource."""
        weekly = self.hours.get(resource_id) or self.hours.get(None) or ()
        windows = open_windows(weekly, zone=self.zone, within=within)
        closures = self.closures.get(None, []) + self.closures.get(resource_id, [])
        return TimeTable(
            bookings=bookings,
            closures=sorted(closures, key=lambda each: (each.starts_at, each.id)),
            open=[OpenTime(each.start, each.end) for each in windows],
            rounds=self.rounds,
        )


def timetable_of(
    session: Session, resource_id: UUID, *, viewer: Actor, within: Interval, now: datetime
) -> TimeTable | None:
    """Return what happens on a resource; None if there is none that the viewer may know of.

    Cost: two queries.
    """
    asked = {"resource": resource_id, "start": within.start, "end": within.end}
    setting = _setting(session, SETTING_OF_RESOURCE, asked, now)
    if setting is None or not setting.seen_by(viewer):
        return None
    taken = _taken(session, BOOKINGS_OF_RESOURCE, asked, setting.facility_id, viewer)
    return setting.table(resource_id, taken[resource_id], within)


def timetables_of(
    session: Session,
    facility: str,
    *,
    viewer: Actor,
    within: Interval,
    now: datetime,
    limit: int,
    cursor: str | None = None,
) -> Page[NamedTimeTable] | None:
    """Return what happens on a page of a facility's resources, by name; None without it.

    `facility` is its slug or id. Retired resources are left out.

    Cost: two queries.
    """
    times = {"start": within.start, "end": within.end}
    setting = _setting(
        session, SETTING_OF_FACILITY, {"slug": facility, "facility": _id(facility), **times}, now
    )
    if setting is None:
        return None
    seen = sorted(setting.seen_by(viewer, ResourceState.RETIRED), key=_by_name)
    after = read_cursor(cursor, parts=2)
    if after:
        seen = [each for each in seen if _by_name(each) > (str(after[0]), str(after[1]))]
    page = page_of(seen[: limit + 1], limit=limit, key=_by_name)
    asked = {"resources": [each.resource_id for each in page.items], **times}
    taken = _taken(session, BOOKINGS_OF_EACH, asked, setting.facility_id, viewer)
    tables = (
        NamedTimeTable(
            each.resource_id,
            each.text,
            setting.table(each.resource_id, taken[each.resource_id], within),
        )
        for each in page.items
    )
    return Page(tuple(tables), page.next)


def _setting(
    session: Session, statement: Executable, asked: dict[str, Any], now: datetime
) -> _Setting | None:
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in session.connection().execute(statement, asked):
        rows[row.what].append(row)
    if not rows[PLACE]:
        return None
    hours: dict[UUID | None, list[WeeklyHours]] = defaultdict(list)
    for row in rows[OPEN]:
        hours[row.resource_id].append(WeeklyHours(row.weekday, row.opens, row.closes))
    closures: dict[UUID | None, list[ClosedTime]] = defaultdict(list)
    for row in rows[CLOSED]:
        closed = ClosedTime(row.starts_at, row.ends_at, row.id, row.kind, row.text)
        closures[row.resource_id].append(closed)
    return _Setting(
        facility_id=rows[PLACE][0].facility_id,
        zone=rows[PLACE][0].text,
        resources=tuple(rows[RESOURCE]),
        hours=hours,
        closures=closures,
        rounds=_rounds(rows[IN_ROUND], now),
    )


def _rounds(rows: Iterable[Any], now: datetime) -> list[RoundTime]:
    """Word rounds as what they reserve, up to the end of the day of their decision.

    A round that is late keeps its time; it is then expected by the end of today.
    """
    found = (
        RoundTime(
            row.starts_at,
            row.ends_at,
            row.text,
            datetime.combine(max(row.decision_on, now.date()), time(), tzinfo=UTC) + DAY,
        )
        for row in rows
    )
    return sorted(found, key=lambda each: (each.starts_at, each.name))


def _taken(
    session: Session,
    statement: Executable,
    asked: dict[str, Any],
    facility_id: UUID,
    viewer: Actor,
) -> dict[UUID, list[TakenTime]]:
    """Read the bookings by resource, each as far as the viewer may know it."""
    seen: dict[tuple[UUID, UUID], bool] = {}
    taken: dict[UUID, list[TakenTime]] = defaultdict(list)
    for (
        resource_id,
        starts_at,
        ends_at,
        quantity,
        status,
        booking_id,
        title,
        *whose,
    ) in session.connection().execute(statement, asked):
        project_id, organisation_id = whose
        known = seen.get((project_id, organisation_id))
        if known is None:
            scope = Scope(facility_id, organisation_id, project_id)
            known = may(viewer, Action.BOOKING_SEE, scope)
            seen[project_id, organisation_id] = known
        taken[resource_id].append(
            TakenTime(starts_at, ends_at, quantity, status, booking_id, title)
            if known
            else TakenTime(starts_at, ends_at, quantity, status, None, None)
        )
    return taken


def _by_name(row: Any) -> tuple[str, str]:
    return row.text.lower(), str(row.resource_id)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return NOWHERE
