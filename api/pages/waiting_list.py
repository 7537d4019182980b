"""Waiting for time that is taken: the list, joining it, leaving it, and a resource's line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.deps import read_instant
from api.pages import rules_in_words
from api.pages.fields import Address, Form, Typed, errors_of
from api.pages.local_reasons import by_the_clock_of
from api.pages.visit import Submitting, Visit, Visiting, go, show
from api.pages.wishes import MOST_MINUTES, offers_beside, read_quantity
from api.problems import STATUS
from booking.engine.intervals import MINUTE
from booking.engine.permissions import Action, Scope, may
from booking.engine.vocabulary import OfferState, WaitlistState
from booking.engine.waitlist_words import as_standing
from booking.errors import DomainError, NotFound
from booking.queries import accounts, catalogue
from booking.queries.bookings import resource_to_book
from booking.queries.catalogue import ResourceFacts
from booking.queries.offered_time import OfferFilter, offers_seen
from booking.queries.paging import LARGEST_PAGE
from booking.queries.waiting_list import OPEN, EntryFilter, EntrySeen, entries_seen
from booking.services import waiting_list
from booking.services.waiting_line import line_now, places_of
from booking.services.waiting_list import NewEntry

router = APIRouter()
STATE_WORDS: Final[Mapping[WaitlistState, tuple[str, str]]] = {
    WaitlistState.WAITING: ("waiting", "warn"),
    WaitlistState.OFFERED: ("offered to you", "good"),
    WaitlistState.BOOKED: ("booked", "good"),
    WaitlistState.WITHDRAWN: ("left", ""),
    WaitlistState.EXPIRED: ("over", ""),
}
MADE: Final = frozenset({OfferState.MADE})
CLOSED: Final = frozenset(WaitlistState).difference(OPEN)
NEWEST_CLOSED: Final = 20


@dataclass(frozen=True, slots=True)
class Waiter:
    """One in a resource's line; `seen` and `standing` are for those who may know who it is."""

    place: int
    seen: EntrySeen | None
    earliest_at: datetime
    latest_at: datetime
    minutes: int
    quantity: int
    standing: dict[str, Any] | None


@router.get("/waiting-list")
def my_waiting_list(visit: Visiting, address: Address) -> Response:
    """List what the person, or one of their projects, waits for."""
    visit.sign_in_first()
    return _list_shown(visit, address.key("project"))


@router.post("/waiting-list/{entry_id:uuid}/leave")
def leave(visit: Submitting, entry_id: UUID) -> Response:
    """Wait no longer."""
    visit.sign_in_first()
    done = visit.write(
        lambda session: waiting_list.leave(
            session, actor=visit.actor, now=visit.now, entry_id=entry_id
        )
    )
    if isinstance(done, DomainError):
        return _list_shown(visit, None, done)
    return go(visit, "/waiting-list", "You wait for it no longer.")


@router.get("/waiting-list/new")
def ask_to_join(visit: Visiting, address: Address) -> Response:
    """Show the form, filled with the time that could not be had."""
    visit.sign_in_first()
    found = visit.read(lambda session: _known(session, visit, address.key("resource")))
    return _form_shown(visit, found, _from_address(address, found.zone))


@router.post("/waiting-list/new")
def join(visit: Submitting, form: Form) -> Response:
    """Join, or show why not: time may be free already."""
    visit.sign_in_first()
    found = visit.read(lambda session: _known(session, visit, form.key("resource")))
    new = _read_new(form, found)
    if new is None:
        return _form_shown(visit, found, form, form.refusal)
    done = visit.write(
        lambda session: waiting_list.join(session, actor=visit.actor, now=visit.now, new=new)
    )
    if isinstance(done, DomainError):
        return _form_shown(visit, found, form, done)
    return go(visit, "/waiting-list", "You wait. When time becomes free, you get an offer by mail.")


@router.get("/resources/{resource_id:uuid}/waiting-list")
def line(visit: Visiting, resource_id: UUID) -> Response:
    """Show a resource's line: names to those who look after it, to others only their own."""
    visit.sign_in_first()
    found = visit.read(lambda session: _known(session, visit, resource_id))
    runs = may(visit.actor, Action.BOOKING_SEE, Scope(facility_id=found.facility_id))
    waiters = visit.read(lambda session: _line(session, visit, resource_id))
    return show(visit, "waiting/line.html", resource=found, waiters=waiters, runs=runs)


