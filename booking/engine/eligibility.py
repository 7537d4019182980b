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


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """All that decides an organisation's groups; None was never declared.

    `attributes` are what a board's own rules look at: the organisation's kind and more.
    """

    enterprise: Enterprise = field(default_factory=Enterprise)
    founded_on: date | None = None
    founded_on_verified_by: str | None = None
    countries: tuple[CountryStay, ...] = ()
    past_bookings: int = 0
    attributes: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListsInForce:
    """The size ceilings in force, smallest first, every country fact, and their version."""

    ceilings: tuple[Ceiling, ...]
    country_facts: tuple[CountryFact, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether an organisation is of a group, why, and whether all of it was verified."""

    group: str
    member: bool
    working: tuple[str, ...]
    verified: bool


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
    return Membership(group, found.holds is True, found.working, found.verified)


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
    stays = (each for each in facts.countries if _covers(each.valid_from, each.valid_to, on))
    stay = next(stays, None)
    if stay is None:
        return Finding(None, (f"country: give the country it is of on {on}",))
    standings = [
        each
        for each in lists.country_facts
        if each.country == stay.country and each.scheme == rule.scheme and each.valid_from <= on
    ]
    fitting = [each for each in standings if each.value in rule.values]
    latest = max(fitting, key=lambda each: each.valid_from, default=None)
    line, holds = _standing(rule, stay.country, standings, latest, on)
    line = f"{line}; list {lists.version}"
    return Finding(holds, (line,), verified=stay.verified_by is not None)


def _standing(
    rule: CountryScheme,
    country: str,
    standings: list[CountryFact],
    latest: CountryFact | None,
    on: date,
) -> tuple[str, bool]:
    wanted = " or ".join(rule.values)
    if latest is None:
        now = next((f for f in standings if _covers(f.valid_from, f.valid_to, on)), None)
        stands = f"is {now.value}" if now else "has no entry"
        return f"{rule.scheme}: {country} {stands} on {on}, not {wanted}", False
    shown = f"{rule.scheme}: {country} is {latest.value} from {latest.valid_from}"
    end = latest.valid_to
    if end is None:
        return f"{shown} ({latest.source})", True
    if on < end:
        return f"{shown} until {end} ({latest.source})", True
    days = rule.grace_days or 0
    last = end + timedelta(days=days)
    ended = f"{rule.scheme}: {country} was {latest.value} until {end} ({latest.source})"
    if on < last:
        return f"{ended}, {days} days of grace end {last}", True
    grace = f", {days} days of grace ended {last}" if days else ""
    return f"{ended}, before {on}{grace}", False


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
    return Finding(holds, (f"{rule.key}: {value} {sign} {wanted}: {'yes' if holds else 'no'}",))
