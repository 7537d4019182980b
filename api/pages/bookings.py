"""A person's bookings: the list, one of them, and changing it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wishes import offers_beside, read_quantity, read_times
from api.problems import STATUS
from booking.engine.lifecycle import BOOKING_STEPS, HOLDING, BookingStatus, allowed_steps
from booking.engine.permissions import Action, may
from booking.errors import DomainError, NotFound
from booking.queries import accounts, catalogue
from booking.queries.bookings import BookingFilter, BookingSeen, booking_seen, bookings_seen
from booking.queries.paging import LARGEST_PAGE
from booking.services import booking_changes
from booking.services.booking_changes import Move

router = APIRouter()
DAYS_BACK: Final = 90
A_PAGE: Final = 30
STATUS_WORDS: Final[Mapping[BookingStatus, tuple[str, str, str]]] = {
    BookingStatus.HELD: ("held for you", "warn", "The time is kept until you confirm it."),
    BookingStatus.PENDING: (
        "waiting for the facility",
        "warn",
        "A manager answers it; the time is held for you meanwhile, and you get a mail.",
    ),
    BookingStatus.CONFIRMED: ("confirmed", "good", "The time is yours."),
    BookingStatus.IN_USE: ("in use", "good", "Somebody has checked in."),
    BookingStatus.COMPLETED: ("completed", "", "The time was used."),
    BookingStatus.CANCELLING: (
        "being cancelled",
        "warn",
        "It was deleted in a calendar program. The mail about it has a link that brings it back.",
    ),
    BookingStatus.CANCELLED: ("cancelled", "bad", "The time is free for others again."),
    BookingStatus.REJECTED: ("not approved", "bad", "The facility did not approve it."),
    BookingStatus.NO_SHOW: ("missed", "bad", "Nobody checked in."),
    BookingStatus.DISPLACED: (
        "displaced by a closure",
        "bad",
        "The facility had to close for that time. You can book another.",
    ),
    BookingStatus.EXPIRED: ("expired", "bad", "It was not answered or confirmed in time."),
}


@router.get("/bookings")
def my_bookings(visit: Visiting, address: Address) -> Response:
    """List the person's bookings: those to come, or those that are over."""
    visit.sign_in_first()
    past = address["show"] == "past"
    project_id = address.key("project")
    before = _before(visit, address)
    only = _mine(visit, project_id)
    found = visit.read(
        lambda session: (
            _past(session, visit, only, before)
            if past
            else _coming(session, visit, only, address["cursor"])
        )
    )
    return show(
        visit,
        "booking/list.html",
        past=past,
        project_id=project_id,
        projects=visit.read(lambda session: accounts.projects_of(session, visit.actor)),
        words=STATUS_WORDS,
        before=before.date(),
        earlier=(before - timedelta(days=DAYS_BACK)).date(),
        **found,
    )


@router.get("/bookings/{booking_id:uuid}")
def booking(visit: Visiting, booking_id: UUID, address: Address) -> Response:
    """Show a booking with what can be done about it."""
    visit.sign_in_first()
    return _shown(visit, booking_id, address)


