"""The nearest other time, offered to whoever had to give way."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import Interval
from booking.engine.permissions import Actor
from booking.engine.waitlist import LEAST_NOTICE
from booking.models import Booking
from booking.queries.bookings import resource_to_book
from booking.services.offers import Proposal, make_offer


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
    actor: Actor,
    now: datetime,
    locked: Collection[UUID],
) -> OtherTime | None:
    """Hold the nearest of the alternatives for the displaced booking's person.

    Only on a resource that is locked, and where time is left to answer; None where there
    is no such alternative. The alternatives keep every rule; the guard has the last word.
    """
    for each in alternatives:
        resource = resource_to_book(session, each.resource_id)
        in_time = each.starts_at - now >= LEAST_NOTICE
        if resource is None or each.resource_id not in locked or not in_time:
            continue
        proposal = Proposal(
            project_id=displaced.project_id,
            person_id=displaced.person_id,
            slot=Interval(each.starts_at, each.ends_at),
            quantity=displaced.quantity,
            title=displaced.title,
            groups=tuple(displaced.groups),
            group_key=displaced.group_key,
            displaced_id=displaced.id,
        )
        domain = displaced.uid.rpartition("@")[2]
        if make_offer(
            session, actor=actor, now=now, domain=domain, resource=resource, proposal=proposal
        ):
            return each
    return None
