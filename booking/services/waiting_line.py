"""Who is next in line for time of a resource, and the numbers that say so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import MINUTE, Interval
from booking.engine.opening import to_local
from booking.engine.quotas import HALF_LIFE_DAYS
from booking.engine.vocabulary import WaitlistState
from booking.engine.waitlist import Waiter, in_line
from booking.engine.waitlist_words import Place
from booking.models import Resource
from booking.queries.bookings import resource_to_book
from booking.queries.policies import current_policy
from booking.queries.waiting_list import EntrySeen, Waiting, waiting_on, zone_of_resource
from booking.services.fair_share import fair_share_at


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that waits, and the time that it might have."""

    waiting: Waiting
    slot: Interval


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate with its place in line."""

    candidate: Candidate
    place: Place


def line_of(
    session: Session, resource: Resource, candidates: Sequence[Candidate], *, now: datetime
) -> tuple[Placed, ...]:
    """Put candidates for time of one resource in the order in which they are asked.

    The attainment is that of the week in which a candidate's time starts.
    """
    organisations = {each.waiting.organisation_id for each in candidates}
    factors = _fair_shares(session, resource, organisations, now=now)
    zone = zone_of_resource(session, resource.id)
    by_id = {each.waiting.entry.id: each for each in candidates}
    ordered = in_line(
        Waiter(
            id=each.waiting.entry.id,
            groups=(),
            fair_share_millionths=factors[each.waiting.organisation_id],
            entered_at=each.waiting.entry.entered_at,
        )
        for each in candidates
    )
    return tuple(
        Placed(by_id[waiter.id], _place(waiter, number, len(ordered), by_id[waiter.id], zone))
        for number, waiter in enumerate(ordered, start=1)
    )


def places_of(session: Session, entries: Sequence[EntrySeen], *, now: datetime) -> dict[UUID, int]:
    """Return the place of each entry that waits, as it stands now: 1 is asked next.

    Counted are those before it whose windows touch its own. Cost: a few queries a resource.
    """
    asked = [each.entry for each in entries if each.entry.state is WaitlistState.WAITING]
    found: dict[UUID, int] = {}
    for resource_id in sorted({each.resource_id for each in asked}):
        line = _line_now(session, resource_id, now=now)
        for number, each in enumerate(line):
            before = sum(other.window.overlaps(each.window) for other in line[:number])
            found[each.entry.id] = before + 1
    return {each.id: found[each.id] for each in asked if each.id in found}


def _line_now(session: Session, resource_id: UUID, *, now: datetime) -> tuple[Waiting, ...]:
    """Put everybody who waits for a resource in line, each for the start of its window."""
    resource = resource_to_book(session, resource_id)
    if resource is None:
        return ()
    candidates = [
        Candidate(each, Interval(start, start + each.entry.minutes * MINUTE))
        for each in waiting_on(session, resource_id)
        for start in [max(each.window.start, now)]
    ]
    placed = line_of(session, resource, candidates, now=now)
    return tuple(each.candidate.waiting for each in placed)


def _place(waiter: Waiter, number: int, of: int, candidate: Candidate, zone: str) -> Place:
    return Place(waiter, number, of, _monday(candidate.slot.start, zone))


def _monday(at: datetime, zone: str) -> date:
    on = to_local(at, zone).date()
    return on - timedelta(days=on.weekday())


def _fair_shares(
    session: Session, resource: Resource, organisations: Collection[UUID], *, now: datetime
) -> dict[UUID, int]:
    """Reckon each organisation's factor now, by the facility's policy if it has one."""
    policy = current_policy(session, resource.facility_id)
    version = None if policy is None else policy.version
    return {
        each: fair_share_at(
            session,
            at=now,
            half_life_days=HALF_LIFE_DAYS if version is None else version.half_life_days,
            cap_share_ppm=None if version is None else version.cap_share_ppm,
            facility_ids=[resource.facility_id],
            organisation_id=each,
        )
        for each in organisations
    }
