"""What organisations declare about themselves, fact by fact, and what it adds up to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

from booking.engine.eligibility import CountryStay, OrganisationFacts
from booking.engine.enterprise_size import (
    Enterprise,
)
from booking.engine.enterprise_ties import RelatedEnterprise, YearFigures

YEARLY: Final = ("staff", "turnover_eur", "balance_sheet_eur")


@dataclass(frozen=True, slots=True)
class DeclaredFact:
    """One fact: its JSON value, the day it speaks of, and who declared and verified it.

    `name` is a word of FactName, and `value` has passed its check. `as_of` is the end of
    the accounting year for yearly figures, the day from which it holds for the others.
    A verification counts from `verified_on` to the end of `verified_until`, where given.
    """

    name: str
    as_of: date
    value: Any
    declared_on: date
    declared_by: str
    verified_by: str | None = None
    verified_on: date | None = None
    verified_until: date | None = None

    def verified(self, on: date) -> bool:
        """Say whether somebody's verification counts on that day."""
        begun = self.verified_on is None or self.verified_on <= on
        lasts = self.verified_until is None or on <= self.verified_until
        return self.verified_by is not None and begun and lasts


def organisation_facts(
    declared: Iterable[DeclaredFact],
    *,
    on: date,
    past_bookings: int,
    attributes: Mapping[str, str | int | bool],
) -> OrganisationFacts:
    """Add up what was declared by a day; for each fact the newest declaration counts.

    Facts other than figures and countries count from the day they speak of. `attributes`
    are those that the product knows itself, and the country of the day is one more; they
    stand before declared ones. The kind is verified by a fact that says the same.
    """
    known = sorted(
        (_as_on(each, on) for each in declared if each.declared_on <= on),
        key=lambda each: (each.as_of, each.declared_on),
    )
    founded = _newest(known, "founded_on", on)
    countries = _countries(known)
    told, unverified = _attributes(known, countries, attributes, on)
    return OrganisationFacts(
        enterprise=_enterprise(known, on),
        founded_on=date.fromisoformat(founded.value) if founded else None,
        founded_on_verified_by=founded.verified_by if founded else None,
        countries=countries,
        past_bookings=past_bookings,
        attributes=told,
        unverified=unverified,
    )


def _as_on(fact: DeclaredFact, on: date) -> DeclaredFact:
    """Forget who verified the fact where that does not count on the day."""
    if fact.verified_by is None or fact.verified(on):
        return fact
    return replace(fact, verified_by=None)


def _attributes(
    known: list[DeclaredFact],
    countries: tuple[CountryStay, ...],
    own: Mapping[str, str | int | bool],
    on: date,
) -> tuple[dict[str, str | int | bool], frozenset[str]]:
    """Put the attributes together, and name those that nobody verified."""
    declared, kind = _newest(known, "attributes", on), _newest(known, "kind", on)
    found = dict(declared.value) if declared else {}
    unverified = set(found) if declared and declared.verified_by is None else set()
    stay = next((each for each in countries if each.covers(on)), None)
    if stay is not None:
        found["country"] = stay.country
        unverified = unverified - {"country"} | ({"country"} if stay.verified_by is None else set())
    found |= own
    same = kind is not None and kind.verified_by is not None and kind.value == own.get("kind")
    unverified = unverified - set(own) | (set(own) - ({"kind"} if same else set()))
    return found, frozenset(unverified)


def _newest(known: list[DeclaredFact], name: str, on: date) -> DeclaredFact | None:
    fitting = [each for each in known if each.name == name and each.as_of <= on]
    return fitting[-1] if fitting else None


def _enterprise(known: list[DeclaredFact], on: date) -> Enterprise:
    control = _newest(known, "public_control_percent", on)
    ties = _newest(known, "related", on)
    return Enterprise(
        _figures(known),
        None if ties is None else tuple(_related(each, ties) for each in ties.value),
        None if control is None else control.value,
        all(each is not None and each.verified_by is not None for each in (control, ties)),
    )


def _figures(known: list[DeclaredFact]) -> tuple[YearFigures, ...]:
    """Gather each accounting year's figures; verified only where every one of them is."""
    years: dict[int, dict[str, DeclaredFact]] = {}
    for each in known:
        if each.name in YEARLY:
            years.setdefault(each.as_of.year, {})[each.name] = each
    return tuple(_year(number, facts) for number, facts in sorted(years.items()))


def _year(number: int, facts: Mapping[str, DeclaredFact]) -> YearFigures:
    newest = max(facts.values(), key=lambda each: each.declared_on)
    values = {name: each.value for name, each in facts.items()}
    proofs = [each.verified_by for each in facts.values()]
    return YearFigures(
        number,
        newest.declared_on,
        newest.declared_by,
        values.get("staff"),
        values.get("turnover_eur"),
        values.get("balance_sheet_eur"),
        None if None in proofs else proofs[-1],
        max(each.as_of for each in facts.values()),
    )


def _related(tie: Mapping[str, Any], fact: DeclaredFact) -> RelatedEnterprise:
    figures = tuple(
        YearFigures(
            each["year"],
            fact.declared_on,
            fact.declared_by,
            each.get("staff"),
            each.get("turnover_eur"),
            each.get("balance_sheet_eur"),
            fact.verified_by,
        )
        for each in tie.get("figures", [])
    )
    ties = tuple(_related(each, fact) for each in tie.get("related", []))
    return RelatedEnterprise(tie["name"], tie["percent"], figures, ties, tie.get("investor"))


def _countries(known: list[DeclaredFact]) -> tuple[CountryStay, ...]:
    """Turn countries into stays: each lasts until the next begins."""
    stays = {each.as_of: each for each in known if each.name == "country"}
    begins = [*sorted(stays), None]
    return tuple(
        CountryStay(stays[start].value, start, end, stays[start].verified_by)
        for start, end in pairwise(begins)
        if start is not None
    )
