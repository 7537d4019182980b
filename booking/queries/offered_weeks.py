"""What a facility offers in a week, before anything is booked; kept until that changes.

A facility's `offer_version` rises with every change of hours, closures, capacities, rates
and states, so that what a process keeps under an older version is never asked for again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval, intersect, subtract
from booking.engine.online_quotas import credits_of
from booking.engine.opening import Week, WeeklyHours, open_windows
from booking.queries.kept import Kept
from booking.queries.offered_statements import OFFERED_CLOSURES, OFFERED_HOURS, OFFERED_RESOURCES

MOST_KEPT: Final = 5000
# Facilities whose offer this very transaction has changed: nothing of theirs is kept from it.
CHANGED: Final = "facilities whose offer was changed"


@dataclass(frozen=True, slots=True)
class OfferedWeek:
    """When a facility's resources are open in a week, closures left out, and what that is worth.

    `own` are the windows of resources that differ from the facility's; `credits` is K_f of
    all its published resources, in thousandths.
    """

    windows: tuple[Interval, ...]
    own: Mapping[UUID, tuple[Interval, ...]]
    credits: int

    def windows_of(self, resource_id: UUID) -> tuple[Interval, ...]:
        """Return when a resource is open."""
        return self.own.get(resource_id, self.windows)


@dataclass(frozen=True, slots=True)
class Site:
    """A facility as far as its offer goes."""

    facility_id: UUID
    zone: str
    offer_version: int


_KEPT: Final[Kept[tuple[UUID, int, date], OfferedWeek]] = Kept(MOST_KEPT)
Offered = Mapping[tuple[UUID, date], OfferedWeek]


def offered_weeks(session: Session, wanted: Mapping[Site, Sequence[Week]]) -> Offered:
    """Return what facilities offer in weeks of theirs, by facility and Monday.

    Cost: none where all is kept, else three queries in all.
    """
    changed = session.info.get(CHANGED, ())
    found: dict[tuple[UUID, date], OfferedWeek] = {}
    missing: dict[Site, list[Week]] = defaultdict(list)
    for site, weeks in wanted.items():
        for week in weeks:
            key = (site.facility_id, site.offer_version, week.monday)
            kept = None if site.facility_id in changed else _KEPT.get(key)
            if kept is None:
                missing[site].append(week)
            else:
                found[site.facility_id, week.monday] = kept
    for site, week, offered in _reckoned(session, missing) if missing else ():
        found[site.facility_id, week.monday] = offered
        if site.facility_id not in changed:
            _KEPT.keep((site.facility_id, site.offer_version, week.monday), offered)
    return found


def _reckoned(
    session: Session, wanted: Mapping[Site, Sequence[Week]]
) -> Iterable[tuple[Site, Week, OfferedWeek]]:
    intervals = [week.interval for weeks in wanted.values() for week in weeks]
    asked = {
        "facilities": [each.facility_id for each in wanted],
        "start": min(each.start for each in intervals),
        "end": max(each.end for each in intervals),
    }
    connection = session.connection()
    resources = _by_facility(connection.execute(OFFERED_RESOURCES, asked))
    hours = _by_facility(connection.execute(OFFERED_HOURS, asked))
    closures = _by_facility(connection.execute(OFFERED_CLOSURES, asked))
    for site, weeks in wanted.items():
        at = site.facility_id
        for week in weeks:
            yield site, week, _week(site, week.interval, resources[at], hours[at], closures[at])


def _by_facility(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.facility_id].append(row)
    return found


def _week(
    site: Site,
    week: Interval,
    resources: Sequence[Any],
    hours: Sequence[Any],
    closures: Sequence[Any],
) -> OfferedWeek:
    weekly, closed = _hours_by_resource(hours), _closed_by_resource(closures, week)
    general = open_windows(weekly.get(None, ()), zone=site.zone, within=week)
    windows = subtract(general, closed.get(None, ()))
    own: dict[UUID, tuple[Interval, ...]] = {}
    for each in weekly.keys() | closed.keys():
        if each is None:
            continue
        mine = general
        if each in weekly:
            mine = open_windows(weekly[each], zone=site.zone, within=week)
        own[each] = subtract(mine, (*closed.get(None, ()), *closed.get(each, ())))
    offered = OfferedWeek(windows, own, 0)
    worth = sum(_worth(offered, each) for each in resources)
    return OfferedWeek(windows, own, worth)


def _worth(offered: OfferedWeek, resource: Any) -> int:
    minutes = sum(each.minutes for each in offered.windows_of(resource.id))
    return credits_of(
        minutes, quantity=resource.capacity, rate_thousandths=resource.rate_thousandths
    )


def _hours_by_resource(rows: Iterable[Any]) -> dict[UUID | None, list[WeeklyHours]]:
    found: dict[UUID | None, list[WeeklyHours]] = defaultdict(list)
    for row in rows:
        found[row.resource_id].append(WeeklyHours(row.weekday, row.opens, row.closes))
    return found


def _closed_by_resource(rows: Iterable[Any], week: Interval) -> dict[UUID | None, list[Interval]]:
    found: dict[UUID | None, list[Interval]] = defaultdict(list)
    for row in rows:
        closed = intersect([Interval(row.starts_at, row.ends_at)], [week])
        if closed:
            found[row.resource_id].extend(closed)
    return found
