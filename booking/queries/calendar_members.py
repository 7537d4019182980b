"""Reads of calendar accounts: whose they are, which bookings they hold, and what went before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_
from sqlalchemy import select as narrow
from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import Actor
from booking.engine.vocabulary import CalendarAccess, CalendarKind, ClientEditKind, FeedOf
from booking.models import (
    Booking,
    BookingAlarm,
    BookingHref,
    BookingText,
    CalendarToken,
    ClientEdit,
    Event,
    Person,
    Resource,
    SyncState,
)
from booking.queries.feeds import SHOWN_AFTER, SHOWN_BEFORE, feed_subject, may_follow
from booking.queries.people import actor_of

SUFFIX: Final = ".ics"
# What is gone leaves a calendar account; one that is being cancelled may come back.
SHOWN: Final[Any] = (
    BookingStatus.HELD,
    BookingStatus.PENDING,
    BookingStatus.CONFIRMED,
    BookingStatus.IN_USE,
    BookingStatus.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class CalendarAccount:
    """Whom a calendar account lets in, as whom they act, and what it shows.

    `subject_id` is the person's own id for `me`; a public one names nobody and no title.
    `alarm_minutes` is when the person's own bookings ring where nothing else is said.
    """

    token_id: UUID
    token_hash: str
    username: str
    access: CalendarAccess
    of: FeedOf
    subject_id: UUID
    shows: str
    person_id: UUID
    person_name: str
    email: str
    alarm_minutes: int | None
    actor: Actor
    last_used_at: datetime | None

    @property
    def writable(self) -> bool:
        """Whether a program may change what it shows."""
        return self.access is CalendarAccess.READ_WRITE

    @property
    def public(self) -> bool:
        """Whether it shows neither names nor titles."""
        return self.of in {FeedOf.RESOURCE, FeedOf.FACILITY}


@dataclass(frozen=True, slots=True)
class Seat:
    """A booking as a member of a calendar: under which name, and in which shape.

    `text_revision` is that of its kept text, None where none is kept; `vevent` is that text
    where it was asked for.
    """

    booking_id: UUID
    name: str
    revision: int
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    alarm_minutes: int | None
    resource_name: str
    text_revision: int | None
    vevent: str

    @property
    def etag(self) -> str:
        """What changes with the text that the person's programs see, and only then."""
        ringing = "" if self.alarm_minutes is None else f"-{self.alarm_minutes}"
        return f"{self.booking_id.hex[-12:]}-{self.revision}{ringing}"

    def showing(self, vevent: str) -> "Seat":
        """Return it with that text, kept as it is now."""
        return replace(self, vevent=vevent, text_revision=self.revision)

    @property
    def kept(self) -> bool:
        """Whether its text is kept as it is now."""
        return self.text_revision is not None and self.text_revision >= self.revision


