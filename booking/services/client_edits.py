"""What a calendar program changes: an event put into a calendar, as a booking's own services do it.

What is found is locked first, so that its ETag can be asked about before anything is done.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.booking_changes import before_its_end
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.violations import Violation
from booking.engine.vocabulary import FeedOf
from booking.errors import NotFound, RulesBroken, WrongState
from booking.models import Booking, BookingAlarm, BookingHref
from booking.queries import calendar_members, named_places
from booking.queries.bookings import lock_booking, resource_to_book
from booking.queries.calendar_accounts import CalendarAccount
from booking.queries.calendar_members import SHOWN
from booking.services.booking_cancelling import Again, rebook
from booking.services.booking_changes import Move, move
from booking.services.booking_restoring import restore
from booking.services.bookings import NewBooking, book

LONGEST_TITLE: Final = 200
LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """What an event says that a booking can take over.

    `title` None leaves it; `alarm_minutes` None is silence.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    title: str | None
    place: str
    alarm_minutes: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What is under a name: a locked booking or none; `etag` None where it shows nothing.

    `resource_id` is the one that the event's place names, if it names another.
    """

    name: str
    booking: Booking | None
    etag: str | None
    resource_id: UUID | None = None


def find(
    session: Session,
    *,
    account: CalendarAccount,
    now: datetime,
    name: str,
    event: ClientEvent | None = None,
) -> Found:
    """Lock what is under a name, or the cancelled booking whose uid is used again.

    Raises: RulesBroken if the uid or the name belongs to something else.
    """
    booking = calendar_members.booking_called(session, account, name)
    target = None
    if event is not None:
        booking = _matching(session, account, booking, name, event.uid)
        target = _target(session, account, booking, event)
    if booking is None:
        return Found(name, None, None, target)
    seen = lock_booking(
        session, booking.id, viewer=account.actor, also=() if target is None else (target,)
    )
    if seen is None:
        return Found(name, None, None)
    here = calendar_members.seats(session, account, now=now, names=[name])
    etag = here[0].etag if here and here[0].booking_id == booking.id else None
    return Found(name, seen.booking, etag, target)


def put(
    session: Session,
    *,
    account: CalendarAccount,
    now: datetime,
    domain: str,
    found: Found,
    event: ClientEvent,
) -> Booking:
    """Make the booking what the event says, or book it, by every rule that holds elsewhere too.

    A booking that is being cancelled stands again first; a cancelled one is booked anew.
    Raises: as move, rebook and book.
    """
    event = _for_booking(event, public=account.public)
    booking = found.booking
    if booking is None:
        booking = _booked(session, account, found, event, domain=domain, now=now)
    elif booking.status is BookingStatus.CANCELLED:
        again = Again(
            event.starts_at, event.ends_at, event.title or booking.title, found.resource_id
        )
        rebook(session, actor=account.actor, now=now, booking_id=booking.id, again=again)
    else:
        _changed(session, account, found, booking, event, now=now)
    _name(session, booking, found.name)
    _ring(session, account, booking, event, was_there=found.etag is not None)
    session.flush()
    return booking


def _matching(
    session: Session, account: CalendarAccount, booking: Booking | None, name: str, uid: str
) -> Booking | None:
    """Return the booking that an event of this uid under this name is, if any.

    Raises: RulesBroken.
    """
    if booking is not None:
        if booking.uid == uid:
            return booking
        raise _uid_taken("There is another event under this name; give a new event a new name.")
    named = calendar_members.href_named(session, name)
    if named is not None or len(name) > LONGEST_NAME:
        raise _uid_taken("This name is in use elsewhere; let your program make the event anew.")
    known = calendar_members.booking_with_uid(session, uid)
    if known is None:
        return None
    if not calendar_members.belongs(session, account, known.id):
        raise _uid_taken("Another event has this UID; let your program make the event anew.")
    if known.status is BookingStatus.CANCELLED:
        return known
    conflict = calendar_members.seat_of(session, account, known.id).name
    raise _uid_taken("This calendar has an event with this UID already; change that one.", conflict)


def _uid_taken(reason: str, conflict: str = "") -> RulesBroken:
    return RulesBroken(reason, [Violation("uid_taken", reason)], beside={"name": conflict})


def _target(
    session: Session, account: CalendarAccount, booking: Booking | None, event: ClientEvent
) -> UUID | None:
    """Return the resource that the place names, if it is another than the booking's own."""
    if booking is not None:
        own = resource_to_book(session, booking.resource_id)
        if own and named_places.same_place(event.place, named_places.place_words(session, own)):
            return None
        named = named_places.places_named(session, event.place)
        others = {each.resource_id for each in named} - {booking.resource_id}
        return others.pop() if len(named) == 1 and others else None
    named = named_places.places_named(session, event.place)
    if len(named) == 1:
        return named[0].resource_id
    if account.of is FeedOf.RESOURCE and not event.place.strip():
        return account.subject_id
    raise _which_place(named)


