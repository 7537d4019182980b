"""The operator's day sheet: every resource of a facility, who comes when, and who came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.attendance import Deed, Turn, do, said, turn_of, unless_sure
from api.pages.booking_words import STATUS_WORDS
from api.pages.fields import Address, Form, Typed
from api.pages.local_reasons import by_the_clock_of
from api.pages.places import around, managed
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.engine.opening import local_day, to_local
from booking.engine.permissions import Action
from booking.engine.vocabulary import CheckInBy
from booking.errors import DomainError, NotFound
from booking.queries.attendance import SheetPart, day_sheet
from booking.queries.bookings import booking_seen

router = APIRouter()
FARTHEST: Final = timedelta(days=20 * 365)
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """A resource's part of the sheet, with what may be done about each booking."""

    resource: Any
    turns: tuple[Turn, ...]
    closures: Sequence[Any]


@router.get("/manage/facilities/{slug}/day")
def sheet(visit: Visiting, slug: str, address: Address) -> Response:
    """Show a day of the facility, today if none is asked for."""
    facility = managed(visit, slug, Action.BOOKING_CHECK_IN)
    return _shown(visit, facility, address)


@router.post("/manage/facilities/{slug}/day")
def record_use(visit: Submitting, slug: str, form: Form) -> Response:
    """Check somebody in or out, or mark that nobody came."""
    facility = managed(visit, slug, Action.BOOKING_CHECK_IN)
    booking_id, deed = form.key("booking"), form.word("do", Deed)
    seen = None
    if booking_id is not None:
        seen = visit.read(lambda session: booking_seen(session, booking_id, viewer=visit.actor))
    if seen is None or deed is None or seen.facility_id != facility.id:
        raise NotFound("There is no such booking on this sheet. Open the sheet again.")
    more = {"via": CheckInBy.OPERATOR} if deed is Deed.CHECK_IN else {}
    on = _chosen(visit, facility, form)
    where = f"/manage/facilities/{slug}/day?on={on}#booking-{booking_id}"
    asked = unless_sure(visit, seen, deed, form, back=where)
    if isinstance(asked, Response):
        return asked
    done = asked or do(visit, seen, deed, form, **more)
    if isinstance(done, DomainError):
        return _shown(visit, facility, form, done)
    return go(visit, where, f"{seen.person_name}: {said(visit, seen, deed, done)}")


def _shown(
    visit: Visit, facility: Any, values: Typed, refused: DomainError | None = None
) -> Response:
    on = _chosen(visit, facility, values)
    within = local_day(on, facility.zone)
    parts = visit.read(lambda session: _parts(session, visit, facility, within))
    if refused is not None:
        refused = by_the_clock_of(refused, facility.zone)
    return show(
        visit,
        "use/day.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        on=on,
        today=_today(visit, facility),
        before=on - ONE_DAY,
        after=on + ONE_DAY,
        within=within,
        busy=[each for each in parts if each.turns],
        idle=[each for each in parts if not each.turns],
        words=STATUS_WORDS,
        **around(visit, facility, "/day"),
    )


def _parts(
    session: Session, visit: Visit, facility: Any, within: Interval | None
) -> tuple[Part, ...]:
    if within is None:
        return ()
    found = day_sheet(session, facility.id, viewer=visit.actor, within=within)
    return tuple(Part(each.resource, _turns(visit, each), each.closures) for each in found)


def _turns(visit: Visit, part: SheetPart) -> tuple[Turn, ...]:
    grace = part.resource.no_show_grace_minutes
    return tuple(turn_of(visit, line.seen, line.usage, grace_minutes=grace) for line in part.lines)


def _today(visit: Visit, facility: Any) -> date:
    return to_local(visit.now, facility.zone).date()


def _chosen(visit: Visit, facility: Any, values: Typed) -> date:
    """Read which day is asked for; today where none is, or one decades away."""
    today = _today(visit, facility)
    asked = Typed({"on": values["on"]}).day("on") or today
    return asked if abs(asked - today) <= FARTHEST else today
