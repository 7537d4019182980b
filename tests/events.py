"""What was recorded, for tests to look at."""

from uuid import UUID

from sqlmodel import Session, col, select

from booking.models import Event


def kinds_about(session: Session, subject_id: UUID) -> list[str]:
    session.flush()
    return [each.kind for each in events_about(session, subject_id)]


def events_about(session: Session, subject_id: UUID) -> list[Event]:
    query = select(Event).where(Event.subject_id == subject_id).order_by(col(Event.id))
    return list(session.exec(query))
