"""Put a booking where the rules and the database's guard let it be, or say where else.

The resource is locked before; the guard has the last word whatever came before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from booking.engine.alternatives import alternatives
from booking.engine.booking_facts import BookingCode, BookingFacts
from booking.engine.booking_rules import BOOKING_RULES, Rule, broken_rules
from booking.engine.intervals import Interval
from booking.engine.online_rules import Credited, credited
from booking.engine.violations import Violation
from booking.engine.wording import as_text, counted
from booking.errors import Malformed, RulesBroken
from booking.models import Booking, Resource
from booking.queries.booking_facts import Wish, booking_facts, facts_of_each
from booking.queries.bookings import resources_like
from booking.services.booking_writing import is_refusal

LOOK_AROUND: Final = timedelta(days=14)
LONGEST_WISH: Final = timedelta(days=366)
FARTHEST_WISH: Final = timedelta(days=20 * 366)
MOST_HERE: Final = 3
MOST_ELSEWHERE: Final = 3


def wanted_interval(starts_at: datetime, ends_at: datetime, *, now: datetime) -> Interval:
    """Make the interval that is asked for.

    Raises: Malformed if it is empty, longer than a year, or decades away.
    """
    if ends_at <= starts_at:
        raise _malformed("The end must be after the start; give a later end.", "/ends_at")
    if abs(starts_at - now) > FARTHEST_WISH:
        raise _malformed("The start is decades away; give a nearer one.", "/starts_at")
    if ends_at - starts_at > LONGEST_WISH:
        raise _malformed("A booking lasts a year at the most; give an earlier end.", "/ends_at")
    return Interval(starts_at, ends_at)


def check_rules(
    session: Session,
    resource: Resource,
    wish: Wish,
    *,
    now: datetime,
    rules: tuple[Rule, ...] = BOOKING_RULES,
    offering: bool = True,
) -> Credited:
    """Return which groups the wish counts for, if it keeps every rule.

    Raises: RulesBroken with every violation, and the nearest times that would do unless
    none are to be looked for (`offering`).
    """
    facts = booking_facts(session, resource, wish, now=now, locking=True)
    broken = broken_rules(facts, rules)
    if broken:
        raise refusal(session, resource, wish, broken, now=now, offering=offering)
    return credited(facts.quotas, wish.wanted, quantity=wish.quantity)


def change_guarded(session: Session, booking: Booking, changes: Mapping[str, Any]) -> bool:
    """Set the attributes if the database's guard lets it; False if the time is taken."""
    try:
        with session.begin_nested():
            for name, value in changes.items():
                setattr(booking, name, value)
            session.flush()
    except IntegrityError as error:
        if not is_refusal(error):
            raise
        return False
    return True


def taken(session: Session, resource: Resource, wish: Wish, *, now: datetime) -> RulesBroken:
    """Make the refusal for time that the guard found taken."""
    violation = Violation(
        BookingCode.TAKEN,
        "Somebody else took this time a moment ago; choose another time.",
        "/starts_at",
    )
    return refusal(session, resource, wish, (violation,), now=now)


def refusal(
    session: Session,
    resource: Resource,
    wish: Wish,
    violations: Sequence[Violation],
    *,
    now: datetime,
    offering: bool = True,
) -> RulesBroken:
    """Make the refusal, with the nearest times that would do beside it if `offering`."""
    first = violations[0].reason
    others = len(violations) - 1
    more = f" (and {counted(others, 'more reason')})" if others else ""
    found = nearest(session, resource, wish, now=now) if offering else []
    return RulesBroken(f"{first}{more}", violations, beside={"alternatives": found})


def nearest(
    session: Session,
    resource: Resource,
    wish: Wish,
    *,
    now: datetime,
    reach: timedelta = LOOK_AROUND,
) -> list[dict[str, str]]:
    """List the nearest times that break no rule: here, and on resources of the same kind.

    Nearest first, ties to the wanted resource and then the earlier; at most three here and
    three elsewhere, one a resource, within `reach`. JSON values.
    """
    around = _around(resource, wish, reach, now=now)
    peers = resources_like(session, resource)
    facts = facts_of_each(session, [resource, *peers], wish, now=now, within=around)
    here = _choices(wish, resource, facts[resource.id], MOST_HERE)
    elsewhere = [each for peer in peers for each in _choices(wish, peer, facts[peer.id], 1)]

    def farness(choice: tuple[UUID, Interval]) -> tuple[timedelta, bool, datetime]:
        resource_id, slot = choice
        return abs(slot.start - wish.wanted.start), resource_id != resource.id, slot.start

    chosen = sorted(here + sorted(elsewhere, key=farness)[:MOST_ELSEWHERE], key=farness)
    return [
        {
            "resource_id": str(resource_id),
            "starts_at": as_text(slot.start),
            "ends_at": as_text(slot.end),
        }
        for resource_id, slot in chosen
    ]


def _around(resource: Resource, wish: Wish, reach: timedelta, *, now: datetime) -> Interval:
    """Choose the time to look at: around the wish, drawn into what may be booked at all."""
    middle = max(wish.wanted.start, now)
    if not wish.waived:
        middle = min(middle, now + timedelta(days=resource.horizon_days))
    length = wish.wanted.end - wish.wanted.start
    return Interval(middle - reach, middle + reach + length)


def _choices(
    wish: Wish, resource: Resource, facts: BookingFacts, count: int
) -> list[tuple[UUID, Interval]]:
    """List the nearest times of one resource; where a booking stays is none of them."""
    found = [(resource.id, slot) for slot in _kept(facts, count + (wish.stays_at is not None))]
    return [each for each in found if each != wish.stays_at][:count]


def _kept(facts: BookingFacts, count: int) -> list[Interval]:
    """List the nearest times that would break no rule at all."""
    return [
        slot
        for slot in alternatives(facts, count=count)
        if not broken_rules(replace(facts, wanted=slot))
    ]


def _malformed(reason: str, pointer: str) -> Malformed:
    return Malformed(reason, [Violation("value_error", reason, pointer)])
