"""Book: one wish, or several at once, all or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.lifecycle import BookingMode, BookingStatus, EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.engine.vocabulary import BookingSource
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Booking, Resource
from booking.queries.booking_facts import Wish
from booking.queries.bookings import lock_resource, project_to_book_for
from booking.services.booking_placing import check_rules, insert_guarded, taken, wanted_interval
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class NewBooking:
    """What somebody asks to book."""

    resource_id: UUID
    project_id: UUID
    starts_at: datetime
    ends_at: datetime
    quantity: int = 1
    title: str = ""


def book(session: Session, *, actor: Actor, now: datetime, domain: str, new: NewBooking) -> Booking:
    """Book for a project: by one of its members, or by a manager on its behalf.

    Confirmed at once, or pending where the resource asks for approval and no manager books.
    The booking is in the name of the member, else of the principal investigator.
    Its uid ends in `domain` for good.
    Raises: Malformed, NotFound, NotPermitted, or RulesBroken with every violation and
    the nearest `alternatives`.
    """
    wanted = wanted_interval(new.starts_at, new.ends_at, now=now)
    resource = lock_resource(session, new.resource_id)
    if resource is None:
        raise _unknown("resource")
    scope = Scope(facility_id=resource.facility_id, project_id=new.project_id)
    permit(actor, Action.BOOKING_CREATE, scope)
    wish = Wish(
        project_id=new.project_id,
        person_id=_holder(session, actor, new.project_id),
        wanted=wanted,
        quantity=new.quantity,
        by_manager=manages_bookings(actor, resource.facility_id),
    )
    check_rules(session, resource, wish, now=now)
    row = _row(resource, wish, title=new.title, domain=domain, now=now)
    booking = insert_guarded(session, row, one_unit=resource.capacity == 1)
    if booking is None:
        raise taken(session, resource, wish, now=now)
    pending = booking.status is BookingStatus.PENDING
    record(
        session,
        EventKind.BOOKING_PENDING if pending else EventKind.BOOKING_CONFIRMED,
        subject_id=booking.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=resource.facility_id,
        payload=as_recorded(booking),
    )
    return booking


def book_batch(
    session: Session, *, actor: Actor, now: datetime, domain: str, every: Sequence[NewBooking]
) -> tuple[Booking, ...]:
    """Book all of them in order, or none.

    Raises: as `book`; RulesBroken lists the violations of every refused one, its place in
    the batch in the pointer, and the alternatives to the first.
    """
    for each in sorted({new.resource_id for new in every}):
        lock_resource(session, each)
    booked: list[Booking] = []
    refused: list[tuple[int, RulesBroken]] = []
    with session.begin_nested():
        for position, new in enumerate(every):
            try:
                booked.append(book(session, actor=actor, now=now, domain=domain, new=new))
            except RulesBroken as error:
                refused.append((position, error))
        if refused:
            raise _none_of(refused, len(every))
    return tuple(booked)


def manages_bookings(actor: Actor, facility_id: UUID) -> bool:
    """Say whether the actor may book here for any project."""
    return may(actor, Action.BOOKING_CREATE, Scope(facility_id=facility_id))


def as_recorded(booking: Booking) -> dict[str, Any]:
    """Describe a booking for its event: JSON values, ids and times."""
    return {
        "resource_id": str(booking.resource_id),
        "project_id": str(booking.project_id),
        "person_id": str(booking.person_id),
        "starts_at": booking.starts_at.isoformat(),
        "ends_at": booking.ends_at.isoformat(),
        "quantity": booking.quantity,
        "status": str(booking.status),
        "sequence": booking.sequence,
        "revision": booking.revision,
    }


def _holder(session: Session, actor: Actor, project_id: UUID) -> UUID:
    """Choose in whose name the booking is."""
    if actor.person_id is not None and project_id in actor.project_ids:
        return actor.person_id
    project = project_to_book_for(session, project_id)
    if project is None:
        raise _unknown("project")
    return project.principal_investigator_id


def _row(resource: Resource, wish: Wish, *, title: str, domain: str, now: datetime) -> Booking:
    waits = resource.mode is BookingMode.APPROVAL and not wish.by_manager
    return Booking(
        uid=f"{uuid4()}@{domain}",
        resource_id=resource.id,
        project_id=wish.project_id,
        person_id=wish.person_id,
        starts_at=wish.wanted.start,
        ends_at=wish.wanted.end,
        quantity=wish.quantity,
        status=BookingStatus.PENDING if waits else BookingStatus.CONFIRMED,
        source=BookingSource.MANAGER if wish.by_manager else BookingSource.INSTANT,
        title=title,
        created_at=now,
        updated_at=now,
    )


def _none_of(refused: Sequence[tuple[int, RulesBroken]], count: int) -> RulesBroken:
    violations: list[Violation] = [
        replace(each, pointer=f"/bookings/{position}{each.pointer}")
        for position, error in refused
        for each in error.violations
    ]
    return RulesBroken(
        f"{len(refused)} of {count} bookings break rules, so none was made; mend them and send "
        "all again.",
        violations,
        beside=refused[0][1].beside,
    )


def _unknown(thing: str) -> NotFound:
    return NotFound(f"There is no such {thing}; look it up and take its id from there.")
