"""Figures of fairness over organisations and requests, exact."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Final

from booking.engine.equity_facts import NONE, Answered, Judged

SECONDS_A_DAY: Final = 86_400
WHOLE: Final = Fraction(1)


def ratio(part: Fraction, whole: Fraction) -> Fraction | None:
    """Divide, or say that there is nothing to divide by."""
    return part / whole if whole else None


def jain(shares: Sequence[Fraction]) -> Fraction | None:
    """Give Jain's index, (sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one has all."""
    squares = sum((each * each for each in shares), NONE)
    return ratio(sum(shares, NONE) ** 2, len(shares) * squares)


def gini(shares: Sequence[Fraction]) -> Fraction | None:
    """Give the Gini coefficient, the mean difference over twice the mean: 0 where all are equal."""
    ordered = sorted(shares)
    count = len(ordered)
    weighed = sum(((2 * at - count + 1) * each for at, each in enumerate(ordered)), NONE)
    return ratio(weighed, count * sum(ordered, NONE))


def largest_share(amounts: Iterable[Fraction]) -> Fraction | None:
    """Give the part of the whole that the largest holds."""
    kept = list(amounts)
    return ratio(max(kept, default=NONE), sum(kept, NONE))


def herfindahl(amounts: Iterable[Fraction]) -> Fraction | None:
    """Give the sum of the squared parts of the whole: 1/n where all are equal, 1 where one has all.

    Source: Herfindahl and Hirschman's index, on a scale to 1.
    """
    kept = list(amounts)
    total = sum(kept, NONE)
    return ratio(sum((each * each for each in kept), NONE), total * total)


def by_organisation(
    answered: Iterable[Answered], facility: str | None
) -> dict[str, tuple[Fraction, Fraction]]:
    """Give what each organisation asked for and was given, at one facility or all."""
    asked: dict[str, Fraction] = defaultdict(Fraction)
    given: dict[str, Fraction] = defaultdict(Fraction)
    for each in answered:
        asked[each.organisation] += at(each.asked, facility)
        given[each.organisation] += at(each.given, facility)
    return {name: (asked[name], given[name]) for name in sorted(asked)}


def at(amounts: Mapping[str, Fraction], facility: str | None) -> Fraction:
    """Give the amount at one facility, or the sum of all."""
    return sum(amounts.values(), NONE) if facility is None else amounts.get(facility, NONE)


def success_rate(answered: Sequence[Answered]) -> Fraction | None:
    """Give the part of the requests that was granted."""
    return Fraction(sum(each.granted for each in answered), len(answered)) if answered else None


def median_days(seconds: Iterable[int]) -> Fraction | None:
    """Give the median of waits, in days; of an even number the mean of the two in the middle."""
    kept = [Fraction(each, SECONDS_A_DAY) for each in seconds]
    return median(kept) if kept else None


def price_of_fairness(
    rounds: Iterable[Judged],
) -> tuple[Fraction, Fraction, Fraction] | None:
    """Give 1 - V/V* over rounds, with the lowest and highest it can be for their gaps.

    V are the merit points of the timetables, V* those of the best timetables by merit alone.
    """
    kept = [each for each in rounds if each.points and max(each.price, *each.bounds) < 1]
    points = Fraction(sum(each.points for each in kept))
    if not points:
        return None
    best = sum((each.points / (1 - each.price) for each in kept), NONE)
    least = sum((each.points / (1 - each.bounds[0]) for each in kept), NONE)
    most = sum((each.points / (1 - each.bounds[1]) for each in kept), NONE)
    return WHOLE - points / best, WHOLE - points / least, WHOLE - points / most


def points_per_hour(rounds: Iterable[Judged]) -> tuple[Fraction, Fraction] | None:
    """Give merit points per offered hour: as shared out, and by merit alone with none reserved."""
    kept = [each for each in rounds if each.price < 1]
    offered = sum((each.offered for each in kept), NONE)
    if not offered:
        return None
    points = sum(each.points for each in kept)
    best = sum((each.points / (1 - each.price) for each in kept), NONE)
    return points / offered, best / offered
