"""One booking: what it is, and changing it."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.alarm_form import alarm_form
from api.pages.attendance import turn_of
from api.pages.booking_wish import AGAIN, asks_which
from api.pages.booking_words import ANSWER_WORDS, STATUS_WORDS, words_of
from api.pages.fields import Address, Form, Typed, errors_of, marks_of
from api.pages.local_reasons import by_the_clock_of
from api.pages.lost_time import found_instead
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wishes import offers_beside, read_quantity, read_times
from api.pages.wording import duration
from api.problems import STATUS
from booking.engine.lifecycle import BOOKING_STEPS, allowed_steps
from booking.engine.permissions import Action, Scope, may
from booking.errors import DomainError, NotFound
from booking.queries import catalogue
from booking.queries.alarms import alarm_row
from booking.queries.attendance import usage_of
from booking.queries.attendees import AttendeeSeen, attendees_of
from booking.queries.bookings import BookingSeen, booking_seen
from booking.queries.catalogue import ResourceFacts
from booking.queries.month import bookings_of_series
from booking.services import booking_changes
from booking.services.attendees import INVITING, inviting_scope
from booking.services.booking_changes import Move
from booking.services.booking_use import runs_the_place
from booking.services.preferences import Alarm

router = APIRouter()
MOST_SHORTER: Final = 48


@router.get("/bookings/{booking_id:uuid}")
def booking(visit: Visiting, booking_id: UUID, address: Address) -> Response:
    """Show a booking with what can be done about it."""
    visit.sign_in_first()
    return shown_booking(visit, booking_id, address)


@router.post("/bookings/{booking_id:uuid}/move")
def move(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Move a booking to another time, quantity or offered resource."""
    visit.sign_in_first()
    seen = visit.read(lambda session: known_booking(session, visit, booking_id))
    times, quantity = read_times(form, seen.zone), read_quantity(form)
    resource_id = form.key("resource_id")
    if form.refusal or times is None:
        return shown_booking(visit, booking_id, form, form.refusal)
    waiver, even_if_busy = form.line("waiver"), form["even_if_busy"] == "yes"
    to = Move(times[0], times[1], resource_id, quantity, waiver=waiver, even_if_busy=even_if_busy)
    moved = visit.write(
        lambda session: booking_changes.move(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, to=to
        )
    )
    if isinstance(moved, DomainError):
        return shown_booking(visit, booking_id, form, moved)
    return go(visit, f"/bookings/{booking_id}", "Moved. Your calendar follows.")


