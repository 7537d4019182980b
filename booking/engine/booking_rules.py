"""What a booking must keep: one small function a rule, all of them in BOOKING_RULES."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.availability import Held, grid_ceiling, grid_floor, on_grid
from booking.engine.intervals import MINUTE, Interval, intersect, peak, subtract
from booking.engine.lifecycle import BookingMode, ResourceState
from booking.engine.violations import Violation
from booking.engine.wording import at_words, in_words, listed


class BookingCode(StrEnum):
    """Why a booking is refused; part of the API, never renamed."""

    NOT_PUBLISHED = "not_published"
    OFF_GRID = "off_grid"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    IN_THE_PAST = "in_the_past"
    TOO_SOON = "too_soon"
    BEYOND_HORIZON = "beyond_horizon"
    CLOSED = "closed"
    CLOSURE = "closure"
    TAKEN = "taken"
    ABOVE_CAPACITY = "above_capacity"
    ROUND_ONLY = "round_only"
    IN_ROUND = "in_round"
    NOT_QUALIFIED = "not_qualified"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    ORGANISATION_SUSPENDED = "organisation_suspended"
    PROJECT_NOT_ALLOWED = "project_not_allowed"


@dataclass(frozen=True, slots=True)
class ReservingRound:
    """A round that shares out `access`; what it leaves is free to book from `until` on."""

    name: str
    access: Interval
    until: datetime


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """All that decides whether a booking may be made, as it stands at `now`.

    `holds` are other people's, their own buffers included. A limit of None, or a horizon
    of None, is no limit. `qualified_until` of None is a qualification that does not end.
    `terms_current` of None means that there are no terms to accept. `by_manager` is a
    manager of the resource's facility booking for a project: MANAGER_MAY_WAIVE applies.
    """

    now: datetime
    wanted: Interval
    quantity: int
    resource_state: ResourceState
    capacity: int
    open_windows: tuple[Interval, ...]
    closures: tuple[Interval, ...] = ()
    holds: tuple[Held, ...] = ()
    mode: BookingMode = BookingMode.INSTANT
    grid_minutes: int = 15
    minimum_minutes: int | None = None
    maximum_minutes: int | None = None
    lead_minutes: int = 0
    horizon_days: int | None = 365
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    project_allowed: bool = True
    qualification_needed: bool = False
    qualified: bool = False
    qualified_until: datetime | None = None
    terms_current: int | None = None
    terms_accepted: int | None = None
    organisation_suspended: bool = False
    rounds: tuple[ReservingRound, ...] = ()
    by_manager: bool = False

    @property
    def before(self) -> timedelta:
        """Time to set up before the booking."""
        return self.buffer_before_minutes * MINUTE

    @property
    def after(self) -> timedelta:
        """Time to clean up after the booking."""
        return self.buffer_after_minutes * MINUTE


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
    nearest = Interval(grid_floor(wanted.start, grid), grid_ceiling(wanted.end, grid))
    return Violation(
        BookingCode.OFF_GRID,
        f"Bookings here start and end on a grid of {grid} minutes; ask for {in_words(nearest)}.",
        "/starts_at",
    )


def long_enough(facts: BookingFacts) -> Violation | None:
    """Require the shortest length or more."""
    shortest = facts.minimum_minutes
    if shortest is None or facts.wanted.end - facts.wanted.start >= shortest * MINUTE:
        return None
    mend = Interval(facts.wanted.start, facts.wanted.start + shortest * MINUTE)
    return Violation(
        BookingCode.TOO_SHORT,
        f"The shortest booking here is {shortest} minutes; ask for at least {in_words(mend)}.",
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
        f"The longest booking here is {longest} minutes; ask for at most {in_words(mend)}.",
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
        f"Bookings here are made at least {facts.lead_minutes} minutes ahead; "
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


def by_the_qualified(facts: BookingFacts) -> Violation | None:
    """Require the qualification, where one is needed, up to the booking's end."""
    if not facts.qualification_needed:
        return None
    if not facts.qualified:
        reason = "This resource needs a qualification; ask its facility for an introduction."
    elif facts.qualified_until is not None and facts.qualified_until < facts.wanted.end:
        reason = (
            f"Your qualification ends {at_words(facts.qualified_until)}, before the booking "
            f"does; ask the facility to renew it."
        )
    else:
        return None
    return Violation(BookingCode.NOT_QUALIFIED, reason, "/resource_id")


def with_terms_accepted(facts: BookingFacts) -> Violation | None:
    """Require that the project accepted the current version of the terms."""
    if facts.terms_current is None or facts.terms_accepted == facts.terms_current:
        return None
    had = "none is yet" if facts.terms_accepted is None else f"version {facts.terms_accepted} is"
    return Violation(
        BookingCode.TERMS_NOT_ACCEPTED,
        f"Version {facts.terms_current} of the facility's terms must be accepted, and {had}; "
        f"read and accept it first.",
        "/project_id",
    )


def by_an_organisation_in_good_standing(facts: BookingFacts) -> Violation | None:
    """Refuse a suspended organisation."""
    if not facts.organisation_suspended:
        return None
    return Violation(
        BookingCode.ORGANISATION_SUSPENDED,
        "The project's organisation is suspended from booking; ask the facility to lift it.",
        "/project_id",
    )


def by_a_project_allowed_here(facts: BookingFacts) -> Violation | None:
    """Require a project that the facility lets in."""
    if facts.project_allowed:
        return None
    return Violation(
        BookingCode.PROJECT_NOT_ALLOWED,
        "The facility restricts who books here and the project is not let in; ask it for access.",
        "/project_id",
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
)

# What eases planning a manager may set aside; what protects others and the device stands.
MANAGER_MAY_WAIVE: Final = frozenset(
    {
        BookingCode.TOO_SHORT,
        BookingCode.TOO_LONG,
        BookingCode.TOO_SOON,
        BookingCode.BEYOND_HORIZON,
        BookingCode.ROUND_ONLY,
    }
)


def broken_rules(facts: BookingFacts) -> tuple[Violation, ...]:
    """List every rule the booking would break, in the order of BOOKING_RULES."""
    found = (rule(facts) for rule in BOOKING_RULES)
    waived = MANAGER_MAY_WAIVE if facts.by_manager else frozenset[BookingCode]()
    return tuple(each for each in found if each is not None and each.code not in waived)


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
    parts = [f"{before} minutes before"] * bool(before) + [f"{after} minutes after"] * bool(after)
    return f", with {' and '.join(parts)} it"
