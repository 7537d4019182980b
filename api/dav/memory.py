"""Calendars in memory: the plain backend on which public test suites run.

It makes calendars, keeps events, tasks and notes as they come, and forgets all at its end.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from itertools import count
from threading import RLock
from typing import Final
from uuid import uuid4
from xml.etree.ElementTree import fromstring

from fastapi import Request

from api.dav.backends import (
    CHANGED_MEANWHILE,
    DAV,
    NO_UID_CONFLICT,
    NOT_THERE,
    SYNC_TOKEN_UNKNOWN,
    Backend,
    Changes,
    Collection,
    Conditions,
    Item,
    Member,
    Principal,
    Refusal,
    Sent,
    Stored,
)
from booking.clock import utc_now
from booking.engine.intervals import Interval

COMPONENTS: Final = ("VEVENT", "VTODO", "VJOURNAL")
KEPT_DELETIONS: Final = 1000
_COUNT: Final = re.compile("[0-9]{1,15}")
DISPLAY_NAME: Final = f"{{{DAV}}}displayname"
ALREADY_THERE: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    f"{{{DAV}}}resource-must-be-null",
    "There is a calendar at this address already. Choose another.",
)


@dataclass(slots=True)
class _Kept:
    item: Item
    uid: str
    changed: int


@dataclass(slots=True)
class _Calendar:
    """A calendar; `deleted` maps names to when they went, `forgotten` is what was dropped of it."""

    components: tuple[str, ...]
    kept: dict[str, str]
    serial: str = field(default_factory=lambda: uuid4().hex)
    members: dict[str, _Kept] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    last: int = 0
    forgotten: int = 0


class MemoryBackend:
    """The calendars of one account."""

    makes_collections = True

    def __init__(self, username: str) -> None:
        self.principal = Principal(username, username, (f"{username}@example.org",))
        self._calendars: dict[str, _Calendar] = {}
        self._ticks = count(1)
        self._lock = RLock()

    def collections(self) -> Sequence[Collection]:
        """Return the calendars in the order in which they were made."""
        return [
            Collection(
                name,
                _title(name, each.kept),
                each.components,
                writable=True,
                removable=True,
                kept=dict(each.kept),
            )
            for name, each in list(self._calendars.items())
        ]

    def sync_token(self, collection: str) -> str:
        """Return the calendar's serial number with the count of its last change."""
        calendar = self._calendars.get(collection)
        return f"{calendar.serial}-{calendar.last}" if calendar else "none"

    def list(self, collection: str, span: Interval | None = None) -> Sequence[Member]:  # noqa: ARG002
        """Return all members: what touches the span is found by whoever asks."""
        calendar = self._calendars.get(collection)
        return [each.item.member for each in calendar.members.copy().values()] if calendar else []

    def get(self, collection: str, names: Sequence[str]) -> Sequence[Item]:
        """Return those of the named members that exist."""
        calendar = self._calendars.get(collection)
        found = [calendar.members.get(name) for name in names] if calendar else []
        return [each.item for each in found if each is not None]

    def put(
        self, collection: str, name: str, sent: Sent, *, conditions: Conditions
    ) -> Stored | Refusal:
        """Keep the text as it came."""
        with self._lock:
            calendar = self._calendars.get(collection)
            if calendar is None:
                return NOT_THERE
            there = calendar.members.get(name)
            if not conditions.hold(there.item.member.etag if there else None):
                return CHANGED_MEANWHILE
            for other, each in calendar.members.items():
                if each.uid == sent.uid and other != name:
                    return _uid_taken(other)
            item = _item(name, sent, changed_at=utc_now())
            calendar.last = next(self._ticks)
            calendar.members[name] = _Kept(item, sent.uid, calendar.last)
            calendar.deleted.pop(name, None)
        return Stored(item.member.etag, created=there is None, changed_text=False)

    def note_refused(self, collection: str, name: str, refusal: Refusal) -> None:
        """Forget it: whoever runs a test suite reads the answer."""

    def delete(self, collection: str, name: str, *, conditions: Conditions) -> Refusal | None:
        """Delete a member and remember that it went."""
        with self._lock:
            calendar = self._calendars.get(collection)
            there = calendar.members.get(name) if calendar else None
            if calendar is None or there is None:
                return NOT_THERE
            if not conditions.hold(there.item.member.etag):
                return CHANGED_MEANWHILE
            del calendar.members[name]
            calendar.last = next(self._ticks)
            calendar.deleted[name] = calendar.last
            if len(calendar.deleted) > KEPT_DELETIONS:
                calendar.forgotten = calendar.deleted.pop(next(iter(calendar.deleted)))
        return None

    def changes_since(
        self, collection: str, token: str | None, *, limit: int | None
    ) -> Changes | Refusal:
        """Return the newest state of whatever changed after the token, oldest change first."""
        with self._lock:
            calendar = self._calendars.get(collection)
            since = 0 if token is None else _since(calendar, token)
            if calendar is None or since is None:
                return SYNC_TOKEN_UNKNOWN
            told = sorted(
                [(each.changed, name) for name, each in calendar.members.items()]
                + [(gone, name) for name, gone in calendar.deleted.items() if token is not None]
            )
            newer = [(changed, name) for changed, name in told if changed > since]
            cut = newer[:limit]
            last = cut[-1][0] if len(cut) < len(newer) else calendar.last
            return Changes(
                [calendar.members[name].item.member for _, name in cut if name in calendar.members],
                [name for _, name in cut if name not in calendar.members],
                f"{calendar.serial}-{last}",
                more=len(cut) < len(newer),
            )

    def make(
        self, collection: str, components: tuple[str, ...], kept: Mapping[str, str]
    ) -> Refusal | None:
        """Make a calendar."""
        with self._lock:
            if collection in self._calendars:
                return ALREADY_THERE
            self._calendars[collection] = _Calendar(components or COMPONENTS, dict(kept))
        return None

    def remove(self, collection: str) -> Refusal | None:
        """Remove a calendar with all that is in it."""
        return None if self._calendars.pop(collection, None) else NOT_THERE

    def keep(self, collection: str, kept: Mapping[str, str | None]) -> Refusal | None:
        """Set and drop properties."""
        with self._lock:
            calendar = self._calendars.get(collection)
            if calendar is None:
                return NOT_THERE
            merged = {**calendar.kept, **kept}
            calendar.kept = {name: value for name, value in merged.items() if value is not None}
        return None


