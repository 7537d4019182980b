"""What happens on many resources within a period, as their calendars show it.

Three queries, however many resources and bookings there are; no row becomes an object of
the ORM, and instants are whole seconds since 1970, for thousands of them are compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.engine.opening import WeeklyHours, open_windows
from booking.engine.permissions import Action, Actor, Scope, may, reach
from booking.queries.booking_statements import HOURS
from booking.queries.month_statements import CLOSED, LINE, LINES, OF_SERIES, OWN, SPANS, TAKEN
from booking.queries.paging import Page, id_of, page_of, read_cursor

DAY: Final = timedelta(days=1)
NOBODY: Final = UUID(int=0)

Span = tuple[int, int]
"""Half-open, in whole seconds since 1970-01-01 00:00 UTC."""


@dataclass(frozen=True, slots=True)
class Line:
    """A resource with what decides when it may be booked."""

    id: UUID
    facility_id: UUID
    name: str
    capacity: int
    unit_label: str
    state: ResourceState
    mode: BookingMode
    grid_minutes: int
    minimum_minutes: int | None
    maximum_minutes: int | None
    lead_minutes: int
    horizon_days: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    zone: str


class Taken(NamedTuple):
    """A booking; `id` is None and the names are empty for those who may not know them."""

    start: int
    end: int
    quantity: int
    status: BookingStatus
    id: UUID | None
    title: str
    project_name: str
    person_name: str


class Closed(NamedTuple):
    """A closure of the resource or of its facility."""

    start: int
    end: int
    kind: str
    reason: str


class Kept(NamedTuple):
    """Time that a round shares out; what it leaves may be booked from `until` on."""

    start: int
    end: int
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Times:
    """What happens on a resource within a period: opening hours cut to it, the rest whole."""

    line: Line
    open: tuple[Span, ...]
    taken: tuple[Taken, ...]
    closed: tuple[Closed, ...]
    kept: tuple[Kept, ...]


class Own(NamedTuple):
    """A booking of the viewer's, with where it is."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    quantity: int
    status: BookingStatus
    title: str
    resource_name: str
    facility_name: str
    zone: str


def times_of_resource(
    session: Session, resource_id: UUID, *, viewer: Actor, within: Interval, now: datetime
) -> Times | None:
    """Return what happens on one resource, None where there is no such resource.

    Cost: three queries.
    """
    rows = session.connection().execute(LINE, {"resource": resource_id}).mappings().all()
    lines = [_line(each) for each in rows]
    found = _times(session, lines, viewer=viewer, within=within, now=now)
    return found[0] if found else None


def times_of_facility(
    session: Session,
    facility_id: UUID,
    *,
    viewer: Actor,
    within: Interval,
    now: datetime,
    limit: int,
    cursor: str | None = None,
) -> Page[Times]:
    """Return a page of a facility's resources, by name, with what happens on each.

    Cost: three queries.
    """
    after_name, after_id = _after(cursor)
    states = [ResourceState.PUBLISHED]
    if may(viewer, Action.CATALOGUE_SEE_DRAFTS, Scope(facility_id=facility_id)):
        states.append(ResourceState.DRAFT)
    asked = {
        "facility": facility_id,
        "states": states,
        "after_name": after_name,
        "after_id": after_id,
        "most": limit + 1,
    }
    rows = session.connection().execute(LINES, asked).mappings().all()
    page = page_of(rows, limit=limit, key=lambda row: (row["key"], str(row["id"])))
    lines = [_line(each) for each in page.items]
    times = _times(session, lines, viewer=viewer, within=within, now=now)
    return Page(tuple(times), page.next)


def own_bookings(
    session: Session, *, viewer: Actor, within: Interval, project_id: UUID | None = None
) -> tuple[Own, ...]:
    """Return the viewer's bookings that touch a period, or a project's, by start.

    Cost: one query.
    """
    whose = {
        "person": NOBODY if project_id else viewer.person_id or NOBODY,
        "project": project_id or NOBODY,
    }
    asked = {"start": within.start, "end": within.end, **whose, **_seen_by(viewer)}
    return tuple(Own(*row) for row in session.connection().execute(OWN, asked))