def _which_place(named: tuple[named_places.NamedPlace, ...]) -> RulesBroken:
    if named:
        words = "; ".join(each.words for each in named[:5])
        reason = (
            f"Several resources are called that: {words}. Write name and facility as the place, "
            "or the address of the resource's page."
        )
        return RulesBroken(reason, [Violation("place_ambiguous", reason)])
    reason = (
        "An event books the resource that its place (LOCATION) names: write the resource's name "
        "as on its page, or the address of that page."
    )
    return RulesBroken(reason, [Violation("place_unknown", reason)])


def _for_booking(event: ClientEvent, *, public: bool) -> ClientEvent:
    """Fit the title to what a booking takes; a calendar without titles changes none."""
    if public or event.title is None:
        return replace(event, title=None)
    return replace(event, title=" ".join(event.title.split())[:LONGEST_TITLE].rstrip())


def _booked(
    session: Session,
    account: CalendarAccount,
    found: Found,
    event: ClientEvent,
    *,
    domain: str,
    now: datetime,
) -> Booking:
    if found.resource_id is None:
        raise NotFound("There is no such event, or it is not yours to see; refresh the calendar.")
    new = NewBooking(
        resource_id=found.resource_id,
        project_id=_project(account),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        title=event.title or "",
        uid=event.uid,
    )
    return book(session, actor=account.actor, now=now, domain=domain, new=new)


def _project(account: CalendarAccount) -> UUID:
    """Choose for which project a new event books: the account's, or the person's only one.

    Raises: RulesBroken.
    """
    if account.of is FeedOf.PROJECT:
        return account.subject_id
    if len(account.actor.project_ids) == 1:
        return next(iter(account.actor.project_ids))
    reason = (
        "A new event books for a project, and this calendar does not say which: make a calendar "
        "account of the project, or book on the website."
    )
    raise RulesBroken(reason, [Violation("project_unclear", reason)])


def _changed(
    session: Session,
    account: CalendarAccount,
    found: Found,
    booking: Booking,
    event: ClientEvent,
    *,
    now: datetime,
) -> None:
    """Move and rename; what stays as it is breaks no rule, even of a booking that is over.

    Raises: WrongState, or as move.
    """
    if booking.status is BookingStatus.CANCELLING:
        restore(session, actor=account.actor, now=now, booking_id=booking.id)
    moved = (booking.starts_at, booking.ends_at) != (event.starts_at, event.ends_at)
    title = _new_title(session, booking, event.title)
    if not (moved or found.resource_id or title is not None):
        return
    if booking.status not in SHOWN:
        reason = "This booking does not stand any more; make a new event for a new booking."
        raise WrongState(reason, [Violation("wrong_state", reason)])
    over = before_its_end(Interval(booking.starts_at, booking.ends_at), now)
    if over is not None:
        raise RulesBroken(over.reason, [over])
    to = Move(starts_at=event.starts_at, ends_at=event.ends_at, resource_id=found.resource_id)
    move(session, actor=account.actor, now=now, booking_id=booking.id, to=to, title=title)


def _new_title(session: Session, booking: Booking, said: str | None) -> str | None:
    """Return the title to give; None where the event says what is shown already."""
    if said is None or said == " ".join(booking.title.split()):
        return None
    resource = resource_to_book(session, booking.resource_id)
    shown = booking.title or (resource.name if resource else "")
    return None if said == " ".join(shown.split()) else said


def _name(session: Session, booking: Booking, name: str) -> None:
    """Keep the name that a program gave a booking."""
    if calendar_members.id_in(name) == booking.id:
        return
    known = calendar_members.href_of(session, booking.id)
    if known is None:
        session.add(BookingHref(booking_id=booking.id, name=name))
    elif known.name != name:
        known.name = name


def _ring(
    session: Session,
    account: CalendarAccount,
    booking: Booking,
    event: ClientEvent,
    *,
    was_there: bool,
) -> None:
    """Keep when the person's calendar is to ring, where that is not what it does anyway."""
    session.flush()
    rings = calendar_members.seat_of(session, account, booking.id).alarm_minutes
    # A new event without an alarm leaves the person's rule to say when it rings.
    if event.alarm_minutes == rings or (event.alarm_minutes is None and not was_there):
        return
    chosen = calendar_members.alarm_of(session, booking.id, account.person_id)
    if chosen is None:
        chosen = BookingAlarm(booking_id=booking.id, person_id=account.person_id)
    chosen.minutes_before = event.alarm_minutes
    session.add(chosen)
