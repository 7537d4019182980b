"""Who is next in line for time of a resource, and the numbers that say so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.intervals import MINUTE, Interval
from booking.engine.opening import monday_of, to_local
from booking.engine.quotas import HALF_LIFE_DAYS
from booking.engine.vocabulary import WaitlistState
from booking.engine.waitlist import Attained, Waiter, attained_in, in_line
from booking.engine.waitlist_words import Place
from booking.models import Resource, WaitlistEntry
from booking.queries.booking_facts import Wish, booking_facts
from booking.queries.bookings import resource_to_book
from booking.queries.policies import current_policy
from booking.queries.waiting_list import EntrySeen, Waiting, waiting_on, zone_of_resource
from booking.services.fair_share import fair_shares_at


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that waits, and the time that it might have.

    `groups` are its organisation's, each with its attainment in the week of that time;
    a booking of it `counts_for` them and is `charged_to` one of them.
    """

    waiting: Waiting
    slot: Interval
    groups: tuple[Attained, ...] = ()
    counts_for: tuple[str, ...] = ()
    charged_to: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate with its place in line."""

    candidate: Candidate
    place: Place


def line_of(
    session: Session, resource: Resource, candidates: Sequence[Candidate], *, now: datetime
) -> tuple[Placed, ...]:
    """Put candidates for time of one resource in the order in which they are asked."""
    organisations = {each.waiting.organisation_id for each in candidates}
    factors = _fair_shares(session, resource, organisations, now=now)
    zone = zone_of_resource(session, resource.id)
    by_id = {each.waiting.entry.id: each for each in candidates}
    ordered = in_line(
        Waiter(
            id=each.waiting.entry.id,
            groups=each.groups,
            fair_share_millionths=factors[each.waiting.organisation_id],
            entered_at=each.waiting.entry.entered_at,
        )
        for each in candidates
    )
    return tuple(
        Placed(by_id[waiter.id], _place(waiter, number, len(ordered), by_id[waiter.id], zone))
        for number, waiter in enumerate(ordered, start=1)
    )


def wish_of(entry: WaitlistEntry, wanted: Interval) -> Wish:
    """Turn an entry into the wish that the rules of booking look at."""
    return Wish(
        project_id=entry.project_id,
        person_id=entry.person_id,
        wanted=wanted,
        quantity=entry.quantity,
        by_manager=False,
    )


def places_of(session: Session, entries: Sequence[EntrySeen], *, now: datetime) -> dict[UUID, int]:
    """Return the place of each entry that waits, as it stands now: 1 is asked next.

    Counted are those before it whose windows touch its own. Cost: a few queries a resource,
    and a few more for each organisation and week that somebody waits for there.
    """
    asked = [each.entry for each in entries if each.entry.state is WaitlistState.WAITING]
    found: dict[UUID, int] = {}
    for resource_id in sorted({each.resource_id for each in asked}):
        resource = resource_to_book(session, resource_id)
        line = () if resource is None else line_now(session, resource, now=now)
        for number, each in enumerate(line):
            window = each.candidate.waiting.window
            before = [other.candidate.waiting.window for other in line[:number]]
            place = 1 + sum(other.overlaps(window) for other in before)
            found[each.candidate.waiting.entry.id] = place
    return {each.id: found[each.id] for each in asked if each.id in found}


def line_now(session: Session, resource: Resource, *, now: datetime) -> tuple[Placed, ...]:
    """Put everybody who waits for a resource in line, each for the start of its window."""
    zone = zone_of_resource(session, resource.id)
    groups: dict[tuple[UUID, date], tuple[Attained, ...]] = {}
    candidates = []
    for each in waiting_on(session, resource.id):
        start = max(each.window.start, now)
        slot = Interval(start, start + each.entry.minutes * MINUTE)
        key = each.organisation_id, _monday(start, zone)
        if key not in groups:
            facts = booking_facts(session, resource, wish_of(each.entry, slot), now=now)
            groups[key] = () if facts.quotas is None else attained_in(facts.quotas, start)
        candidates.append(Candidate(each, slot, groups[key]))
    return line_of(session, resource, candidates, now=now)


def _place(waiter: Waiter, number: int, of: int, candidate: Candidate, zone: str) -> Place:
    return Place(waiter, number, of, _monday(candidate.slot.start, zone))


def _monday(at: datetime, zone: str) -> date:
    return monday_of(to_local(at, zone).date())


def _fair_shares(
    session: Session, resource: Resource, organisations: Collection[UUID], *, now: datetime
) -> dict[UUID, int]:
    """Reckon each organisation's factor now, by the facility's policy if it has one."""
    policy = current_policy(session, resource.facility_id)
    version = None if policy is None else policy.version
    return fair_shares_at(
        session,
        at=now,
        half_life_days=HALF_LIFE_DAYS if version is None else version.half_life_days,
        cap_share_ppm=None if version is None else version.cap_share_ppm,
        facility_ids=[resource.facility_id],
        organisations=organisations,
    )
