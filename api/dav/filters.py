"""The filters of a calendar-query (RFC 4791, 9.7): read once, then asked of each object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element

from icalendar import Calendar, Component

from api.dav.backends import Member, Refusal
from api.dav.markup import Refused, caldav
from api.dav.spans import EARLIEST, LATEST, instant, occurrences, rings, value_of
from booking.engine.intervals import Interval

KINDS: Final = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY")
COLLATIONS: Final = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
_ASCII_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
SECOND: Final = timedelta(seconds=1)
_UTC_FORM: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A substring that must be there, or with `negated` must not."""

    wanted: str
    collation: str
    negated: bool

    def holds(self, values: Sequence[str]) -> bool:
        """Say whether one of the values holds it; negated, whether none does."""
        wanted = self._folded(self.wanted)
        return any(wanted in self._folded(value) for value in values) is not self.negated

    def _folded(self, value: str) -> str:
        if self.collation == "i;octet":
            return value
        if self.collation == "i;unicode-casemap":
            return value.casefold()
        return value.translate(_ASCII_LOWER)


@dataclass(frozen=True, slots=True)
class ParameterFilter:
    """What a parameter of a property must be: there, not there, or holding a text."""

    name: str
    absent: bool
    match: TextMatch | None

    def holds(self, value: object) -> bool:
        """Say whether the parameters of one value fit."""
        given = getattr(value, "params", {}).get(self.name)
        if given is None:
            return self.absent
        return not self.absent and (self.match is None or self.match.holds([str(given)]))


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """What a property must be: there, not there, within a span, or holding a text."""

    name: str
    absent: bool
    span: Interval | None
    match: TextMatch | None
    parameters: tuple[ParameterFilter, ...]

    def holds(self, component: Component) -> bool:
        """Say whether the component's values of that name fit."""
        if self.name not in component:
            return self.absent
        if self.absent or not self._within(component):
            return False
        found = component[self.name]
        values = found if isinstance(found, list) else [found]
        if self.match is not None and not self.match.holds([_words(each) for each in values]):
            return False
        return all(any(each.holds(value) for value in values) for each in self.parameters)

    def _within(self, component: Component) -> bool:
        if self.span is None:
            return True
        value = value_of(component, self.name)
        return isinstance(value, datetime) and self.span.start <= instant(value) < self.span.end


def _words(value: object) -> str:
    """Return the text of a value as a person would read it."""
    if isinstance(value, str):
        return value
    cats = getattr(value, "cats", None)
    if cats is not None:
        return ",".join(str(each) for each in cats)
    written: bytes | str = value.to_ical() if hasattr(value, "to_ical") else str(value)
    return written.decode() if isinstance(written, bytes) else written


