"""Find by time: how long and when come first, and what it is on second."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages.fields import Address, Typed, errors_of
from api.pages.free_times import Found, with_free_times
from api.pages.home import read_wish, suggested
from api.pages.rules_in_words import LENGTHS
from api.pages.visit import Visit, Visiting, show
from api.pages.wording import duration
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.errors import DomainError, Malformed
from booking.queries import accounts
from booking.queries.availability import all_longer, free_resources
from booking.queries.busy_calendars import busy_among
from booking.queries.catalogue import Candidate, Search
from booking.queries.facility_zones import facility_zones
from booking.queries.paging import Page
from booking.queries.slot_batches import TimeWish
from booking.queries.slots_for_project import Team
from booking.reference.countries import country_name

router = APIRouter()
A_PAGE: Final = 20
TIMES_SHOWN: Final = 4
USUAL_DAYS: Final = 14
USUAL_MINUTES: Final = 60
FIELDS: Final = (
    *("q", "kind", "country", "technique", "facility", "project"),
    *("minutes", "quantity", "free_from", "free_until", "zone"),
)
CHOSEN: Final = (("minutes", "minutes"), ("quantity", "quantity"), ("project", "project_id"))


@router.get("/slots")
def slots(visit: Visiting, address: Address) -> Response:
    """Show which resources are free for so long, and when; each time leads to its booking."""
    asked = any(address[name] for name in FIELDS)
    address = Typed({"minutes": str(USUAL_MINUTES), **_given(address)}, address.faults)
    zone = address.zone("zone", otherwise=visit.zone)
    wish = read_wish(visit, address, zone, days=USUAL_DAYS)
    _check_project(visit, address)
    page, refused = _found(visit, address, wish) if asked else (None, None)
    minutes = Typed(address.values).whole("minutes", least=1, most=366 * 1440)
    return show(
        visit,
        "slots/slots.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=address,
        refused=refused,
        errors=errors_of(refused),
        wish=wish,
        page=page,
        busy=_busy(visit, page),
        longer=_longer(visit, address, wish) if page and wish and not page.items else None,
        at_least=urlencode(
            {name: address[name] for name in FIELDS if address[name] and name != "minutes"}
        ),
        zone_asked=zone,
        zones=visit.read(facility_zones),
        projects=visit.read(lambda session: accounts.projects_of(session, visit.actor)),
        lengths=[(each, duration(each)) for each in sorted({*LENGTHS, minutes or USUAL_MINUTES})],
        carried=urlencode({key: address[name] for name, key in CHOSEN if address[name]}),
        more=urlencode({name: address[name] for name in FIELDS if address[name]}),
        country_names=country_name,
        **visit.read(lambda session: suggested(session, visit)),
    )


def _busy(visit: Visit, page: Page[Found] | None) -> frozenset[Interval]:
    """Find which of the times shown the visitor is busy elsewhere in."""
    slots = [slot for each in page.items for slot in each.slots] if page else []
    return visit.read(lambda session: busy_among(session, visit.actor.person_id, slots))


def _check_project(visit: Visit, address: Typed) -> None:
    """Note a fault where the project is none of the visitor's."""
    chosen = address.key("project")
    if chosen is not None and chosen not in visit.actor.project_ids:
        address.fault("project", "Choose one of your own projects; sign in first.")


def _given(address: Typed) -> dict[str, str]:
    return {name: value for name, value in address.values.items() if value}


def _found(
    visit: Visit, address: Typed, wish: TimeWish | None
) -> tuple[Page[Found] | None, DomainError | None]:
    """Read what is free; what cannot be read finds nothing, but the form stays."""
    if address.refusal is not None or wish is None:
        return None, address.refusal
    try:
        return visit.read(lambda session: _read(session, visit, address, wish)), None
    except Malformed as malformed:
        return None, malformed


def _read(session: Session, visit: Visit, address: Typed, wish: TimeWish) -> Page[Found]:
    search = _search(address)
    project_id = address.key("project")
    team = Team(project_id, visit.person.id) if project_id and visit.person else None
    page = free_resources(
        session,
        viewer=visit.actor,
        search=search,
        wish=wish,
        now=visit.now,
        limit=A_PAGE,
        cursor=address["cursor"] or None,
        team=team,
    )
    found = with_free_times(session, page.items, wish, now=visit.now, most=TIMES_SHOWN, team=team)
    soonest = sorted((each for each in found if each.slots), key=lambda each: each.slots[0].start)
    return Page(tuple(soonest), page.next)


def _search(address: Typed) -> Search:
    named: dict[str, Any] = {
        name: address.line(name) for name in ("q", "kind", "technique", "country", "facility")
    }
    return Search(**named)


def _longer(visit: Visit, address: Typed, wish: TimeWish) -> tuple[Candidate, int] | None:
    """Find the shortest booking there is, where so short a one is nowhere."""
    search = _search(address)
    return visit.read(
        lambda session: all_longer(session, viewer=visit.actor, search=search, wish=wish)
    )
