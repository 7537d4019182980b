"""What a booking must keep: one small function a rule, all of them in BOOKING_RULES."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from booking.engine.availability import grid_ceiling, grid_floor, on_grid
from booking.engine.booking_facts import BookingCode, BookingFacts
from booking.engine.booking_standing import (
    by_a_project_allowed_here,
    by_an_organisation_in_good_standing,
    by_the_qualified,
    few_enough_of_the_organisation,
    few_enough_of_the_project,
    in_the_name_of_a_member,
    with_terms_accepted,
    within_cap,
    within_quota,
)
from booking.engine.intervals import MINUTE, Interval, intersect, peak, subtract, union
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.violations import Violation
from booking.engine.wording import at_words, in_words, length_in_words, listed

Rule = Callable[[BookingFacts], Violation | None]


def while_published(facts: BookingFacts) -> Violation | None:
    """Require a published resource."""
    if facts.resource_state is ResourceState.PUBLISHED:
        return None
    return Violation(
        BookingCode.NOT_PUBLISHED,
        f"The resource is {facts.resource_state}, so it cannot be booked; choose a published one.",
        "/resource_id",
    )


def on_the_grid(facts: BookingFacts) -> Violation | None:
    """Require start and end on the resource's grid, counted from midnight UTC 1970."""
    grid, wanted = facts.grid_minutes, facts.wanted
    if on_grid(wanted.start, grid) and on_grid(wanted.end, grid):
        return None
    nearest = _nearest_on_grid(facts)
    mend = "choose another time, on it" if nearest is None else f"ask for {in_words(nearest)}"
    return Violation(
        BookingCode.OFF_GRID,
        f"Bookings here start and end on a grid of {length_in_words(grid)}; {mend}.",
        "/starts_at",
    )


