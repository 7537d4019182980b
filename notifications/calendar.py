"""Bookings as iCalendar text (RFC 5545, 7986): the only user of icalendar for writing.

One event, one text: `vevent_text` is rendered once per revision and kept, every outlet
shows it, and what an outlet adds or leaves out is whole lines of it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from icalendar import (
    Availability,
    Available,
    Calendar,
    Event,
    FreeBusy,
    vCalAddress,
    vDuration,
    vPeriod,
    vText,
)
from icalendar.parser import Contentline

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import AccessBy, Participation
from booking.queries.cards import BookingCard
from notifications.alarms import END, with_alarm
from notifications.language import Language, language_of
from notifications.wording import span_words

PRODID: Final = "-//Benchshare//Benchshare 0.1//EN"
REFRESH: Final = timedelta(hours=1)
UNNAMED: Final = frozenset({"", "unit"})
COLOUR: Final = "teal"
PERSONAL: Final = ("SUMMARY", "CATEGORIES", "ATTENDEE", "REFID")

STATUS_WORD: Final[dict[BookingStatus, str]] = {
    BookingStatus.HELD: "TENTATIVE",
    BookingStatus.PENDING: "TENTATIVE",
    BookingStatus.CONFIRMED: "CONFIRMED",
    BookingStatus.IN_USE: "CONFIRMED",
    BookingStatus.COMPLETED: "CONFIRMED",
    BookingStatus.CANCELLING: "CONFIRMED",
    BookingStatus.CANCELLED: "CANCELLED",
    BookingStatus.REJECTED: "CANCELLED",
    BookingStatus.NO_SHOW: "CANCELLED",
    BookingStatus.DISPLACED: "CANCELLED",
    BookingStatus.EXPIRED: "CANCELLED",
}


class Method(StrEnum):
    """What an invite asks of the reader's calendar (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    DECLINECOUNTER = "DECLINECOUNTER"


@lru_cache(maxsize=1000)
def vevent_text(card: BookingCard) -> str:
    """Render a booking as one VEVENT: CRLF, lines of at most 75 octets, times in UTC.

    DTSTAMP is when the booking last changed, so that a text depends on its revision alone.
    An invite and the kept text of one card, asked for in turn, are rendered once.
    Its words are in the facility's language.
    """
    event = Event()
    event.add("uid", card.uid)
    event.add("dtstamp", _whole_second(card.updated_at))
    event.add("created", _whole_second(card.created_at))
    event.add("last-modified", _whole_second(card.updated_at))
    event.add("dtstart", card.starts_at)
    event.add("dtend", card.ends_at)
    event.add("sequence", card.sequence)
    event.add("status", STATUS_WORD[card.status])
    event.add("summary", plain(card.title or card.resource_name))
    event.add("location", plain(place(card)))
    event.add("description", plain(_description(card)))
    event.add("categories", [plain(card.project_name)])
    # Groups the bookings of a project (RFC 9253).
    event.add("refid", vText(str(card.project_id)))
    event.add("url", booking_url(card))
    event.add("organizer", _address(card.organiser, card.facility_name))
    if card.access_by is not AccessBy.PHYSICAL and card.web_address:
        event.add("conference", plain(card.web_address), parameters={"VALUE": "URI"})
    return _text(event)


def public_text(vevent: str, name: str) -> str:
    """Return a kept VEVENT as resource and facility feeds show it: no title, nobody's name.

    `name` is the resource's: the summary that stands in the title's place.
    """
    return _with_lines(_without(vevent, PERSONAL), _line("SUMMARY", vText(plain(name))))


def invite_text(card: BookingCard, method: Method, attendee: str, token: str) -> str:
    """Render the one calendar object of an invite to `attendee`, an address.

    ORGANIZER is plus-addressed with `token`, so that a reply names its booking. Whoever may not
    open the booking's page gets no link to it. The reader's alarm goes with a REQUEST.
    """
    organiser = _address(plus_addressed(card.organiser, token), card.facility_name)
    kept = vevent_text(card)
    if card.attendee is not None and not card.attendee.on_project:
        kept = _without_link(kept, card)
    vevent = _with_lines(
        _without(kept, ("ORGANIZER",)),
        _line("ORGANIZER", organiser) + _line("ATTENDEE", _attendee(card, attendee)),
    )
    return _wrapped(_calendar(method=method), [with_alarm(vevent, card.alarm_minutes)])


def _attendee(card: BookingCard, address: str) -> vCalAddress:
    """Make the ATTENDEE: the holder comes anyway, others are asked whether they do."""
    answer = Participation.ACCEPTED
    if card.attendee is not None:
        answer = card.attendee.answer_to(card.sequence)
    value = _address(address, card.person_name or address)
    value.params["ROLE"] = vText("REQ-PARTICIPANT")
    value.params["PARTSTAT"] = vText(answer.upper())
    value.params["RSVP"] = vText("TRUE" if card.attendee is not None else "FALSE")
    return value


def _without_link(vevent: str, card: BookingCard) -> str:
    described = _line("DESCRIPTION", vText(plain(_description(card, linked=False))))
    return _with_lines(_without(vevent, ("DESCRIPTION", "URL")), described)


