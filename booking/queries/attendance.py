"""Reads of how bookings are used: records of use, and a facility's day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import HOLDING, BookingStatus, ResourceState
from booking.engine.permissions import Actor
from booking.models import Closure, Resource, UsageRecord
from booking.queries.bookings import BookingFilter, BookingSeen, bookings_seen

MOST_A_DAY: Final = 2000
ON_THE_SHEET: Final = frozenset({*HOLDING, BookingStatus.NO_SHOW})


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A booking on a day sheet; `usage` is None until somebody checks in."""

    seen: BookingSeen
    usage: UsageRecord | None


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A resource's part of a day sheet; a closure may be the whole facility's."""

    resource: Resource
    lines: tuple[SheetLine, ...]
    closures: tuple[Closure, ...]


def usage_of(session: Session, booking_id: UUID) -> UsageRecord | None:
    """Return the record of a booking's use; None until somebody has checked in."""
    return session.get(UsageRecord, booking_id)


def usages_of(session: Session, booking_ids: Collection[UUID]) -> Mapping[UUID, UsageRecord]:
    """Return the records of use that there are of these bookings, by booking id."""
    rows = session.exec(select(UsageRecord).where(col(UsageRecord.booking_id).in_(booking_ids)))
    return {each.booking_id: each for each in rows}


def day_sheet(
    session: Session, facility_id: UUID, *, viewer: Actor, within: Interval
) -> tuple[SheetPart, ...]:
    """Return what happens on each resource within a day, by name; lines by start.

    Drafts are left out, and retired resources where nothing is booked of them.

    Cost: four queries, however many resources and bookings.
    """
    only = BookingFilter(
        facility_id=facility_id, since=within.start, until=within.end, statuses=ON_THE_SHEET
    )
    seen = bookings_seen(session, viewer=viewer, only=only, limit=MOST_A_DAY).items
    usages = usages_of(session, [each.booking.id for each in seen])
    closures = _closures(session, facility_id, within)
    lines = [SheetLine(each, usages.get(each.booking.id)) for each in seen]
    return tuple(
        SheetPart(
            resource=each,
            lines=tuple(line for line in lines if line.seen.booking.resource_id == each.id),
            closures=tuple(row for row in closures if row.resource_id in {None, each.id}),
        )
        for each in _resources(session, facility_id, {line.booking.resource_id for line in seen})
    )


def _resources(session: Session, facility_id: UUID, booked: Collection[UUID]) -> list[Resource]:
    rows = session.exec(
        select(Resource)
        .where(Resource.facility_id == facility_id, Resource.state != ResourceState.DRAFT)
        .order_by(col(Resource.name), col(Resource.id))
    )
    return [each for each in rows if each.state is ResourceState.PUBLISHED or each.id in booked]


def _closures(session: Session, facility_id: UUID, within: Interval) -> Sequence[Closure]:
    return session.exec(
        select(Closure)
        .where(
            Closure.facility_id == facility_id,
            col(Closure.starts_at) < within.end,
            col(Closure.ends_at) > within.start,
        )
        .order_by(col(Closure.starts_at), col(Closure.id))
    ).all()
