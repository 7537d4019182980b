"""Closures: add, change, remove; bookings give way to them."""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.db import undone
from booking.engine.closure_rules import closure_faults
from booking.engine.displacement import still_to_come
from booking.engine.intervals import Interval, subtract
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.vocabulary import ClosureKind
from booking.errors import NotFound, RulesBroken, StaleVersion, WrongState
from booking.events import record
from booking.models import Closure
from booking.queries import catalogue
from booking.queries import closures as reads
from booking.services.catalogue import found_facility
from booking.services.displacement import Displacement, displace, lock_for_closing
from booking.services.freeing import note_freed
from booking.services.offer_versions import raise_offer_version
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class Closing:
    """A closure, and what it does to the bookings it falls upon."""

    closure: Closure
    displacement: Displacement


@dataclass(frozen=True, slots=True)
class NewClosure:
    """When a facility, or one of its resources, is to be closed, and why."""

    resource_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    kind: ClosureKind = ClosureKind.MAINTENANCE
    reason: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ClosureChanges:
    """What changes of a closure; what is None stays."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    kind: ClosureKind | None = None
    reason: str | None = None
    estimated: bool | None = None


NO_CHANGE: Final = ClosureChanges()


@dataclass(frozen=True, slots=True)
class Closed:
    """The closures that were added, in order, and what all of them do to bookings."""

    added: tuple[Closure, ...]
    displacement: Displacement


def add_closure(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    new: NewClosure,
    dry_run: bool = False,
) -> Closing:
    """Close a facility, or one of its resources, for a time; bookings in it give way.

    Those in use stay; an estimated closure displaces none. With `dry_run` all is found out
    and undone again.
    Raises: NotFound; RulesBroken if it ends before it starts, is over, or lasts more
    than 366 days.
    """
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=facility_id))
    found_facility(session, facility_id)
    if new.resource_id is not None:
        resource = catalogue.resource(session, new.resource_id)
        if resource is None or resource.facility_id != facility_id:
            raise NotFound("There is no such resource at this facility.")
    refuse_faults(new.starts_at, new.ends_at, now)
    with undone(session) if dry_run else nullcontext():
        done = close_all(session, actor=actor, now=now, facility_id=facility_id, new=[new])
    return Closing(done.added[0], done.displacement)


def edit_closure(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    closure_id: UUID,
    changes: ClosureChanges,
    dry_run: bool = False,
) -> Closing:
    """Change a closure; bookings give way to a new time, or to a date that is now certain.

    Time that is no longer closed is free. With `dry_run` all is found out and undone again.
    Raises: as `add_closure`; StaleVersion if somebody else changed it in that moment.
    """
    row = _found(session, closure_id)
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=row.facility_id))
    refuse_faults(changes.starts_at or row.starts_at, changes.ends_at or row.ends_at, now)
    with undone(session) if dry_run else nullcontext():
        done = close_all(
            session, actor=actor, now=now, facility_id=row.facility_id, changed=[(row, changes)]
        )
    return Closing(row, done.displacement)


def remove_closure(session: Session, *, actor: Actor, now: datetime, closure_id: UUID) -> None:
    """Take a closure away: its time is free again.

    Raises: NotFound; StaleVersion.
    """
    row = _found(session, closure_id)
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=row.facility_id))
    _lock(session, row.facility_id, [_shape(row)], now)
    _lock_row(session, row)
    session.delete(row)
    session.flush()
    raise_offer_version(session, row.facility_id)
    _note_opened(session, row, [Interval(row.starts_at, row.ends_at)], now)
    _record(session, EventKind.CLOSURE_REMOVED, row, actor, now)


def close_all(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    new: Sequence[NewClosure] = (),
    changed: Sequence[tuple[Closure, ClosureChanges]] = (),
) -> Closed:
    """Write closures of one facility that are in order, and displace once for all of them.

    Only a new time or a new certainty displaces; the resources are locked before.
    Raises: StaleVersion if somebody else changed one of them in that moment.
    """
    shapes = [*new, *(_shape(row, changes) for row, changes in changed)]
    locked = _lock(session, facility_id, shapes, now)
    added = [_row(each, facility_id, now) for each in new]
    session.add_all(added)
    closing = [*added, *(row for row, changes in changed if _change(session, row, changes, now))]
    session.flush()
    raise_offer_version(session, facility_id)
    for each in added:
        _record(session, EventKind.CLOSURE_ADDED, each, actor, now)
    for each, _ in changed:
        _record(session, EventKind.CLOSURE_CHANGED, each, actor, now)
    displacement = displace(
        session, closing, actor=actor, now=now, facility_id=facility_id, locked=locked
    )
    return Closed(tuple(added), displacement)


def refuse_faults(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Return if the time of a closure is in order.

    Raises: RulesBroken with every fault.
    """
    faults = closure_faults(starts_at, ends_at, now=now)
    if faults:
        raise RulesBroken(" ".join(each.reason for each in faults), faults)


