"""Hours reserved for equity groups between rounds: what may be booked of a week, and why not.

A pool is one resource in one week of its facility's clock. All amounts are thousandths of a
credit, whole numbers. What is reserved is kept for members of the group until T1 before the
time starts, for members of any group until T2, and then for nobody; both instants themselves
still count as before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from booking.engine.intervals import Interval
from booking.engine.reserve_flow import Demand, flows

MINUTES_AN_HOUR: Final = 60
# More than any week holds.
WITHOUT_END: Final = 10**15


class Stage(StrEnum):
    """For whom reserved hours are kept."""

    OWN_GROUPS = "own_groups"
    ANY_GROUP = "any_group"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Release:
    """T1 and T2 of a policy: how long before their start reserved hours are opened."""

    any_group: timedelta
    everyone: timedelta


@dataclass(frozen=True, slots=True)
class Reserve:
    """What a week keeps for a group: by the policy's share, and what rounds left unfilled."""

    key: str
    name: str
    by_share: int
    by_rounds: int = 0

    @property
    def credits(self) -> int:
        """All of it."""
        return self.by_share + self.by_rounds


@dataclass(frozen=True, slots=True)
class Taken:
    """Credits of a week that bookings of the same groups hold.

    Those `of_round` are not counted on what rounds left unfilled.
    """

    groups: tuple[str, ...]
    credits: int
    of_round: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """One resource in one week: what is still free, what is reserved in it, what is taken.

    `free` is what is still ahead of now and held by nobody, so that a booking that would
    give way is in it, and not in `taken`; `gives_way` is what it holds of the week. Before
    anything was booked it was `offered`. The facility's clock begins the week on `monday`.
    """

    week: Interval
    monday: date
    free: int
    reserves: tuple[Reserve, ...]
    taken: tuple[Taken, ...] = ()
    gives_way: int = 0
    offered: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What members of some groups find in a pool at a stage.

    `headroom` is what could still be counted on reserves of theirs, `protected` what is kept
    free for others and them alike, never more than what is free.
    """

    headroom: int
    protected: int
    open_to_all: int

    def accepts(self, amount: int) -> bool:
        """Say whether a booking of so many credits leaves every reserve what it needs."""
        return amount - min(amount, self.headroom) <= self.open_to_all


def credits_of(minutes: int, *, quantity: int, rate_thousandths: int) -> int:
    """Charge minutes of so many units, in thousandths of a credit; a part is dropped."""
    return minutes * quantity * rate_thousandths // MINUTES_AN_HOUR


def stage_at(lead: timedelta, release: Release) -> Stage:
    """Find for whom time that starts in `lead` is kept."""
    if lead >= release.any_group:
        return Stage.OWN_GROUPS
    return Stage.ANY_GROUP if lead >= release.everyone else Stage.EVERYONE


def standing(
    pool: Pool, groups: Collection[str], stage: Stage, *, of_round: bool = False
) -> Standing:
    """Work out what an organisation of these groups finds in the pool."""
    rooms, demands = _network(pool, stage)
    wish = Demand(_places(pool, groups, stage, of_round=of_round), WITHOUT_END)
    *others, own = flows(rooms, [*demands, wish])
    unfilled = sum(rooms) - sum(map(sum, others))
    protected = 0 if stage is Stage.EVERYONE else min(pool.free, unfilled)
    return Standing(sum(own), protected, pool.free - protected)


def most_bookable(pool: Pool, found: Standing) -> int:
    """Find the most credits that a booking may have of the pool."""
    return min(pool.free, found.headroom + found.open_to_all)


def left_of(pool: Pool, key: str, *, stage: Stage = Stage.OWN_GROUPS) -> int:
    """Find what a member of this group alone could still have counted on its reserve.

    An organisation of several groups is counted where it leaves the others the most room,
    so that what is left of several groups may overlap.
    """
    return min(pool.free, standing(pool, [key], stage).headroom)


def credited_by_group(pool: Pool) -> dict[str, int]:
    """Count what bookings so far fill of each group's reserve, each credit once."""
    rooms, demands = _network(pool, Stage.OWN_GROUPS)
    placed = flows(rooms, demands)
    count = len(pool.reserves)
    return {
        reserve.key: sum(each[at] + each[at + count] for each in placed)
        for at, reserve in enumerate(pool.reserves)
    }


def charged_group(
    pool: Pool, groups: Collection[str], amount: int, *, of_round: bool = False
) -> str:
    """Name the group on whose reserve most of a booking is counted; empty for none.

    Ties to the group that stands first in the policy. Only groups of its own count,
    however near its start is.
    """
    rooms, demands = _network(pool, Stage.OWN_GROUPS)
    wish = Demand(_places(pool, groups, Stage.OWN_GROUPS, of_round=of_round), amount)
    own = flows(rooms, [*demands, wish])[-1]
    count = len(pool.reserves)
    by_group = [own[place] + own[place + count] for place in range(count)]
    most = max(by_group, default=0)
    return pool.reserves[by_group.index(most)].key if most else ""


def _network(pool: Pool, stage: Stage) -> tuple[list[int], list[Demand]]:
    """Lay out the reserves, by share and then by rounds, and who is counted on which."""
    rooms = [each.by_share for each in pool.reserves]
    rooms += [each.by_rounds for each in pool.reserves]
    return rooms, [
        Demand(_places(pool, each.groups, stage, of_round=each.of_round), each.credits)
        for each in pool.taken
    ]


def _places(
    pool: Pool, groups: Collection[str], stage: Stage, *, of_round: bool
) -> tuple[int, ...]:
    """Find the reserves that members of these groups are counted on."""
    count = len(pool.reserves)
    own = [at for at, each in enumerate(pool.reserves) if each.key in groups]
    if own and stage is not Stage.OWN_GROUPS:
        own = list(range(count))
    return tuple(own if of_round else [*own, *(at + count for at in own)])
