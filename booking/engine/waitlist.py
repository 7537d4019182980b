"""Who is offered freed time, in what order, which slot of it, and until when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from booking.engine.availability import grid_ceiling, slots
from booking.engine.booking_facts import BookingCode
from booking.engine.intervals import MINUTE, Interval, intersect, subtract
from booking.engine.online_quotas import Stage, standing
from booking.engine.online_rules import QuotaFacts

LONGEST_TO_ANSWER: Final = timedelta(hours=24)
# Half of it is left to answer; what starts sooner is better booked by whoever sees it.
LEAST_NOTICE: Final = timedelta(minutes=10)
LONGEST_WINDOW: Final = timedelta(days=31)
STRIDE: Final = timedelta(hours=1)


class WaitlistCode(StrEnum):
    """Why nobody can wait, or an offer cannot be answered; part of the API, never renamed."""

    FREE_NOW = "free_now"
    ALREADY_WAITING = "already_waiting"
    WINDOW_TOO_SHORT = "window_too_short"
    WINDOW_TOO_LONG = "window_too_long"
    WINDOW_OVER = "window_over"
    NEVER_OPEN = "never_open"
    OFFER_OVER = "offer_over"


# What other time of the same resource does not mend: who waits for it waits in vain.
PAST_WAITING: Final = frozenset(
    {
        BookingCode.NOT_PUBLISHED,
        BookingCode.TOO_SHORT,
        BookingCode.TOO_LONG,
        BookingCode.ABOVE_CAPACITY,
        BookingCode.ROUND_ONLY,
        BookingCode.NOT_QUALIFIED,
        BookingCode.TERMS_NOT_ACCEPTED,
        BookingCode.ORGANISATION_SUSPENDED,
        BookingCode.PROJECT_NOT_ALLOWED,
        BookingCode.NOT_ON_PROJECT,
    }
)


@dataclass(frozen=True, slots=True)
class Attained:
    """How far a group's reserve of a week is filled, in thousandths of a credit."""

    group: str
    credited: int
    reserved: int
    name: str = ""

    @property
    def part(self) -> Fraction:
        """The filled part; 1 where nothing is reserved, and never more."""
        if self.reserved <= 0:
            return Fraction(1)
        return min(Fraction(self.credited, self.reserved), Fraction(1))


@dataclass(frozen=True, slots=True)
class Waiter:
    """What decides an entry's place: its groups' attainment, past use, and when it came."""

    id: UUID
    groups: tuple[Attained, ...]
    fair_share_millionths: int
    entered_at: datetime


def attained_in(quotas: QuotaFacts, at: datetime) -> tuple[Attained, ...]:
    """Give how far the reserves of an organisation's own groups are filled in a week.

    It is the week of the instant. What could still be counted on a reserve is not filled.
    """
    return tuple(
        Attained(
            each.key,
            each.credits - standing(pool, [each.key], Stage.OWN_GROUPS).headroom,
            each.credits,
            each.name,
        )
        for pool in quotas.pools
        if pool.week.start <= at < pool.week.end
        for each in pool.reserves
        if each.key in quotas.groups
    )


def neediest(groups: Sequence[Attained]) -> Attained | None:
    """Choose the group below its target that is filled least; ties to the earlier key.

    None if every group is at its target, or there is none.
    """
    below = [each for each in groups if each.part < 1]
    return min(below, key=lambda each: (each.part, each.group), default=None)


def attainment(groups: Sequence[Attained]) -> Fraction:
    """Give the lowest attainment among the groups below their target, else 1."""
    lowest = neediest(groups)
    return Fraction(1) if lowest is None else lowest.part


def in_line(waiters: Iterable[Waiter]) -> tuple[Waiter, ...]:
    """Order who waits: the next to be asked first.

    Lowest attainment; then the larger fair-share factor; then who came first; then the id.
    Source: equity.md, On-line booking between rounds.
    """
    return tuple(
        sorted(
            waiters,
            key=lambda each: (
                attainment(each.groups),
                -each.fair_share_millionths,
                each.entered_at,
                each.id,
            ),
        )
    )


def deadline(now: datetime, starts_at: datetime) -> datetime:
    """Say until when an offer made now is held: 24 hours, or half of what is left if less."""
    return now + min(LONGEST_TO_ANSWER, (starts_at - now) / 2)


def earliest_offer(window: Interval, now: datetime, *, lead_minutes: int) -> datetime:
    """Find the earliest start that may be offered now: in the window, with time to answer."""
    return max(window.start, now + max(lead_minutes * MINUTE, LEAST_NOTICE))


def may_be_met(
    window: Interval, now: datetime, *, minutes: int, grid_minutes: int, lead_minutes: int
) -> bool:
    """Say whether a start on the grid is left that could still be offered."""
    start = grid_ceiling(earliest_offer(window, now, lead_minutes=lead_minutes), grid_minutes)
    return start + minutes * MINUTE <= window.end


def slots_to_offer(
    free: Iterable[Interval],
    window: Interval,
    *,
    minutes: int,
    grid_minutes: int,
    first: datetime,
    refused: Iterable[Interval] = (),
) -> Iterator[Interval]:
    """Yield the slots to offer for a wish, the earliest first.

    Each lies in the window and in free time, starts on the grid and not before `first`,
    and shares no time with what was `refused` before. Of every stretch of free time the
    earliest slot is there, and of the later ones some in every hour or two.
    """
    for stretch in intersect(subtract(free, refused), [window]):
        before = None
        for slot in slots([stretch], minutes=minutes, grid_minutes=grid_minutes, first=first):
            if before is None or slot.start >= before + STRIDE:
                before = slot.start
                yield slot
