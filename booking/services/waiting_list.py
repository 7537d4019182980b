"""Join the waiting list of a resource, and leave it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.alternatives import free_of
from booking.engine.availability import grid_ceiling
from booking.engine.booking_facts import BookingFacts
from booking.engine.booking_rules import broken_rules
from booking.engine.intervals import MINUTE, Interval
from booking.engine.lifecycle import WAITLIST_STEPS, EventKind, step
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.engine.vocabulary import WaitlistState
from booking.engine.waitlist import (
    LONGEST_WINDOW,
    PAST_WAITING,
    WaitlistCode,
    may_be_met,
    slots_to_offer,
)
from booking.engine.wording import as_text, in_words, length_in_words
from booking.errors import NotFound, RulesBroken, WrongState
from booking.events import record
from booking.models import Resource, WaitlistEntry
from booking.queries import offered_time, waiting_list
from booking.queries.booking_facts import facts_of_each
from booking.queries.bookings import lock_resource
from booking.services import offers
from booking.services.booking_placing import wanted_interval
from booking.services.bookings import holder_of, unknown
from booking.services.permits import permit
from booking.services.waiting_line import wish_of


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What somebody waits for: so many minutes anywhere within a window.

    `minutes` of None is the whole window.
    """

    resource_id: UUID
    project_id: UUID
    starts_at: datetime
    ends_at: datetime
    minutes: int | None = None
    quantity: int = 1
    title: str = ""


def join(session: Session, *, actor: Actor, now: datetime, new: NewEntry) -> WaitlistEntry:
    """Wait for time that is taken, for a project: by one of its members, or by a manager.

    In the name of the member, else of the principal investigator. The resource is locked,
    so that nothing is freed unseen between the look and the entry.
    Raises: Malformed, NotFound, NotPermitted; RulesBroken where waiting would be in vain,
    where the project waits already, or where time is free now, which then stands in
    `alternatives`.
    """
    window = wanted_interval(new.starts_at, new.ends_at, now=now)
    resource = lock_resource(session, new.resource_id)
    if resource is None:
        raise unknown("resource")
    permit(
        actor,
        Action.BOOKING_CREATE,
        Scope(facility_id=resource.facility_id, project_id=new.project_id),
    )
    entry = WaitlistEntry(
        resource_id=resource.id,
        project_id=new.project_id,
        person_id=holder_of(session, actor, new.project_id),
        earliest_at=window.start,
        latest_at=window.end,
        minutes=window.minutes if new.minutes is None else new.minutes,
        quantity=new.quantity,
        title=new.title,
        entered_at=now,
        updated_at=now,
    )
    _check_window(resource, entry, window, now=now)
    _check_alone(session, entry, window)
    _check_worth_waiting(session, resource, entry, window, now=now)
    session.add(entry)
    session.flush()
    record(
        session,
        EventKind.WAITLIST_JOINED,
        subject_id=entry.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=resource.facility_id,
        payload=as_recorded(entry),
    )
    return entry


def leave(session: Session, *, actor: Actor, now: datetime, entry_id: UUID) -> WaitlistEntry:
    """Wait no longer; an offer that is open is declined with it.

    Raises: NotFound, NotPermitted, or WrongState if the entry is closed already.
    """
    seen = waiting_list.entry_seen(session, entry_id, viewer=actor)
    if seen is None:
        raise NotFound("You wait for no such time, or it is not yours to see; look at your list.")
    permit(actor, Action.BOOKING_CHANGE, seen.scope)
    lock_resource(session, seen.entry.resource_id)
    entry = waiting_list.lock_entry(session, entry_id)
    leaving = step(WAITLIST_STEPS, entry.state, "leave")
    if isinstance(leaving, Violation):
        raise WrongState(leaving.reason, [leaving])
    for offer_id in offered_time.open_offers_to(session, [entry_id]).values():
        offers.decline(session, actor=actor, now=now, offer_id=offer_id)
    entry.state = WaitlistState(leaving.new_state)
    entry.updated_at = now
    session.add(entry)
    session.flush()
    record(
        session,
        leaving.event,
        subject_id=entry.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=seen.facility_id,
        payload=as_recorded(entry),
    )
    return entry


def as_recorded(entry: WaitlistEntry) -> dict[str, str | int]:
    """Describe an entry for its event: JSON values, ids and times."""
    return {
        "resource_id": str(entry.resource_id),
        "project_id": str(entry.project_id),
        "person_id": str(entry.person_id),
        "starts_at": entry.earliest_at.isoformat(),
        "ends_at": entry.latest_at.isoformat(),
        "minutes": entry.minutes,
        "quantity": entry.quantity,
        "state": str(entry.state),
    }