def bookings_of_series(session: Session, series_id: UUID, *, viewer: Actor) -> tuple[Own, ...]:
    """Return the bookings of a series that the viewer may see, by start.

    Cost: one query.
    """
    asked = {"series": series_id, **_seen_by(viewer)}
    return tuple(Own(*row) for row in session.connection().execute(OF_SERIES, asked))


def _times(
    session: Session, lines: Sequence[Line], *, viewer: Actor, within: Interval, now: datetime
) -> list[Times]:
    places = {
        "resources": [each.id for each in lines],
        "facilities": list({each.facility_id for each in lines}),
    }
    asked = {**places, "start": within.start, "end": within.end, **_seen_by(viewer)}
    open_ = _open(session, lines, places, within)
    taken: dict[UUID, list[Taken]] = defaultdict(list)
    closed: list[tuple[UUID, UUID | None, Closed]] = []
    kept: dict[UUID, list[Kept]] = defaultdict(list)
    for row in session.connection().execute(SPANS, asked):
        what, facility_id, resource_id, starts_at, ends_at, quantity, kind, *names, day = row
        start, end = int(starts_at.timestamp()), int(ends_at.timestamp())
        if what == TAKEN:
            taken[resource_id].append(Taken(start, end, quantity, BookingStatus(kind), *names))
        elif what == CLOSED:
            closed.append((facility_id, resource_id, Closed(start, end, kind, names[1])))
        else:
            kept[facility_id].append(Kept(start, end, names[1], _decided_by(day, now)))
    return [
        Times(
            each,
            open_[each.id],
            tuple(sorted(taken[each.id], key=_by_start)),
            _closures_of(each, closed),
            tuple(sorted(kept[each.facility_id], key=_by_start)),
        )
        for each in lines
    ]


def _closures_of(
    line: Line, closed: Iterable[tuple[UUID, UUID | None, Closed]]
) -> tuple[Closed, ...]:
    mine = [
        each
        for facility_id, resource_id, each in closed
        if facility_id == line.facility_id and resource_id in {None, line.id}
    ]
    return tuple(sorted(mine, key=_by_start))


def _by_start(span: Taken | Closed | Kept) -> Span:
    return span[0], span[1]


def _decided_by(decision_on: date, now: datetime) -> datetime:
    """Return the end of the day of a round's decision; a late round's is today."""
    return datetime.combine(max(decision_on, now.date()), time(), tzinfo=UTC) + DAY


def _open(
    session: Session, lines: Sequence[Line], places: Mapping[str, Any], within: Interval
) -> dict[UUID, tuple[Span, ...]]:
    weekly: dict[UUID, list[WeeklyHours]] = defaultdict(list)
    for row in session.connection().execute(HOURS, places):
        weekly[row.resource_id or row.facility_id].append(
            WeeklyHours(row.weekday, row.opens, row.closes)
        )
    # Most resources keep their facility's hours, which are then worked out once.
    found: dict[tuple[UUID, str], tuple[Span, ...]] = {}
    for each in lines:
        whose = (each.id if each.id in weekly else each.facility_id, each.zone)
        if whose not in found:
            windows = open_windows(weekly.get(whose[0], ()), zone=each.zone, within=within)
            found[whose] = tuple(
                (int(one.start.timestamp()), int(one.end.timestamp())) for one in windows
            )
    return {
        each.id: found[each.id if each.id in weekly else each.facility_id, each.zone]
        for each in lines
    }


def _line(row: Mapping[Any, Any]) -> Line:
    return Line(**{str(name): value for name, value in row.items() if name != "key"})


def _seen_by(viewer: Actor) -> dict[str, Any]:
    """Say in what statements bind whose bookings the viewer may see."""
    seen = reach(viewer, Action.BOOKING_SEE)
    return {
        "sees_all": seen.everywhere,
        "seen_projects": list(seen.project_ids),
        "seen_organisations": list(seen.organisation_ids),
        "seen_facilities": list(seen.facility_ids),
    }


def _after(cursor: str | None) -> tuple[str, UUID]:
    key = read_cursor(cursor, parts=2)
    return ("", NOBODY) if key is None else (str(key[0]), id_of(key[1]))
