"""Which declared facts a rule on a group looks at, and which of them stand on a day."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Protocol, TypeVar

from booking.engine.declarations import YEARLY
from booking.engine.declared_facts import FactName
from booking.engine.group_rules import (
    AllOf,
    AnyOf,
    Attribute,
    CountryScheme,
    FirstTimeUser,
    GroupRule,
    Sme,
    Startup,
)

YEARS_SHOWN: Final = 3
_SIZE: Final = frozenset(
    {
        FactName.STAFF,
        FactName.TURNOVER_EUR,
        FactName.BALANCE_SHEET_EUR,
        FactName.PUBLIC_CONTROL_PERCENT,
        FactName.RELATED,
    }
)


class Dated(Protocol):
    """A fact under a name, for a day."""

    @property
    def name(self) -> str:
        """Its word of FactName."""
        ...

    @property
    def as_of(self) -> date:
        """The day it speaks of."""
        ...


F = TypeVar("F", bound=Dated)


def facts_behind(rule: GroupRule) -> frozenset[FactName]:
    """Name the facts that decide a rule."""
    match rule:
        case Startup():
            return _SIZE | {FactName.FOUNDED_ON}
        case Sme():
            return _SIZE
        case CountryScheme():
            return frozenset({FactName.COUNTRY})
        case FirstTimeUser():
            return frozenset()
        case Attribute():
            known = {"kind": FactName.KIND, "country": FactName.COUNTRY}
            return frozenset({known.get(rule.key, FactName.ATTRIBUTES)})
        case AnyOf() | AllOf():
            return frozenset[FactName]().union(*map(facts_behind, rule.rules))


def standing(facts: Iterable[F], names: Iterable[FactName], *, on: date) -> tuple[F, ...]:
    """Choose the facts of those names that count on a day, by name and then by day.

    Figures count for their last three years, of others the newest.
    """
    wanted = set(names)
    known = sorted(
        (each for each in facts if each.name in wanted and each.as_of <= on),
        key=lambda each: (each.name, each.as_of),
    )
    newest = {each.name: each for each in known}
    return tuple(
        each
        for each in known
        if each is newest[each.name]
        or (each.name in YEARLY and each.as_of.year > newest[each.name].as_of.year - YEARS_SHOWN)
    )