@router.post("/bookings/{booking_id:uuid}/move")
def move(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Move a booking to another time, quantity or offered resource."""
    visit.sign_in_first()
    seen = visit.read(lambda session: _known(session, visit, booking_id))
    times, quantity = read_times(form, seen.zone), read_quantity(form)
    resource_id = form.key("resource_id")
    if form.refusal or times is None:
        return _shown(visit, booking_id, form, form.refusal)
    to = Move(times[0], times[1], resource_id, quantity)
    moved = visit.write(
        lambda session: booking_changes.move(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, to=to
        )
    )
    if isinstance(moved, DomainError):
        return _shown(visit, booking_id, form, moved)
    return go(visit, f"/bookings/{booking_id}", "Moved. The invitation in calendars follows.")


@router.post("/bookings/{booking_id:uuid}/retitle")
def retitle(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Give a booking another title."""
    visit.sign_in_first()
    title = form.line("title")
    if form.refusal:
        return _shown(visit, booking_id, form, form.refusal)
    done = visit.write(
        lambda session: booking_changes.retitle(
            session, actor=visit.actor, now=visit.now, booking_id=booking_id, title=title
        )
    )
    if isinstance(done, DomainError):
        return _shown(visit, booking_id, form, done)
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
    return go(visit, f"/bookings/{booking_id}", "Cancelled. It leaves calendars by mail.")


def _mine(visit: Visit, project_id: UUID | None) -> BookingFilter:
    if project_id is None:
        return BookingFilter(person_id=visit.person.id)
    return BookingFilter(project_id=project_id)


def _coming(session: Session, visit: Visit, only: BookingFilter, cursor: str) -> dict[str, Any]:
    """Read a page of what is to come, and what was to come but was called off."""
    ahead = _narrowed(only, since=visit.now, statuses=frozenset(HOLDING))
    off = _narrowed(only, since=visit.now, statuses=frozenset(BookingStatus).difference(HOLDING))
    page = bookings_seen(
        session, viewer=visit.actor, only=ahead, limit=A_PAGE, cursor=cursor or None
    )
    called_off = bookings_seen(session, viewer=visit.actor, only=off, limit=A_PAGE)
    return {"rows": page.items, "next": page.next, "called_off": called_off.items}


def _past(session: Session, visit: Visit, only: BookingFilter, before: datetime) -> dict[str, Any]:
    """Read what ran in the 90 days up to an instant, the newest first."""
    period = _narrowed(only, since=before - timedelta(days=DAYS_BACK), until=before)
    page = bookings_seen(session, viewer=visit.actor, only=period, limit=LARGEST_PAGE)
    over = [each for each in page.items if each.booking.ends_at <= visit.now]
    return {"rows": over[::-1], "next": None, "called_off": ()}


def _narrowed(only: BookingFilter, **more: Any) -> BookingFilter:
    return BookingFilter(person_id=only.person_id, project_id=only.project_id, **more)


def _before(visit: Visit, address: Typed) -> datetime:
    """Read up to which day past bookings are shown; today's end where it is not said."""
    asked = address.day("before")
    earliest = visit.now.date() - timedelta(days=20 * 365)
    if asked is None or not earliest < asked <= visit.now.date():
        return visit.now
    return datetime.combine(asked, time(), visit.now.tzinfo)


def _known(session: Session, visit: Visit, booking_id: UUID) -> BookingSeen:
    seen = booking_seen(session, booking_id, viewer=visit.actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see. Look at your list.")
    return seen


def _shown(
    visit: Visit, booking_id: UUID, values: Typed, refused: DomainError | None = None
) -> Response:
    def look(session: Session) -> tuple[BookingSeen, Any, Any]:
        seen = _known(session, visit, booking_id)
        found = catalogue.facts_of(session, {seen.booking.resource_id})
        return seen, found[seen.booking.resource_id], offers_beside(session, refused)

    seen, found, offers = visit.read(look)
    if refused is not None:
        refused = by_the_clock_of(refused, seen.zone)
    steps = allowed_steps(BOOKING_STEPS, seen.booking.status)
    changing = may(visit.actor, Action.BOOKING_CHANGE, seen.scope)
    minutes = seen.booking.ends_at - seen.booking.starts_at
    length = values.whole("minutes", least=1, most=366 * 1440) or minutes // timedelta(minutes=1)
    return show(
        visit,
        "booking/booking.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=_with_present(values, seen),
        refused=refused,
        errors=errors_of(refused),
        offers=offers,
        seen=seen,
        booking=seen.booking,
        resource=found,
        words=STATUS_WORDS[seen.booking.status],
        steps=steps if changing and seen.booking.ends_at > visit.now else (),
        lengths=rules_in_words.lengths_of(found, length),
        length=str(length),
    )


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
    seen = visit.read(lambda session: _known(session, visit, booking_id))
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
