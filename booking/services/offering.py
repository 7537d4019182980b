"""Offer freed time to those who wait, in the order of the line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from booking.engine.alternatives import free_of
from booking.engine.booking_rules import broken_rules
from booking.engine.intervals import MINUTE, Interval, union
from booking.engine.lifecycle import EventKind
from booking.engine.online_rules import QuotaFacts, credited_group
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import WaitlistState
from booking.engine.waitlist import attained_in, earliest_offer, may_be_met, slots_to_offer
from booking.engine.waitlist_words import as_standing
from booking.events import record
from booking.models import FreedTime, Resource
from booking.queries import offered_time, waiting_list
from booking.queries.booking_facts import facts_of_each
from booking.queries.bookings import lock_resource
from booking.queries.waiting_list import Waiting
from booking.services.freeing import note_freed
from booking.services.offers import Proposal, make_offer
from booking.services.waiting_line import Candidate, line_of, wish_of


@dataclass(frozen=True, slots=True)
class Offering:
    """How many freed times were looked at, how many offers were made, how many entries ended."""

    looked_at: int = 0
    made: int = 0
    expired: int = 0


def offer_freed(session: Session, *, now: datetime, domain: str) -> Offering:
    """Offer the freed time of one resource to those who wait for it; nothing where none is.

    The resource is locked, so that nobody books meanwhile. Each entry in line is offered
    the earliest time in its window that keeps every rule of booking; where none does, the
    next is asked. Entries whose window is over end. Uids of bookings end in `domain`.
    """
    resource_id = offered_time.resource_with_freed_time(session)
    if resource_id is None:
        return Offering()
    resource = lock_resource(session, resource_id)
    freed = offered_time.freed_times(session, resource_id)
    for each in freed:
        session.delete(each)
    if resource is None:
        return Offering(looked_at=len(freed))
    expired = _expire(session, resource, now=now)
    waiting = waiting_list.waiting_on(session, resource_id, touching=_touched(resource, freed))
    made = _down_the_line(session, resource, waiting, now=now, domain=domain)
    session.flush()
    return Offering(looked_at=len(freed), made=made, expired=expired)


def sweep(session: Session, *, now: datetime) -> int:
    """Note all time that somebody waits for as freed, so that all of it is looked at again.

    Time also becomes free where nothing was let go of: reserved hours open, a closure is
    taken away, a capacity is raised. Returns the number of resources.
    """
    windows = waiting_list.windows_waited_for(session)
    for resource_id, window in windows.items():
        until = max(window.end, now + MINUTE)
        note_freed(session, resource_id=resource_id, interval=Interval(now, until), now=now)
    return len(windows)


def candidate_for(
    session: Session, resource: Resource, waiting: Waiting, *, now: datetime
) -> Candidate | None:
    """Find the earliest time to offer to an entry; None where no time keeps every rule.

    What it let go of before is not offered again. Where there is a cap, no other booking of
    the organisation is decided meanwhile. Cost: that of facts_of_each and one query.
    """
    entry, window = waiting.entry, waiting.window
    first = earliest_offer(window, now, lead_minutes=resource.lead_minutes)
    if first >= window.end:
        return None
    wish = wish_of(entry, Interval(window.start, window.start + entry.minutes * MINUTE))
    found = facts_of_each(session, [resource], wish, now=now, within=window, locking=True)
    facts = found[resource.id]
    slots = slots_to_offer(
        free_of(facts),
        window,
        minutes=entry.minutes,
        grid_minutes=facts.grid_minutes,
        first=first,
        refused=offered_time.let_go_by(session, entry.id),
    )
    kept = next((slot for slot in slots if not broken_rules(replace(facts, wanted=slot))), None)
    return None if kept is None else _candidate(waiting, kept, facts.quotas)


def _touched(resource: Resource, freed: Iterable[FreedTime]) -> tuple[Interval, ...]:
    """Span what the freed times free, the buffers that go with them included."""
    reach = (resource.buffer_before_minutes + resource.buffer_after_minutes) * MINUTE
    return union(
        Interval(each.starts_at, each.ends_at).widened(before=reach, after=reach) for each in freed
    )


def _down_the_line(
    session: Session, resource: Resource, waiting: Sequence[Waiting], *, now: datetime, domain: str
) -> int:
    """Ask one after the other; what one is offered, the next cannot have."""
    # Organisations are locked in one order, whichever resources are looked at elsewhere.
    looked_at = sorted(waiting, key=lambda each: (each.organisation_id, each.entry.id))
    found = [candidate_for(session, resource, each, now=now) for each in looked_at]
    made = 0
    line = line_of(session, resource, [each for each in found if each is not None], now=now)
    for placed in line:
        each = placed.candidate
        left = candidate_for(session, resource, each.waiting, now=now) if made else each
        if left is not None:
            standing = as_standing(placed.place)
            made += _offered(session, resource, left, standing, now=now, domain=domain)
    return made


def _candidate(waiting: Waiting, slot: Interval, quotas: QuotaFacts | None) -> Candidate:
    if quotas is None:
        return Candidate(waiting, slot)
    return Candidate(
        waiting,
        slot,
        attained_in(quotas, slot.start),
        quotas.groups,
        credited_group(quotas, slot, quantity=waiting.entry.quantity),
    )


def _offered(
    session: Session,
    resource: Resource,
    candidate: Candidate,
    standing: dict[str, Any],
    *,
    now: datetime,
    domain: str,
) -> bool:
    entry = waiting_list.lock_entry(session, candidate.waiting.entry.id)
    if entry.state is not WaitlistState.WAITING:
        return False
    proposal = Proposal(
        project_id=entry.project_id,
        person_id=entry.person_id,
        slot=candidate.slot,
        quantity=entry.quantity,
        title=entry.title,
        groups=candidate.counts_for,
        group_key=candidate.charged_to,
        entry_id=entry.id,
        standing=standing,
    )
    offer = make_offer(
        session, actor=SYSTEM, now=now, domain=domain, resource=resource, proposal=proposal
    )
    return offer is not None


def _expire(session: Session, resource: Resource, *, now: datetime) -> int:
    """End the entries for which no time is left that could be offered."""
    over = [
        each.entry
        for each in waiting_list.waiting_on(session, resource.id)
        if not may_be_met(
            each.window,
            now,
            minutes=each.entry.minutes,
            grid_minutes=resource.grid_minutes,
            lead_minutes=resource.lead_minutes,
        )
    ]
    for entry in over:
        entry.state = WaitlistState.EXPIRED
        entry.updated_at = now
        session.add(entry)
        record(
            session,
            EventKind.WAITLIST_EXPIRED,
            subject_id=entry.id,
            now=now,
            facility_id=resource.facility_id,
            payload={"resource_id": str(resource.id), "project_id": str(entry.project_id)},
        )
    session.flush()
    return len(over)
