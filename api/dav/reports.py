"""The REPORTs: calendar-query, calendar-multiget, sync-collection and free-busy-query."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from icalendar import Calendar

from api.dav.addresses import Kind, Place
from api.dav.backends import SYNC_TOKEN_UNKNOWN, Changes, Item, Member, Refusal
from api.dav.expanding import busy_text, expanded_text
from api.dav.filters import Filter, invalid, read_filter, read_span
from api.dav.markup import (
    Refused,
    caldav,
    dav,
    document,
    element,
    response,
    status_line,
    text,
)
from api.dav.objects import CALENDAR_TYPE
from api.dav.properties import TOKEN_PREFIX, Shown, told, told_all, told_names, uri_of
from booking.engine.intervals import Interval

CALENDAR_DATA: Final = caldav("calendar-data")
XML_TYPE: Final = "application/xml; charset=utf-8"
READ_AT_ONCE: Final = 500
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Told:
    """The body of an answer, and its media type."""

    body: bytes
    media_type: str = XML_TYPE
    status: int = HTTPStatus.MULTI_STATUS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is to show of each event: `texts` asks for calendar-data, too."""

    show: Callable[[Shown, str], str]
    texts: bool
    expand: Interval | None = None

    def of(self, shown: Shown, item: Item) -> str:
        """Write the response of one event whose text is known."""
        if not self.texts:
            return self.show(shown, "")
        written = item.text
        if self.expand is not None:
            written = expanded_text(Calendar.from_ical(item.text), self.expand)
        return self.show(shown, element(CALENDAR_DATA, text(written)))


def report(asked: Element, shown: Shown) -> Told:
    """Answer a REPORT on a place.

    Raises: Refused where the place or its words do not allow it.
    """
    answer = _REPORTS.get(str(asked.tag))
    at_home = shown.place.kind is Kind.HOME and answer is _multiget
    if answer is None or not (shown.place.kind is Kind.CALENDAR or at_home):
        raise Refused(
            Refusal(
                HTTPStatus.FORBIDDEN,
                dav("supported-report"),
                "This report is not known at this address. Ask the calendar itself.",
            )
        )
    return answer(asked, shown)


def wanted_in(asked: Element) -> Wanted:
    """Read which properties a request is about.

    Raises: Refused where calendar-data is wanted in another form than iCalendar.
    """
    if asked.find(dav("propname")) is not None:
        return Wanted(lambda shown, _: told_names(shown), texts=False)
    named = asked.find(dav("prop"))
    if named is None:
        return Wanted(lambda shown, _: told_all(shown), texts=False)
    names = tuple(str(each.tag) for each in named if each.tag != CALENDAR_DATA)
    form = named.find(CALENDAR_DATA)
    return Wanted(
        lambda shown, beside: told(shown, names, beside=beside),
        form is not None,
        None if form is None else _expansion(form),
    )


def _expansion(form: Element) -> Interval | None:
    if form.get("content-type", CALENDAR_TYPE) != CALENDAR_TYPE:
        raise invalid("supported-calendar-data", "Events are kept as text/calendar alone.")
    expand = form.find(caldav("expand"))
    return None if expand is None else read_span(expand)


def _shown_member(shown: Shown, member: Member) -> Shown:
    place = Place(Kind.MEMBER, shown.place.user, shown.calendar.name, member.name)
    return replace(shown, place=place, member=member)


def _query(asked: Element, shown: Shown) -> Told:
    wanted, conditions = wanted_in(asked), read_filter(asked)
    calendar = shown.calendar.name
    likely = {
        each.name: each
        for each in shown.backend.list(calendar, conditions.span)
        if conditions.known(each) is not False
    }
    unread = [
        name for name, member in likely.items() if wanted.texts or conditions.known(member) is None
    ]
    texts = {item.member.name: item for item in _read(shown, unread)}
    return _multistatus(_matching(conditions, likely.values(), texts, shown, wanted))


def _matching(
    conditions: Filter,
    likely: Iterable[Member],
    texts: Mapping[str, Item],
    shown: Shown,
    wanted: Wanted,
) -> Iterator[str]:
    for member in likely:
        at, item, known = _shown_member(shown, member), texts.get(member.name), True
        if item is not None:
            at = replace(at, member=item.member)
            known = bool(conditions.known(item.member)) or conditions.holds(
                Calendar.from_ical(item.text)
            )
        if known and item is not None:
            yield wanted.of(at, item)
        elif known and not wanted.texts and conditions.known(member):
            yield wanted.show(at, "")


