"""What the protocol asks of whatever keeps the calendars, and the values that pass between them.

A backend is made for one signed-in account and sees that account's calendars alone.
Every method is one transaction of the backend's own, is called from a worker thread and
answers an expected "no" with a `Refusal`, returned and never raised: what the backend wrote
down of a refusal is to be kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from fastapi import Request
from icalendar import Calendar

from booking.engine.intervals import Interval

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CALENDAR_SERVER: Final = "http://calendarserver.org/ns/"
APPLE: Final = "http://apple.com/ns/ical/"

# The preconditions that a backend may name, in Clark's notation.
NEED_PRIVILEGES: Final = f"{{{DAV}}}need-privileges"
NO_UID_CONFLICT: Final = f"{{{CALDAV}}}no-uid-conflict"
VALID_CALENDAR_DATA: Final = f"{{{CALDAV}}}valid-calendar-data"
VALID_CALENDAR_OBJECT: Final = f"{{{CALDAV}}}valid-calendar-object-resource"
SUPPORTED_COMPONENT: Final = f"{{{CALDAV}}}supported-calendar-component"
MAX_RESOURCE_SIZE: Final = f"{{{CALDAV}}}max-resource-size"
VALID_SYNC_TOKEN: Final = f"{{{DAV}}}valid-sync-token"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected "no": a status, the precondition that failed, and why in words.

    `element` is in Clark's notation, "" where no precondition fits; it is sent inside
    DAV:error with `reason` as the DAV:responsedescription beside it.
    `conflict` is the name of the member that stands in the way, for `NO_UID_CONFLICT`.
    """

    status: int
    element: str
    reason: str
    conflict: str = ""


NOT_THERE: Final = Refusal(
    HTTPStatus.NOT_FOUND, "", "There is nothing at this address. Refresh the calendar."
)
CHANGED_MEANWHILE: Final = Refusal(
    HTTPStatus.PRECONDITION_FAILED,
    "",
    "The event is not what your program last saw. Refresh the calendar, then change it again.",
)
SYNC_TOKEN_UNKNOWN: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    VALID_SYNC_TOKEN,
    "This sync token is not known, or no longer. Synchronise from the beginning, without one.",
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whose account it is: `name` is a segment of the path, `addresses` are mail addresses."""

    name: str
    display_name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """A calendar: `name` is a segment of the path.

    `components` are those it takes, such as VEVENT. `writable` says whether members may be
    put and deleted at all, `removable` whether the calendar itself may be. `kept` are the
    properties that programs have set, by Clark name, each the XML text of the whole element.
    """

    name: str
    display_name: str
    components: tuple[str, ...] = ("VEVENT",)
    writable: bool = False
    removable: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Member:
    """An event as a listing shows it: `name` is a segment of the path, `etag` is unquoted.

    `octets` is the length of its text in UTF-8; `component` what kind of object it is.
    `happens` is when, of an event that happens once: where it is given, a search by time
    need not read the text.
    """

    name: str
    etag: str
    octets: int
    changed_at: datetime
    component: str = "VEVENT"
    happens: Interval | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A member with its iCalendar text."""

    member: Member
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a program puts: already known to be one well-formed calendar object.

    It has one UID throughout, one kind of component, no METHOD, and a DTSTART in each VEVENT;
    any further rule is the backend's.
    """

    text: str
    calendar: Calendar
    uid: str
    component: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """If-Match and If-None-Match: unquoted ETags, or `*` for any; None where not sent."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def hold(self, etag: str | None) -> bool:
        """Say whether the request may go on, `etag` being that of now, None for nothing there."""
        if self.match is not None and not _names(self.match, etag):
            return False
        return self.none_match is None or not _names(self.none_match, etag)


def _names(etags: frozenset[str], etag: str | None) -> bool:
    return etag is not None and ("*" in etags or etag in etags)


@dataclass(frozen=True, slots=True)
class Stored:
    """A PUT that was done: `changed_text` where what is kept is not, octet for octet, what came."""

    etag: str
    created: bool
    changed_text: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to a calendar since a token: `removed` are names; `token` is the new one.

    `more` says that the limit cut it short: `token` then stands for what is told here.
    """

    changed: Sequence[Member]
    removed: Sequence[str]
    token: str
    more: bool = False


class Backend(Protocol):
    """The calendars of one account. Nothing here raises for what a client may get wrong."""

    principal: Principal
    makes_collections: bool

    def collections(self) -> Sequence[Collection]:
        """Return the calendars of the account, in a steady order."""

    def sync_token(self, collection: str) -> str:
        """Return the token of the calendar as it is now: asked for only when it is shown.

        It changes with any member, and `changes_since` takes it; any text without spaces.
        """

    def list(self, collection: str, span: Interval | None = None) -> Sequence[Member]:
        """Return the members, at least those that may touch `span`; cheap, without texts."""

    def get(self, collection: str, names: Sequence[str]) -> Sequence[Item]:
        """Return those of the named members that exist."""

    def put(
        self, collection: str, name: str, sent: Sent, *, conditions: Conditions
    ) -> Stored | Refusal:
        """Create or replace a member; `conditions` are asked inside the transaction."""

    def note_refused(self, collection: str, name: str, refusal: Refusal) -> None:
        """Take note of a PUT that was refused before it could be put: its text is unreadable."""

    def delete(self, collection: str, name: str, *, conditions: Conditions) -> Refusal | None:
        """Delete a member, or refuse: `NOT_THERE`, `CHANGED_MEANWHILE`, or a rule."""

    def changes_since(
        self, collection: str, token: str | None, *, limit: int | None
    ) -> Changes | Refusal:
        """Return what changed since `token`, everything where it is None; at most `limit`."""

    def make(
        self, collection: str, components: tuple[str, ...], kept: Mapping[str, str]
    ) -> Refusal | None:
        """Make a calendar, or refuse to."""

    def remove(self, collection: str) -> Refusal | None:
        """Remove a whole calendar, or refuse to."""

    def keep(self, collection: str, kept: Mapping[str, str | None]) -> Refusal | None:
        """Set properties of a calendar, None to drop one: all of them, or refuse."""


SignIn = Callable[[Request, str, str], Backend | None]
"""Return the backend of an account by its username and password, None where they are wrong.

It may raise an HTTPException 429 where too many wrong ones came.
"""