def _nearest_on_grid(facts: BookingFacts) -> Interval | None:
    """Find the nearest start on the grid for the same length, up to the grid.

    Ties to the earlier; None where neither of the two is open, free and to come.
    """
    grid, wanted = facts.grid_minutes, facts.wanted
    length = -(-(wanted.end - wanted.start) // (grid * MINUTE)) * grid * MINUTE
    starts = sorted(
        {grid_floor(wanted.start, grid), grid_ceiling(wanted.start, grid)},
        key=lambda start: (abs(start - wanted.start), start),
    )
    near = (replace(facts, wanted=Interval(start, start + length)) for start in starts)
    rules = (starts_in_the_future, while_open, outside_closures, while_free)
    return next((each.wanted for each in near if not any(rule(each) for rule in rules)), None)


def long_enough(facts: BookingFacts) -> Violation | None:
    """Require the shortest length or more."""
    shortest = facts.minimum_minutes
    if shortest is None or facts.wanted.end - facts.wanted.start >= shortest * MINUTE:
        return None
    mend = Interval(facts.wanted.start, facts.wanted.start + shortest * MINUTE)
    return Violation(
        BookingCode.TOO_SHORT,
        f"The shortest booking here is {length_in_words(shortest)}; "
        f"ask for at least {in_words(mend)}.",
        "/ends_at",
    )


def short_enough(facts: BookingFacts) -> Violation | None:
    """Require the longest length or less."""
    longest = facts.maximum_minutes
    if longest is None or facts.wanted.end - facts.wanted.start <= longest * MINUTE:
        return None
    mend = Interval(facts.wanted.start, facts.wanted.start + longest * MINUTE)
    return Violation(
        BookingCode.TOO_LONG,
        f"The longest booking here is {length_in_words(longest)}; "
        f"ask for at most {in_words(mend)}.",
        "/ends_at",
    )


def starts_in_the_future(facts: BookingFacts) -> Violation | None:
    """Require a start not before now; now itself will do."""
    if facts.wanted.start >= facts.now:
        return None
    return Violation(
        BookingCode.IN_THE_PAST,
        f"That time began before now, {at_words(facts.now)}; choose a later start.",
        "/starts_at",
    )


def after_the_lead_time(facts: BookingFacts) -> Violation | None:
    """Require the lead time between now and the start; a past start is another rule's."""
    earliest = facts.now + facts.lead_minutes * MINUTE
    if facts.wanted.start >= earliest or facts.wanted.start < facts.now:
        return None
    start = grid_ceiling(earliest, facts.grid_minutes)
    return Violation(
        BookingCode.TOO_SOON,
        f"Bookings here are made at least {length_in_words(facts.lead_minutes)} ahead; "
        f"the earliest start is {at_words(start)}.",
        "/starts_at",
    )


def within_the_horizon(facts: BookingFacts) -> Violation | None:
    """Require a start no later than the horizon, counted in days of 24 hours from now."""
    if facts.horizon_days is None:
        return None
    horizon = timedelta(days=facts.horizon_days)
    if facts.wanted.start <= facts.now + horizon:
        return None
    opens_at = facts.wanted.start - horizon
    return Violation(
        BookingCode.BEYOND_HORIZON,
        f"Bookings here open {facts.horizon_days} days ahead; "
        f"ask for this time again from {at_words(opens_at)}.",
        "/starts_at",
        opens_at,
    )


def while_open(facts: BookingFacts) -> Violation | None:
    """Require opening hours throughout."""
    shut = subtract([facts.wanted], facts.open_windows)
    if not shut:
        return None
    return Violation(
        BookingCode.CLOSED,
        f"The resource is closed {listed(shut)}; choose a time within its opening hours.",
        "/starts_at",
    )


def outside_closures(facts: BookingFacts) -> Violation | None:
    """Require that no closure falls into the time."""
    shut = intersect([facts.wanted], facts.closures)
    if not shut:
        return None
    return Violation(
        BookingCode.CLOSURE,
        f"The resource is out of service {listed(shut)}; choose a time outside that closure.",
        "/starts_at",
    )


def within_capacity(facts: BookingFacts) -> Violation | None:
    """Require no more units than the resource has."""
    if facts.quantity <= facts.capacity:
        return None
    return Violation(
        BookingCode.ABOVE_CAPACITY,
        f"The resource has {facts.capacity} units and you asked for {facts.quantity}; "
        f"ask for at most {facts.capacity}.",
        "/quantity",
    )


def while_free(facts: BookingFacts) -> Violation | None:
    """Require that enough units are free all the time, the buffers included."""
    left = units_left(facts)
    if facts.quantity <= left or facts.quantity > facts.capacity:
        return None
    when = f"{in_words(facts.wanted)}{_with_buffers(facts)}"
    if not left:
        reason = f"It is taken for some or all of {when}; choose another time."
    else:
        reason = (
            f"Of {facts.capacity} units {left} are free throughout {when}, and you asked for "
            f"{facts.quantity}; ask for at most {left}, or choose another time."
        )
    return Violation(BookingCode.TAKEN, reason, "/starts_at")


def not_kept_for_rounds(facts: BookingFacts) -> Violation | None:
    """Refuse direct bookings of a resource that only rounds share out."""
    if facts.mode is not BookingMode.ROUND_ONLY:
        return None
    return Violation(
        BookingCode.ROUND_ONLY,
        "This resource is shared out by rounds alone; hand in an access request in its next round.",
        "/resource_id",
    )


def outside_rounds(facts: BookingFacts) -> Violation | None:
    """Refuse time that a round still shares out; free again at the round's `until`."""
    reserving = [
        each
        for each in facts.rounds
        if facts.now < each.until and each.access.overlaps(facts.wanted)
    ]
    if not reserving:
        return None
    last = max(reserving, key=lambda each: (each.until, each.name))
    return Violation(
        BookingCode.IN_ROUND,
        f"The round {last.name} shares out {in_words(last.access)}; hand in an access request "
        f"there, or book what it leaves from {at_words(last.until)}.",
        "/starts_at",
        last.until,
    )


def while_not_busy_elsewhere(facts: BookingFacts) -> Violation | None:
    """Refuse time that an outside calendar of the person it is for says is taken."""
    taken = intersect([facts.wanted], union(facts.busy_elsewhere))
    if not taken:
        return None
    return Violation(
        BookingCode.BUSY_ELSEWHERE,
        f"The person it is for is busy elsewhere {listed(taken)}; choose another time, or ask for "
        "it all the same (even_if_busy).",
        "/starts_at",
    )


BOOKING_RULES: Final[tuple[Rule, ...]] = (
    while_published,
    on_the_grid,
    long_enough,
    short_enough,
    starts_in_the_future,
    after_the_lead_time,
    within_the_horizon,
    while_open,
    outside_closures,
    within_capacity,
    while_free,
    not_kept_for_rounds,
    outside_rounds,
    by_the_qualified,
    with_terms_accepted,
    by_an_organisation_in_good_standing,
    by_a_project_allowed_here,
    in_the_name_of_a_member,
    few_enough_of_the_project,
    few_enough_of_the_organisation,
    within_quota,
    within_cap,
    while_not_busy_elsewhere,
)

# A booking that stays on its resource adds none to those its project has of it.
STAYING_RULES: Final[tuple[Rule, ...]] = tuple(
    rule
    for rule in BOOKING_RULES
    if rule not in {few_enough_of_the_project, few_enough_of_the_organisation}
)

# What giving back a part of a booking, at its start or its end, must still keep.
SHORTENING_RULES: Final[tuple[Rule, ...]] = (on_the_grid, long_enough)

# What somebody who takes over a booking must keep.
HAND_OVER_RULES: Final[tuple[Rule, ...]] = (by_the_qualified, in_the_name_of_a_member)

# What eases planning a manager may set aside; what protects others and the device stands.
MANAGER_MAY_WAIVE: Final = frozenset(
    {
        BookingCode.TOO_SHORT,
        BookingCode.TOO_LONG,
        BookingCode.TOO_SOON,
        BookingCode.BEYOND_HORIZON,
        BookingCode.ROUND_ONLY,
        BookingCode.TOO_MANY_FOR_PROJECT,
        BookingCode.TOO_MANY_FOR_ORGANISATION,
    }
)


def broken_rules(
    facts: BookingFacts, rules: tuple[Rule, ...] = BOOKING_RULES
) -> tuple[Violation, ...]:
    """List every rule the booking would break, in the order of the rules.

    What is waived is left out; what the actor might waive is marked so.
    """
    found = [each for each in (rule(facts) for rule in rules) if each is not None]
    if facts.waived:
        return tuple(each for each in found if each.code not in MANAGER_MAY_WAIVE)
    if not facts.may_waive:
        return tuple(found)
    return tuple(replace(each, waivable=each.code in MANAGER_MAY_WAIVE) for each in found)


def units_left(facts: BookingFacts) -> int:
    """Count the units free throughout the wanted time and its buffers; never below 0."""
    needed = facts.wanted.widened(before=facts.before, after=facts.after)
    load = peak(
        (part, held.quantity)
        for held in facts.holds
        for part in intersect([held.interval], [needed])
    )
    return max(facts.capacity - load, 0)


def _with_buffers(facts: BookingFacts) -> str:
    before, after = facts.buffer_before_minutes, facts.buffer_after_minutes
    if not before and not after:
        return ""
    parts = [
        *[f"{length_in_words(before)} before"] * bool(before),
        *[f"{length_in_words(after)} after"] * bool(after),
    ]
    return f", with {' and '.join(parts)} it"
