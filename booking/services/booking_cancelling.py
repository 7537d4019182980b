"""Start a cancelling that can be undone, as calendar programs ask for it, and book anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import UNDO_FOR
from booking.engine.lifecycle import REBOOKING_STEPS, BookingStatus, Step, step
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import BookingSource, LinkPurpose
from booking.errors import WrongState
from booking.models import Booking, Resource
from booking.queries.booking_facts import Wish
from booking.queries.bookings import resource_to_book
from booking.services import action_links
from booking.services.booking_changes import check_in_time, load_for, next_step, write_step
from booking.services.booking_placing import check_rules, taken, wanted_interval
from booking.services.bookings import lapses_at, manages_bookings, status_of_new, unknown
from booking.services.permits import permit


@dataclass(frozen=True, slots=True)
class Again:
    """When a cancelled booking is to be instead, on which resource; None leaves that."""

    starts_at: datetime
    ends_at: datetime
    title: str
    resource_id: UUID | None = None


def start_cancelling(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, secret_key: str
) -> Booking:
    """Put a booking on its way to be cancelled: its time is kept for 15 minutes.

    Its holder is mailed a link that undoes it. One that is not yet confirmed is cancelled at
    once. As late as a booking may be cancelled.
    Raises: NotFound, NotPermitted, WrongState, or RulesBroken when it is too late.
    """
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id)
    booking = seen.booking
    if booking.status in {BookingStatus.HELD, BookingStatus.PENDING}:
        taken_step = next_step(booking, "cancel")
        check_in_time(session, actor, seen, now=now)
        write_step(session, actor, seen, taken_step, {}, now=now)
        return booking
    started = next_step(booking, "start_cancelling")
    check_in_time(session, actor, seen, now=now)
    until = now + UNDO_FOR
    link = action_links.create(
        session,
        purpose=LinkPurpose.UNDO_CANCELLING,
        booking_id=booking.id,
        person_id=booking.person_id,
        now=now,
        expires_at=until,
        secret_key=secret_key,
    )
    beside = {"link_id": str(link.id), "until": until.isoformat()}
    write_step(session, actor, seen, started, {"expires_at": until}, now=now, beside=beside)
    return booking


def rebook(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, again: Again
) -> Booking:
    """Book a cancelled booking anew under its own uid, as a fresh wish by all the rules.

    Confirmed, or pending where the resource asks for approval; `sequence` and `revision` rise.
    Raises: NotFound, NotPermitted, WrongState, Malformed, or RulesBroken with every
    violation and the nearest `alternatives`.
    """
    also = () if again.resource_id is None else (again.resource_id,)
    seen = load_for(session, actor, Action.BOOKING_CHANGE, booking_id, also=also)
    booking = seen.booking
    resource = resource_to_book(session, again.resource_id or booking.resource_id)
    if resource is None:
        raise unknown("resource")
    scope = Scope(facility_id=resource.facility_id, project_id=booking.project_id)
    permit(actor, Action.BOOKING_CREATE, scope)
    by_manager = manages_bookings(actor, resource.facility_id)
    status = status_of_new(resource, by_manager=by_manager)
    to = _again_step(booking, status)
    wish = Wish(
        project_id=booking.project_id,
        person_id=booking.person_id,
        wanted=wanted_interval(again.starts_at, again.ends_at, now=now),
        quantity=booking.quantity,
        by_manager=by_manager,
        instead_of=booking.id,
    )
    counts = check_rules(session, resource, wish, now=now)
    changes = {
        **_renewed(resource, wish, status, now=now),
        "title": again.title,
        "groups": list(counts.groups),
        "group_key": counts.group_key,
    }
    if not write_step(session, actor, seen, to, changes, now=now):
        raise taken(session, resource, wish, now=now)
    return booking


def _again_step(booking: Booking, status: BookingStatus) -> Step:
    name = "ask_again" if status is BookingStatus.PENDING else "rebook"
    found = step(REBOOKING_STEPS, booking.status, name)
    if isinstance(found, Violation):
        reason = "This booking cannot be made again; make a new event for a new booking."
        raise WrongState(reason, [Violation(found.code, reason)])
    return found


def _renewed(
    resource: Resource, wish: Wish, status: BookingStatus, *, now: datetime
) -> dict[str, object]:
    """Give the columns of a wish that is made anew; nothing of the old one stays but its names."""
    start = wish.wanted.start
    return {
        "resource_id": resource.id,
        "starts_at": start,
        "ends_at": wish.wanted.end,
        "source": BookingSource.MANAGER if wish.by_manager else BookingSource.INSTANT,
        "request_id": None,
        "reason": "",
        "waiver": "",
        "created_at": now,
        "expires_at": lapses_at(resource, status, start, now=now),
    }