@dataclass(frozen=True, slots=True)
class ComponentFilter:
    """What a component must be: there, not there, touching a span, with such parts."""

    name: str
    absent: bool
    span: Interval | None
    properties: tuple[PropertyFilter, ...]
    components: "tuple[ComponentFilter, ...]"

    def holds(self, calendar: Calendar, parent: Component) -> bool:
        """Say whether a component of that name inside `parent` fits."""
        inside = [each for each in parent.subcomponents if each.name == self.name]
        if not inside:
            return self.absent
        if self.absent:
            return False
        if self.name == "VALARM" and self.span is not None and not rings(calendar, self.span):
            return False
        return any(self.fits(calendar, each) for each in self._candidates(calendar, inside))

    def _candidates(self, calendar: Calendar, inside: list[Component]) -> Iterator[Component]:
        if self.span is None or self.name == "VALARM":
            return iter(inside)
        return occurrences(calendar, self.name, self.span)

    def fits(self, calendar: Calendar, component: Component) -> bool:
        """Say whether the component's own parts fit."""
        return all(each.holds(component) for each in self.properties) and all(
            each.holds(calendar, component) for each in self.components
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """The whole filter: of the VCALENDAR, and of what is in it."""

    root: ComponentFilter

    def holds(self, calendar: Calendar) -> bool:
        """Say whether an object fits."""
        span = self.root.span
        if span is not None and not any(
            True
            for name in {str(each.name) for each in calendar.subcomponents}
            for _ in occurrences(calendar, name, span)
        ):
            return False
        return self.root.fits(calendar, calendar)

    def known(self, member: Member) -> bool | None:
        """Say whether a member fits, as far as a listing tells; None where its text must."""
        kinds = [each for each in self.root.components if each.name in KINDS and not each.absent]
        if any(each.name != member.component for each in kinds):
            return False
        alone = (*self.root.components,) == (*kinds,) and self.root.span is None
        if not alone or any(each.properties or each.components for each in kinds):
            return None
        spans = [each.span for each in kinds if each.span is not None]
        if not spans:
            return True
        happens = member.happens
        return None if happens is None else all(each.overlaps(happens) for each in spans)

    @property
    def span(self) -> Interval | None:
        """The time that anything found touches, None where it may be any time."""
        if self.root.span is not None:
            return self.root.span
        spans = [each.span for each in self.root.components if each.span is not None]
        return spans[0] if spans else None


def read_filter(query: Element) -> Filter:
    """Read the CALDAV:filter of a calendar-query; without one everything fits.

    Raises: Refused with valid-filter, supported-filter or supported-collation.
    """
    holder = query.find(caldav("filter"))
    root = None if holder is None else holder.find(caldav("comp-filter"))
    if holder is None:
        return Filter(ComponentFilter("VCALENDAR", False, None, (), ()))
    if root is None or root.get("name", "").upper() != "VCALENDAR":
        raise invalid("valid-filter", "A filter begins with a comp-filter named VCALENDAR.")
    return Filter(_component(root))


def _component(found: Element) -> ComponentFilter:
    _check_children(found, "is-not-defined", "time-range", "prop-filter", "comp-filter")
    return ComponentFilter(
        _name(found),
        found.find(caldav("is-not-defined")) is not None,
        _span_in(found),
        tuple(_property(each) for each in found.findall(caldav("prop-filter"))),
        tuple(_component(each) for each in found.findall(caldav("comp-filter"))),
    )


def _property(found: Element) -> PropertyFilter:
    _check_children(found, "is-not-defined", "time-range", "text-match", "param-filter")
    return PropertyFilter(
        _name(found),
        found.find(caldav("is-not-defined")) is not None,
        _span_in(found),
        _text_match(found),
        tuple(
            ParameterFilter(
                _name(each), each.find(caldav("is-not-defined")) is not None, _text_match(each)
            )
            for each in found.findall(caldav("param-filter"))
        ),
    )


def _text_match(found: Element) -> TextMatch | None:
    match = found.find(caldav("text-match"))
    if match is None:
        return None
    collation = match.get("collation", "default")
    if collation == "default":
        collation = COLLATIONS[0]
    if collation not in COLLATIONS:
        raise invalid("supported-collation", f"Compare with one of {', '.join(COLLATIONS)}.")
    return TextMatch(match.text or "", collation, match.get("negate-condition") == "yes")


def _check_children(found: Element, *known: str) -> None:
    names = {caldav(each) for each in known}
    if any(each.tag not in names for each in found):
        raise invalid("supported-filter", "The filter holds a condition that is not known here.")


def _name(found: Element) -> str:
    name = found.get("name", "").upper()
    if not name:
        raise invalid("valid-filter", "Each part of a filter needs a name.")
    return name


def _span_in(found: Element) -> Interval | None:
    given = found.find(caldav("time-range"))
    return None if given is None else read_span(given)


def read_span(given: Element) -> Interval:
    """Read a start and an end in UTC; one of them may be left out.

    Raises: Refused (valid-filter).
    """
    start, end = given.get("start"), given.get("end")
    try:
        asked = Interval(_utc(start, EARLIEST), _utc(end, LATEST))
    except ValueError as fault:
        raise _no_span() from fault
    if start is None and end is None:
        raise _no_span()
    return Interval(
        min(max(asked.start, EARLIEST), LATEST - SECOND),
        max(min(asked.end, LATEST), EARLIEST + SECOND),
    )


def _no_span() -> Refused:
    return invalid(
        "valid-filter", "Give a start before an end, each in UTC as in 20261201T080000Z."
    )


def _utc(value: str | None, otherwise: datetime) -> datetime:
    return otherwise if value is None else datetime.strptime(value, _UTC_FORM).replace(tzinfo=UTC)


def invalid(element: str, reason: str) -> Refused:
    """Return the refusal of a report by one of CalDAV's preconditions."""
    return Refused(Refusal(HTTPStatus.FORBIDDEN, caldav(element), reason))