def _lock(
    session: Session, facility_id: UUID, shapes: Sequence[NewClosure], now: datetime
) -> frozenset[UUID]:
    spans = [left for each in shapes if (left := still_to_come(each.starts_at, each.ends_at, now))]
    shut = {each.resource_id for each in shapes}
    return lock_for_closing(
        session,
        facility_id=facility_id,
        resource_ids=None if None in shut else {each for each in shut if each is not None},
        within=Interval(min(each.start for each in spans), max(each.end for each in spans))
        if spans
        else None,
    )


def _shape(row: Closure, changes: ClosureChanges = NO_CHANGE) -> NewClosure:
    """Say what a closure shuts once it is changed."""
    return NewClosure(
        resource_id=row.resource_id,
        starts_at=changes.starts_at or row.starts_at,
        ends_at=changes.ends_at or row.ends_at,
        kind=changes.kind or row.kind,
        reason=row.reason if changes.reason is None else changes.reason,
        estimated=row.estimated if changes.estimated is None else changes.estimated,
    )


def _row(new: NewClosure, facility_id: UUID, now: datetime) -> Closure:
    return Closure(
        facility_id=facility_id,
        resource_id=new.resource_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        kind=new.kind,
        reason=new.reason,
        estimated=new.estimated,
        created_at=now,
    )


def _change(session: Session, row: Closure, changes: ClosureChanges, now: datetime) -> bool:
    """Write the changes; say whether the closure displaces where it did not before."""
    _lock_row(session, row)
    was, shape = _shape(row), _shape(row, changes)
    for name in ("starts_at", "ends_at", "kind", "reason", "estimated"):
        setattr(row, name, getattr(shape, name))
    session.add(row)
    before, after = (Interval(each.starts_at, each.ends_at) for each in (was, shape))
    _note_opened(session, row, subtract([before], [after]), now)
    return not before.contains(after) or (was.estimated and not shape.estimated)


def _note_opened(session: Session, row: Closure, opened: Iterable[Interval], now: datetime) -> None:
    """Tell the waiting list of time that is no longer closed."""
    ids = [row.resource_id] if row.resource_id else reads.published_at(session, row.facility_id)
    for interval in opened:
        for each in ids:
            note_freed(session, resource_id=each, interval=interval, now=now)


def _lock_row(session: Session, row: Closure) -> None:
    """Lock a closure that was read before.

    Raises: NotFound if it is gone; StaleVersion if it is no longer as it was read.
    """
    seen = _shape(row)
    if reads.lock_closure(session, row.id) is None:
        raise _none()
    if _shape(row) != seen:
        raise StaleVersion("It was changed a moment ago; look at it and decide again.")


def _found(session: Session, closure_id: UUID) -> Closure:
    row = reads.closure(session, closure_id)
    if row is None:
        raise _none()
    if row.busy_calendar_id is not None:
        raise WrongState(
            "This closure comes from a busy calendar of the resource; change it in that calendar, "
            "or remove the calendar."
        )
    return row


def _none() -> NotFound:
    return NotFound("There is no such closure; it may have been removed.")


def _record(session: Session, kind: EventKind, row: Closure, actor: Actor, now: datetime) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.facility_id,
        payload={
            "resource_id": None if row.resource_id is None else str(row.resource_id),
            "starts_at": row.starts_at.isoformat(),
            "ends_at": row.ends_at.isoformat(),
            "kind": row.kind,
            "estimated": row.estimated,
        },
    )
