"""What was booked before: instruments as full as real ones, past use and days to come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from api.demonstration.people import Team
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingMode
from booking.engine.permissions import SYSTEM, Actor
from booking.errors import RulesBroken
from booking.queries.availability import availability_of
from booking.queries.catalogue import facts_of
from booking.queries.people import actor_of
from booking.services import booking_use, bookings

DAYS_BACK: Final = 10
DAYS_AHEAD: Final = 10
MORNING: Final = (timedelta(hours=1), timedelta(hours=4))
AFTERNOON: Final = (timedelta(hours=5), timedelta(hours=8))
NOTICE: Final = timedelta(days=2)
TITLES: Final = ("Reference sample", "Series A", "Series B", "Calibration", "Method test")


@dataclass(frozen=True, slots=True)
class _Turn:
    """One booking to be: a resource, a time, and who takes it."""

    resource: Any
    time: Interval
    team: Team
    number: int


def fill_calendars(
    session: Session,
    *,
    resource_ids: Sequence[UUID],
    teams: Sequence[Team],
    now: datetime,
    domain: str,
) -> int:
    """Book around `now` what people may book themselves; return how many bookings stand.

    Past bookings were checked in and out, as their people would have done.
    """
    actors = {team.person_id: actor_of(session, team.person_id) for team in teams}
    span = Interval(now - timedelta(days=DAYS_BACK), now + timedelta(days=DAYS_AHEAD))
    booked = 0
    for turn in _turns(session, resource_ids, teams, span):
        if turn.time.start < now < turn.time.end:
            continue
        booked += _take(session, turn, actors[turn.team.person_id], now=now, domain=domain)
    return booked


def _turns(
    session: Session, resource_ids: Sequence[UUID], teams: Sequence[Team], span: Interval
) -> Iterator[_Turn]:
    """Yield mornings and afternoons of each open day, some of them left free."""
    facts = facts_of(session, resource_ids)
    chosen = [
        facts[each] for each in resource_ids if facts[each].mode is not BookingMode.ROUND_ONLY
    ]
    open_at = availability_of(session, chosen, within=span, now=span.start)
    number = 0
    for place, resource in enumerate(chosen):
        for day, window in enumerate(_days(open_at[resource.id].open_windows)):
            for part, (begins, ends) in enumerate((MORNING, AFTERNOON)):
                if (place + 2 * day + part) % 3 == 0:
                    continue
                time = Interval(window.start + begins, window.start + ends)
                if not window.contains(time):
                    continue
                number += 1
                yield _Turn(resource, time, teams[(7 * place + number) % len(teams)], number)


def _days(windows: Sequence[Interval]) -> Iterator[Interval]:
    """Cut windows that are open for days into working days of ten hours."""
    for window in windows:
        if window.end - window.start <= timedelta(days=1):
            yield window
            continue
        start = window.start.replace(hour=7, minute=0, second=0, microsecond=0)
        while start < window.end:
            day = Interval(start, start + timedelta(hours=10))
            if window.contains(day):
                yield day
            start += timedelta(days=1)


def _take(session: Session, turn: _Turn, actor: Actor, *, now: datetime, domain: str) -> int:
    new = bookings.NewBooking(
        resource_id=turn.resource.id,
        project_id=turn.team.project_id,
        starts_at=turn.time.start,
        ends_at=turn.time.end,
        quantity=max(1, turn.resource.capacity // 4),
        title=TITLES[turn.number % len(TITLES)],
    )
    booked_at = min(now, turn.time.start - NOTICE)
    try:
        booking = bookings.book(session, actor=actor, now=booked_at, domain=domain, new=new)
    except RulesBroken:
        return 0
    over = turn.time.end <= now
    if turn.resource.mode is BookingMode.APPROVAL and (over or turn.number % 4):
        booking_use.approve(session, actor=SYSTEM, now=booked_at, booking_id=booking.id)
    if over and booking.status == "confirmed":
        booking_use.check_in(session, actor=actor, now=turn.time.start, booking_id=booking.id)
        booking_use.check_out(session, actor=actor, now=turn.time.end, booking_id=booking.id)
    return 1
