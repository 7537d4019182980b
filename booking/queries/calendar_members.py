"""Reads of what a calendar account shows: bookings as members, under which names and ETags."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    literal,
    or_,
    type_coerce,
)
from sqlalchemy import select as narrow
from sqlmodel import Session, col, select

from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import FeedOf
from booking.models import (
    Booking,
    BookingAlarm,
    BookingHref,
    BookingText,
    Resource,
)
from booking.queries.calendar_accounts import CalendarAccount
from booking.queries.feeds import SHOWN_AFTER, SHOWN_BEFORE

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
        return _etag(self.booking_id.hex, self.revision, self.alarm_minutes)

    def showing(self, vevent: str) -> "Seat":
        """Return it with that text, kept as it is now."""
        return replace(self, vevent=vevent, text_revision=self.revision)

    @property
    def kept(self) -> bool:
        """Whether its text is kept as it is now."""
        return self.text_revision is not None and self.text_revision >= self.revision


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
    columns = (*_SEAT, _ringing(account), text.label("vevent"))
    statement = _members(account, columns, *_shown(account, now))
    if span is not None:
        statement = statement.where(
            col(Booking.ends_at) >= span.start, col(Booking.starts_at) <= span.end
        )
    if names is not None:
        statement = statement.where(_named(names))
    session.flush()
    rows = session.connection().execute(statement).all()
    return tuple(_seat(row) for row in rows)


def etags(session: Session, account: CalendarAccount, *, now: datetime) -> dict[str, str]:
    """Return the ETags of all members by their names: `seats` without what costs time."""
    columns = (
        type_coerce(col(Booking.id), String).label("id"),
        col(Booking.revision),
        col(BookingHref.name),
        _ringing(account),
    )
    session.flush()
    statement = _members(account, columns, *_shown(account, now))
    rows = session.connection().execute(statement).all()
    found = ((_hex(key), revision, name, minutes) for key, revision, name, minutes in rows)
    return {
        name or f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}{SUFFIX}": _etag(
            key, revision, minutes
        )
        for key, revision, name, minutes in found
    }


def seat_of(session: Session, account: CalendarAccount, booking_id: UUID) -> Seat:
    """Return how a booking sits in the calendar, with its kept text."""
    session.flush()
    columns = (*_SEAT, _ringing(account), col(BookingText.vevent))
    statement = _members(account, columns, col(Booking.id) == booking_id)
    return _seat(session.connection().execute(statement).one())


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


_SEAT: Final[tuple[Any, ...]] = (
    col(Booking.id),
    col(Booking.revision),
    col(Booking.starts_at),
    col(Booking.ends_at),
    col(Booking.updated_at),
    col(Resource.name).label("resource_name"),
    col(BookingHref.name),
    col(BookingText.revision).label("text_revision"),
)


def _members(account: CalendarAccount, columns: Sequence[Any], *where: ColumnElement[bool]) -> Any:
    alarm = and_(
        col(BookingAlarm.booking_id) == col(Booking.id),
        col(BookingAlarm.person_id) == account.person_id,
    )
    return (
        narrow(*columns)
        .join_from(Booking, Resource, col(Resource.id) == col(Booking.resource_id))
        .outerjoin(BookingHref, col(BookingHref.booking_id) == col(Booking.id))
        .outerjoin(BookingText, col(BookingText.booking_id) == col(Booking.id))
        .outerjoin(BookingAlarm, alarm)
        .where(*where)
        .order_by(col(Booking.starts_at), col(Booking.id))
    )


def _ringing(account: CalendarAccount) -> Any:
    """Return when the person's calendar rings: as chosen for the booking, else by their rule."""
    own = literal(account.alarm_minutes, Integer)
    return case(
        (col(BookingAlarm.person_id).is_not(None), col(BookingAlarm.minutes_before)),
        (col(Booking.person_id) == account.person_id, own),
        else_=None,
    ).label("ringing")


def _shown(account: CalendarAccount, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        _whose(account),
        col(Booking.status).in_(SHOWN),
        col(Booking.ends_at) > now - SHOWN_BEFORE,
        col(Booking.starts_at) < now + SHOWN_AFTER,
    )


def _seat(row: Any) -> Seat:
    return Seat(
        booking_id=row.id,
        name=row.name or f"{row.id}{SUFFIX}",
        revision=row.revision,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        changed_at=row.updated_at,
        alarm_minutes=row.ringing,
        resource_name=row.resource_name,
        text_revision=row.text_revision,
        vevent=row.vevent or "",
    )


def _hex(key: Any) -> str:
    """Return an id as 32 digits: one driver gives it so, the other as a UUID."""
    return key if isinstance(key, str) else str(key.hex)


def _etag(key: str, revision: int, minutes: int | None) -> str:
    ringing = "" if minutes is None else f"-{minutes}"
    return f"{key[-12:]}-{revision}{ringing}"


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
