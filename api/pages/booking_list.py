"""A person's bookings: a list by day, a week or a month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.booking_words import STATUS_WORDS
from api.pages.calendar_days import View
from api.pages.calendar_view import asked_for
from api.pages.calendars import WORDS
from api.pages.fields import Address, Typed
from api.pages.visit import Visit, Visiting, show
from booking.engine.lifecycle import BOOKING_STEPS, HOLDING, BookingStatus, allowed_steps
from booking.engine.permissions import Action, may
from booking.queries import accounts
from booking.queries.bookings import BookingFilter, BookingSeen, bookings_seen
from booking.queries.month import Own, own_bookings
from booking.queries.paging import LARGEST_PAGE

router = APIRouter()
DAYS_BACK: Final = 90
A_PAGE: Final = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """A booking in the list, and the steps that its reader may take."""

    seen: BookingSeen
    steps: frozenset[str]


@router.get("/bookings")
def my_bookings(visit: Visiting, address: Address) -> Response:
    """Show the person's bookings: those to come, those that are over, a week or a month."""
    visit.sign_in_first()
    project_id = address.key("project")
    projects = visit.read(lambda session: accounts.projects_of(session, visit.actor))
    around: dict[str, Any] = {"project_id": project_id, "projects": projects, "words": STATUS_WORDS}
    if address["view"] in set(View):
        return _calendar(visit, address, project_id, around)
    past = address["show"] == "past"
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
        before=before.date(),
        earlier=(before - timedelta(days=DAYS_BACK)).date(),
        **around,
        **found,
    )


def _calendar(
    visit: Visit, address: Typed, project_id: UUID | None, around: dict[str, Any]
) -> Response:
    asked = asked_for(visit, address, visit.zone, "project", clocks=False)
    period = asked.period
    rows = visit.read(
        lambda session: own_bookings(
            session, viewer=visit.actor, within=period.within, project_id=project_id
        )
    )
    days = {day.on: tuple(_touching(rows, day.start, day.end)) for day in period.days}
    return show(
        visit,
        "booking/calendar.html",
        asked=asked,
        period=period,
        days=days,
        **around,
        **WORDS,
    )


def _touching(rows: Iterable[Own], start: int, end: int) -> Iterable[Own]:
    return (
        each
        for each in rows
        if each.starts_at.timestamp() < end and start < each.ends_at.timestamp()
    )


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
    return {
        "days": _by_day(visit, page.items),
        "next": page.next,
        "called_off": _by_day(visit, called_off.items),
    }


def _past(session: Session, visit: Visit, only: BookingFilter, before: datetime) -> dict[str, Any]:
    """Read what ran in the 90 days up to an instant, the newest first."""
    period = _narrowed(only, since=before - timedelta(days=DAYS_BACK), until=before)
    page = bookings_seen(session, viewer=visit.actor, only=period, limit=LARGEST_PAGE)
    over = [each for each in page.items if each.booking.ends_at <= visit.now]
    return {"days": _by_day(visit, over[::-1]), "next": None, "called_off": {}}


def _by_day(visit: Visit, rows: Iterable[BookingSeen]) -> dict[date, list[Listed]]:
    """Group bookings by the day on which they start, by the reader's clock."""
    place = ZoneInfo(visit.zone)
    days: dict[date, list[Listed]] = {}
    for each in rows:
        changing = may(visit.actor, Action.BOOKING_CHANGE, each.scope)
        steps = allowed_steps(BOOKING_STEPS, each.booking.status) if changing else ()
        if each.booking.ends_at <= visit.now:
            steps = ()
        on = each.booking.starts_at.astimezone(place).date()
        days.setdefault(on, []).append(Listed(each, frozenset(steps)))
    return days


def _narrowed(only: BookingFilter, **more: Any) -> BookingFilter:
    return BookingFilter(person_id=only.person_id, project_id=only.project_id, **more)


def _before(visit: Visit, address: Typed) -> datetime:
    """Read up to which day past bookings are shown; today's end where it is not said."""
    asked = address.day("before")
    earliest = visit.now.date() - timedelta(days=20 * 365)
    if asked is None or not earliest < asked <= visit.now.date():
        return visit.now
    return datetime.combine(asked, time(), visit.now.tzinfo)
