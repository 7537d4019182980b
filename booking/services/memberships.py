"""Which equity groups an organisation belongs to on a day, from what it declared."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.declarations import DeclaredFact, organisation_facts
from booking.engine.eligibility import (
    CountryFact,
    ListsInForce,
    Membership,
    OrganisationFacts,
    membership,
)
from booking.engine.enterprise_size import Ceiling
from booking.engine.group_rules import GroupRule, read_rule
from booking.models import EquityGroup, Organisation, OrganisationFact
from booking.queries import organisations
from booking.reference.countries import LIST_VERSION, country_facts
from booking.reference.thresholds import thresholds_on
from booking.services.organisations import known_organisation


def memberships_on(
    session: Session,
    *,
    organisation_id: UUID,
    groups: Mapping[str, GroupRule],
    on: date,
    grace_days: int = 0,
) -> tuple[Membership, ...]:
    """Decide each group, in the order given, with the working shown.

    Raises: NotFound.
    """
    facts = facts_on(session, organisation_id=organisation_id, on=on)
    lists = lists_on(on)
    return tuple(
        membership(key, rule, facts, lists=lists, on=on, grace_days=grace_days)
        for key, rule in groups.items()
    )


def memberships(
    session: Session,
    organisation: Organisation,
    groups: Iterable[EquityGroup],
    *,
    on: date,
    grace_days: int = 0,
) -> tuple[Membership, ...]:
    """Decide each published group of a policy for an organisation, in the order given."""
    rules = {group.key: _stored_rule(group) for group in groups}
    return memberships_on(
        session, organisation_id=organisation.id, groups=rules, on=on, grace_days=grace_days
    )


def _stored_rule(group: EquityGroup) -> GroupRule:
    rule = read_rule(group.rule)
    if not isinstance(rule, tuple):
        return rule
    raise ValueError(f"The rule of the group {group.key!r} was stored malformed: {rule}")


def written(decided: Iterable[Membership]) -> list[dict[str, Any]]:
    """Turn memberships into the JSON that is stored with a request."""
    return [
        {
            "group": each.group,
            "member": each.member,
            "working": list(each.working),
            "verified": each.verified,
        }
        for each in decided
    ]


def facts_on(session: Session, *, organisation_id: UUID, on: date) -> OrganisationFacts:
    """Return what was known of the organisation on a day.

    Where no country was declared for a day, it is the first one that is known.
    Raises: NotFound.
    """
    row = known_organisation(session, organisation_id)
    declared = organisations.facts_of(session, row.id)
    return organisation_facts(
        [_registered_country(row, declared), *map(_declared, declared)],
        on=on,
        past_bookings=organisations.bookings_before(session, row.id, on=on),
        attributes={"kind": row.kind},
    )


@cache
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
    )


def _registered_country(row: Organisation, declared: tuple[OrganisationFact, ...]) -> DeclaredFact:
    first = next((each.value for each in declared if each.name == "country"), row.country)
    return DeclaredFact("country", date.min, first, date.min, "")


def _declared(fact: OrganisationFact) -> DeclaredFact:
    return DeclaredFact(
        fact.name,
        fact.as_of,
        fact.value,
        fact.declared_at.date(),
        _words(fact.declared_by),
        None if fact.verified_at is None else _words(fact.verified_by),
    )


def _words(person_id: UUID | None) -> str:
    return "the installation" if person_id is None else str(person_id)
