"""What somebody whose wish was refused because its time is taken can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session

from api.pages.visit import Visit
from booking.engine.booking_facts import BookingCode
from booking.engine.intervals import MINUTE
from booking.engine.lifecycle import HOLDING
from booking.errors import DomainError
from booking.queries.bookings import BookingFilter, BookingSeen, bookings_seen
from booking.queries.catalogue import ResourceFacts

MOST_OWN: Final = 3


@dataclass(frozen=True, slots=True)
class TakenTime:
    """The project's own bookings at that time; with none of them, waiting may help."""

    own: Sequence[BookingSeen] = ()
    may_wait: bool = False


def taken_time(
    session: Session,
    visit: Visit,
    found: ResourceFacts,
    project_id: UUID | None,
    times: tuple[datetime, datetime] | None,
    refused: DomainError | None,
) -> TakenTime:
    """Say who has the time, where that is why it was refused; buffers count as taken.

    Of a resource with several units others may have the rest, so that waiting helps too.
    """
    codes = {each.code for each in refused.violations} if refused else set()
    if BookingCode.TAKEN not in codes or times is None:
        return TakenTime()
    if project_id is None:
        return TakenTime(may_wait=True)
    reach = (found.buffer_before_minutes + found.buffer_after_minutes) * MINUTE
    only = BookingFilter(
        resource_id=found.id,
        project_id=project_id,
        since=times[0] - reach,
        until=times[1] + reach,
        statuses=frozenset(HOLDING),
    )
    own = bookings_seen(session, viewer=visit.actor, only=only, limit=MOST_OWN).items
    return TakenTime(own, may_wait=not own or found.capacity > 1)
