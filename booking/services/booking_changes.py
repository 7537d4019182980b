"""Change a booking that was made: move, retitle, cancel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import (
    ChangeCode,
    approval_lapses_at,
    before_its_end,
    gives_back,
    while_changeable,
)
from booking.engine.booking_rules import BOOKING_RULES, SHORTENING_RULES, STAYING_RULES, Rule
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BOOKING_STEPS, BookingMode, BookingStatus, Step, step
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import ChangedBy
from booking.errors import NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import Booking, Resource
from booking.queries.booking_facts import Wish
from booking.queries.bookings import BookingSeen, lock_booking, resource_to_book
from booking.services.booking_placing import change_guarded, check_rules, taken, wanted_interval
from booking.services.bookings import as_recorded, manages_bookings, unknown
from booking.services.freeing import note_given_up, taken_by
from booking.services.ledger import settle
from booking.services.permits import permit
from booking.services.waivers import may_waive, waiver_of

# A change of any of these is a new time, place or person in a calendar.
MOVING: Final = ("starts_at", "ends_at", "resource_id", "person_id")
LAPSING: Final = frozenset({BookingStatus.HELD, BookingStatus.PENDING, BookingStatus.CANCELLING})


@dataclass(frozen=True, slots=True)
class Move:
    """Where a booking is to go; None leaves that as it is.

    `waiver` is why a manager sets rules aside for it, empty where none are; `even_if_busy`
    moves it also to where outside calendars of its holder say they are busy.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    resource_id: UUID | None = None
    quantity: int | None = None
    waiver: str = ""
    even_if_busy: bool = False


def move(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    booking_id: UUID,
    to: Move,
    title: str | None = None,
) -> Booking:
    """Move a booking in time, to another resource or to another quantity, by all the rules.

    A new `title` goes with it. Where nothing would change, nothing does. The booking keeps
    its uid and its state; `sequence` and `revision` rise.
    What only gives back time or units keeps fewer rules, and may be done up to its end.
    Raises: NotFound, NotPermitted, WrongState, Malformed, or RulesBroken with every
    violation and the nearest `alternatives`.
    """
    also = () if to.resource_id is None else (to.resource_id,)
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id, also=also)
    booking = seen.booking
    resource = _target(session, actor, seen, to.resource_id or booking.resource_id)
    wanted = wanted_interval(
        to.starts_at or booking.starts_at, to.ends_at or booking.ends_at, now=now
    )
    quantity = booking.quantity if to.quantity is None else to.quantity
    if _stays(booking, resource, wanted, quantity):
        return _retitled(session, actor, seen, title, now=now)
    taken_step = next_step(booking, "move")
    waiver = waiver_of(actor, resource.facility_id, to.waiver)
    wish = _wish(actor, booking, resource, wanted, quantity, to, waived=bool(waiver))
    shortened = _gives_back(booking, wish, resource, now=now)
    if shortened:
        check_not_over(seen, now)
    else:
        _check_movable(session, actor, seen, resource, now=now)
    rules = _rules_for(booking, resource, shortened=shortened)
    counts = check_rules(session, resource, wish, now=now, rules=rules)
    changes = {
        "group_key": counts.group_key,
        **_placed(booking, resource, wish),
        "title": booking.title if title is None else title,
        "waiver": waiver or (booking.waiver if shortened else ""),
    }
    left = {} if resource.id == booking.resource_id else {"was_on": seen.resource_name}
    if not write_step(session, actor, seen, taken_step, changes, now=now, beside=left):
        raise taken(session, resource, wish, now=now)
    return booking


def retitle(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, title: str
) -> Booking:
    """Give a booking another title; `revision` rises, `sequence` does not.

    Raises: NotFound, NotPermitted or WrongState.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    return _retitled(session, actor, seen, title, now=now)


def cancel(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, reason: str = ""
) -> Booking:
    """Cancel a booking: up to its cancel-by instant, or by a manager up to its end.

    Raises: NotFound, NotPermitted, WrongState, or RulesBroken when it is too late.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    taken_step = next_step(seen.booking, "cancel")
    check_in_time(session, actor, seen, now=now)
    write_step(session, actor, seen, taken_step, {"reason": reason}, now=now)
    return seen.booking


