"""PROPFIND, PROPPATCH and the properties of a new calendar."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element

from api.dav.addresses import Addresses, Kind, Place
from api.dav.backends import NOT_THERE, Backend, Collection, Refusal
from api.dav.markup import (
    UNREADABLE_XML,
    Refused,
    as_sent,
    caldav,
    dav,
    document,
    element,
    response,
    status_line,
    stranger,
    text,
)
from api.dav.properties import PROTECTED, Shown, told_all
from api.dav.reports import Told, Wanted, wanted_in

FINITE_DEPTH: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    dav("propfind-finite-depth"),
    "A listing without a limit to its depth is not given. Send Depth: 0 or Depth: 1.",
)
UNKNOWN_DEPTH: Final = Refusal(
    HTTPStatus.BAD_REQUEST, "", "Depth is 0, 1 or infinity. Send Depth: 0 or Depth: 1."
)
NOT_SETTABLE: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    dav("cannot-modify-protected-property"),
    "This property cannot be set here. Leave it as it is.",
)
EVERYTHING: Final = Wanted(lambda shown, _: told_all(shown), texts=False)
COMPONENT_SET: Final = caldav("supported-calendar-component-set")


def calendar_named(name: str, backend: Backend) -> Collection | None:
    """Return the account's calendar of that name, None where there is none."""
    return next((each for each in backend.collections() if each.name == name), None)


def find(place: Place, backend: Backend, addresses: Addresses) -> Shown:
    """Return what a place names.

    Raises: Refused (404) where there is nothing.
    """
    shown = Shown(backend, addresses, place)
    if not place.calendar:
        return shown
    collection = calendar_named(place.calendar, backend)
    if collection is None:
        raise Refused(NOT_THERE)
    if not place.name:
        return replace(shown, collection=collection)
    items = backend.get(place.calendar, [place.name])
    if not items:
        raise Refused(NOT_THERE)
    return replace(shown, collection=collection, member=items[0].member)


def listing(asked: Element | None, shown: Shown, depth: str) -> Told:
    """Answer a PROPFIND; without a body it asks for everything.

    Raises: Refused for an unlimited or unknown depth, or for another root element.
    """
    if depth == "infinity":
        raise Refused(FINITE_DEPTH)
    if depth not in {"0", "1"}:
        raise Refused(UNKNOWN_DEPTH)
    if asked is not None and asked.tag != dav("propfind"):
        raise Refused(UNREADABLE_XML)
    wanted = EVERYTHING if asked is None else wanted_in(asked)
    places = [shown, *(_inside(shown) if depth == "1" else ())]
    return Told(document(dav("multistatus"), "".join(wanted.show(each, "") for each in places)))


def _inside(shown: Shown) -> Iterator[Shown]:
    user = shown.backend.principal.name
    match shown.place.kind:
        case Kind.ROOT:
            yield replace(shown, place=Place(Kind.PRINCIPAL, user))
            yield replace(shown, place=Place(Kind.HOME, user))
        case Kind.HOME:
            for each in shown.backend.collections():
                yield replace(shown, place=Place(Kind.CALENDAR, user, each.name), collection=each)
        case Kind.CALENDAR:
            name = shown.calendar.name
            for member in shown.backend.list(name):
                place = Place(Kind.MEMBER, user, name, member.name)
                yield replace(shown, place=place, member=member)


def patched(asked: Element, shown: Shown) -> Told:
    """Answer a PROPPATCH: every property of it is set, or none.

    Raises: Refused for another root element.
    """
    if asked.tag != dav("propertyupdate"):
        raise Refused(UNREADABLE_XML)
    wishes = _wishes(asked)
    refusals = _refusals(wishes, shown)
    if not refusals and wishes:
        refusal = shown.backend.keep(shown.calendar.name, wishes)
        refusals = dict.fromkeys(wishes, refusal) if refusal else {}
    parts = [_outcome(name, refusals) for name in wishes]
    return Told(document(dav("multistatus"), response(shown.path, "".join(parts) or _nothing())))


def _nothing() -> str:
    return element(dav("propstat"), element(dav("prop")) + status_line(HTTPStatus.OK))


def _wishes(asked: Element) -> dict[str, str | None]:
    """Return what is to be set, as it was sent, and None for what is to be dropped."""
    wishes: dict[str, str | None] = {}
    for instruction in asked:
        for prop in instruction.findall(dav("prop")):
            for each in prop:
                sets = instruction.tag == dav("set")
                wishes[str(each.tag)] = as_sent(each) if sets else None
    return wishes


def _refusals(wishes: Mapping[str, str | None], shown: Shown) -> dict[str, Refusal]:
    if shown.place.kind is not Kind.CALENDAR:
        return dict.fromkeys(wishes, NOT_SETTABLE)
    return {name: NOT_SETTABLE for name in wishes if name in PROTECTED}


def _outcome(name: str, refusals: Mapping[str, Refusal]) -> str:
    refusal = refusals.get(name)
    named = element(dav("prop"), stranger(name))
    if refusal is None:
        status = HTTPStatus.FAILED_DEPENDENCY if refusals else HTTPStatus.OK
        return element(dav("propstat"), named + status_line(status))
    error = element(dav("error"), stranger(refusal.element)) if refusal.element else ""
    reason = element(dav("responsedescription"), text(refusal.reason))
    return element(dav("propstat"), named + status_line(refusal.status) + error + reason)


def new_calendar(asked: Element | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Read a MKCALENDAR: the components it names, none for any, and properties to keep.

    Raises: Refused for another root element, or a property that cannot be set.
    """
    if asked is None:
        return (), {}
    if asked.tag != caldav("mkcalendar"):
        raise Refused(UNREADABLE_XML)
    components: tuple[str, ...] = ()
    kept: dict[str, str] = {}
    for each in asked.iterfind(f"{dav('set')}/{dav('prop')}/*"):
        if each.tag == COMPONENT_SET:
            found = each.findall(caldav("comp"))
            components = tuple(comp.get("name", "").upper() for comp in found)
        elif each.tag != dav("resourcetype"):
            kept[str(each.tag)] = as_sent(each)
    if any(name in PROTECTED for name in kept):
        raise Refused(NOT_SETTABLE)
    return components, kept
