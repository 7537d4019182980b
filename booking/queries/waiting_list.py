"""Who waits for time of which resource."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import Session, col, func, select

from booking.engine.intervals import Interval
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.vocabulary import WaitlistState
from booking.models import Facility, Project, Resource, WaitlistEntry
from booking.queries.bookings import named, visible_to, where_given
from booking.queries.instants import after_instant
from booking.queries.paging import Page, page_of

OPEN: Final = (WaitlistState.WAITING, WaitlistState.OFFERED)


@dataclass(frozen=True, slots=True)
class EntrySeen:
    """An entry of the waiting list, with the names a page shows beside it."""

    entry: WaitlistEntry
    resource_name: str
    facility_id: UUID
    facility_slug: str
    facility_name: str
    zone: str
    organisation_id: UUID
    project_name: str
    person_name: str

    @property
    def scope(self) -> Scope:
        """The places the entry belongs to."""
        return Scope(
            facility_id=self.facility_id,
            organisation_id=self.organisation_id,
            project_id=self.entry.project_id,
            person_id=self.entry.person_id,
        )


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries a list is about; None lets all through."""

    resource_id: UUID | None = None
    project_id: UUID | None = None
    person_id: UUID | None = None
    states: frozenset[WaitlistState] | None = None


EVERY_ENTRY: Final = EntryFilter()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that waits, with what its standing depends on."""

    entry: WaitlistEntry
    organisation_id: UUID

    @property
    def window(self) -> Interval:
        """When the wanted time may lie."""
        return Interval(self.entry.earliest_at, self.entry.latest_at)


def entry_seen(session: Session, entry_id: UUID, *, viewer: Actor) -> EntrySeen | None:
    """Return the entry if the viewer may see it."""
    row = session.exec(_entries(viewer).where(WaitlistEntry.id == entry_id)).one_or_none()
    return None if row is None else EntrySeen(*row)


def entries_seen(
    session: Session,
    *,
    viewer: Actor,
    only: EntryFilter = EVERY_ENTRY,
    limit: int,
    cursor: str | None = None,
) -> Page[EntrySeen]:
    """Return the viewer's page of entries, by the start of their windows and then id."""
    rows = session.exec(
        _entries(viewer)
        .where(
            *_only(only),
            after_instant(cursor, col(WaitlistEntry.earliest_at), col(WaitlistEntry.id)),
        )
        .order_by(col(WaitlistEntry.earliest_at), col(WaitlistEntry.id))
        .limit(limit + 1)
    ).all()
    return page_of(
        [EntrySeen(*row) for row in rows],
        limit=limit,
        key=lambda each: (each.entry.earliest_at.isoformat(), str(each.entry.id)),
    )


def lock_entry(session: Session, entry_id: UUID) -> WaitlistEntry:
    """Return the entry as it is now, locked; its resource is locked before."""
    return session.exec(
        select(WaitlistEntry)
        .where(WaitlistEntry.id == entry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def waiting_on(
    session: Session, resource_id: UUID, *, touching: Sequence[Interval] | None = None
) -> tuple[Waiting, ...]:
    """Return who waits for the resource: those whose windows touch one of the intervals.

    None asks for all of them.
    """
    chosen: ColumnElement[bool] = true()
    if touching is not None:
        chosen = or_(
            *(
                and_(
                    col(WaitlistEntry.earliest_at) < each.end,
                    col(WaitlistEntry.latest_at) > each.start,
                )
                for each in touching
            )
        )
    rows = session.exec(
        select(WaitlistEntry, Project.organisation_id)
        .join(Project, col(Project.id) == col(WaitlistEntry.project_id))
        .where(
            WaitlistEntry.resource_id == resource_id,
            col(WaitlistEntry.state) == WaitlistState.WAITING,
            chosen,
        )
        .execution_options(populate_existing=True)
    )
    return tuple(Waiting(entry, organisation_id) for entry, organisation_id in rows)


def open_entry_like(
    session: Session, *, resource_id: UUID, project_id: UUID, person_id: UUID, window: Interval
) -> WaitlistEntry | None:
    """Return an open entry of the same people for the same resource at such a time."""
    return session.exec(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.resource_id == resource_id,
            WaitlistEntry.project_id == project_id,
            WaitlistEntry.person_id == person_id,
            col(WaitlistEntry.state).in_(OPEN),
            WaitlistEntry.earliest_at < window.end,
            WaitlistEntry.latest_at > window.start,
        )
        .order_by(col(WaitlistEntry.id))
        .limit(1)
    ).first()


def zone_of_resource(session: Session, resource_id: UUID) -> str:
    """Return the zone of the facility that has the resource."""
    return session.exec(
        select(Facility.zone)
        .join(Resource, col(Resource.facility_id) == col(Facility.id))
        .where(Resource.id == resource_id)
    ).one()


def windows_waited_for(session: Session) -> dict[UUID, Interval]:
    """Return for each resource that somebody waits for the time that all windows span."""
    rows = session.exec(
        select(
            WaitlistEntry.resource_id,
            func.min(WaitlistEntry.earliest_at),
            func.max(WaitlistEntry.latest_at),
        )
        .where(col(WaitlistEntry.state) == WaitlistState.WAITING)
        .group_by(col(WaitlistEntry.resource_id))
    )
    return {resource_id: Interval(first, last) for resource_id, first, last in rows}


def _entries(viewer: Actor) -> Any:
    return named(WaitlistEntry).where(
        visible_to(viewer, Action.BOOKING_SEE, project_id=col(WaitlistEntry.project_id))
    )


def _only(only: EntryFilter) -> list[ColumnElement[bool]]:
    chosen = where_given(
        (WaitlistEntry.resource_id, only.resource_id),
        (WaitlistEntry.project_id, only.project_id),
        (WaitlistEntry.person_id, only.person_id),
    )
    if only.states is not None:
        chosen.append(col(WaitlistEntry.state).in_(only.states))
    return chosen
