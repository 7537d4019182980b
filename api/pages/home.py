"""The start page: what Benchshare is, and the search by what and by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response
from sqlmodel import Session

from api.pages import rules_in_words
from api.pages.fields import Address, Typed, errors_of
from api.pages.visit import Visit, Visiting, show
from api.problems import STATUS
from booking.engine.intervals import Interval
from booking.errors import DomainError, Malformed
from booking.queries import catalogue
from booking.queries.availability import TimeWish, availability_of, free_resources, slots_in
from booking.queries.catalogue import ResourceFacts, Search
from booking.queries.facility_zones import facility_zones
from booking.queries.paging import Page
from booking.reference.countries import country_name

router = APIRouter()
A_PAGE: Final = 12
NEXT_SHOWN: Final = 3
KINDS_SUGGESTED: Final = 12
MOST_UNITS: Final = 1_000_000
USUAL_DAYS: Final = 7
LONGEST_LOOK: Final = timedelta(days=62)
FIELDS: Final = ("q", "kind", "country", "technique", "facility", "free_from", "free_until")
TIME_FIELDS: Final = ("zone", "minutes", "quantity")


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that was found, with the next times it is free where a time was asked for."""

    resource: ResourceFacts
    slots: tuple[Interval, ...]


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
    wish = _wish(visit, address, zone)
    refused: DomainError | None = address.refusal
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
        asked=any(address[name] for name in FIELDS),
        more=urlencode({name: address[name] for name in FIELDS + TIME_FIELDS if address[name]}),
        access=rules_in_words.ACCESS,
        country_names=country_name,
        **found,
    )


def _wish(visit: Visit, address: Typed, zone: str) -> TimeWish | None:
    """Read when and how long it should be free; None where no time is asked for."""
    starts_at = address.instant("free_from", zone)
    ends_at = address.instant("free_until", zone)
    minutes = address.whole("minutes", least=1, most=366 * 1440)
    quantity = address.whole("quantity", least=1, most=MOST_UNITS) or 1
    if not any(address[name] for name in ("free_from", "free_until", "minutes")):
        return None
    within = _within(visit, address, starts_at, ends_at)
    return None if within is None else TimeWish(within, minutes, quantity)


def _within(
    visit: Visit, address: Typed, starts_at: datetime | None, ends_at: datetime | None
) -> Interval | None:
    """Choose the time to look at: from now, for a week, where nothing else is said."""
    if address.faults:
        return None
    start = starts_at or visit.now
    try:
        end = ends_at or start + timedelta(days=USUAL_DAYS)
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
    return visit.read(lambda session: _suggested(session, visit) | {"page": None}), refused


def _read(
    session: Session, visit: Visit, search: Search, wish: TimeWish | None, cursor: str
) -> dict[str, Any]:
    asked: dict[str, Any] = {"viewer": visit.actor, "search": search, "limit": A_PAGE}
    asked["cursor"] = cursor or None
    if wish is None:
        page = catalogue.search_resources(session, **asked)
    else:
        page = free_resources(session, wish=wish, now=visit.now, **asked)
    found = _with_slots(session, visit, page.items, wish)
    return _suggested(session, visit) | {"page": Page(found, page.next)}


def _with_slots(
    session: Session, visit: Visit, resources: Sequence[ResourceFacts], wish: TimeWish | None
) -> tuple[Found, ...]:
    if wish is None:
        return tuple(Found(each, ()) for each in resources)
    times = availability_of(session, resources, within=wish.within, now=visit.now)
    return tuple(
        Found(each, _apart(slots_in(each, times[each.id], wish, visit.now))) for each in resources
    )


def _apart(slots: Any) -> tuple[Interval, ...]:
    """Keep the first few slots that do not overlap one another."""

    def chosen() -> Any:
        last: Interval | None = None
        for each in slots:
            if last is None or each.start >= last.end:
                last = each
                yield each

    return tuple(islice(chosen(), NEXT_SHOWN))


def _suggested(session: Session, visit: Visit) -> dict[str, Any]:
    """Read what there is to choose from."""
    kinds = catalogue.kinds(session, viewer=visit.actor)
    return {
        "kinds": kinds,
        "most": sorted(kinds, key=lambda each: (-each[1], each[0]))[:KINDS_SUGGESTED],
        "countries": sorted(
            (country_name(code), code, count)
            for code, count in catalogue.countries(session, viewer=visit.actor)
        ),
    }
