"""The calendars of an account, over bookings: what calendar programs see and may change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from sqlmodel import Session

from api.dav.backends import (
    CHANGED_MEANWHILE,
    NEED_PRIVILEGES,
    NO_UID_CONFLICT,
    NOT_THERE,
    SYNC_TOKEN_UNKNOWN,
    VALID_CALENDAR_OBJECT,
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
from api.dav.events import read_event
from booking.config import Settings
from booking.db import Database
from booking.engine.intervals import Interval
from booking.errors import DomainError, Malformed, NotFound, NotPermitted, StaleVersion
from booking.queries import calendar_accounts, calendar_members, cards
from booking.queries.calendar_accounts import CalendarAccount
from booking.queries.calendar_members import Seat
from booking.services import calendar_texts, client_edits, client_guard, sync_states
from booking.services.client_edits import ClientEvent
from notifications.alarms import with_alarm
from notifications.calendar import public_text, single_text, vevent_text

COLLECTION: Final = "bookings"
BOOKING_RULES: Final = "{urn:benchshare:dav}booking-rules"
READ_ONLY: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    NEED_PRIVILEGES,
    "This calendar account is read-only. Make one that may change bookings in your account, "
    "under Calendars, or change the booking on the website.",
)
NOT_OURS: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    NEED_PRIVILEGES,
    "The calendar is made of bookings: it is not made, renamed or removed by a program. Revoke "
    "the calendar account on the website to be rid of it.",
)


class Bookings:
    """One account's calendar; each method is a transaction of its own."""

    makes_collections = False

    def __init__(
        self, database: Database, settings: Settings, account: CalendarAccount, now: datetime
    ) -> None:
        self._database = database
        self._settings = settings
        self._account = account
        self._now = now
        self.principal = Principal(account.username, account.person_name, (account.email,))

    def collections(self) -> Sequence[Collection]:
        """Return the one calendar of the account."""
        shows, writable = self._account.shows, self._account.writable
        return (Collection(COLLECTION, shows, writable=writable),)

    def sync_token(self, collection: str) -> str:
        """Return what stands for the calendar as it is now, and keep what that is."""
        return "" if collection != COLLECTION else self._remembered(self._etags())

    def list(self, collection: str, span: Interval | None = None) -> Sequence[Member]:
        """Return the members that touch `span`."""
        found = self._seats(span=span) if collection == COLLECTION else ()
        return [_member(each, self._text(each)) for each in found]

    def get(self, collection: str, names: Sequence[str]) -> Sequence[Item]:
        """Return those of the named members that there are, with their texts."""
        found = self._seats(names=names) if collection == COLLECTION else ()
        texts = [(each, self._text(each)) for each in found]
        return [Item(_member(each, text), text) for each, text in texts]

    def put(
        self, collection: str, name: str, sent: Sent, *, conditions: Conditions
    ) -> Stored | Refusal:
        """Move, rename or book as the event says, or say why not and mail it too."""
        if collection != COLLECTION:
            return NOT_THERE
        if not self._account.writable:
            return READ_ONLY
        event = None
        try:
            event = read_event(sent)
            return self._put(name, event, sent.text, conditions)
        except DomainError as error:
            self._tell_refused(name, error, event)
            return _refusal(error)

    def note_refused(self, collection: str, name: str, refusal: Refusal) -> None:
        """Mail why an event could not be read; a deletion soon after it is a slip."""
        if collection == COLLECTION and self._account.writable:
            self._tell_refused(name, Malformed(refusal.reason), None)

    def delete(self, collection: str, name: str, *, conditions: Conditions) -> Refusal | None:
        """Let a booking go, as far as that is not a slip of the program."""
        if collection != COLLECTION:
            return NOT_THERE
        try:
            return self._delete(name, conditions)
        except DomainError as error:
            self._tell_refused(name, error, None, deleting=True)
            return _refusal(error)

    def changes_since(
        self, collection: str, token: str | None, *, limit: int | None
    ) -> Changes | Refusal:
        """Return what came, changed and went since `token`; what went is told first."""
        if collection != COLLECTION:
            return SYNC_TOKEN_UNKNOWN
        present = self._etags()
        if token is not None and token == sync_states.digest_of(present) and self._knows(token):
            return Changes((), (), token)
        told = {} if token is None else self._recalled(token)
        if told is None:
            return SYNC_TOKEN_UNKNOWN
        return self._changes(told, present, limit)

    def make(
        self, collection: str, components: tuple[str, ...], kept: Mapping[str, str]
    ) -> Refusal | None:
        """Refuse: the calendar is made of bookings."""
        del collection, components, kept
        return NOT_OURS

    def remove(self, collection: str) -> Refusal | None:
        """Refuse: no program deletes all bookings at once."""
        return NOT_OURS if collection == COLLECTION else NOT_THERE

    def keep(self, collection: str, kept: Mapping[str, str | None]) -> Refusal | None:
        """Refuse: its name is that of what it shows."""
        del kept
        return NOT_OURS if collection == COLLECTION else NOT_THERE

    def _put(
        self, name: str, event: ClientEvent, sent_text: str, conditions: Conditions
    ) -> Stored | Refusal:
        account, now = self._account, self._now
        with self._database.writing() as session:
            found = client_edits.find(session, account=account, now=now, name=name, event=event)
            if not conditions.hold(found.etag):
                return CHANGED_MEANWHILE
            booking = client_edits.put(
                session,
                account=account,
                now=now,
                domain=self._settings.host,
                found=found,
                event=event,
            )
            seat = calendar_members.seat_of(session, account, booking.id)
            text = self._text(self._with_text(session, [seat])[0])
        return Stored(seat.etag, created=found.etag is None, changed_text=text != sent_text)

    def _delete(self, name: str, conditions: Conditions) -> Refusal | None:
        account, now = self._account, self._now
        with self._database.writing() as session:
            found = client_edits.find(session, account=account, now=now, name=name)
            if found.etag is None:
                return NOT_THERE
            if not account.writable:
                return READ_ONLY
            if not conditions.hold(found.etag):
                return CHANGED_MEANWHILE
            secret_key = self._settings.secret_key
            client_guard.delete(
                session, account=account, now=now, found=found, secret_key=secret_key
            )
        return None

    def _tell_refused(
        self, name: str, error: DomainError, event: ClientEvent | None, *, deleting: bool = False
    ) -> None:
        wanted = None if event is None else Interval(event.starts_at, event.ends_at)
        with self._database.writing() as session:
            client_guard.refused(
                session,
                account=self._account,
                now=self._now,
                name=name,
                error=error,
                wanted=wanted,
                deleting=deleting,
            )

    def _changes(
        self, told: dict[str, str], present: Mapping[str, str], limit: int | None
    ) -> Changes:
        removed = sorted(told.keys() - present.keys())
        changed = [name for name in present if told.get(name) != present[name]]
        room = len(removed) + len(changed) if limit is None else limit
        gone = removed[:room]
        shown = changed[: room - len(gone)]
        more = len(gone) + len(shown) < len(removed) + len(changed)
        for name in gone:
            del told[name]
        told |= {name: present[name] for name in shown}
        members = [_member(each, self._text(each)) for each in self._seats(names=shown)]
        return Changes(members, gone, self._remembered(told), more)

    def _etags(self) -> dict[str, str]:
        with self._database.reading() as session:
            return calendar_members.etags(session, self._account, now=self._now)

    def _seats(
        self, *, span: Interval | None = None, names: Sequence[str] | None = None
    ) -> Sequence[Seat]:
        """Return members with their texts; those not yet kept are rendered and kept."""
        if names is not None and not names:
            return ()
        with self._database.reading() as session:
            found = calendar_members.seats(
                session, self._account, now=self._now, span=span, names=names, with_texts=True
            )
        if all(each.kept for each in found):
            return found
        with self._database.writing() as session:
            return self._with_text(session, found)

    def _with_text(self, session: Session, seats: Sequence[Seat]) -> Sequence[Seat]:
        missing = [each.booking_id for each in seats if not each.kept]
        if not missing:
            return seats
        found = cards.booking_cards(
            session, missing, sender=self._settings.sender, base_url=self._settings.base_url
        )
        texts = calendar_texts.keep(session, cards=found.values(), render=vevent_text)
        return [each.showing(texts.get(each.booking_id, each.vevent)) for each in seats]

    def _text(self, seat: Seat) -> str:
        before, after = _around()
        vevent = seat.vevent
        if self._account.public:
            vevent = public_text(vevent, seat.resource_name)
        return f"{before}{with_alarm(vevent, seat.alarm_minutes)}{after}"

    def _remembered(self, members: Mapping[str, str]) -> str:
        digest = sync_states.digest_of(members)
        if self._knows(digest):
            return digest
        with self._database.writing() as session:
            return sync_states.remember(
                session, token_id=self._account.token_id, members=members, now=self._now
            )

    def _knows(self, digest: str) -> bool:
        with self._database.reading() as session:
            return calendar_accounts.knows_state(session, self._account.token_id, digest)

    def _recalled(self, digest: str) -> dict[str, str] | None:
        with self._database.reading() as session:
            return sync_states.recall(session, token_id=self._account.token_id, digest=digest)


