"""What an organisation declared, turned into what the rules on groups look at."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from booking.engine.declarations import DeclaredFact, organisation_facts
from booking.engine.eligibility import CountryFact, ListsInForce, OrganisationFacts
from booking.engine.enterprise_size import Ceiling
from booking.engine.vocabulary import OrganisationKind
from booking.reference.countries import LIST_VERSION, SCHEMES, countries, country_facts
from booking.reference.thresholds import thresholds_on

MOST_DAYS = 400


class Declared(Protocol):
    """One row of what was declared, and by whom."""

    name: str
    as_of: date
    value: Any
    declared_by: UUID | None
    declared_at: datetime
    verified_by: UUID | None
    verified_at: datetime | None
    verified_until: date | None


def facts_from(
    declared: Iterable[Declared],
    *,
    country: str,
    kind: OrganisationKind,
    on: date,
    past_bookings: int,
) -> OrganisationFacts:
    """Return what was known of an organisation on a day.

    Where no country was declared for a day, it is the first one that is known, else the
    registered `country`.
    """
    rows = tuple(declared)
    first = next((each.value for each in rows if each.name == "country"), country)
    return organisation_facts(
        [DeclaredFact("country", date.min, first, date.min, ""), *map(_declared, rows)],
        on=on,
        past_bookings=past_bookings,
        attributes={"kind": kind},
    )


@lru_cache(MOST_DAYS)
def lists_on(on: date) -> ListsInForce:
    """Return the size ceilings in force on a day, and every dated country fact."""
    return ListsInForce(
        tuple(
            Ceiling(each.size, each.staff_below, each.turnover_eur, each.balance_sheet_eur)
            for each in thresholds_on(on)
        ),
        tuple(
            CountryFact(
                each.country,
                each.scheme,
                each.value,
                each.valid_from,
                each.valid_to,
                each.source,
            )
            for each in country_facts()
        ),
        LIST_VERSION,
        names={**SCHEMES, **{each.country: each.name for each in countries().values()}},
    )


def _declared(fact: Declared) -> DeclaredFact:
    return DeclaredFact(
        fact.name,
        fact.as_of,
        fact.value,
        fact.declared_at.date(),
        _words(fact.declared_by),
        None if fact.verified_at is None else _words(fact.verified_by),
        None if fact.verified_at is None else fact.verified_at.date(),
        fact.verified_until,
    )


def _words(person_id: UUID | None) -> str:
    return "the installation" if person_id is None else str(person_id)