@router.post("/bookings/{booking_id:uuid}/retitle")
def retitle(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Give a booking another title."""
    visit.sign_in_first()
    title = form.line("title")
    if form.refusal:
        return shown_booking(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_changes.retitle(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, title=title
        )
    )
    if isinstance(done, DomainError):
        return shown_booking(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "The title is changed.")


@router.get("/bookings/{booking_id:uuid}/cancel")
def ask_to_cancel(visit: Visiting, booking_id: UUID) -> Response:
    """Ask whether a booking is to be cancelled."""
    visit.sign_in_first()
    return _cancel_shown(visit, booking_id)


@router.post("/bookings/{booking_id:uuid}/cancel")
def cancel(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Cancel a booking."""
    visit.sign_in_first()
    reason = form.line("reason")
    if form.refusal:
        return _cancel_shown(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_changes.cancel(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, reason=reason
        )
    )
    if isinstance(done, DomainError):
        return _cancel_shown(visit, booking_id, form, done)
    return go(visit, f"/bookings/{booking_id}", "Cancelled. It leaves calendars.")


def known_booking(session: Session, visit: Visit, booking_id: UUID) -> BookingSeen:
    """Return the booking.

    Raises: NotFound if there is none that the visitor may see.
    """
    seen = booking_seen(session, booking_id, viewer=visit.actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see. Look at your list.")
    return seen


def shown_booking(
    visit: Visit, booking_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    """Show a booking, with a refused change of it as it was typed."""
    read = visit.read(lambda session: _around(session, visit, booking_id, refused))
    seen, found = read["seen"], read["resource"]
    usage = read.pop("usage")
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    length = values.whole("minutes", least=1, most=366 * 1440) or _minutes(seen)
    changing = may(visit.actor, Action.BOOKING_CHANGE, seen.scope)
    mine = visit.person is not None and visit.person.id == seen.booking.person_id
    steps = allowed_steps(BOOKING_STEPS, seen.booking.status)
    filled = _with_present(values, seen)
    return show(
        visit,
        "booking/booking.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=filled,
        refused=refused,
        errors=marks_of(refused),
        booking=seen.booking,
        turn=turn_of(visit, seen, usage, grace_minutes=found.no_show_grace_minutes),
        runs=runs_the_place(visit.actor, seen.facility_id),
        mine=mine,
        words=words_of(seen.booking.status, mine=mine, name=seen.person_name),
        all_words=STATUS_WORDS,
        answers=ANSWER_WORDS,
        steps=steps if changing and seen.booking.ends_at > visit.now else (),
        lengths=rules_in_words.lengths_of(found, length),
        length=str(length),
        shorter=_shorter(found, _minutes(seen)),
        which=AGAIN if asks_which(filled, seen.zone) else (),
        waives=may(visit.actor, Action.BOOKING_WAIVE, Scope(facility_id=seen.facility_id)),
        **read,
    )


def _around(
    session: Session, visit: Visit, booking_id: UUID, refused: DomainError | None
) -> dict[str, Any]:
    """Read a booking and what its page shows beside it."""
    seen = known_booking(session, visit, booking_id)
    resource_id, series_id = seen.booking.resource_id, seen.booking.series_id
    series = series_id and bookings_of_series(session, series_id, viewer=visit.actor)
    return {
        "seen": seen,
        "resource": catalogue.facts_of(session, {resource_id})[resource_id],
        "offers": offers_beside(session, refused),
        "usage": usage_of(session, booking_id),
        "series": series or (),
        "attendees": _attendees(session, visit, seen),
        "invites": _invites(session, visit, seen),
        "alarm": _alarm(session, visit, seen),
        **found_instead(session, visit, seen),
    }


def _attendees(
    session: Session, visit: Visit, seen: BookingSeen
) -> tuple[AttendeeSeen, ...] | None:
    """Return who is invited; None for a visitor who may not see that."""
    if not may(visit.actor, Action.ATTENDEE_SEE, inviting_scope(session, visit.actor, seen)):
        return None
    return attendees_of(session, seen.booking.id)


def _alarm(session: Session, visit: Visit, seen: BookingSeen) -> dict[str, Any] | None:
    """Return the form of the holder's alarm; None for others, and where nothing is to come."""
    stands = seen.booking.status in INVITING and seen.booking.starts_at > visit.now
    if visit.person is None or visit.person.id != seen.booking.person_id or not stands:
        return None
    row = alarm_row(session, seen.booking.id, visit.person.id)
    chosen = None if row is None else Alarm(row.minutes_before)
    return alarm_form(visit.person.alarm_minutes, chosen)


def _invites(session: Session, visit: Visit, seen: BookingSeen) -> bool:
    """Say whether the visitor may invite somebody now."""
    stands = seen.booking.status in INVITING and seen.booking.ends_at > visit.now
    scope = inviting_scope(session, visit.actor, seen)
    return stands and may(visit.actor, Action.ATTENDEE_EDIT, scope)


def _minutes(seen: BookingSeen) -> int:
    return (seen.booking.ends_at - seen.booking.starts_at) // timedelta(minutes=1)


def _shorter(found: ResourceFacts, minutes: int) -> list[tuple[int, str]]:
    """List the lengths to which a booking can be shortened, the longest first."""
    grid = found.grid_minutes
    lengths = range((minutes - 1) // grid * grid, 0, -grid)
    return [(each, duration(each)) for each in lengths[:MOST_SHORTER]]


def _with_present(values: Typed, seen: BookingSeen) -> Typed:
    """Fill in what the booking is now where nothing else was typed."""
    there = seen.booking.starts_at.astimezone(ZoneInfo(seen.zone))
    present = {
        "day": date.isoformat(there.date()),
        "start": f"{there:%H:%M}",
        "quantity": str(seen.booking.quantity),
        "title": seen.booking.title,
    }
    return Typed({**present, **values.values})


def _cancel_shown(
    visit: Visit,
    booking_id: UUID,
    values: Typed | None = None,
    refused: DomainError | None = None,
) -> Response:
    seen = visit.read(lambda session: known_booking(session, visit, booking_id))
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    return show(
        visit,
        "booking/cancel.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values or Typed({}),
        refused=refused,
        errors=errors_of(refused),
        seen=seen,
        booking=seen.booking,
    )
