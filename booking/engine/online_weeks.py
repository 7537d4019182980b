"""Add up a week: what is free in a pool, what is reserved, what bookings take of either."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from booking.engine.intervals import MINUTE, Interval, subtract
from booking.engine.online_quotas import Pool, Reserve, Taken, credits_of
from booking.engine.online_rules import WeekCap
from booking.engine.quotas import PPM


@dataclass(frozen=True, slots=True)
class Share:
    """A group's share of what a policy covers, and what rounds left it in the week."""

    key: str
    name: str
    ppm: int
    by_rounds: int = 0


@dataclass(frozen=True, slots=True)
class WeekOffer:
    """What a resource offers in a week, before anything is booked.

    `windows` are when it is open, apart from one another. What published rounds share out
    of the time is in `shared_out`: the shares of the policy are of the rest.
    """

    week: Interval
    monday: date
    windows: tuple[Interval, ...]
    capacity: int
    rate_thousandths: int
    shares: tuple[Share, ...]
    shared_out: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """A booking that holds time of the resource: of which groups, and whether by a round.

    Its ends are in UTC; they stand bare because a week may have hundreds of holdings.
    """

    start: datetime
    end: datetime
    quantity: int
    groups: tuple[str, ...] = ()
    of_round: bool = False


def pool_of(
    offer: WeekOffer,
    holdings: Iterable[Holding],
    *,
    now: datetime,
    gives_way: Holding | None = None,
) -> Pool:
    """Add up one resource's week; what does not touch it counts nothing.

    `gives_way` is none of the holdings. Of a booking by a round only what lies outside the
    time that rounds share out counts on reserves: a round reckons the rest itself.
    """
    ahead = _after(offer.windows, now)
    free = _worth(offer, sum(each.minutes for each in ahead), offer.capacity)
    taken: dict[tuple[tuple[str, ...], bool], int] = defaultdict(int)
    for each in holdings:
        free -= _worth(offer, _shared_minutes(each.start, each.end, ahead), each.quantity)
        if each.groups:
            taken[each.groups, each.of_round] += _counted(offer, each)
    return Pool(
        week=offer.week,
        monday=offer.monday,
        free=max(free, 0),
        reserves=_reserves(offer),
        taken=tuple(
            Taken(groups, amount, of_round)
            for (groups, of_round), amount in sorted(taken.items())
            if amount
        ),
        gives_way=0 if gives_way is None else _within(offer, gives_way),
        offered=_worth(offer, sum(each.minutes for each in offer.windows), offer.capacity),
    )


def week_cap(
    week: Interval,
    *,
    monday: date,
    offered: int,
    cap_ppm: int | None,
    holdings: Iterable[tuple[Holding, int]],
    gives_way: tuple[Holding, int] | None = None,
) -> WeekCap:
    """Add up what an organisation holds of a facility's week, each holding with its rate.

    `gives_way` is none of the holdings.
    """
    return WeekCap(
        week=week,
        monday=monday,
        most=None if cap_ppm is None else offered * cap_ppm // PPM,
        used=sum(_rated(week, *each) for each in holdings),
        gives_way=0 if gives_way is None else _rated(week, *gives_way),
        offered=offered,
    )


def _reserves(offer: WeekOffer) -> tuple[Reserve, ...]:
    covered = subtract(offer.windows, offer.shared_out) if offer.shared_out else offer.windows
    worth = _worth(offer, sum(each.minutes for each in covered), offer.capacity)
    return tuple(
        Reserve(each.key, each.name, worth * each.ppm // PPM, each.by_rounds)
        for each in offer.shares
    )


def _counted(offer: WeekOffer, holding: Holding) -> int:
    if not (holding.of_round and offer.shared_out):
        return _within(offer, holding)
    inside = subtract([Interval(holding.start, holding.end)], offer.shared_out)
    minutes = sum(_shared_minutes(each.start, each.end, (offer.week,)) for each in inside)
    return _worth(offer, minutes, holding.quantity)


def _within(offer: WeekOffer, holding: Holding) -> int:
    minutes = _shared_minutes(holding.start, holding.end, (offer.week,))
    return _worth(offer, minutes, holding.quantity)


def _rated(week: Interval, holding: Holding, rate_thousandths: int) -> int:
    minutes = _shared_minutes(holding.start, holding.end, (week,))
    return credits_of(minutes, quantity=holding.quantity, rate_thousandths=rate_thousandths)


def _worth(offer: WeekOffer, minutes: int, quantity: int) -> int:
    return credits_of(minutes, quantity=quantity, rate_thousandths=offer.rate_thousandths)


def _after(windows: Iterable[Interval], now: datetime) -> tuple[Interval, ...]:
    return tuple(
        each if each.start >= now else Interval(now, each.end) for each in windows if each.end > now
    )


def _shared_minutes(start: datetime, end: datetime, windows: Iterable[Interval]) -> int:
    """Count the whole minutes from `start` to `end` within windows apart from one another."""
    found = 0
    for each in windows:
        if start < each.end and each.start < end:
            found += (min(end, each.end) - max(start, each.start)) // MINUTE
    return found
