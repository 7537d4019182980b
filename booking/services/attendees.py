"""Invite others to a booking, and take them off it again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import Participation
from booking.errors import Malformed, NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import BookingAttendee
from booking.queries import attendees, catalogue, people
from booking.queries.attendees import AttendeeSeen
from booking.queries.bookings import BookingSeen, booking_seen, project_to_book_for
from booking.services.booking_changes import check_not_over, load_for
from booking.services.bookings import as_recorded
from booking.services.permits import permit
from booking.services.well_formed import LONGEST_NAME, read_email

MOST_ATTENDEES: Final = 50
INVITING: Final = frozenset(
    {
        BookingStatus.HELD,
        BookingStatus.PENDING,
        BookingStatus.CONFIRMED,
        BookingStatus.IN_USE,
    }
)
# So far the next invite is ahead of the CANCEL that took an attendee off.
ABOVE_THEIR_CANCEL: Final = 2


def list_attendees(session: Session, *, actor: Actor, booking_id: UUID) -> tuple[AttendeeSeen, ...]:
    """Return who is invited to a booking: for its holder, who leads its project, a manager.

    Raises: NotFound, NotPermitted.
    """
    seen = booking_seen(session, booking_id, viewer=actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see; look at your list.")
    permit(actor, Action.ATTENDEE_SEE, inviting_scope(session, actor, seen))
    return attendees.attendees_of(session, booking_id)


def add_attendee(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    booking_id: UUID,
    address: str,
    name: str = "",
    sender: str,
) -> BookingAttendee:
    """Invite somebody by their address; who is invited already stays as they are.

    `sender` is the installation's own address, which nobody can be invited at.
    Who was taken off before is invited anew, under a SEQUENCE above that of their CANCEL.
    Raises: NotFound, NotPermitted, Malformed, WrongState; RulesBroken for the holder, for the
    address that invites come from, for one too many, and for a booking that is over.
    """
    seen = _loaded(session, actor, booking_id, now=now)
    invited, called = _read_address(address), _read_name(name)
    known = attendees.attendee_row(session, booking_id, invited)
    if known is not None and known.removed_at is None:
        return known
    _refuse_unfit(session, seen, invited, sender=sender)
    row = known or BookingAttendee(booking_id=booking_id, address=invited, added_at=now)
    row.name = called or row.name
    row.added_by, row.added_at, row.removed_at = actor.person_id, now, None
    row.participation, row.answered_sequence = Participation.NEEDS_ACTION, None
    person = people.person_by_email(session, invited)
    row.person_id = None if person is None else person.id
    if known is not None:
        booking = seen.booking
        booking.sequence += ABOVE_THEIR_CANCEL
        booking.revision, booking.updated_at = booking.revision + 1, now
    session.add(row)
    session.flush()
    _record(session, EventKind.ATTENDEE_ADDED, seen, row, actor, sequence=0, now=now)
    return row


def remove_attendee(
    session: Session, *, actor: Actor, now: datetime, booking_id: UUID, attendee_id: UUID
) -> None:
    """Take somebody off a booking: a CANCEL goes to them alone. Once more changes nothing.

    Raises: NotFound, NotPermitted, WrongState; RulesBroken for a booking that is over.
    """
    seen = _loaded(session, actor, booking_id, now=now)
    row = attendees.attendee_of(session, booking_id, attendee_id)
    if row is None or row.person_id == seen.booking.person_id:
        raise NotFound("There is no such attendee; look at the booking's list.")
    if row.removed_at is not None:
        return
    row.removed_at = now
    session.add(row)
    _record(session, EventKind.ATTENDEE_REMOVED, seen, row, actor, sequence=1, now=now)


def leave_holders(session: Session, *, booking_id: UUID, address: str, now: datetime) -> None:
    """Take off whoever held a booking that is in another name now; their own CANCEL tells them."""
    row = attendees.attendee_row(session, booking_id, address)
    if row is not None and row.removed_at is None:
        row.removed_at = now
        session.add(row)


def inviting_scope(session: Session, actor: Actor, seen: BookingSeen) -> Scope:
    """Return the scope within which somebody invites: who leads the project stands for the holder.

    The other members of the project do not invite.
    """
    holder = seen.booking.person_id
    project = project_to_book_for(session, seen.booking.project_id)
    leads = project is not None and project.principal_investigator_id == actor.person_id
    return Scope(facility_id=seen.facility_id, person_id=actor.person_id if leads else holder)


def _loaded(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> BookingSeen:
    """Lock a booking that is neither over nor off, for whoever may invite to it."""
    seen = load_for(session, actor, Action.BOOKING_SEE, booking_id)
    permit(actor, Action.ATTENDEE_EDIT, inviting_scope(session, actor, seen))
    check_stands(seen, now)
    return seen


def check_stands(seen: BookingSeen, now: datetime) -> None:
    """Refuse what is of use only while a booking is to take place.

    Raises: WrongState, or RulesBroken where it is over.
    """
    if seen.booking.status not in INVITING:
        reason = "It does not take place, or is over; book a new time, and do it there."
        raise WrongState(reason, [Violation("wrong_state", reason)])
    check_not_over(seen, now)


def _read_address(address: str) -> str:
    try:
        return read_email(address)
    except Malformed as error:
        reason = str(error.violations[0].reason)
        raise Malformed(reason, [Violation("email", reason, "/address")]) from error


def _read_name(name: str) -> str:
    if len(name.strip()) <= LONGEST_NAME:
        return name.strip()
    reason = f"Write a name of at most {LONGEST_NAME} characters, or none."
    raise Malformed(reason, [Violation("name", reason, "/name")])


def _refuse_unfit(session: Session, seen: BookingSeen, address: str, *, sender: str) -> None:
    """Refuse the holder, the address that invites come from, and one too many.

    Raises: RulesBroken with all that is wrong.
    """
    holder = people.person(session, seen.booking.person_id)
    facility = catalogue.facility(session, seen.facility_id)
    ours = (facility.mail_from if facility else "") or sender
    broken = []
    if holder is not None and address == holder.email:
        reason = "It is booked for them, so they have its invite already; invite somebody else."
        broken.append(Violation("is_holder", reason, "/address"))
    if _is_ours(address, ours):
        reason = "Invites come from this address, so none can go to it; write a person's own."
        broken.append(Violation("is_organiser", reason, "/address"))
    if attendees.count_attendees(session, seen.booking.id) >= MOST_ATTENDEES:
        reason = (
            f"{MOST_ATTENDEES} people are invited, and no more can be; take somebody off first, "
            "or forward the invite."
        )
        broken.append(Violation("too_many_attendees", reason))
    if broken:
        raise RulesBroken(broken[0].reason, broken)


def _is_ours(address: str, organiser: str) -> bool:
    """Say whether an address is the organiser's, with or without a token in it."""
    local, _, host = address.rpartition("@")
    return f"{local.partition('+')[0]}@{host}" == organiser.lower()


def _record(
    session: Session,
    kind: EventKind,
    seen: BookingSeen,
    row: BookingAttendee,
    actor: Actor,
    *,
    sequence: int,
    now: datetime,
) -> None:
    """Record it; `sequence` is how far the attendee's own copy is ahead of the booking."""
    payload = as_recorded(seen.booking)
    payload |= {"attendee_id": str(row.id), "sequence": seen.booking.sequence + sequence}
    record(
        session,
        kind,
        subject_id=seen.booking.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=seen.facility_id,
        payload=payload,
    )
