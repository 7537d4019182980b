"""What a board should know of the countries that its policy counts on, and what it got wrong."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from booking.engine.eligibility import Leaver, leavers
from booking.engine.group_rules import GroupRule, country_schemes, read_rule
from booking.engine.violations import Violation
from booking.engine.wording import day_in_words
from booking.queries.declared_facts import lists_on
from booking.reference.countries import INCOME_GROUPS, LIST_VERSION, SCHEMES

A_YEAR: Final = timedelta(days=366)
MEMBER: Final = ("member",)


def lists_counted_on(rules: Iterable[GroupRule]) -> str:
    """Return the version of the country lists where any of the rules counts on one, else ''."""
    return LIST_VERSION if any(country_schemes(each) for each in rules) else ""


def country_notes(
    rules: Iterable[tuple[str, GroupRule]], *, on: date, grace_days: int
) -> tuple[str, ...]:
    """Say which countries left a group in the year before a day, or leave in the year after.

    `rules` come with the group's name, `grace_days` the policy's.
    """
    lists = lists_on(on)
    return tuple(
        _note(name, each, on)
        for name, rule in rules
        for each in leavers(
            rule, lists=lists, between=(on - A_YEAR, on + A_YEAR), grace_days=grace_days
        )
    )


def _note(group: str, leaver: Leaver, on: date) -> str:
    lists = lists_on(on)
    left = "left" if leaver.left_on <= on else "leaves"
    said = (
        f"{group}: {lists.name(leaver.country)} {left} {lists.name(leaver.scheme)} on "
        f"{day_in_words(leaver.left_on)}"
    )
    if leaver.counts_until > leaver.left_on:
        return f"{said}; its organisations count until {day_in_words(leaver.counts_until)}."
    counts = "no longer count" if leaver.left_on <= on else "do not count from that day on"
    return f"{said}; its organisations {counts}. Days of grace would change that."


def scheme_faults(rule: Any, pointer: str) -> Iterator[Violation]:
    """Find schemes, and values in them, that no list has, in a rule as it is published."""
    read = read_rule(rule)
    if isinstance(read, tuple) or not country_schemes(read):
        return
    if rule["kind"] != "country_scheme":
        for number, each in enumerate(rule["rules"]):
            yield from scheme_faults(each, f"{pointer}/rules/{number}")
    elif rule["scheme"] not in SCHEMES:
        reason = f"No list is called {rule['scheme']!r}; give one of {', '.join(SCHEMES)}."
        yield Violation("unknown_scheme", reason, f"{pointer}/scheme")
    else:
        known = INCOME_GROUPS if rule["scheme"] == "wb_income" else MEMBER
        if not set(rule["values"]) <= set(known):
            reason = f"Values of this list are {', '.join(known)}; give some of them."
            yield Violation("unknown_scheme", reason, f"{pointer}/values")