def _check_window(
    resource: Resource, entry: WaitlistEntry, window: Interval, *, now: datetime
) -> None:
    """Refuse a window in which the wanted length does not fit, or that is too long or over."""
    if window.end - window.start > LONGEST_WINDOW:
        days = LONGEST_WINDOW.days
        raise _refused(
            WaitlistCode.WINDOW_TOO_LONG,
            f"You can wait for time within at most {days} days; give an earlier end.",
            "/ends_at",
        )
    if entry.minutes > window.minutes:
        raise _refused(
            WaitlistCode.WINDOW_TOO_SHORT,
            f"{length_in_words(entry.minutes)} do not fit between start and end, which are "
            f"{length_in_words(window.minutes)} apart; ask for less, or widen the window.",
            "/minutes",
        )
    if not may_be_met(
        window,
        now,
        minutes=entry.minutes,
        grid_minutes=resource.grid_minutes,
        lead_minutes=resource.lead_minutes,
    ):
        raise _refused(
            WaitlistCode.WINDOW_OVER,
            "No time is left in that window that could still be offered and answered; give a "
            "later end.",
            "/ends_at",
        )


def _check_alone(session: Session, entry: WaitlistEntry, window: Interval) -> None:
    other = waiting_list.open_entry_like(
        session,
        resource_id=entry.resource_id,
        project_id=entry.project_id,
        person_id=entry.person_id,
        window=window,
    )
    if other is None:
        return
    until = in_words(Interval(other.earliest_at, other.latest_at))
    raise _refused(
        WaitlistCode.ALREADY_WAITING,
        f"You wait for this resource already, for time within {until}; leave that entry first, "
        "or choose a window that does not touch it.",
        "/starts_at",
    )


def _check_worth_waiting(
    session: Session, resource: Resource, entry: WaitlistEntry, window: Interval, *, now: datetime
) -> None:
    """Refuse what no waiting mends, and time that can be booked at once."""
    facts = _facts(session, resource, entry, window, now=now)
    in_vain = [each for each in broken_rules(facts) if each.code in PAST_WAITING]
    if in_vain:
        raise RulesBroken(in_vain[0].reason, in_vain)
    grid = facts.grid_minutes
    if entry.minutes % grid or not _slots(facts, entry, window, facts.open_windows, now):
        raise _refused(
            WaitlistCode.NEVER_OPEN,
            f"No {entry.minutes} minutes on the grid of {grid} minutes lie within opening hours "
            "in that window; ask for another length, or another window.",
            "/minutes",
        )
    free = _slots(facts, entry, window, free_of(facts), now)
    kept = next((slot for slot in free if not broken_rules(replace(facts, wanted=slot))), None)
    if kept is not None:
        raise _free_now(resource, kept)


def _facts(
    session: Session, resource: Resource, entry: WaitlistEntry, window: Interval, *, now: datetime
) -> BookingFacts:
    """Look at the wish at the first start in its window, and at all of the window."""
    start = grid_ceiling(max(window.start, now), resource.grid_minutes)
    wish = wish_of(entry, Interval(start, start + entry.minutes * MINUTE))
    return facts_of_each(session, [resource], wish, now=now, within=window)[resource.id]


def _slots(
    facts: BookingFacts,
    entry: WaitlistEntry,
    window: Interval,
    free: tuple[Interval, ...],
    now: datetime,
) -> tuple[Interval, ...]:
    first = max(window.start, now + facts.lead_minutes * MINUTE)
    return tuple(
        slots_to_offer(
            free, window, minutes=entry.minutes, grid_minutes=facts.grid_minutes, first=first
        )
    )


def _free_now(resource: Resource, slot: Interval) -> RulesBroken:
    reason = f"{in_words(slot)} is free, so there is no need to wait; book it now."
    violation = Violation(WaitlistCode.FREE_NOW, reason, "/starts_at")
    slots = [
        {
            "resource_id": str(resource.id),
            "starts_at": as_text(slot.start),
            "ends_at": as_text(slot.end),
        }
    ]
    return RulesBroken(reason, [violation], beside={"alternatives": slots})


def _refused(code: WaitlistCode, reason: str, pointer: str) -> RulesBroken:
    return RulesBroken(reason, [Violation(code, reason, pointer)])
