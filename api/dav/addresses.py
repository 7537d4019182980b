"""Where everything lives below the prefix, and how it is addressed from outside.

/                               the root
/principals/USER/               the principal
/calendars/USER/                its calendar home
/calendars/USER/CALENDAR/       a calendar
/calendars/USER/CALENDAR/NAME   an event
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from fastapi import Request

from booking.config import Settings

LONGEST_NAME: Final = 255
_NOT_NAMES: Final = ("", ".", "..")


class Kind(StrEnum):
    """What an address names."""

    ROOT = "root"
    PRINCIPAL = "principal"
    HOME = "home"
    CALENDAR = "calendar"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Place:
    """One address: the parts that its kind has not are ""."""

    kind: Kind
    user: str = ""
    calendar: str = ""
    name: str = ""


ROOT: Final = Place(Kind.ROOT)
_SHAPES: Final = {
    ("principals", 2): Kind.PRINCIPAL,
    ("calendars", 2): Kind.HOME,
    ("calendars", 3): Kind.CALENDAR,
    ("calendars", 4): Kind.MEMBER,
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Turns paths into places and back; `outside` is the path of the root as clients see it."""

    outside: str

    def path(self, place: Place) -> str:
        """Return the percent-encoded path of a place, as clients see it."""
        if place.kind is Kind.ROOT:
            return f"{self.outside}/"
        first = "principals" if place.kind is Kind.PRINCIPAL else "calendars"
        parts = [first, place.user, *filter(None, (place.calendar, place.name))]
        ending = "" if place.kind is Kind.MEMBER else "/"
        return f"{self.outside}/{'/'.join(quote(part, safe='') for part in parts)}{ending}"

    def place(self, href: str) -> Place | None:
        """Return the place that a path or URL from a client names, None for none of ours."""
        try:
            path = urlsplit(href).path
        except ValueError:
            return None
        if path != self.outside and not path.startswith(f"{self.outside}/"):
            return None
        return place_at(path[len(self.outside) :])


def addresses_of(request: Request, prefix: str) -> Addresses:
    """Return the addresses behind whatever proxy: its path comes by root_path or base URL."""
    settings: Settings = request.app.state.settings
    proxied = request.scope.get("root_path") or quote(urlsplit(settings.base_url).path)
    return Addresses(proxied.rstrip("/") + prefix)


def asked_place(request: Request, prefix: str) -> Place | None:
    """Return the place that a request names; slashes inside a name survive percent-encoded."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    path = raw.decode("latin-1").partition("?")[0]
    proxied = quote(request.scope.get("root_path", "")).rstrip("/")
    return place_at(path.removeprefix(proxied).removeprefix(prefix))


def place_at(path: str) -> Place | None:
    """Return the place of a percent-encoded path below the root."""
    try:
        parts = [unquote_to_bytes(part).decode() for part in path.strip("/").split("/")]
    except UnicodeDecodeError:
        return None
    if parts == [""]:
        return ROOT
    if any(part in _NOT_NAMES or not part.isprintable() for part in parts):
        return None
    kind = _SHAPES.get((parts[0], len(parts)))
    return None if kind is None else Place(kind, *parts[1:])