def load_for(
    session: Session,
    actor: Actor,
    action: Action,
    booking_id: UUID,
    *,
    also: tuple[UUID, ...] = (),
) -> BookingSeen:
    """Lock the booking for a change that the actor may make.

    Raises: NotFound if there is none that the actor may see; NotPermitted.
    """
    seen = lock_booking(session, booking_id, viewer=actor, also=also)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see; look at your list.")
    permit(actor, action, seen.scope)
    return seen


def next_step(booking: Booking, name: str) -> Step:
    """Take a step of the life cycle.

    Raises: WrongState if there is none from here.
    """
    found = step(BOOKING_STEPS, booking.status, name)
    if isinstance(found, Violation):
        raise WrongState(found.reason, [found])
    return found


def write_step(
    session: Session,
    actor: Actor,
    seen: BookingSeen,
    to: Step,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    beside: Mapping[str, Any] | None = None,
    asked_at: datetime | None = None,
) -> bool:
    """Write the changes and the new state, and record it; False if the time is taken.

    Time that is free from then on is noted for the waiting list. `beside` goes into the
    event's payload too. It is charged as of `asked_at`, where that was before now.
    `revision` always rises; `sequence` with time, place, resource or iCalendar STATUS.
    """
    booking = seen.booking
    was, took, by = as_recorded(booking), taken_by(booking), _changed_by(actor, booking)
    status = BookingStatus(to.new_state)
    moved = any(
        changes.get(name, getattr(booking, name)) != getattr(booking, name) for name in MOVING
    )
    rises = moved or _in_calendars(status) != _in_calendars(booking.status)
    written = {
        **changes,
        **({} if status in LAPSING else {"expires_at": None}),
        "status": status,
        "sequence": booking.sequence + rises,
        "revision": booking.revision + 1,
        "updated_at": now,
    }
    if not change_guarded(session, booking, written):
        return False
    note_given_up(session, was=took, booking=booking, now=now)
    settle(session, booking, now=asked_at or now, was=took.interval)
    record(
        session,
        to.event,
        subject_id=booking.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=seen.facility_id,
        payload={**as_recorded(booking), "was": was, **by, **(beside or {})},
    )
    return True


def _changed_by(actor: Actor, booking: Booking) -> dict[str, str]:
    """Say as what somebody changes a booking; nothing of the system, which only keeps rules."""
    if actor.person_id is None:
        return {}
    if actor.person_id == booking.person_id:
        return {"by": ChangedBy.HOLDER}
    colleague = booking.project_id in actor.project_ids
    return {"by": ChangedBy.COLLEAGUE if colleague else ChangedBy.FACILITY}


def _in_calendars(status: BookingStatus) -> str:
    """Word a state as the STATUS that calendars show."""
    if status in {BookingStatus.HELD, BookingStatus.PENDING}:
        return "TENTATIVE"
    if status in {
        BookingStatus.CONFIRMED,
        BookingStatus.IN_USE,
        BookingStatus.COMPLETED,
        BookingStatus.CANCELLING,
    }:
        return "CONFIRMED"
    return "CANCELLED"


def _wish(
    actor: Actor,
    booking: Booking,
    resource: Resource,
    wanted: Interval,
    quantity: int,
    to: Move,
    *,
    waived: bool,
) -> Wish:
    return Wish(
        project_id=booking.project_id,
        person_id=booking.person_id,
        wanted=wanted,
        quantity=quantity,
        by_manager=manages_bookings(actor, resource.facility_id),
        instead_of=booking.id,
        may_waive=may_waive(actor, resource.facility_id),
        waived=waived,
        heeds_busy=not to.even_if_busy,
        stays_at=(booking.resource_id, Interval(booking.starts_at, booking.ends_at))
        if quantity == booking.quantity
        else None,
    )


