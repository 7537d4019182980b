"""The start page: what Benchshare is, and the search by what and by when."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.fields import Address, Typed, errors_of
from api.pages.free_times import with_free_times
from api.pages.visit import Visit, Visiting, show
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.errors import DomainError, Malformed
from booking.queries import catalogue
from booking.queries.availability import free_resources
from booking.queries.catalogue import Search
from booking.queries.facility_zones import facility_zones
from booking.queries.paging import Page
from booking.queries.slot_batches import TimeWish
from booking.reference.countries import country_name

router = APIRouter()
A_PAGE: Final = 12
NEXT_SHOWN: Final = 3
KINDS_SUGGESTED: Final = 12
KINDS_SHOWN: Final = 12
MOST_UNITS: Final = 1_000_000
USUAL_DAYS: Final = 7
LONGEST_LOOK: Final = timedelta(days=62)
FIELDS: Final = ("q", "kind", "country", "technique", "facility", "free_from", "free_until")
TIME_FIELDS: Final = ("zone", "minutes", "quantity")


@router.get("/")
def home(visit: Visiting, address: Address) -> Response:
    """Show the search, and what it finds."""
    search = Search(
        q=address.line("q"),
        kind=address.line("kind"),
        technique=address.line("technique"),
        country=address.line("country", longest=2),
        facility=address.line("facility"),
    )
    zone = address.zone("zone", otherwise=visit.zone)
    wish = read_wish(visit, address, zone)
    asked = any(address[name] for name in FIELDS)
    overview = not (asked or wish or address["cursor"] or address["every"])
    refused: DomainError | None = address.refusal
    if overview and refused is None:
        found = visit.read(lambda session: _overview(session, visit))
    else:
        found, refused = _look(visit, search, wish, address["cursor"], refused)
    return show(
        visit,
        "home/home.html",
        status=200 if refused is None else STATUS[type(refused)],
        typed=address,
        refused=refused,
        errors=errors_of(refused),
        wish=wish,
        zone_asked=zone,
        zones=visit.read(facility_zones),
        asked=asked,
        overview=overview,
        more=urlencode({name: address[name] for name in FIELDS + TIME_FIELDS if address[name]}),
        access=rules_in_words.ACCESS,
        country_names=country_name,
        **found,
    )


def read_wish(
    visit: Visit, address: Typed, zone: str, *, days: int = USUAL_DAYS
) -> TimeWish | None:
    """Read when and how long it should be free; None where no time is asked for.

    Without an end it looks some `days` ahead.
    """
    starts_at = address.instant("free_from", zone)
    ends_at = address.instant("free_until", zone)
    minutes = address.whole("minutes", least=1, most=366 * 1440)
    quantity = address.whole("quantity", least=1, most=MOST_UNITS) or 1
    if not any(address[name] for name in ("free_from", "free_until", "minutes")):
        return None
    within = _within(visit, address, starts_at, ends_at, days)
    return None if within is None else TimeWish(within, minutes, quantity)


def _within(
    visit: Visit, address: Typed, starts_at: datetime | None, ends_at: datetime | None, days: int
) -> Interval | None:
    """Choose the time to look at: from now, for some days, where nothing else is said."""
    if address.faults:
        return None
    start = starts_at or visit.now
    try:
        end = ends_at or start + timedelta(days=days)
    except OverflowError:
        address.fault("free_from", "Choose a day nearer than that.")
        return None
    if end <= start:
        address.fault("free_until", "Choose an end after the start.")
        return None
    if end - start > LONGEST_LOOK:
        address.fault("free_until", f"Look at {LONGEST_LOOK.days} days at the most.")
        return None
    return Interval(start, end)


def _look(
    visit: Visit,
    search: Search,
    wish: TimeWish | None,
    cursor: str,
    refused: DomainError | None,
) -> tuple[dict[str, Any], DomainError | None]:
    """Read what is found; what cannot be read finds nothing, but the form stays."""
    if refused is None:
        try:
            return visit.read(lambda session: _read(session, visit, search, wish, cursor)), None
        except Malformed as malformed:
            refused = malformed
    return visit.read(lambda session: suggested(session, visit) | {"page": None}), refused


def _read(
    session: Session, visit: Visit, search: Search, wish: TimeWish | None, cursor: str
) -> dict[str, Any]:
    asked: dict[str, Any] = {"viewer": visit.actor, "search": search, "limit": A_PAGE}
    asked["cursor"] = cursor or None
    if wish is None:
        page = catalogue.search_resources(session, **asked)
    else:
        page = free_resources(session, wish=wish, now=visit.now, **asked)
    found = with_free_times(session, page.items, wish, now=visit.now, most=NEXT_SHOWN)
    return suggested(session, visit) | {"page": Page(found, page.next)}


def _overview(session: Session, visit: Visit) -> dict[str, Any]:
    """Read one resource of each kind, for somebody who asks for nothing yet."""
    firsts = catalogue.one_of_each_kind(session, viewer=visit.actor, most=KINDS_SHOWN)
    found = with_free_times(session, firsts, None, now=visit.now, most=NEXT_SHOWN)
    return suggested(session, visit) | {"page": Page(found, None)}


def suggested(session: Session, visit: Visit) -> dict[str, Any]:
    """Read the kinds and countries there are to choose from."""
    kinds = catalogue.kinds(session, viewer=visit.actor)
    return {
        "kinds": kinds,
        "most": sorted(kinds, key=lambda each: (-each[1], each[0]))[:KINDS_SUGGESTED],
        "countries": sorted(
            (country_name(code), code, count)
            for code, count in catalogue.countries(session, viewer=visit.actor)
        ),
    }
