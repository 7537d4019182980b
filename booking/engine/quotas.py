"""Reserved shares, what a policy may say, and how past use lowers points.

Shares are whole parts per million (ppm), so that no sum is ever off by a rounding.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from booking.engine.violations import Violation

PPM: Final = 1_000_000
HALF_LIFE_DAYS: Final = 90
NO_SHOW_WEIGHT: Final = Decimal("1.5")
SIX_PLACES: Final = Decimal("0.000001")
# Wide enough that six places are exact; fixed, so that no caller's context matters.
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)


class PolicyCode(StrEnum):
    """Why a policy is refused; part of the API, never renamed."""

    NEGATIVE_SHARE = "negative_share"
    SHARES_ABOVE_ONE = "shares_above_one"
    RESERVED_OUT_OF_RANGE = "reserved_out_of_range"
    RESERVED_WITHOUT_WEIGHT = "reserved_without_weight"
    NEGATIVE_WEIGHT = "negative_weight"
    REPEATED_GROUP = "repeated_group"
    LADDER_NOT_RISING = "ladder_not_rising"
    LADDER_ABOVE_ONE = "ladder_above_one"
    POINTS_NOT_FALLING = "points_not_falling"
    NEGATIVE_POINTS = "negative_points"
    CAP_OUT_OF_RANGE = "cap_out_of_range"
    RELEASES_OUT_OF_ORDER = "releases_out_of_order"


@dataclass(frozen=True, slots=True)
class GroupShare:
    """An equity group in a policy: its key, its weight, and its reserved share in ppm."""

    key: str
    weight: int
    reserved_share_ppm: int


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Top-up points per credit, up to a cumulative part of the reserved credits in ppm."""

    up_to_ppm: int
    points: int


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """What a policy says in numbers.

    With `reserved_ppm` that part of all hours is reserved, and groups share it by weight and
    number of verified organisations; None: each group's share is as set. Reserved hours are
    for their own group until `release_first_days` before they start, for members of any group
    until `release_all_days` before, and then for all. `cap_share_ppm` of None is no cap.
    """

    groups: tuple[GroupShare, ...] = ()
    ladder: tuple[LadderStep, ...] = (LadderStep(PPM // 2, 1200), LadderStep(PPM, 600))
    cap_share_ppm: int | None = PPM // 10
    release_first_days: int = 14
    release_all_days: int = 7
    reserved_ppm: int | None = None


def check_policy(terms: PolicyTerms) -> tuple[Violation, ...]:
    """List all that a policy may not say, each with the JSON pointer of its member.

    The pointers follow the names of PolicyTerms and its parts: `/groups/0/reserved_share_ppm`.
    """
    return (
        *_check_groups(terms.groups),
        *(_check_set(terms.groups) if terms.reserved_ppm is None else _check_derived(terms)),
        *_check_ladder(terms.ladder),
        *_check_cap(terms.cap_share_ppm),
        *_check_releases(terms),
    )


def _check_groups(groups: tuple[GroupShare, ...]) -> list[Violation]:
    found: list[Violation] = []
    seen: set[str] = set()
    for number, group in enumerate(groups):
        at = f"/groups/{number}"
        if group.key in seen:
            reason = f"The group {group.key!r} stands twice; keep one of them."
            found.append(Violation(PolicyCode.REPEATED_GROUP, reason, f"{at}/key"))
        if group.weight < 0:
            reason = f"The weight of {group.key!r} is {group.weight}; give 0 or more."
            found.append(Violation(PolicyCode.NEGATIVE_WEIGHT, reason, f"{at}/weight"))
        seen.add(group.key)
    return found


def _check_set(groups: tuple[GroupShare, ...]) -> list[Violation]:
    """Check shares that the board sets, group by group and together."""
    found: list[Violation] = []
    for number, group in enumerate(groups):
        if group.reserved_share_ppm < 0:
            share = percent(group.reserved_share_ppm)
            reason = f"The share of {group.key!r} is {share}; give 0 % or more."
            at = f"/groups/{number}/reserved_share_ppm"
            found.append(Violation(PolicyCode.NEGATIVE_SHARE, reason, at))
    total = sum(group.reserved_share_ppm for group in groups)
    if total > PPM:
        reason = (
            f"The reserved shares add up to {percent(total)}; "
            f"lower them by {percent(total - PPM)} to at most 100 %."
        )
        found.append(Violation(PolicyCode.SHARES_ABOVE_ONE, reason, "/groups"))
    return found


def _check_derived(terms: PolicyTerms) -> list[Violation]:
    """Check the part that groups share by weight: it needs a group to go to."""
    part = terms.reserved_ppm or 0
    if not 0 < part <= PPM:
        reason = f"The reserved part is {percent(part)}; give more than 0 % and at most 100 %."
        return [Violation(PolicyCode.RESERVED_OUT_OF_RANGE, reason, "/reserved_ppm")]
    if any(group.weight > 0 for group in terms.groups):
        return []
    reason = "No group has a weight above 0, so nobody would have the reserved part; weigh one."
    return [Violation(PolicyCode.RESERVED_WITHOUT_WEIGHT, reason, "/reserved_ppm")]


def _check_ladder(ladder: tuple[LadderStep, ...]) -> list[Violation]:
    found: list[Violation] = []
    low, points = 0, None
    for number, step in enumerate(ladder):
        at = f"/ladder/{number}"
        if step.up_to_ppm <= low:
            reason = f"This step ends at {percent(step.up_to_ppm)}; give more than {percent(low)}."
            found.append(Violation(PolicyCode.LADDER_NOT_RISING, reason, f"{at}/up_to_ppm"))
        if step.up_to_ppm > PPM:
            reason = f"This step ends at {percent(step.up_to_ppm)}; give at most 100 %."
            found.append(Violation(PolicyCode.LADDER_ABOVE_ONE, reason, f"{at}/up_to_ppm"))
        if points is not None and step.points >= points:
            reason = f"This step gives {step.points} points; give fewer than {points}."
            found.append(Violation(PolicyCode.POINTS_NOT_FALLING, reason, f"{at}/points"))
        if step.points < 0:
            reason = f"This step gives {step.points} points; give 0 or more."
            found.append(Violation(PolicyCode.NEGATIVE_POINTS, reason, f"{at}/points"))
        low, points = step.up_to_ppm, step.points
    return found


def _check_cap(cap_share_ppm: int | None) -> list[Violation]:
    if cap_share_ppm is None or 0 < cap_share_ppm <= PPM:
        return []
    reason = (
        f"The cap is {percent(cap_share_ppm)}; give more than 0 % and at most 100 %, or no cap."
    )
    return [Violation(PolicyCode.CAP_OUT_OF_RANGE, reason, "/cap_share_ppm")]


def _check_releases(terms: PolicyTerms) -> list[Violation]:
    if terms.release_first_days > terms.release_all_days >= 0:
        return []
    reason = (
        f"Reserved hours open to any group {terms.release_first_days} days ahead and to everyone "
        f"{terms.release_all_days} days ahead; give 0 or more for everyone, and more for any group."
    )
    return [Violation(PolicyCode.RELEASES_OUT_OF_ORDER, reason, "/release_all_days")]


def percent(ppm: int) -> str:
    """Word parts per million as a percentage, to the last part."""
    whole, rest = divmod(abs(ppm), PPM // 100)
    words = f"{whole}{f'.{rest:04d}'.rstrip('0') if rest else ''} %"
    return f"-{words}" if ppm < 0 else words


def share_out(capacity: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split `capacity` between groups in proportion to their weights, nothing left over.

    Every group gets the whole part of its exact share; what is left over goes to the
    largest remainders, ties to the earlier group id. The result is in the order of ids.

    Units: access units (or ppm) in and out; weights are ratios.
    Raises: ValueError if capacity or a weight is negative, or all weights are 0.
    Source: Hamilton's method; Balinski and Young, Fair Representation (2001).
    """
    total = sum(weights.values())
    if capacity < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("Capacity and weights are each 0 or more.")
    if total == 0:
        raise ValueError("At least one weight is above 0.")
    exact = {key: divmod(capacity * weights[key], total) for key in sorted(weights)}
    left = capacity - sum(whole for whole, _ in exact.values())
    by_remainder = sorted(exact, key=lambda key: (-exact[key][1], key))
    extra = set(by_remainder[:left])
    return {key: whole + (key in extra) for key, (whole, _) in exact.items()}


def reserved_shares(
    weights: Mapping[str, int], members: Mapping[str, int], *, reserved_ppm: int
) -> dict[str, int]:
    """Derive the shares of groups from equity weights and their verified organisations.

    A group's share of the reserved part is in proportion to its weight times its members
    in the snapshot; a group missing in `members` has none. In ppm, adding up to
    `reserved_ppm`, or all 0 where no group has both weight and members.
    Raises: ValueError if `reserved_ppm` is not 0 to a million, or a number is negative.
    """
    if not 0 <= reserved_ppm <= PPM:
        raise ValueError(f"The reserved part is 0 to {PPM} ppm, not {reserved_ppm}.")
    if any(number < 0 for number in (*weights.values(), *members.values())):
        raise ValueError("Weights and members are each 0 or more.")
    claims = {key: weight * members.get(key, 0) for key, weight in weights.items()}
    if not any(claims.values()):
        return dict.fromkeys(sorted(claims), 0)
    return share_out(reserved_ppm, claims)


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """Credits charged to an organisation on a day; a refund is negative."""

    on: date
    credits: Decimal
    no_show: bool = False


def decayed(
    usage: Iterable[UsageEntry], *, on: date, half_life_days: int = HALF_LIFE_DAYS
) -> Decimal:
    """Sum past credits, each halved for every half-life that has gone by.

    Entries after `on` do not count; no-shows count 1.5 times. In whole days, to six
    places, half to even, whatever the order of the entries.
    Raises: ValueError if the half-life is not at least a day.
    """
    if half_life_days < 1:
        raise ValueError("A half-life is at least 1 day.")
    by_age: dict[int, Decimal] = {}
    for entry in usage:
        age = (on - entry.on).days
        if age >= 0:
            weight = NO_SHOW_WEIGHT if entry.no_show else Decimal(1)
            charged = _EXACT.multiply(entry.credits, weight)
            by_age[age] = _EXACT.add(by_age.get(age, Decimal(0)), charged)
    total = Decimal(0)
    for age in sorted(by_age):
        kept = _kept_after(age, half_life_days)
        total = _EXACT.add(total, _EXACT.multiply(by_age[age], kept))
    return total.quantize(SIX_PLACES, context=_EXACT)


@lru_cache(maxsize=4096)
def _kept_after(age_days: int, half_life_days: int) -> Decimal:
    """Give what is left of a credit; remembered, for every organisation asks for the same."""
    return _half_to_the(_EXACT.divide(Decimal(age_days), Decimal(half_life_days)))


def fair_share_factor(used_credits: Decimal | int, entitlement: Decimal | int) -> Decimal:
    """Give what an organisation's points are multiplied by: 1/2 + 1/2 * 2^(-used/entitled).

    1 without past use, 3/4 at the entitlement, never below 1/2. To six places, half to
    even.
    Raises: ValueError if use is negative or the entitlement is not above 0.
    """
    used, entitled = Decimal(used_credits), Decimal(entitlement)
    if used < 0 or entitled <= 0:
        raise ValueError("Past use is 0 or more, and an entitlement above 0.")
    half = Decimal("0.5")
    kept = _half_to_the(_EXACT.divide(used, entitled))
    factor = _EXACT.add(half, _EXACT.multiply(half, kept))
    return factor.quantize(SIX_PLACES, context=_EXACT)


def _half_to_the(exponent: Decimal) -> Decimal:
    return _EXACT.power(Decimal(2), exponent.copy_negate())
