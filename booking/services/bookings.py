"""Book: one wish, or several at once, all or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.booking_changes import HOLD, approval_lapses_at
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode, BookingStatus, EventKind
from booking.engine.permissions import Action, Actor, Scope, may
from booking.engine.violations import Violation
from booking.engine.vocabulary import BookingSource
from booking.errors import NotFound, RulesBroken
from booking.events import event_row
from booking.models import Booking, Resource
from booking.queries.booking_facts import Wish
from booking.queries.bookings import lock_resource, project_to_book_for
from booking.queries.organisations import lock_organisations_of
from booking.services.booking_placing import check_rules, taken, wanted_interval
from booking.services.booking_writing import insert_with
from booking.services.ledger import first_charge
from booking.services.permits import permit
from booking.services.waivers import may_waive, waiver_of

MADE: Final[Mapping[BookingStatus, EventKind]] = {
    BookingStatus.HELD: EventKind.BOOKING_HELD,
    BookingStatus.PENDING: EventKind.BOOKING_PENDING,
    BookingStatus.CONFIRMED: EventKind.BOOKING_CONFIRMED,
}


@dataclass(frozen=True, slots=True)
class NewBooking:
    """What somebody asks to book.

    `hold` keeps the time for 15 minutes, to be confirmed; `person_id` is in whose name it
    is to be; `waiver` is why a manager sets rules aside, empty where none are; `uid` is what a
    calendar program calls it, empty where nobody named it yet; `even_if_busy` books also while
    outside calendars of that person say they are busy.
    """

    resource_id: UUID
    project_id: UUID
    starts_at: datetime
    ends_at: datetime
    quantity: int = 1
    title: str = ""
    hold: bool = False
    person_id: UUID | None = None
    waiver: str = ""
    uid: str = ""
    even_if_busy: bool = False


def book(session: Session, *, actor: Actor, now: datetime, domain: str, new: NewBooking) -> Booking:
    """Book for a project: by one of its members, or by a manager on its behalf.

    Confirmed at once; or held; or pending where the resource asks for approval and no manager
    books. In the name of the person asked for, else of the member who books, else of the
    principal investigator. Its uid stays for good; one of our own ends in `domain`.
    Raises: Malformed, NotFound, NotPermitted, or RulesBroken with every violation and
    the nearest `alternatives`.
    """
    wanted = wanted_interval(new.starts_at, new.ends_at, now=now)
    resource = lock_resource(session, new.resource_id)
    if resource is None:
        raise unknown("resource")
    wish = wish_for(session, actor, resource, new, wanted)
    return book_wish(session, actor, resource, wish, new, domain=domain, now=now)


def book_wish(
    session: Session,
    actor: Actor,
    resource: Resource,
    wish: Wish,
    new: NewBooking,
    *,
    domain: str,
    now: datetime,
    series_id: UUID | None = None,
    offering: bool = True,
) -> Booking:
    """Book what somebody may wish for, of a locked resource, if it keeps every rule.

    Raises: RulesBroken, with the nearest `alternatives` if `offering`.
    """
    counts = check_rules(session, resource, wish, now=now, offering=offering)
    row = booking_row(resource, wish, hold=new.hold, title=new.title, domain=domain, now=now)
    row.uid, row.waiver, row.series_id = new.uid or row.uid, new.waiver.strip(), series_id
    row.groups, row.group_key = list(counts.groups), counts.group_key
    return place(session, actor, resource, wish, row, now=now)


def wish_for(
    session: Session, actor: Actor, resource: Resource, new: NewBooking, wanted: Interval
) -> Wish:
    """Turn what is asked for into the wish that the rules look at.

    Raises: NotFound, NotPermitted; Malformed for a waiver without a reason.
    """
    facility_id = resource.facility_id
    scope = Scope(facility_id=facility_id, project_id=new.project_id)
    permit(actor, Action.BOOKING_CREATE, scope)
    waiver = waiver_of(actor, facility_id, new.waiver)
    return Wish(
        project_id=new.project_id,
        person_id=holder_of(session, actor, new.project_id, asked_for=new.person_id),
        wanted=wanted,
        quantity=new.quantity,
        by_manager=manages_bookings(actor, facility_id),
        may_waive=may_waive(actor, facility_id),
        waived=bool(waiver),
        heeds_busy=not new.even_if_busy,
    )


def place(
    session: Session, actor: Actor, resource: Resource, wish: Wish, row: Booking, *, now: datetime
) -> Booking:
    """Insert a booking that keeps the rules, and record it; the guard has the last word.

    Raises: RulesBroken if the time is taken.
    """
    event = event_row(
        MADE[row.status],
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=resource.facility_id,
        payload=as_recorded(row),
    )
    booking = insert_with(
        session,
        row,
        event=event,
        charge=first_charge(row, resource, now=now),
        one_unit=resource.capacity == 1,
    )
    if booking is None:
        raise taken(session, resource, wish, now=now)
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
    projects = {new.project_id for new in every}
    if len(projects) > 1:
        lock_organisations_of(session, projects)
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
    waiver = {"waiver": booking.waiver} if booking.waiver else {}
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
        **waiver,
    }


def booking_row(
    resource: Resource, wish: Wish, *, hold: bool, title: str, domain: str, now: datetime
) -> Booking:
    """Make the row of a booking that is new: held, pending or confirmed."""
    status = BookingStatus.HELD if hold else status_of_new(resource, by_manager=wish.by_manager)
    return Booking(
        uid=f"{uuid4()}@{domain}",
        resource_id=resource.id,
        project_id=wish.project_id,
        person_id=wish.person_id,
        starts_at=wish.wanted.start,
        ends_at=wish.wanted.end,
        quantity=wish.quantity,
        status=status,
        source=BookingSource.MANAGER if wish.by_manager else BookingSource.INSTANT,
        title=title,
        expires_at=lapses_at(resource, status, wish.wanted.start, now=now),
        created_at=now,
        updated_at=now,
    )


def status_of_new(resource: Resource, *, by_manager: bool) -> BookingStatus:
    """Say whether a booking is confirmed at once or waits for approval."""
    waits = resource.mode is BookingMode.APPROVAL and not by_manager
    return BookingStatus.PENDING if waits else BookingStatus.CONFIRMED


def lapses_at(
    resource: Resource, status: BookingStatus, starts_at: datetime, *, now: datetime
) -> datetime | None:
    """Say when a booking lapses that is held or waits for approval; None for any other."""
    if status is BookingStatus.HELD:
        return now + HOLD
    if status is BookingStatus.PENDING:
        return approval_lapses_at(now, starts_at, approval_days=resource.approval_days)
    return None


def holder_of(
    session: Session, actor: Actor, project_id: UUID, *, asked_for: UUID | None = None
) -> UUID:
    """Choose in whose name a project's booking is: the one asked for, the member, the leader.

    Whether who is asked for is on the project is left to the rules.
    Raises: NotFound.
    """
    if asked_for is None and actor.person_id and project_id in actor.project_ids:
        return actor.person_id
    project = project_to_book_for(session, project_id)
    if project is None:
        raise unknown("project")
    return asked_for or project.principal_investigator_id


def unknown(thing: str) -> NotFound:
    """Make the refusal of an id that leads to nothing."""
    return NotFound(f"There is no such {thing}; look it up and take its id from there.")


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
