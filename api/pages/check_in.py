"""Check in and out: by the code on an instrument, by a link, or on the booking's page."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.attendance import Deed, Turn, do, said, turn_of, unless_sure
from api.pages.booking_words import STATUS_WORDS
from api.pages.fields import Form
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Action, may
from booking.engine.vocabulary import CheckInBy
from booking.errors import DomainError, NotFound
from booking.queries import catalogue
from booking.queries.attendance import usage_of, usages_of
from booking.queries.availability import availability_of, slots_in
from booking.queries.bookings import BookingFilter, BookingSeen, booking_seen, bookings_seen
from booking.queries.catalogue import ResourceFacts
from booking.queries.slot_batches import TimeWish

router = APIRouter()
MOST_LOOKED_AT: Final = 100
LOOK_AHEAD: Final = timedelta(days=14)
OF_USE: Final = frozenset(
    {
        BookingStatus.CONFIRMED,
        BookingStatus.IN_USE,
        BookingStatus.NO_SHOW,
    }
)


@router.get("/resources/{resource_id:uuid}/check-in")
def at_the_resource(visit: Visiting, resource_id: UUID) -> Response:
    """Show what the code on a resource leads to: the visitor's booking, and one button."""
    visit.sign_in_first()
    return _resource_shown(visit, resource_id)


@router.get("/bookings/{booking_id:uuid}/check-in")
def by_link(visit: Visiting, booking_id: UUID) -> Response:
    """Show a booking with the one button that begins or ends its use."""
    visit.sign_in_first()
    return _booking_shown(visit, booking_id, CheckInBy.LINK)


@router.post("/bookings/{booking_id:uuid}/use")
def use(visit: Submitting, booking_id: UUID, form: Form) -> Response:
    """Check in or out, mark that nobody came, or note something of the use."""
    visit.sign_in_first()
    seen = visit.read(lambda session: _known(session, visit, booking_id))
    deed, via = form.word("do", Deed), form.word("via", CheckInBy)
    form.line("note")
    if deed is None:
        form.fault("do", "Choose what happened: check-in or check-out.")
    refused: Any = form.refusal
    if deed is not None and refused is None:
        more = {"via": via} if deed is Deed.CHECK_IN else {}
        asked = unless_sure(visit, seen, deed, form, back=f"/bookings/{booking_id}")
        if isinstance(asked, Response):
            return asked
        done = asked or do(visit, seen, deed, form, **more)
        if not isinstance(done, DomainError):
            return go(visit, f"/bookings/{booking_id}", said(visit, seen, deed, done))
        refused = done
    return _booking_shown(visit, booking_id, via or CheckInBy.BUTTON, refused)


def turn_on(session: Session, visit: Visit, seen: BookingSeen, found: ResourceFacts) -> Turn:
    """Read what the visitor may do about the use of a booking."""
    usage = usage_of(session, seen.booking.id)
    return turn_of(visit, seen, usage, grace_minutes=found.no_show_grace_minutes)


def _known(session: Session, visit: Visit, booking_id: UUID) -> BookingSeen:
    seen = booking_seen(session, booking_id, viewer=visit.actor)
    if seen is None:
        raise NotFound("There is no such booking, or it is not yours to see. Look at your list.")
    return seen


def _booking_shown(
    visit: Visit, booking_id: UUID, via: CheckInBy, refused: DomainError | None = None
) -> Response:
    def look(session: Session) -> tuple[ResourceFacts, Turn]:
        seen = _known(session, visit, booking_id)
        found = catalogue.facts_of(session, {seen.booking.resource_id})[seen.booking.resource_id]
        return found, turn_on(session, visit, seen, found)

    found, turn = visit.read(look)
    return _shown(visit, found, (turn,), via, refused=refused)


def _resource_shown(visit: Visit, resource_id: UUID) -> Response:
    def look(session: Session) -> dict[str, Any]:
        found = catalogue.resource_facts(session, resource_id, viewer=visit.actor)
        if found is None:
            raise NotFound("There is no such resource. Search for it on the start page.")
        turns = _turns(session, visit, found)
        now = tuple(each for each in turns if each.opens_at is None)
        later = [each for each in turns if each.opens_at is not None and _is_own(visit, each)]
        free = _next_free(session, visit, found)
        return {"found": found, "turns": now, "later": later[:1], "free": free}

    return _shown(visit, via=CheckInBy.CODE, **visit.read(look))


def _turns(session: Session, visit: Visit, found: ResourceFacts) -> Sequence[Turn]:
    """Read the bookings that the visitor may begin to use: those under way and to come."""
    only = BookingFilter(resource_id=found.id, since=visit.now, statuses=OF_USE)
    page = bookings_seen(session, viewer=visit.actor, only=only, limit=MOST_LOOKED_AT)
    own = [each for each in page.items if may(visit.actor, Action.BOOKING_CHECK_IN, each.scope)]
    usages = usages_of(session, [each.booking.id for each in own])
    grace = found.no_show_grace_minutes
    return [
        turn_of(visit, each, usages.get(each.booking.id), grace_minutes=grace)
        for each in sorted(own, key=lambda each: each.booking.person_id != visit.person.id)
    ]


def _is_own(visit: Visit, turn: Turn) -> bool:
    return turn.seen.booking.project_id in visit.actor.project_ids


def _next_free(session: Session, visit: Visit, found: ResourceFacts) -> Interval | None:
    within = Interval(visit.now, visit.now + LOOK_AHEAD)
    times = availability_of(session, [found], within=within, now=visit.now)[found.id]
    return next(iter(slots_in(found, times, TimeWish(within=within), visit.now)), None)


def _shown(
    visit: Visit,
    found: ResourceFacts,
    turns: Sequence[Turn],
    via: CheckInBy,
    *,
    later: Sequence[Turn] = (),
    free: Interval | None = None,
    refused: DomainError | None = None,
) -> Response:
    if refused is not None:
        refused = by_the_clock_of(refused, found.zone)
    return show(
        visit,
        "use/check_in.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        resource=found,
        turns=turns,
        later=later,
        free=free,
        via=via,
        words=STATUS_WORDS,
    )