def feed_text(name: str, vevents: Iterable[str]) -> str:
    """Join kept VEVENTs into a calendar for subscribers; it has no METHOD."""
    calendar = _calendar()
    calendar.add("name", vText(one_line(name)))
    calendar.add("x-wr-calname", vText(one_line(name)))
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    calendar.add("color", vText(COLOUR))
    return _wrapped(calendar, vevents)


def single_text(vevent: str) -> str:
    """Wrap one kept VEVENT for download."""
    return _wrapped(_calendar(), [vevent])


def freebusy_text(
    resource_id: UUID, *, host: str, during: Interval, busy: Sequence[Interval], now: datetime
) -> str:
    """Render the merged busy time of a resource; it names nobody."""
    answer = FreeBusy()
    answer.add("uid", f"freebusy-{resource_id}@{host}")
    answer.add("dtstamp", _whole_second(now))
    answer.add("dtstart", during.start)
    answer.add("dtend", during.end)
    for each in busy:
        answer.add("freebusy", vPeriod((each.start, each.end)), parameters={"FBTYPE": "BUSY"})
    return _wrapped(_calendar(), [_text(answer)])


def availability_text(
    resource_id: UUID, *, host: str, during: Interval, open_at: Sequence[Interval], now: datetime
) -> str:
    """Render when a resource can be booked at all (RFC 7953): each window by itself, in UTC."""
    answer = Availability()
    uid = f"availability-{resource_id}@{host}"
    answer.add("uid", uid)
    answer.add("dtstamp", _whole_second(now))
    answer.add("dtstart", during.start)
    answer.add("dtend", during.end)
    answer.add("busytype", vText("BUSY-UNAVAILABLE"))
    for number, each in enumerate(open_at):
        window = Available()
        window.add("uid", f"{number}-{uid}")
        window.add("dtstamp", _whole_second(now))
        window.add("dtstart", each.start)
        window.add("dtend", each.end)
        answer.add_component(window)
    return _wrapped(_calendar(), [_text(answer)])


def place(card: BookingCard) -> str:
    """Word where a booking takes place: resource, facility and, if known, the room."""
    where = ", ".join(filter(None, (card.resource_location, card.facility_name)))
    return f"{card.resource_name}, {where}"


def booking_url(card: BookingCard) -> str:
    """Return the page of a booking."""
    return f"{card.base_url.rstrip('/')}/bookings/{card.id}"


def amount(card: BookingCard, language: Language) -> str:
    """Word how much of a resource is booked; empty for one of a kind without a unit's name."""
    if card.quantity == 1 and card.unit_label in UNNAMED:
        return ""
    return units(card.quantity, card.unit_label, language)


def units(quantity: int, label: str, language: Language) -> str:
    """Word a quantity; what has no name of its own is a unit."""
    return f"{quantity} x {language.say('unit') if label in UNNAMED else label}"


def plus_addressed(address: str, token: str) -> str:
    """Return the address with a token in its local part: bookings+TOKEN@host."""
    local, _, host = address.rpartition("@")
    return f"{local}+{token}@{host}"


def plain(value: str) -> str:
    """Return the text without what no calendar or mail may carry: control characters."""
    spaced = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each if each == "\n" or unicodedata.category(each) not in _UNSENDABLE else " "
        for each in spaced
    )


def one_line(value: str) -> str:
    """Return the text on one line, with single spaces."""
    return " ".join(plain(value).split())


_UNSENDABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _description(card: BookingCard, *, linked: bool = True) -> str:
    language = language_of(card.facility_locale)
    here = language.say(
        "Local time at {facility}: {time}.",
        facility=card.facility_name,
        time=span_words(card.starts_at, card.ends_at, card.facility_zone, language),
    )
    lines = (here, amount(card, language), booking_url(card) if linked else "")
    return "\n".join(filter(None, lines))


def _address(address: str, name: str) -> vCalAddress:
    value = vCalAddress(f"mailto:{address}")
    value.params["CN"] = vText(one_line(name).replace('"', "'"))
    return value


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _calendar(*, method: Method | None = None) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method is not None:
        calendar.add("method", str(method))
    return calendar


def _text(component: Availability | Calendar | Event | FreeBusy) -> str:
    return bytes(component.to_ical()).decode()


def _wrapped(calendar: Calendar, parts: Iterable[str]) -> str:
    end = "END:VCALENDAR\r\n"
    return _text(calendar).removesuffix(end) + "".join(parts) + end


def _line(name: str, value: vCalAddress | vText) -> str:
    """Render one folded property line."""
    line = Contentline.from_parts(name, value.params, value)
    return bytes(line.to_ical()).decode() + "\r\n"


def _with_lines(vevent: str, lines: str) -> str:
    return vevent.removesuffix(END) + lines + END


def _without(vevent: str, names: tuple[str, ...]) -> str:
    """Drop the properties of those names, with the lines they are folded onto."""
    kept: list[str] = []
    dropping = False
    for line in vevent.removesuffix("\r\n").split("\r\n"):
        if not line.startswith(" "):
            dropping = line.startswith(tuple(f"{name}{end}" for name in names for end in ":;"))
        if not dropping:
            kept.append(line)
    return "\r\n".join(kept) + "\r\n"
