"""Reads for the digest of the day: whose is due, and what it tells."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, or_, select

from booking.engine.digests import AHEAD
from booking.engine.lifecycle import HOLDING, BookingStatus, EventKind
from booking.engine.vocabulary import CalendarMail
from booking.models import Booking, Event, Facility, Person, Resource

# No zone is further ahead of UTC than 14 hours.
FURTHEST_AHEAD: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class DigestReader:
    """Somebody who reads a digest, and the day of their last one."""

    id: UUID
    zone: str
    digest_on: date | None


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A booking as a digest lists it; `kind` is what last happened to it, None for nothing."""

    booking_id: UUID
    kind: EventKind | None
    resource_name: str
    facility_name: str
    facility_zone: str
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DigestCard:
    """A digest: what changed within its time, by when it did, and what comes, by its start."""

    id: UUID
    since: datetime
    changed: tuple[DigestLine, ...]
    coming: tuple[DigestLine, ...]
    person_name: str
    person_email: str
    person_zone: str
    person_locale: str


def digest_readers(session: Session, *, now: datetime) -> tuple[DigestReader, ...]:
    """Return who may be due a digest now: those without one on the newest day of any zone."""
    newest = (now + FURTHEST_AHEAD).date()
    rows = session.exec(
        select(Person.id, Person.zone, col(Person.digest_on))
        .where(
            Person.calendar_mail == CalendarMail.DIGEST,
            or_(col(Person.digest_on).is_(None), col(Person.digest_on) < newest),
        )
        .order_by(col(Person.id))
    ).all()
    return tuple(DigestReader(*row) for row in rows)


def digest_card(
    session: Session,
    person_id: UUID,
    *,
    since: datetime,
    until: datetime,
    kinds: Collection[EventKind],
) -> DigestCard | None:
    """Return a person's digest of that time; of events those of `kinds` are told."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    return DigestCard(
        id=person.id,
        since=since,
        changed=_changed(session, person_id, since, until, kinds),
        coming=_coming(session, person_id, until),
        person_name=person.name,
        person_email=person.email,
        person_zone=person.zone,
        person_locale=person.locale,
    )


def _changed(
    session: Session,
    person_id: UUID,
    since: datetime,
    until: datetime,
    kinds: Collection[EventKind],
) -> tuple[DigestLine, ...]:
    rows = session.exec(
        _lines(col(Event.kind))
        .join(Event, col(Event.subject_id) == col(Booking.id))
        .where(
            Booking.person_id == person_id,
            Event.happened_at > since,
            Event.happened_at <= until,
            col(Event.kind).in_(kinds),
        )
        .order_by(col(Event.happened_at), col(Event.id))
    ).all()
    newest = {row[0]: row for row in rows}
    return tuple(_line(row[:-1], EventKind(row[-1])) for row in newest.values())


def _coming(session: Session, person_id: UUID, now: datetime) -> tuple[DigestLine, ...]:
    holding: Collection[Any] = [each for each in HOLDING if each is not BookingStatus.COMPLETED]
    rows = session.exec(
        _lines()
        .where(
            Booking.person_id == person_id,
            col(Booking.status).in_(holding),
            Booking.ends_at > now,
            Booking.starts_at < now + AHEAD,
        )
        .order_by(col(Booking.starts_at), col(Booking.id))
    ).all()
    return tuple(_line(row, None) for row in rows)


def _lines(*beside: Any) -> Any:
    columns: Any = (
        Booking.id,
        Resource.name,
        Facility.name,
        Facility.zone,
        Booking.title,
        Booking.starts_at,
        Booking.ends_at,
        *beside,
    )
    return (
        select(*columns)
        .select_from(Booking)
        .join(Resource, col(Resource.id) == col(Booking.resource_id))
        .join(Facility, col(Facility.id) == col(Resource.facility_id))
    )


def _line(row: Any, kind: EventKind | None) -> DigestLine:
    booking_id, *rest = row
    return DigestLine(booking_id, kind, *rest)
