"""What dispatch tests share: settings, a booking with its event, and mails read back."""

from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from booking.config import Settings
from booking.db import Database
from booking.engine.lifecycle import EventKind
from booking.events import record
from booking.models import Booking, Delivery
from tests.builders import NOW, a_booking, a_facility, a_person, a_project, a_resource

STARTS = datetime(2026, 12, 1, 8, tzinfo=UTC)


def settings_for(folder: Path, mail: str = "") -> Settings:
    return Settings(
        _env_file=None,
        base_url="https://bench.example",
        secret_key="a long random text for tests",
        mail=mail or f"file:{folder}",
        mail_from="",
    )


def booked(
    session: Session,
    kind: EventKind = EventKind.BOOKING_CONFIRMED,
    *,
    payload: dict[str, Any] | None = None,
    at: datetime = NOW,
    **given: Any,
) -> Booking:
    """Add a booking of its own resource, and the event that made it."""
    person = a_person(session, name="Amina Otieno", zone="Europe/London")
    facility = a_facility(session, name="Nairobi Materials Facility")
    booking = a_booking(
        session,
        a_resource(session, facility.id),
        a_project(session, person),
        STARTS,
        STARTS + timedelta(hours=2),
        **given,
    )
    recorded(session, kind, booking.id, facility.id, at=at, payload=payload)
    return booking


def recorded(
    session: Session,
    kind: EventKind,
    subject_id: UUID,
    facility_id: UUID | None = None,
    *,
    at: datetime = NOW,
    payload: dict[str, Any] | None = None,
) -> None:
    record(session, kind, subject_id=subject_id, now=at, facility_id=facility_id, payload=payload)
    session.flush()


def read_mail(content: bytes) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)


def mails_in(folder: Path) -> list[EmailMessage]:
    return [read_mail(path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def part(mail: EmailMessage, kind: str) -> EmailMessage:
    (found,) = [each for each in mail.walk() if each.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return found


def deliveries_in(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return list(session.exec(select(Delivery).order_by(col(Delivery.id))).all())
