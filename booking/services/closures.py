"""Closures: add, change, remove."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.closure_rules import closure_faults
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.vocabulary import ClosureKind
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Closure
from booking.queries import catalogue
from booking.queries import closures as reads
from booking.services.catalogue import found_facility
from booking.services.permits import permit


def add_closure(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID,
    resource_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    kind: ClosureKind = ClosureKind.MAINTENANCE,
    reason: str = "",
) -> Closure:
    """Close a facility, or one of its resources, for a time; bookings in it stay.

    Raises: NotFound; RulesBroken if it ends before it starts, is over, or lasts more
    than 366 days.
    """
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=facility_id))
    found_facility(session, facility_id)
    if resource_id is not None:
        resource = catalogue.resource(session, resource_id)
        if resource is None or resource.facility_id != facility_id:
            raise NotFound("There is no such resource at this facility.")
    refuse_faults(starts_at, ends_at, now)
    row = Closure(
        facility_id=facility_id,
        resource_id=resource_id,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind,
        reason=reason,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, EventKind.CLOSURE_ADDED, row, actor, now)
    return row


def edit_closure(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    closure_id: UUID,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    kind: ClosureKind | None = None,
    reason: str | None = None,
) -> Closure:
    """Change a closure; what is None stays.

    Raises: as `add_closure`.
    """
    row = _found(session, closure_id)
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=row.facility_id))
    refuse_faults(starts_at or row.starts_at, ends_at or row.ends_at, now)
    row.starts_at, row.ends_at = starts_at or row.starts_at, ends_at or row.ends_at
    row.kind = kind or row.kind
    row.reason = row.reason if reason is None else reason
    session.add(row)
    session.flush()
    _record(session, EventKind.CLOSURE_CHANGED, row, actor, now)
    return row


def remove_closure(session: Session, *, actor: Actor, now: datetime, closure_id: UUID) -> None:
    """Take a closure away.

    Raises: NotFound.
    """
    row = _found(session, closure_id)
    permit(actor, Action.CLOSURE_EDIT, Scope(facility_id=row.facility_id))
    session.delete(row)
    session.flush()
    _record(session, EventKind.CLOSURE_REMOVED, row, actor, now)


def refuse_faults(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Return if the time of a closure is in order.

    Raises: RulesBroken with every fault.
    """
    faults = closure_faults(starts_at, ends_at, now=now)
    if faults:
        raise RulesBroken(" ".join(each.reason for each in faults), faults)


def _found(session: Session, closure_id: UUID) -> Closure:
    row = reads.closure(session, closure_id)
    if row is None:
        raise NotFound("There is no such closure; it may have been removed.")
    return row


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
        },
    )