def calendar_account(session: Session, username: str) -> CalendarAccount | None:
    """Return the account with that username, with the hash of its password.

    None where it is unknown or revoked, or its owner may no longer see what it shows.
    """
    row = session.exec(
        select(CalendarToken, Person)
        .join(Person, col(Person.id) == col(CalendarToken.person_id))
        .where(
            col(CalendarToken.username) == username,
            col(CalendarToken.kind) == CalendarKind.CALDAV,
            col(CalendarToken.revoked_at).is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    token, person = row
    subject_id = token.subject_id or token.person_id
    subject = feed_subject(session, of=token.of, subject_id=subject_id)
    actor = actor_of(session, token.person_id)
    if subject is None or not may_follow(actor, token.of, subject):
        return None
    return CalendarAccount(
        token_id=token.id,
        token_hash=token.token_hash,
        username=username,
        access=token.access,
        of=token.of,
        subject_id=subject_id,
        shows=subject.name,
        person_id=token.person_id,
        person_name=person.name,
        email=person.email,
        alarm_minutes=person.alarm_minutes,
        actor=actor,
        last_used_at=token.last_used_at,
    )


def lock_token(session: Session, token_id: UUID) -> None:
    """Let one request of an account after the other count what went before."""
    session.exec(
        select(CalendarToken.id).where(col(CalendarToken.id) == token_id).with_for_update()
    ).one()


def seats(
    session: Session,
    account: CalendarAccount,
    *,
    now: datetime,
    span: Interval | None = None,
    names: Sequence[str] | None = None,
    with_texts: bool = False,
) -> tuple[Seat, ...]:
    """Return the members of the account's calendar, by start, those touching `span`.

    From 90 days ago to 400 days ahead; only those named, where `names` are given.
    Cost: one query, whatever their number.
    """
    text = col(BookingText.vevent) if with_texts else literal("")
    statement = _seats(account, text.label("vevent")).where(
        _whose(account),
        col(Booking.status).in_(SHOWN),
        col(Booking.ends_at) > now - SHOWN_BEFORE,
        col(Booking.starts_at) < now + SHOWN_AFTER,
    )
    if span is not None:
        statement = statement.where(
            col(Booking.ends_at) >= span.start, col(Booking.starts_at) <= span.end
        )
    if names is not None:
        statement = statement.where(_named(names))
    session.flush()
    rows = session.connection().execute(statement).all()
    return tuple(_seat(row, account) for row in rows)


def seat_of(session: Session, account: CalendarAccount, booking_id: UUID) -> Seat:
    """Return how a booking sits in the calendar, with its kept text."""
    session.flush()
    statement = _seats(account, col(BookingText.vevent)).where(col(Booking.id) == booking_id)
    return _seat(session.connection().execute(statement).one(), account)


def booking_called(session: Session, account: CalendarAccount, name: str) -> Booking | None:
    """Return the booking behind a name in the account's calendar, whatever its state."""
    return session.exec(
        select(Booking)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .outerjoin(BookingHref, col(BookingHref.booking_id) == col(Booking.id))
        .where(_whose(account), _named([name]))
        .order_by(col(BookingHref.name).is_(None), col(Booking.id).desc())
        .limit(1)
    ).one_or_none()


def booking_with_uid(session: Session, uid: str) -> Booking | None:
    """Return the booking with that uid, whoever's it is."""
    return session.exec(select(Booking).where(col(Booking.uid) == uid)).one_or_none()


def belongs(session: Session, account: CalendarAccount, booking_id: UUID) -> bool:
    """Say whether a booking is one of those that the account is of."""
    found = session.exec(
        select(Booking.id)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .where(_whose(account), col(Booking.id) == booking_id)
    ).one_or_none()
    return found is not None


def href_of(session: Session, booking_id: UUID) -> BookingHref | None:
    """Return the name that a program gave a booking."""
    return session.get(BookingHref, booking_id)


def href_named(session: Session, name: str) -> BookingHref | None:
    """Return who bears a name that a program gave."""
    return session.exec(
        select(BookingHref).where(col(BookingHref.name) == name).limit(1)
    ).one_or_none()


def alarm_of(session: Session, booking_id: UUID, person_id: UUID) -> BookingAlarm | None:
    """Return what a person chose for one booking."""
    return session.get(BookingAlarm, (booking_id, person_id))


def sync_state(session: Session, token_id: UUID, digest: str) -> SyncState | None:
    """Return what an account was told, by its digest."""
    return session.exec(
        select(SyncState)
        .where(col(SyncState.calendar_token_id) == token_id, col(SyncState.digest) == digest)
        .order_by(col(SyncState.made_at).desc())
        .limit(1)
    ).one_or_none()


def knows_state(session: Session, token_id: UUID, digest: str) -> bool:
    """Say whether an account was told this; without reading what it was."""
    found = session.exec(
        select(SyncState.id)
        .where(col(SyncState.calendar_token_id) == token_id, col(SyncState.digest) == digest)
        .limit(1)
    ).one_or_none()
    return found is not None


def old_states(session: Session, token_id: UUID, *, keep: int) -> Sequence[UUID]:
    """Return the ids of what an account was told before the newest `keep` times."""
    return session.exec(
        select(SyncState.id)
        .where(col(SyncState.calendar_token_id) == token_id)
        .order_by(col(SyncState.made_at).desc(), col(SyncState.id).desc())
        .offset(keep)
    ).all()


def edits_since(
    session: Session,
    token_id: UUID,
    kinds: Sequence[ClientEditKind],
    *,
    since: datetime,
    name: str | None = None,
) -> int:
    """Count what an account's programs did after an instant, of the named member or of all."""
    wanted = [
        col(ClientEdit.calendar_token_id) == token_id,
        col(ClientEdit.kind).in_(list(kinds)),
        col(ClientEdit.happened_at) > since,
    ]
    if name is not None:
        wanted.append(col(ClientEdit.name) == name)
    return session.exec(select(func.count()).select_from(ClientEdit).where(*wanted)).one()


def told_since(
    session: Session, token_id: UUID, kind: str, *, since: datetime
) -> Sequence[dict[str, Any]]:
    """Return what an account's owner was told of one kind after an instant."""
    rows = session.exec(
        select(Event.payload).where(
            col(Event.subject_id) == token_id,
            col(Event.kind) == kind,
            col(Event.happened_at) > since,
        )
    )
    return [dict(each) for each in rows]


def _seats(account: CalendarAccount, text: Any) -> Any:
    alarm = and_(
        col(BookingAlarm.booking_id) == col(Booking.id),
        col(BookingAlarm.person_id) == account.person_id,
    )
    return (
        narrow(
            col(Booking.id),
            col(Booking.person_id),
            col(Booking.revision),
            col(Booking.starts_at),
            col(Booking.ends_at),
            col(Booking.updated_at),
            col(Resource.name).label("resource_name"),
            col(BookingHref.name),
            col(BookingAlarm.person_id).label("chosen_by"),
            col(BookingAlarm.minutes_before),
            col(BookingText.revision).label("text_revision"),
            text,
        )
        .join_from(Booking, Resource, col(Resource.id) == col(Booking.resource_id))
        .outerjoin(BookingHref, col(BookingHref.booking_id) == col(Booking.id))
        .outerjoin(BookingText, col(BookingText.booking_id) == col(Booking.id))
        .outerjoin(BookingAlarm, alarm)
        .order_by(col(Booking.starts_at), col(Booking.id))
    )


def _seat(row: Any, account: CalendarAccount) -> Seat:
    own = row.person_id == account.person_id
    return Seat(
        booking_id=row.id,
        name=row.name or f"{row.id}{SUFFIX}",
        revision=row.revision,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        changed_at=row.updated_at,
        alarm_minutes=row.minutes_before
        if row.chosen_by
        else (account.alarm_minutes if own else None),
        resource_name=row.resource_name,
        text_revision=row.text_revision,
        vevent=row.vevent or "",
    )


def _whose(account: CalendarAccount) -> ColumnElement[bool]:
    columns: dict[FeedOf, Any] = {
        FeedOf.ME: col(Booking.person_id),
        FeedOf.PROJECT: col(Booking.project_id),
        FeedOf.RESOURCE: col(Booking.resource_id),
        FeedOf.FACILITY: col(Resource.facility_id),
    }
    found: ColumnElement[bool] = columns[account.of] == account.subject_id
    return found


def _named(names: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a booking bears one of the names: a given one, or its id."""
    ids = [each for name in names if (each := id_in(name)) is not None]
    return or_(
        col(BookingHref.name).in_(names),
        and_(col(BookingHref.name).is_(None), col(Booking.id).in_(ids)),
    )


def id_in(name: str) -> UUID | None:
    """Return the id of a booking that is named by it; None for any other name."""
    try:
        found = UUID(name.removesuffix(SUFFIX))
    except ValueError:
        return None
    return found if name == f"{found}{SUFFIX}" else None
