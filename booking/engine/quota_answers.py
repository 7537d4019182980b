"""What an organisation may have of a resource in a week, and why: the answer before it asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from booking.engine.intervals import MINUTE, Interval
from booking.engine.online_quotas import (
    Pool,
    Stage,
    Standing,
    credited_by_group,
    left_of,
    most_bookable,
    stage_at,
    standing,
)
from booking.engine.online_rules import QuotaFacts, WeekCap
from booking.engine.wording import at_words, credits_in_words


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """A group's reserve in a week: thousandths of a credit; `left` is what is free of it."""

    key: str
    name: str
    reserved: int
    taken: int
    left: int


@dataclass(frozen=True, slots=True)
class WeekAnswer:
    """What is offered, free and open to an organisation in a week, in thousandths of a credit.

    `may_book` is what it may book wherever in the week it starts; no cap is None.
    """

    week: Interval
    offered: int
    free: int
    may_book: int
    reason: str
    groups: tuple[GroupAnswer, ...]
    cap: WeekCap


def week_answers(facts: QuotaFacts, *, now: datetime) -> Iterator[WeekAnswer]:
    """Answer for each week of the facts, in order."""
    for pool, cap in zip(facts.pools, facts.caps, strict=True):
        # The last minute of the week is the last to be opened.
        stage = stage_at(pool.week.end - MINUTE - now, facts.release)
        found = standing(pool, facts.groups, stage)
        most = most_bookable(pool, found)
        may_book = most if cap.left is None else min(most, cap.left)
        yield WeekAnswer(
            week=pool.week,
            offered=pool.offered,
            free=pool.free,
            may_book=may_book,
            reason=_reason(facts, pool, found, cap, stage, may_book, now),
            groups=tuple(_groups(pool)),
            cap=cap,
        )


def _groups(pool: Pool) -> Iterator[GroupAnswer]:
    taken = credited_by_group(pool)
    for each in pool.reserves:
        yield GroupAnswer(
            each.key, each.name, each.credits, taken[each.key], left_of(pool, each.key)
        )


def _reason(
    facts: QuotaFacts,
    pool: Pool,
    found: Standing,
    cap: WeekCap,
    stage: Stage,
    may_book: int,
    now: datetime,
) -> str:
    """Say in a sentence or two what sets the most that may be booked."""
    if not pool.free:
        return "Nothing is free in this week any more; choose another."
    free, open_to_all = credits_in_words(pool.free), credits_in_words(found.open_to_all)
    if stage is Stage.EVERYONE or not found.protected:
        said = f"All {free} free credits are open to you."
    else:
        own = credits_in_words(min(found.headroom, pool.free))
        said = (
            f"Of {free} free credits {open_to_all} are open to everyone, and {own} are left of "
            f"what is reserved for your groups.{_opened(facts, pool, now)}"
        )
    if cap.left is not None and may_book == cap.left:
        said += f" The cap leaves your organisation {credits_in_words(cap.left)} in this week."
    return said


def _opened(facts: QuotaFacts, pool: Pool, now: datetime) -> str:
    opened = now + facts.release.everyone
    if opened <= pool.week.start:
        return ""
    return f" Whatever starts before {at_words(opened)} is open to everyone."
