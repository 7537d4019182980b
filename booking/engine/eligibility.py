"""Who belongs to which equity group on a day, with the working shown line by line."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from booking.engine.enterprise_size import (
    Ceiling,
    Enterprise,
    Finding,
    independence,
    within_size,
)
from booking.engine.group_rules import (
    ORDERED_OPS,
    AllOf,
    AnyOf,
    Attribute,
    CountryScheme,
    FirstTimeUser,
    GroupRule,
    Sme,
    Startup,
    country_schemes,
)


@dataclass(frozen=True, slots=True)
class CountryFact:
    """A country's standing in a scheme, from a day up to, not including, another."""

    country: str
    scheme: str
    value: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class CountryStay:
    """The country an organisation is of, from a day up to, not including, another."""

    country: str
    valid_from: date
    valid_to: date | None = None
    verified_by: str | None = None

    def covers(self, on: date) -> bool:
        """Say whether it was of the country on that day."""
        return _covers(self.valid_from, self.valid_to, on)


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """All that decides an organisation's groups; None was never declared.

    `attributes` are what a board's own rules look at: the organisation's kind and more;
    `unverified` names those among them that nobody verified.
    """

    enterprise: Enterprise = field(default_factory=Enterprise)
    founded_on: date | None = None
    founded_on_verified_by: str | None = None
    countries: tuple[CountryStay, ...] = ()
    past_bookings: int = 0
    attributes: Mapping[str, str | int | bool] = field(default_factory=dict)
    unverified: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListsInForce:
    """The size ceilings in force, smallest first, every country fact, and their version.

    `names` words countries and schemes by their codes, which stand for themselves without.
    """

    ceilings: tuple[Ceiling, ...]
    country_facts: tuple[CountryFact, ...]
    version: str
    names: Mapping[str, str] = field(default_factory=dict)
    _by_country: Mapping[tuple[str, str], tuple[CountryFact, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Sort the facts by country and scheme once, each by when it begins."""
        found: dict[tuple[str, str], tuple[CountryFact, ...]] = {}
        for each in sorted(self.country_facts, key=lambda fact: fact.valid_from):
            key = (each.country, each.scheme)
            found[key] = (*found.get(key, ()), each)
        object.__setattr__(self, "_by_country", found)

    def standings(self, country: str, scheme: str, on: date) -> list[CountryFact]:
        """List what held for a country in a scheme up to a day, the earliest first."""
        facts = self._by_country.get((country, scheme), ())
        return [each for each in facts if each.valid_from <= on]

    def name(self, code: str) -> str:
        """Word a country or a scheme."""
        return self.names.get(code, code)


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether an organisation is of a group, why, and whether all of it was verified.

    `decided` is false where a figure is missing; the working then says which one to give.
    """

    group: str
    member: bool
    working: tuple[str, ...]
    verified: bool
    decided: bool = True


def membership(
    group: str,
    rule: GroupRule,
    facts: OrganisationFacts,
    *,
    lists: ListsInForce,
    on: date,
    grace_days: int = 0,
) -> Membership:
    """Decide whether an organisation belongs to a group on a day.

    Where a figure is missing it does not, and the working says which one to give.
    `grace_days` is the policy's, for rules on countries that set none of their own.
    """
    found = _decide(_with_grace(rule, grace_days), facts, lists, on)
    decided = found.holds is not None
    return Membership(
        group, found.holds is True, found.working, found.verified and decided, decided
    )


def _with_grace(rule: GroupRule, days: int) -> GroupRule:
    """Fill in the policy's days of grace where a rule on countries has none."""
    if isinstance(rule, CountryScheme) and rule.grace_days is None:
        return replace(rule, grace_days=days)
    if isinstance(rule, AnyOf | AllOf):
        return replace(rule, rules=tuple(_with_grace(each, days) for each in rule.rules))
    return rule


def _decide(rule: GroupRule, facts: OrganisationFacts, lists: ListsInForce, on: date) -> Finding:
    match rule:
        case Startup():
            return _startup(rule, facts, lists, on)
        case Sme():
            return within_size(facts.enterprise, rule.at_most, ceilings=lists.ceilings, on=on)
        case CountryScheme():
            return _in_scheme(rule, facts, lists, on)
        case FirstTimeUser():
            return _first_time(facts)
        case Attribute():
            return _attribute(rule, facts)
        case AnyOf() | AllOf():
            join = _any if isinstance(rule, AnyOf) else _all
            return join([_decide(each, facts, lists, on) for each in rule.rules])


def _any(found: list[Finding]) -> Finding:
    """Join findings of which one suffices; where one does, only its working counts."""
    best = [each for each in found if each.holds]
    if best:
        return next((each for each in best if each.verified), best[0])
    holds = None if any(each.holds is None for each in found) else False
    return _joined(holds, found)


def _all(found: list[Finding]) -> Finding:
    """Join findings that are all needed."""
    if any(each.holds is False for each in found):
        return _joined(False, found)
    return _joined(None if any(each.holds is None for each in found) else True, found)


def _joined(holds: bool | None, found: list[Finding]) -> Finding:  # noqa: FBT001 - three values
    lines = tuple(dict.fromkeys(line for each in found for line in each.working))
    return Finding(holds, lines, verified=all(each.verified for each in found))


def _startup(rule: Startup, facts: OrganisationFacts, lists: ListsInForce, on: date) -> Finding:
    return _all(
        [
            _young(rule, facts, on),
            independence(facts.enterprise),
            within_size(facts.enterprise, "small", ceilings=lists.ceilings, on=on),
        ]
    )


def _young(rule: Startup, facts: OrganisationFacts, on: date) -> Finding:
    """Decide the age; the anniversary itself still counts, that of 29 February in March."""
    founded = facts.founded_on
    if founded is None:
        return Finding(None, ("age: give the date on which it was founded",))
    last = _anniversary(founded, rule.max_age_years)
    held = founded <= on <= last
    sign = "not after" if on <= last else "after"
    line = f"age: founded {founded}, {on} is {sign} {last}, {rule.max_age_years} years on"
    if on < founded:
        line = f"age: founded {founded}, after {on}"
    return Finding(held, (line,), verified=facts.founded_on_verified_by is not None)


def _anniversary(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _in_scheme(
    rule: CountryScheme, facts: OrganisationFacts, lists: ListsInForce, on: date
) -> Finding:
    stay = next((each for each in facts.countries if each.covers(on)), None)
    if stay is None:
        return Finding(None, (f"country: give the country it is of on {on}",))
    standings = lists.standings(stay.country, rule.scheme, on)
    line, holds = _standing(rule, stay.country, standings, lists, on)
    line = f"{lists.name(rule.scheme)}: {line}; list {lists.version}"
    return Finding(holds, (line,), verified=stay.verified_by is not None)


def _standing(
    rule: CountryScheme,
    country: str,
    standings: list[CountryFact],
    lists: ListsInForce,
    on: date,
) -> tuple[str, bool]:
    name = lists.name(country)
    fitting = [each for each in standings if each.value in rule.values]
    latest = max(fitting, key=lambda each: each.valid_from, default=None)
    if latest is None:
        now = next((f for f in standings if _covers(f.valid_from, f.valid_to, on)), None)
        wanted = " or ".join(map(_plain, rule.values))
        stands = f"is {_plain(now.value)}" if now else "has no entry"
        return f"{name} {stands} on {on}, not {wanted}", False
    value, end = _plain(latest.value), latest.valid_to
    if end is None or on < end:
        until = "" if end is None else f" until {end}"
        return f"{name} is {value} from {latest.valid_from}{until} ({latest.source})", True
    if not _reaches(rule.scheme, on, lists) and latest is standings[-1]:
        words = f"{name} is {value} on the newest list, which ends on {end} ({latest.source})"
        return f"{words}; that counts until there is a newer list", True
    last = end + timedelta(days=rule.grace_days or 0)
    left = f"{name} left on {end}, {value} from {latest.valid_from} till then ({latest.source})"
    if on < last:
        return f"{left}; it still counts, {rule.grace_days} days of grace end on {last}", True
    grace = f", {rule.grace_days} days of grace ended on {last}" if rule.grace_days else ""
    return f"{left}, so it does not count on {on}{grace}", False


def _plain(value: str) -> str:
    """Word a value of a scheme."""
    return {"member": "on the list"}.get(value, value.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Leaver:
    """A country that lost, or is known to lose, its standing in a scheme on a day.

    It counts until `counts_until`, which is later than `left_on` by the days of grace.
    """

    country: str
    scheme: str
    left_on: date
    counts_until: date


def leavers(
    rule: GroupRule,
    *,
    lists: ListsInForce,
    between: tuple[date, date],
    grace_days: int = 0,
) -> tuple[Leaver, ...]:
    """List the countries that a rule loses from one day up to, not including, another.

    A country that goes on in the scheme with another value of the rule is none of them.
    By day, then by country.
    """
    found = {
        Leaver(each.country, each.scheme, left, left + timedelta(days=one.grace_days or 0))
        for one in country_schemes(_with_grace(rule, grace_days))
        for each in lists.country_facts
        if each.scheme == one.scheme
        and each.value in one.values
        and (left := each.valid_to) is not None
        and between[0] <= left < between[1]
        and not _goes_on(one, each.country, left, lists)
        and _reaches(one.scheme, left, lists)
    }
    return tuple(sorted(found, key=lambda each: (each.left_on, each.country, each.counts_until)))


def _goes_on(rule: CountryScheme, country: str, on: date, lists: ListsInForce) -> bool:
    return any(
        each.country == country
        and each.scheme == rule.scheme
        and each.value in rule.values
        and _covers(each.valid_from, each.valid_to, on)
        for each in lists.country_facts
    )


def _reaches(scheme: str, on: date, lists: ListsInForce) -> bool:
    """Say whether the list tells of that day; beyond its last day nobody has left it."""
    return any(
        each.scheme == scheme and _covers(each.valid_from, each.valid_to, on)
        for each in lists.country_facts
    )


def _covers(valid_from: date, valid_to: date | None, on: date) -> bool:
    return valid_from <= on and (valid_to is None or on < valid_to)


def _first_time(facts: OrganisationFacts) -> Finding:
    line = f"bookings before: {facts.past_bookings}, a first-time user has 0"
    return Finding(facts.past_bookings == 0, (line,))


_COMPARED: Final[Mapping[str, tuple[str, Callable[[Any, Any], bool]]]] = {
    "eq": ("=", operator.eq),
    "ne": ("is not", operator.ne),
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
    "in": ("in", lambda value, values: value in values),
}


def _attribute(rule: Attribute, facts: OrganisationFacts) -> Finding:
    value = facts.attributes.get(rule.key)
    if value is None:
        return Finding(None, (f"{rule.key}: give it",))
    sign, compare = _COMPARED[rule.op]
    wanted = ", ".join(map(str, rule.value)) if isinstance(rule.value, tuple) else rule.value
    if rule.op in ORDERED_OPS and (isinstance(value, bool) or not isinstance(value, int)):
        return Finding(None, (f"{rule.key}: give it as a whole number, not {value!r}",))
    holds = compare(value, rule.value)
    line = f"{rule.key}: {value} {sign} {wanted}: {'yes' if holds else 'no'}"
    return Finding(holds, (line,), verified=rule.key not in facts.unverified)
