"""Which calendar an address asks for, and the addresses of its neighbours."""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from api.pages.calendar_days import Period, View, at, offset_words, period_of
from api.pages.fields import Typed
from api.pages.visit import Visit
from api.pages.wording import as_wish, plain_zone

PHONE: Final = re.compile(r"\bMobi", re.ASCII)
MOST_UNITS: Final = 10**9


class Shape(StrEnum):
    """How a calendar is laid out; EITHER leaves the choice to the width of the window."""

    GRID = "grid"
    LIST = "list"
    EITHER = ""


class Clock(StrEnum):
    """By whose clock a calendar's days run."""

    MINE = "mine"
    FACILITY = "facility"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a calendar's address says; `kept` is what else stands in it."""

    path: str
    view: View
    on: date
    shape: Shape
    clock: Clock
    zone: str
    other_zone: str
    today: date
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def period(self) -> Period:
        """The days that are shown."""
        return period_of(self.view, self.on, self.zone)

    @property
    def apart(self) -> str:
        """How far the other zone's clock is ahead; empty where it is not or not all the time."""
        return offset_words(self.period.days, self.zone, self.other_zone)

    @property
    def both_clocks(self) -> bool:
        """Whether the reader's clock and the facility's differ in what is shown."""
        ends = (at(each) for day in self.period.days for each in (day.start, day.end))
        here, there = ZoneInfo(self.zone), ZoneInfo(self.other_zone)
        return any(e.astimezone(here).utcoffset() != e.astimezone(there).utcoffset() for e in ends)

    def link(self, **changes: object) -> str:
        """Return the address of this calendar with some of it changed."""
        new = replace(self, **changes)  # type: ignore[arg-type]
        fields = {"view": new.view, "on": new.on, "as": new.shape, "clock": new.clock}
        given = {name: str(value) for name, value in fields.items() if value}
        return f"{self.path}?{urlencode(given | dict(new.kept))}"


def asked_for(visit: Visit, address: Typed, zone: str, *keeping: str, clocks: bool = True) -> Asked:
    """Read which calendar is asked for; the reader's own clock where they have one.

    `zone` is the facility's; without `clocks` there is only the reader's.
    """
    mine = visit.zone if visit.person else zone
    clock = Clock.MINE if visit.person else Clock.FACILITY
    if clocks and address["clock"] in set(Clock):
        clock = Clock(address["clock"])
    shown, other = (zone, mine) if clock is Clock.FACILITY else (mine, zone)
    today = visit.now.astimezone(ZoneInfo(shown)).date()
    return Asked(
        path=visit.request.url.path,
        view=View.MONTH if address["view"] == View.MONTH else View.WEEK,
        on=Typed({"on": address["on"]}).day("on") or today,
        shape=_shape(visit, address),
        clock=clock,
        zone=shown,
        other_zone=other,
        today=today,
        kept=tuple((name, address[name]) for name in keeping if address[name]),
    )


def _shape(visit: Visit, address: Typed) -> Shape:
    """Return the layout asked for; a phone that asks for none gets the list."""
    if address["as"] in {Shape.GRID, Shape.LIST}:
        return Shape(address["as"])
    headers = visit.request.headers
    hint = headers.get("sec-ch-ua-mobile", "")
    phone = hint == "?1" or (not hint and PHONE.search(headers.get("user-agent", "")) is not None)
    return Shape.LIST if phone else Shape.EITHER


def clock_of(seconds: int, zone: str) -> str:
    """Say what a zone's clock shows."""
    return f"{at(seconds).astimezone(ZoneInfo(zone)):%H:%M}"


def span_of(start: int, end: int, zone: str) -> str:
    """Say a span of a day by a zone's clock; midnight at its end is 24:00."""
    last = clock_of(end, zone)
    return f"{clock_of(start, zone)} to {'24:00' if last == '00:00' else last}"


def moment_of(seconds: int, zone: str) -> str:
    """Say an instant of these days by a zone's clock: `Mon 23 Nov, 09:00`."""
    there = at(seconds).astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b, %H:%M}"


def hours_of(seconds: int) -> str:
    """Say a length in hours, to the nearest tenth: `6.5`."""
    return f"{seconds / 3600:.1f}".removesuffix(".0")


def wish_at(seconds: int, zone: str) -> str:
    """Return what a link to the booking form says of a start, by the facility's clock."""
    return as_wish(at(seconds), zone)


def place_of(zone: str) -> str:
    """Say whose clock a zone is, in a word or two: `Nairobi`."""
    return plain_zone(zone).removesuffix(" time")
