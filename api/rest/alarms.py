"""The alarm of one booking, in its holder's own calendar."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Now, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.digests import LONGEST_ALARM_MINUTES
from booking.services import alarms
from booking.services.preferences import Alarm

router = APIRouter(tags=["bookings"], route_class=IdempotentRoute)


class BookingAlarm(BaseModel):
    """How long before the start the calendar rings; null: it does not."""

    model_config = ConfigDict(extra="forbid")

    minutes_before: Annotated[int | None, Field(ge=0, le=LONGEST_ALARM_MINUTES)]


@router.put("/bookings/{booking_id}/alarm", responses=problems(401, 403, 404, 409))
def set_alarm(
    booking_id: UUID, given: BookingAlarm, session: WriteSession, actor: SignedIn, now: Now
) -> BookingAlarm:
    """Let the holder's calendar ring for this booking otherwise than by their rule."""
    chosen = Alarm(given.minutes_before)
    alarms.set_alarm(session, actor=actor, now=now, booking_id=booking_id, alarm=chosen)
    return given


@router.delete(
    "/bookings/{booking_id}/alarm", status_code=204, responses=problems(401, 403, 404, 409)
)
def forget_alarm(booking_id: UUID, session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Let the holder's calendar ring by their rule again."""
    alarms.set_alarm(session, actor=actor, now=now, booking_id=booking_id, alarm=None)
