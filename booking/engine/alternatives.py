"""The nearest times that would do, for someone whose wish breaks a rule."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from booking.engine.availability import EPOCH, free_time, grid_ceiling, slots
from booking.engine.booking_facts import BookingCode, BookingFacts
from booking.engine.booking_rules import broken_rules
from booking.engine.intervals import MINUTE, Interval, intersect, subtract, union
from booking.engine.online_rules import kept_by_quota

# What no later time of the same length mends.
AT_ANY_TIME: Final = frozenset(
    {
        BookingCode.NOT_PUBLISHED,
        BookingCode.OFF_GRID,
        BookingCode.TOO_SHORT,
        BookingCode.TOO_LONG,
        BookingCode.BEYOND_HORIZON,
        BookingCode.ABOVE_CAPACITY,
        BookingCode.ROUND_ONLY,
        BookingCode.NOT_QUALIFIED,
        BookingCode.TERMS_NOT_ACCEPTED,
        BookingCode.ORGANISATION_SUSPENDED,
        BookingCode.PROJECT_NOT_ALLOWED,
        BookingCode.NOT_ON_PROJECT,
        BookingCode.TOO_MANY_FOR_PROJECT,
        BookingCode.TOO_MANY_FOR_ORGANISATION,
    }
)


def nearest_slots(
    free: Iterable[Interval],
    wanted: Interval,
    *,
    grid_minutes: int,
    minutes: int,
    count: int = 3,
) -> tuple[Interval, ...]:
    """Find the free slots of `minutes` that start on the grid nearest to the wanted start.

    At most `count`, nearest first, ties to the earlier; the wanted start itself may be
    among them.
    """
    length = timedelta(minutes=minutes)
    starts = [
        start
        for window in union(free)
        for start in _starts_near(window, wanted.start, grid_minutes, length, count)
    ]
    starts.sort(key=lambda start: (abs(start - wanted.start), start))
    return tuple(Interval(start, start + length) for start in starts[:count])


def _starts_near(
    window: Interval, at: datetime, grid_minutes: int, length: timedelta, count: int
) -> list[datetime]:
    """List the starts in one window among which its `count` nearest to `at` are."""
    step = timedelta(minutes=grid_minutes)
    first = (grid_ceiling(window.start, grid_minutes) - EPOCH) // step
    last = (window.end - length - EPOCH) // step
    choices = range(first, last + 1)
    middle = bisect_left(choices, (at - EPOCH) / step)
    near = choices[max(middle - count, 0) : middle + count]
    return [EPOCH + number * step for number in near]


def alternatives(facts: BookingFacts, *, count: int = 3) -> tuple[Interval, ...]:
    """Find the times nearest to the wanted one that break no rule about time.

    As long as the wanted time, lengthened or shortened to the limits of the resource and
    up to its grid. Looks no further than the open windows the facts hold. Rules that no
    other time would mend (terms, qualification, quantity) are not looked at.
    """
    minutes = _length(facts)
    span = _bookable(facts, minutes)
    shortest = 0 if facts.waived else facts.minimum_minutes or 0
    if span is None or minutes < shortest:
        return ()
    free = intersect(_free(facts), [span])
    if facts.quotas is not None:
        free = intersect(
            free,
            kept_by_quota(facts.quotas, minutes=minutes, quantity=facts.quantity, now=facts.now),
        )
    return nearest_slots(
        free, facts.wanted, grid_minutes=facts.grid_minutes, minutes=minutes, count=count
    )


def bookable_slots(facts: BookingFacts, *, minutes: int) -> Iterator[Interval]:
    """Yield each slot of `minutes` on the grid that breaks no rule at all, by start.

    Looks no further than the open windows the facts hold. Of the starts just before time
    that a policy keeps some are left out.
    """
    span = _bookable(facts, minutes)
    if span is None:
        return
    free = intersect(_free(facts), [span])
    if facts.quotas is not None:
        kept = kept_by_quota(facts.quotas, minutes=minutes, quantity=facts.quantity, now=facts.now)
        free = intersect(free, kept)
    for slot in slots(free, minutes=minutes, grid_minutes=facts.grid_minutes):
        broken = broken_rules(replace(facts, wanted=slot))
        if not broken:
            yield slot
        elif any(each.code in AT_ANY_TIME for each in broken):
            return


def free_of(facts: BookingFacts) -> tuple[Interval, ...]:
    """Find the time in the facts' windows that is open and free for the wanted quantity."""
    return free_time(
        facts.open_windows,
        facts.closures,
        facts.holds,
        capacity=facts.capacity,
        quantity=facts.quantity,
        before=facts.before,
        after=facts.after,
    )


def _free(facts: BookingFacts) -> tuple[Interval, ...]:
    """Leave out what rounds share out, and when the person it is for is busy elsewhere."""
    reserved = [each.access for each in facts.rounds if facts.now < each.until]
    return subtract(free_of(facts), [*reserved, *facts.busy_elsewhere])


def _length(facts: BookingFacts) -> int:
    """Choose the length to offer, in minutes: within the limits, on the grid if they let."""
    grid = facts.grid_minutes
    wanted = -((facts.wanted.start - facts.wanted.end) // MINUTE)
    if not facts.waived:
        wanted = max(wanted, facts.minimum_minutes or 0)
        wanted = min(wanted, facts.maximum_minutes or wanted)
    up = -(-wanted // grid) * grid
    longest = None if facts.waived else facts.maximum_minutes
    return up if longest is None or up <= longest else max(up - grid, grid)


def _bookable(facts: BookingFacts, minutes: int) -> Interval | None:
    """Span the time that lead time, horizon and qualification let `minutes` lie in."""
    length = timedelta(minutes=minutes)
    if facts.waived or facts.horizon_days is None:
        end = max((each.end for each in facts.open_windows), default=facts.wanted.end)
    else:
        end = facts.now + timedelta(days=facts.horizon_days) + length
    if facts.qualification_needed and facts.qualified_until is not None:
        end = min(end, facts.qualified_until)
    start = facts.now + (0 if facts.waived else facts.lead_minutes) * MINUTE
    return Interval(start, end) if start < end else None