def _gives_back(booking: Booking, wish: Wish, resource: Resource, *, now: datetime) -> bool:
    booked = Interval(booking.starts_at, booking.ends_at)
    less = resource.id == booking.resource_id and wish.quantity <= booking.quantity
    return less and gives_back(booked, wish.wanted, now)


def _rules_for(booking: Booking, resource: Resource, *, shortened: bool) -> tuple[Rule, ...]:
    if shortened:
        return SHORTENING_RULES
    return STAYING_RULES if resource.id == booking.resource_id else BOOKING_RULES


def _placed(booking: Booking, resource: Resource, wish: Wish) -> dict[str, Any]:
    """Give the columns of where it is to be, and until when it then waits for approval."""
    starts_at, lapses_at = wish.wanted.start, None
    if booking.status is BookingStatus.PENDING:
        days = resource.approval_days
        lapses_at = approval_lapses_at(booking.created_at, starts_at, approval_days=days)
    return {
        "resource_id": resource.id,
        "starts_at": starts_at,
        "ends_at": wish.wanted.end,
        "quantity": wish.quantity,
        "expires_at": lapses_at,
    }


def _target(session: Session, actor: Actor, seen: BookingSeen, resource_id: UUID) -> Resource:
    """Find the resource it is to be on; another one needs the right to book there."""
    resource = resource_to_book(session, resource_id)
    if resource is None:
        raise unknown("resource")
    if resource.id != seen.booking.resource_id:
        scope = Scope(facility_id=resource.facility_id, project_id=seen.booking.project_id)
        permit(actor, Action.BOOKING_CREATE, scope)
    return resource


def _stays(booking: Booking, resource: Resource, wanted: Interval, quantity: int) -> bool:
    return (booking.resource_id, booking.starts_at, booking.ends_at, booking.quantity) == (
        resource.id,
        wanted.start,
        wanted.end,
        quantity,
    )


def _retitled(
    session: Session, actor: Actor, seen: BookingSeen, title: str | None, *, now: datetime
) -> Booking:
    if title is not None and title != seen.booking.title:
        retitling = next_step(seen.booking, "retitle")
        write_step(session, actor, seen, retitling, {"title": title}, now=now)
    return seen.booking


def _check_movable(
    session: Session, actor: Actor, seen: BookingSeen, target: Resource, *, now: datetime
) -> None:
    """Refuse what is too late, and what would go round an approval."""
    check_in_time(session, actor, seen, now=now)
    approved = seen.booking.status is BookingStatus.CONFIRMED
    by_manager = manages_bookings(actor, target.facility_id)
    if target.mode is BookingMode.APPROVAL and approved and not by_manager:
        reason = (
            "The facility approves each booking of this resource; ask a manager to move it, or "
            "cancel it and ask for the new time."
        )
        raise RulesBroken(reason, [Violation(ChangeCode.NEEDS_APPROVAL, reason)])


def check_in_time(session: Session, actor: Actor, seen: BookingSeen, *, now: datetime) -> None:
    """Refuse what is too late to be moved or cancelled by the actor.

    Raises: RulesBroken.
    """
    booking = seen.booking
    resource = resource_to_book(session, booking.resource_id)
    # Time that is only held is let go of at any time.
    if resource is None or booking.status is BookingStatus.HELD:
        cancel_by = None
    else:
        cancel_by = resource.cancel_by_minutes
    late = while_changeable(
        Interval(booking.starts_at, booking.ends_at),
        now,
        cancel_by_minutes=cancel_by,
        by_manager=manages_bookings(actor, seen.facility_id),
    )
    if late is not None:
        raise RulesBroken(late.reason, [late])


def check_not_over(seen: BookingSeen, now: datetime) -> None:
    """Refuse a change of what is past.

    Raises: RulesBroken.
    """
    over = before_its_end(Interval(seen.booking.starts_at, seen.booking.ends_at), now)
    if over is not None:
        raise RulesBroken(over.reason, [over])
