"""Which equity groups an organisation belongs to on a day, from what it declared."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.eligibility import Membership, OrganisationFacts, membership
from booking.engine.group_rules import GroupRule
from booking.models import EquityGroup, Organisation
from booking.queries import organisations
from booking.queries.declared_facts import facts_from, lists_on
from booking.queries.online_policies import stored_rule
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
    rules = {group.key: stored_rule(group.key, group.rule) for group in groups}
    return memberships_on(
        session, organisation_id=organisation.id, groups=rules, on=on, grace_days=grace_days
    )


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
    return facts_from(
        organisations.facts_of(session, row.id),
        country=row.country,
        kind=row.kind,
        on=on,
        past_bookings=organisations.bookings_before(session, row.id, on=on),
    )
