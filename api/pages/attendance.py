"""What a visitor may do about the use of a booking now, and how it went, for every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from fastapi.responses import Response

from api.pages.fields import Typed
from api.pages.visit import Visit, show
from booking.engine.attendance import (
    check_in_window,
    given_back_in_words,
    missed_at,
    use_in_words,
    while_check_in,
    while_missed,
)
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Action, may
from booking.errors import DomainError
from booking.queries import catalogue
from booking.queries.bookings import BookingSeen
from booking.services import booking_use


class Deed(StrEnum):
    """What may be done about the use of a booking."""

    CHECK_IN = "check-in"
    CHECK_OUT = "check-out"
    NO_SHOW = "no-show"
    NOTE = "note"


_DONE: Final[Mapping[Deed, str]] = {
    Deed.CHECK_IN: "Checked in. Have a good session.",
    Deed.CHECK_OUT: "Checked out. Thank you.",
    Deed.NO_SHOW: "Marked as missed. Its people are told by mail.",
    Deed.NOTE: "The note is saved.",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A booking's use: what the visitor may do now, and what there is to say.

    `opens_at` is when check-in opens, where it is still shut; `given_up_at` is when the time
    goes to others unless somebody checks in.
    """

    seen: BookingSeen
    usage: Any
    deeds: tuple[Deed, ...]
    words: str
    opens_at: datetime | None
    given_up_at: datetime | None


def turn_of(visit: Visit, seen: BookingSeen, usage: Any, *, grace_minutes: int | None) -> Turn:
    """Say what the visitor may do about the use of a booking."""
    booking = seen.booking
    booked = Interval(booking.starts_at, booking.ends_at)
    waits = booking.status is BookingStatus.CONFIRMED and visit.now < booked.end
    opens_at = check_in_window(booked).start
    gives_up = waits and grace_minutes is not None
    return Turn(
        seen=seen,
        usage=usage,
        deeds=tuple(_deeds(visit, seen, booked, grace_minutes)),
        words=_words(usage),
        opens_at=opens_at if waits and visit.now < opens_at else None,
        given_up_at=missed_at(booked, grace_minutes=grace_minutes or 0) if gives_up else None,
    )


def do(visit: Visit, seen: BookingSeen, deed: Deed, form: Typed, **more: Any) -> Any:
    """Do it, by the services; return what was done or the refusal. `more` goes with it."""
    given = {"actor": visit.actor, "now": visit.now, "booking_id": seen.booking.id, **more}
    if deed is Deed.CHECK_IN:
        return visit.write(lambda session: booking_use.check_in(session, **given))
    if deed is Deed.CHECK_OUT:
        note = form.line("note")
        return visit.write(lambda session: booking_use.check_out(session, **given, note=note))
    if deed is Deed.NO_SHOW:
        reason = form.line("reason")
        return visit.write(lambda session: booking_use.miss(session, **given, reason=reason))
    text = form.line("note")
    return visit.write(lambda session: booking_use.note(session, **given, text=text))


def unless_sure(
    visit: Visit, seen: BookingSeen, deed: Deed, form: Typed, *, back: str
) -> Response | DomainError | None:
    """Return the page that asks whether really nobody came; None where nothing is to ask.

    Where it could not be recorded anyway, the refusal is returned and nothing is asked.
    `back` leads to where the visitor came from.
    """
    if deed is not Deed.NO_SHOW or form["sure"]:
        return None
    tried = visit.rehearse(
        lambda session: booking_use.miss(
            session, actor=visit.actor, now=visit.now, booking_id=seen.booking.id
        )
    )
    if isinstance(tried, DomainError):
        return tried
    return show(
        visit, "use/nobody_came.html", seen=seen, booking=seen.booking, on=form["on"], back=back
    )


def said(visit: Visit, seen: BookingSeen, deed: Deed, done: Any) -> str:
    """Say what was done; `seen` is the booking as it was, `done` what the service answered."""
    if deed is not Deed.CHECK_OUT:
        return _DONE[deed]
    key = seen.booking.resource_id
    found = visit.read(lambda session: catalogue.facts_of(session, {key})[key])
    back = given_back_in_words(
        Interval(seen.booking.starts_at, seen.booking.ends_at),
        visit.now,
        ends_at=done.ends_at,
        grid_minutes=found.grid_minutes,
    )
    return f"{_DONE[deed]} {back}".rstrip()


def _deeds(
    visit: Visit, seen: BookingSeen, booked: Interval, grace_minutes: int | None
) -> list[Deed]:
    """List what may be done now, the most likely first."""
    status, found = seen.booking.status, []
    staff = booking_use.runs_the_place(visit.actor, seen.facility_id)
    if not may(visit.actor, Action.BOOKING_CHECK_IN, seen.scope):
        return []
    if status is BookingStatus.IN_USE:
        found.append(Deed.CHECK_OUT)
    if status is BookingStatus.CONFIRMED:
        found += [Deed.CHECK_IN] * (while_check_in(booked, visit.now) is None)
        missed = while_missed(booked, visit.now, grace_minutes=grace_minutes) is None
        found += [Deed.NO_SHOW] * (staff and missed)
    return found


def _words(usage: Any) -> str:
    if usage is None:
        return ""
    return use_in_words(booked_minutes=usage.booked_minutes, used_minutes=usage.used_minutes)
