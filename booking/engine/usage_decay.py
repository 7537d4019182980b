"""How much of its entitlement an organisation used lately, and what that does to its points."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from booking.engine.quotas import PPM, UsageEntry, decayed, fair_share_factor

HOURS_A_DAY: Final = 24
ENTITLEMENT_WITHOUT_CAP_PPM: Final = 100_000

UsageByKind = Mapping[str, Iterable[UsageEntry]]


@dataclass(frozen=True, slots=True)
class KindShare:
    """Decayed credits of one kind of resource, and what part of the kind they are.

    `capacity` is what all units of the kind are worth in one half-life, in credits.
    """

    kind: str
    credits: Decimal
    capacity: Decimal

    @property
    def share(self) -> Decimal:
        """Give the part of the kind's capacity that was used."""
        return self.credits / self.capacity


@dataclass(frozen=True, slots=True)
class DecayRules:
    """What a policy says of past use; without a cap a tenth is each organisation's part."""

    half_life_days: int
    cap_share_ppm: int | None

    @property
    def entitlement_ppm(self) -> int:
        """Give e_o of the mechanism: the part of a kind that lowers the factor to 3/4."""
        return self.cap_share_ppm or ENTITLEMENT_WITHOUT_CAP_PPM


def kind_shares(
    usage: UsageByKind, hourly: Mapping[str, Decimal], *, on: date, half_life_days: int
) -> tuple[KindShare, ...]:
    """Decay the use of each kind to a day, the largest part first, ties by name.

    `hourly` is what an hour of all units of a kind is worth; a kind without any counts not.
    """
    hours = half_life_days * HOURS_A_DAY
    found = [
        KindShare(
            kind, decayed(entries, on=on, half_life_days=half_life_days), hourly[kind] * hours
        )
        for kind, entries in usage.items()
        if hourly.get(kind)
    ]
    return tuple(sorted(found, key=lambda each: (-each.share, each.kind)))


def factor_millionths(shares: Iterable[KindShare], rules: DecayRules) -> int:
    """Give s_o of the mechanism in millionths, by the kind of which the most was used.

    A million without past use, never below half a million.
    """
    used = max((each.share for each in shares), default=Decimal(0))
    entitled = Decimal(rules.entitlement_ppm) / PPM
    return int(fair_share_factor(max(used, Decimal(0)), entitled) * PPM)


def factors_over_time(
    usage: UsageByKind,
    hourly: Mapping[str, Decimal],
    rules: DecayRules,
    *,
    days: Iterable[date],
) -> tuple[tuple[date, int], ...]:
    """Give the factor at the start of each day, by what was used on the days before it."""
    kept = {kind: _by_day(entries) for kind, entries in usage.items()}
    return tuple((day, factor_millionths(_before(kept, hourly, rules, day), rules)) for day in days)


def _by_day(entries: Iterable[UsageEntry]) -> tuple[UsageEntry, ...]:
    """Join what was used on one day, so that years of bookings are a few hundred entries."""
    sums: dict[tuple[date, bool], Decimal] = defaultdict(Decimal)
    for each in entries:
        sums[each.on, each.no_show] += each.credits
    return tuple(UsageEntry(on, amount, missed) for (on, missed), amount in sorted(sums.items()))


def _before(
    usage: Mapping[str, tuple[UsageEntry, ...]],
    hourly: Mapping[str, Decimal],
    rules: DecayRules,
    day: date,
) -> tuple[KindShare, ...]:
    earlier = {kind: [each for each in entries if each.on < day] for kind, entries in usage.items()}
    return kind_shares(earlier, hourly, on=day, half_life_days=rules.half_life_days)


def days_between(first: date, last: date, *, every: int) -> tuple[date, ...]:
    """List days from the first, `every` so many, and the last in any case."""
    count = (last - first).days // every
    days = [first + timedelta(days=every * number) for number in range(count + 1)]
    return tuple(days) if days and days[-1] == last else (*days, last)