class MemoryAccounts:
    """Accounts by username, each with its password and calendars of its own."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = dict(passwords)
        self._backends = {name: MemoryBackend(name) for name in passwords}

    def sign_in(self, request: Request, username: str, password: str) -> Backend | None:  # noqa: ARG002
        """Return the account's backend where its password is right."""
        if self._passwords.get(username) != password:
            return None
        return self._backends[username]


def _title(name: str, kept: Mapping[str, str]) -> str:
    given = kept.get(DISPLAY_NAME)
    return name if given is None else fromstring(given).text or ""  # noqa: S314


def _item(name: str, sent: Sent, *, changed_at: datetime) -> Item:
    octets = sent.text.encode()
    etag = hashlib.sha256(octets).hexdigest()[:32]
    return Item(Member(name, etag, len(octets), changed_at, sent.component), sent.text)


def _uid_taken(other: str) -> Refusal:
    return Refusal(
        HTTPStatus.CONFLICT,
        NO_UID_CONFLICT,
        "This calendar has an event of that UID already. Change that one, or give a new UID.",
        conflict=other,
    )


def _since(calendar: _Calendar | None, token: str) -> int | None:
    """Return the count that a token stands for, None where it is unknown or too old."""
    serial, _, counted = token.partition("-")
    if calendar is None or serial != calendar.serial or not _COUNT.fullmatch(counted):
        return None
    since = int(counted)
    return since if calendar.forgotten <= since <= calendar.last else None
