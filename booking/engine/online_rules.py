"""Whether a booking on-line keeps the reserved hours and the cap, in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from booking.engine.intervals import MINUTE, Interval, intersect, union
from booking.engine.online_quotas import (
    Pool,
    Release,
    Stage,
    Standing,
    charged_group,
    credits_of,
    left_of,
    most_bookable,
    stage_at,
    standing,
)
from booking.engine.violations import Violation
from booking.engine.wording import at_words, credits_in_words, day_in_words, decimal


class QuotaCode(StrEnum):
    """Why a booking is refused by a policy; part of the API, never renamed."""

    QUOTA = "quota"
    ABOVE_CAP = "above_cap"
    CAP_REACHED = "cap_reached"


@dataclass(frozen=True, slots=True)
class WeekCap:
    """The most one organisation may hold at a facility in a week, and what it holds.

    No cap is None. What a booking that would give way holds is left out of `used`: it is
    `gives_way`. The whole facility has `offered`; its
    clock begins the week on `monday`.
    """

    week: Interval
    monday: date
    most: int | None
    used: int
    gives_way: int = 0
    offered: int = 0

    @property
    def left(self) -> int | None:
        """What the organisation may still book; None without a cap."""
        return None if self.most is None else max(self.most - self.used, 0)


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """What a facility's policy says about one resource and a project's organisation.

    `groups` are those the organisation is of, in the order of the policy. `pools` and
    `caps` are of the weeks that may be asked for, by week.
    """

    groups: tuple[str, ...]
    release: Release
    rate_thousandths: int
    pools: tuple[Pool, ...]
    caps: tuple[WeekCap, ...] = ()
    of_round: bool = False


@dataclass(frozen=True, slots=True)
class Credited:
    """The groups a booking counts for, and the one it is charged to; empty for none."""

    groups: tuple[str, ...] = ()
    group_key: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """What a booking takes of one pool."""

    pool: Pool
    start: datetime
    amount: int
    stage: Stage
    found: Standing


def refused_by_quota(
    facts: QuotaFacts, wanted: Interval, *, quantity: int, now: datetime
) -> Violation | None:
    """Require, in each week, that what others' reserves still need stays free.

    What takes no more of a pool than the booking that gives way is never refused: what is
    booked may always be shortened.
    """
    refused = [
        each
        for each in _parts(facts, wanted, quantity=quantity, now=now)
        if each.amount > each.pool.gives_way and not each.found.accepts(each.amount)
    ]
    if not refused:
        return None
    opens_at = max(each.start for each in refused) - facts.release.everyone
    return Violation(
        QuotaCode.QUOTA,
        " ".join(_refusal(facts, each) for each in refused),
        "/starts_at",
        opens_at,
    )


def refused_by_cap(facts: QuotaFacts, wanted: Interval, *, quantity: int) -> Violation | None:
    """Require, in each week, that the organisation stays within its cap at the facility."""
    for cap in facts.caps:
        amount = _amount(facts, cap.week, wanted, quantity)
        if cap.most is not None and amount > max(cap.most - cap.used, cap.gives_way, 0):
            return _above(cap, cap.most, amount)
    return None


def kept_by_quota(
    facts: QuotaFacts, *, minutes: int, quantity: int, now: datetime
) -> tuple[Interval, ...]:
    """Find the time in which a booking of `minutes` keeps quota and cap.

    Of the weeks in the facts; sorted and merged. Of the starts just before time that is not
    kept some are left out.
    """
    kept = []
    for each in _regions(facts, now):
        wanted = Interval(each.start, min(each.start + minutes * MINUTE, each.end))
        quota = refused_by_quota(facts, wanted, quantity=quantity, now=now)
        if quota is None and refused_by_cap(facts, wanted, quantity=quantity) is None:
            kept.append(each)
    return union(kept)


def credited(facts: QuotaFacts | None, wanted: Interval, *, quantity: int) -> Credited:
    """Say what a booking counts for; for nothing where no policy says anything."""
    if facts is None:
        return Credited()
    return Credited(facts.groups, credited_group(facts, wanted, quantity=quantity))


def credited_group(facts: QuotaFacts, wanted: Interval, *, quantity: int) -> str:
    """Name the group that a booking is charged to: where most of its credits are counted.

    Empty where none are; ties to the group that stands first in the policy.
    """
    by_group = dict.fromkeys((*facts.groups, ""), 0)
    for pool in facts.pools:
        amount = _amount(facts, pool.week, wanted, quantity)
        key = charged_group(pool, facts.groups, amount, of_round=facts.of_round)
        by_group[key] += amount if key else 0
    most = max(by_group.values())
    return next((key for key, amount in by_group.items() if amount == most), "") if most else ""


def hours(amount: int, rate_thousandths: int) -> str:
    """Word thousandths of a credit as unit-hours of a resource; less than a hundredth is dropped.

    Those of a resource that costs nothing are 0.
    """
    hundredths = amount * 100 // rate_thousandths if rate_thousandths else 0
    return decimal(hundredths, 2)


def _parts(facts: QuotaFacts, wanted: Interval, *, quantity: int, now: datetime) -> Iterator[_Part]:
    """Split a booking by weeks, each with the stage at which its part of it starts."""
    for pool in facts.pools:
        for part in intersect([wanted], [pool.week]):
            stage = stage_at(part.start - now, facts.release)
            yield _Part(
                pool=pool,
                start=part.start,
                amount=_amount(facts, pool.week, wanted, quantity),
                stage=stage,
                found=standing(pool, facts.groups, stage, of_round=facts.of_round),
            )


def _amount(facts: QuotaFacts, week: Interval, wanted: Interval, quantity: int) -> int:
    minutes = sum(each.minutes for each in intersect([wanted], [week]))
    return credits_of(minutes, quantity=quantity, rate_thousandths=facts.rate_thousandths)


def _regions(facts: QuotaFacts, now: datetime) -> Iterator[Interval]:
    """Cut the weeks where reserved time opens: within a region all starts are decided alike."""
    cuts = (now + facts.release.everyone, now + facts.release.any_group)
    for pool in facts.pools:
        inside = sorted(at for at in cuts if pool.week.start < at < pool.week.end)
        for start, end in pairwise([pool.week.start, *inside, pool.week.end]):
            yield Interval(start, end)


def _refusal(facts: QuotaFacts, part: _Part) -> str:
    """Say what is kept for whom, what may be had, and when the rest opens."""
    rate = facts.rate_thousandths
    bookable = most_bookable(part.pool, part.found)
    less = f"ask for at most {hours(bookable, rate)} there, or " if bookable else ""
    return (
        f"{_reserved(facts, part)} Of {hours(part.pool.free, rate)} free hours in the week of "
        f"{day_in_words(part.pool.monday)} you may book {hours(bookable, rate)}, and this asks "
        f"for {hours(part.amount, rate)}; {less}choose another week. {_opening(facts, part)}"
    )


def _reserved(facts: QuotaFacts, part: _Part) -> str:
    rate = facts.rate_thousandths
    mine = [each for each in part.pool.reserves if each.key in facts.groups]
    if not mine:
        return f"{hours(part.found.protected, rate)} hours are kept for {_kept(facts, part)}."
    total = sum(each.credits for each in mine)
    groups = "group has" if len(mine) == 1 else "groups have"
    return (
        f"Your {groups} {hours(min(part.found.headroom, part.pool.free), rate)} of "
        f"{hours(total, rate)} reserved hours left."
    )


def _kept(facts: QuotaFacts, part: _Part) -> str:
    rate = facts.rate_thousandths
    return " and ".join(
        f"{each.name} ({hours(left_of(part.pool, each.key), rate)} of "
        f"{hours(each.credits, rate)} left)"
        for each in part.pool.reserves
        if each.credits
    )


def _opening(facts: QuotaFacts, part: _Part) -> str:
    everyone = at_words(part.start - facts.release.everyone)
    if part.stage is Stage.ANY_GROUP:
        return f"Reserved hours open to everyone at {everyone}."
    any_group = at_words(part.start - facts.release.any_group)
    return (
        f"Reserved hours open to members of any group at {any_group} and to everyone at {everyone}."
    )


def _above(cap: WeekCap, at_most: int, amount: int) -> Violation:
    week = f"the week of {day_in_words(cap.monday)}"
    most, asked, left = map(credits_in_words, (at_most, amount, max(at_most - cap.used, 0)))
    if amount > at_most:
        return Violation(
            QuotaCode.ABOVE_CAP,
            f"One organisation may have at most {most} credits of this facility in {week}, and "
            f"this asks for {asked}; ask for less time or fewer units.",
            "/ends_at",
        )
    return Violation(
        QuotaCode.CAP_REACHED,
        f"Your organisation has {credits_in_words(cap.used)} of at most {most} credits of this "
        f"facility in {week}, and this asks for {asked}; ask for at most {left}, or take "
        "another week.",
        "/starts_at",
    )
