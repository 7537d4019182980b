"""The nearest other time, kept for whoever had to give way until they answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Session

from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.vocabulary import BookingSource
from booking.engine.waitlist import LEAST_NOTICE, deadline
from booking.events import record
from booking.models import Booking, Offer
from booking.services.booking_placing import insert_guarded
from booking.services.bookings import as_recorded


@dataclass(frozen=True, slots=True)
class OtherTime:
    """A time that would do instead, with the names and the clock of its place."""

    resource_id: UUID
    resource_name: str
    facility_id: UUID
    facility_name: str
    zone: str
    starts_at: datetime
    ends_at: datetime

    def as_json(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {
            "resource_id": str(self.resource_id),
            "resource_name": self.resource_name,
            "facility_name": self.facility_name,
            "zone": self.zone,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }


def offer_instead(
    session: Session,
    displaced: Booking,
    alternatives: Sequence[OtherTime],
    *,
    now: datetime,
    locked: Collection[UUID],
    actor_id: UUID | None,
) -> OtherTime | None:
    """Hold the nearest of the alternatives for the displaced booking's person.

    Only on a resource that is locked, and where time is left to answer; None where there
    is no such alternative. The alternatives keep every rule; the guard has the last word.
    """
    for each in alternatives:
        if each.resource_id not in locked or each.starts_at - now < LEAST_NOTICE:
            continue
        held = _held(session, displaced, each, now)
        if held is not None:
            offer = Offer(
                booking_id=held.id,
                displaced_id=displaced.id,
                made_at=now,
                deadline_at=deadline(now, held.starts_at),
            )
            session.add(offer)
            _record(session, offer, held, facility_id=each.facility_id, actor_id=actor_id)
            return each
    return None


def _held(session: Session, displaced: Booking, at: OtherTime, now: datetime) -> Booking | None:
    domain = displaced.uid.rpartition("@")[2]
    held = Booking(
        uid=f"{uuid4()}@{domain}",
        resource_id=at.resource_id,
        project_id=displaced.project_id,
        person_id=displaced.person_id,
        starts_at=at.starts_at,
        ends_at=at.ends_at,
        quantity=displaced.quantity,
        status=BookingStatus.HELD,
        source=BookingSource.WAITING_LIST,
        title=displaced.title,
        groups=displaced.groups,
        expires_at=deadline(now, at.starts_at),
        created_at=now,
        updated_at=now,
    )
    return insert_guarded(session, held)


def _record(
    session: Session, offer: Offer, held: Booking, *, facility_id: UUID, actor_id: UUID | None
) -> None:
    record(
        session,
        EventKind.OFFER_MADE,
        subject_id=held.id,
        now=offer.made_at,
        actor_id=actor_id,
        facility_id=facility_id,
        payload={
            **as_recorded(held),
            "offer_id": str(offer.id),
            "displaced_id": str(offer.displaced_id),
        },
    )