def _list_shown(
    visit: Visit, project_id: UUID | None, refused: DomainError | None = None
) -> Response:
    whose: dict[str, Any] = (
        {"person_id": visit.person.id} if project_id is None else {"project_id": project_id}
    )

    def look(session: Session) -> dict[str, Any]:
        rows = _entries(session, visit, whose, frozenset(OPEN), LARGEST_PAGE)
        offered = offers_seen(
            session,
            viewer=visit.actor,
            only=OfferFilter(**whose, states=MADE),
            limit=LARGEST_PAGE,
        )
        return {
            "rows": rows,
            "places": places_of(session, rows, now=visit.now),
            "offered": offered.items,
            "closed": _entries(session, visit, whose, CLOSED, NEWEST_CLOSED),
            "projects": accounts.projects_of(session, visit.actor),
        }

    return show(
        visit,
        "waiting/list.html",
        status=200 if refused is None else STATUS[type(refused)],
        refused=refused,
        project_id=project_id,
        words=STATE_WORDS,
        **visit.read(look),
    )


def _entries(
    session: Session,
    visit: Visit,
    whose: dict[str, Any],
    states: frozenset[WaitlistState],
    limit: int,
) -> tuple[EntrySeen, ...]:
    only = EntryFilter(**whose, states=states)
    return entries_seen(session, viewer=visit.actor, only=only, limit=limit).items


def _known(session: Session, visit: Visit, resource_id: UUID | None) -> ResourceFacts:
    found = None
    if resource_id is not None:
        found = catalogue.resource_facts(session, resource_id, viewer=visit.actor)
    if found is None:
        raise NotFound("There is no such resource. Search for it on the start page.")
    return found


def _from_address(address: Typed, zone: str) -> Typed:
    """Fill the form with the two instants in the address, by the facility's clock.

    The length is then what lies between, so that the window can be widened around it.
    """
    values, ends = dict(address.values), []
    for name in ("from", "until"):
        try:
            there = read_instant(address[name]).astimezone(ZoneInfo(zone))
        except (ValueError, OverflowError):
            continue
        values |= {f"{name}_day": there.date().isoformat(), f"{name}_time": f"{there:%H:%M}"}
        ends.append(there)
    minutes = (ends[-1] - ends[0]) // MINUTE if ends else 0
    if 0 < minutes <= MOST_MINUTES:
        values.setdefault("minutes", str(minutes))
    return Typed(values)


def _read_new(form: Typed, found: ResourceFacts) -> NewEntry | None:
    """Read what is waited for; None where the form has a fault, which is then noted."""
    starts_at = form.moment("from_day", "from_time", found.zone)
    ends_at = form.moment("until_day", "until_time", found.zone)
    minutes = form.whole("minutes", least=1, most=MOST_MINUTES)
    project_id, quantity, title = form.key("project_id"), read_quantity(form), form.line("title")
    form.needed("project_id", "Choose the project you wait for.")
    if form.refusal or starts_at is None or ends_at is None or project_id is None:
        return None
    return NewEntry(found.id, project_id, starts_at, ends_at, minutes, quantity, title)


def _form_shown(
    visit: Visit, found: ResourceFacts, values: Typed, refused: DomainError | None = None
) -> Response:
    def look(session: Session) -> dict[str, Any]:
        return {
            "projects": [
                (each.id, f"{each.name} ({each.organisation_name})")
                for each in accounts.projects_of(session, visit.actor)
            ],
            "offers": offers_beside(session, refused),
        }

    seen = visit.read(look)
    if refused is not None:
        refused = by_the_clock_of(refused, found.zone)
    asked = Typed(values.values).whole("minutes", least=1, most=MOST_MINUTES)
    return show(
        visit,
        "waiting/new.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=values,
        refused=refused,
        errors=errors_of(refused),
        resource=found,
        lengths=rules_in_words.lengths_of(found, asked),
        **seen,
    )


def _line(session: Session, visit: Visit, resource_id: UUID) -> list[Waiter]:
    """Read the line as it stands now; whose an entry is only where the viewer may see it."""
    resource = resource_to_book(session, resource_id)
    if resource is None:
        return []
    only = EntryFilter(resource_id=resource_id, states=frozenset({WaitlistState.WAITING}))
    page = entries_seen(session, viewer=visit.actor, only=only, limit=LARGEST_PAGE)
    known = {each.entry.id: each for each in page.items}
    found = []
    for each in line_now(session, resource, now=visit.now):
        entry = each.candidate.waiting.entry
        found.append(
            Waiter(
                place=each.place.place,
                seen=known.get(entry.id),
                earliest_at=entry.earliest_at,
                latest_at=entry.latest_at,
                minutes=entry.minutes,
                quantity=entry.quantity,
                standing=as_standing(each.place) if entry.id in known else None,
            )
        )
    return found