@lru_cache(maxsize=1)
def _around() -> tuple[str, str]:
    """Return what stands before and after the one event of a text."""
    end = "END:VCALENDAR\r\n"
    return single_text("").removesuffix(end), end


def _member(seat: Seat, text: str) -> Member:
    octets = len(text) if text.isascii() else len(text.encode())
    happens = Interval(seat.starts_at, seat.ends_at)
    return Member(seat.name, seat.etag, octets, seat.changed_at, happens=happens)


def _refusal(error: DomainError) -> Refusal:
    """Word a refusal for the program: which precondition, and every reason."""
    reasons = dict.fromkeys([error.message, *(each.reason for each in error.violations)])
    reason = " ".join(reasons)
    if isinstance(error, NotFound):
        return Refusal(HTTPStatus.NOT_FOUND, "", reason)
    if any(each.code == "uid_taken" for each in error.violations):
        return Refusal(
            HTTPStatus.FORBIDDEN, NO_UID_CONFLICT, error.message, str(error.beside.get("name", ""))
        )
    if isinstance(error, StaleVersion):
        return Refusal(HTTPStatus.PRECONDITION_FAILED, "", reason)
    for kind, element in _ELEMENTS.items():
        if isinstance(error, kind):
            return Refusal(HTTPStatus.FORBIDDEN, element, reason)
    return Refusal(HTTPStatus.FORBIDDEN, BOOKING_RULES, reason)


_ELEMENTS: Final[Mapping[type[DomainError], str]] = {
    Malformed: VALID_CALENDAR_OBJECT,
    NotPermitted: NEED_PRIVILEGES,
}
