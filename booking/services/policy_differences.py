"""Two versions of a policy side by side: every number, rule and word that differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from booking.engine.quotas import percent
from booking.engine.wording import counted
from booking.services.policies import GroupWish, PolicyWish


class Unit(StrEnum):
    """What a value of a policy is, and so how it is said."""

    PPM = "ppm"
    DAYS = "days"
    POINTS = "points"
    NUMBER = "number"
    RULE = "rule"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """One value of a policy: where it stands in the API's body, its name in words, its unit."""

    pointer: str
    label: str
    unit: Unit
    value: Any

    @property
    def words(self) -> str:
        """The value in words; a rule is said by whoever knows the words for rules."""
        if self.value is None:
            return "none"
        match self.unit:
            case Unit.PPM:
                return percent(self.value)
            case Unit.DAYS:
                return counted(self.value, "day")
            case Unit.POINTS:
                return f"{counted(self.value, 'point')} per hour"
        return str(self.value)


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """A value that two policies do not share; None where one of them has no such value."""

    pointer: str
    label: str
    unit: Unit
    before: PolicyValue | None
    after: PolicyValue | None


NUMBERS: Final = (
    ("cap_share_ppm", "/cap_share", "Most that one organisation may hold", Unit.PPM),
    ("release_first_days", "/release_first_days", "Opens to any group, ahead", Unit.DAYS),
    ("release_all_days", "/release_all_days", "Opens to everyone, ahead", Unit.DAYS),
    ("half_life_days", "/half_life_days", "Past use counts half after", Unit.DAYS),
    ("grace_days", "/grace_days", "Grace after leaving a group", Unit.DAYS),
)


def policy_differences(before: PolicyWish, after: PolicyWish) -> tuple[PolicyDifference, ...]:
    """List what differs, groups first, in the order of the later policy; notes do not count.

    Groups are the same where their keys are, whatever their order.
    """
    first = {each.pointer: each for each in _values(before)}
    second = {each.pointer: each for each in _values(after)}
    found = []
    for pointer in (*second, *(each for each in first if each not in second)):
        one, other = first.get(pointer), second.get(pointer)
        known = other or one
        if known and (one is None or other is None or one.value != other.value):
            found.append(PolicyDifference(pointer, known.label, known.unit, one, other))
    return tuple(found)


def _values(wish: PolicyWish) -> Iterator[PolicyValue]:
    how = "by weight and number of members" if wish.reserved_ppm is not None else "as set"
    yield PolicyValue("/shares", "How reserved shares come about", Unit.TEXT, how)
    if wish.reserved_ppm is not None:
        label = "Reserved for all groups together"
        yield PolicyValue("/reserved_share", label, Unit.PPM, wish.reserved_ppm)
    for group in wish.groups:
        yield from _group_values(group, derived=wish.reserved_ppm is not None)
    order = "reserved hours first, then points" if wish.strict else "points with top-ups"
    yield PolicyValue("/strict", "What comes first", Unit.TEXT, order)
    for at, step in enumerate(wish.ladder):
        label = f"Top-up step {at + 1}"
        yield PolicyValue(f"/ladder/{at}/up_to", f"{label}: up to", Unit.PPM, step.up_to_ppm)
        yield PolicyValue(f"/ladder/{at}/points", label, Unit.POINTS, step.points)
    for name, pointer, label, unit in NUMBERS:
        yield PolicyValue(pointer, label, unit, getattr(wish, name))


def _group_values(group: GroupWish, *, derived: bool) -> Iterator[PolicyValue]:
    at, rule = f"/groups/{group.key}", dict(group.rule)
    yield PolicyValue(f"{at}/name", f"{group.name}: name", Unit.TEXT, group.name)
    yield PolicyValue(f"{at}/rule", f"{group.name}: who belongs to it", Unit.RULE, rule)
    label, share = f"{group.name}: reserved", group.reserved_share_ppm
    yield PolicyValue(f"{at}/reserved_share", label, Unit.PPM, share)
    if derived:
        yield PolicyValue(f"{at}/weight", f"{group.name}: weight", Unit.NUMBER, group.weight)