def _multiget(asked: Element, shown: Shown) -> Told:
    wanted = wanted_in(asked)
    hrefs = [(each.text or "").strip() for each in asked.findall(dav("href"))]
    places = [shown.addresses.place(each) for each in hrefs]
    found = _found(shown, [each for each in places if each is not None])
    return _multistatus(
        wanted.of(*found[place])
        if place in found
        else response(_well_formed(asked_for), status_line(HTTPStatus.NOT_FOUND))
        for asked_for, place in zip(hrefs, places, strict=True)
    )


def _well_formed(asked_for: str) -> str:
    return asked_for or "/"


def _found(shown: Shown, places: Sequence[Place]) -> dict[Place, tuple[Shown, Item]]:
    """Return the events of the account that stand at the places, calendar by calendar."""
    own = [
        each
        for each in places
        if each.kind is Kind.MEMBER and each.user == shown.backend.principal.name
    ]
    asked = shown.collection
    collections = [asked] if asked is not None else shown.backend.collections()
    return {
        at.place: (at, item)
        for collection in collections
        for inside in [replace(shown, collection=collection)]
        for item in _read(
            inside,
            list(dict.fromkeys(each.name for each in own if each.calendar == collection.name)),
        )
        for at in [_shown_member(inside, item.member)]
    }


def _read(shown: Shown, names: Sequence[str]) -> Iterator[Item]:
    """Read members by their names, so many at a time: a database takes no list of any length."""
    for first in range(0, len(names), READ_AT_ONCE):
        yield from shown.backend.get(shown.calendar.name, names[first : first + READ_AT_ONCE])


def _sync(asked: Element, shown: Shown) -> Told:
    wanted, calendar = wanted_in(asked), shown.calendar.name
    changes = shown.backend.changes_since(calendar, _token_in(asked), limit=_limit_in(asked))
    if isinstance(changes, Refusal):
        raise Refused(changes)
    return _multistatus(
        _changed(changes, shown, wanted),
        element(dav("sync-token"), text(uri_of(changes.token))),
    )


def _changed(changes: Changes, shown: Shown, wanted: Wanted) -> Iterator[str]:
    texts: Mapping[str, Item] = {}
    if wanted.texts:
        names = [each.name for each in changes.changed]
        texts = {each.member.name: each for each in _read(shown, names)}
    for member in changes.changed:
        at = _shown_member(shown, member)
        if not wanted.texts:
            yield wanted.show(at, "")
        elif member.name in texts:
            item = texts[member.name]
            yield wanted.of(replace(at, member=item.member), item)
    for name in changes.removed:
        place = Place(Kind.MEMBER, shown.place.user, shown.calendar.name, name)
        yield response(shown.addresses.path(place), status_line(HTTPStatus.NOT_FOUND))
    if changes.more:
        error = element(dav("error"), element(dav("number-of-matches-within-limits")))
        yield response(shown.path, status_line(HTTPStatus.INSUFFICIENT_STORAGE) + error)


def _token_in(asked: Element) -> str | None:
    given = (asked.findtext(dav("sync-token")) or "").strip()
    if not given:
        return None
    if not given.startswith(TOKEN_PREFIX):
        raise Refused(SYNC_TOKEN_UNKNOWN)
    return unquote(given.removeprefix(TOKEN_PREFIX))


def _limit_in(asked: Element) -> int | None:
    given = asked.findtext(f"{dav('limit')}/{dav('nresults')}")
    if given is None:
        return None
    digits = given.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS and int(digits)):
        reason = "DAV:nresults is a whole number above 0. Send one, or leave DAV:limit out."
        raise Refused(Refusal(HTTPStatus.BAD_REQUEST, "", reason))
    return int(digits)


def _free_busy(asked: Element, shown: Shown) -> Told:
    given = asked.find(caldav("time-range"))
    if given is None:
        raise invalid("valid-filter", "Say for which time-range you ask.")
    span = read_span(given)
    calendar = shown.calendar.name
    names = [each.name for each in shown.backend.list(calendar, span)]
    calendars = (Calendar.from_ical(item.text) for item in _read(shown, names))
    return Told(busy_text(calendars, span), f"{CALENDAR_TYPE}; charset=utf-8", HTTPStatus.OK)


def _multistatus(responses: Iterable[str], beside: str = "") -> Told:
    return Told(document(dav("multistatus"), "".join(responses) + beside))


_REPORTS: Final = {
    caldav("calendar-query"): _query,
    caldav("calendar-multiget"): _multiget,
    dav("sync-collection"): _sync,
    caldav("free-busy-query"): _free_busy,
}
