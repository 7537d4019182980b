"""Who would be of which group on a day, and the shares that follow from weights."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlmodel import Session

from booking.engine.eligibility import membership
from booking.engine.group_rules import GroupRule
from booking.engine.quotas import reserved_shares
from booking.queries.declared_facts import lists_on
from booking.queries.snapshots import organisations_as_of


def verified_on(
    session: Session, rules: Mapping[str, GroupRule], *, on: date, grace_days: int
) -> dict[str, int]:
    """Count each group's verified organisations on a day.

    Cost: three queries, whatever the number of organisations.
    """
    lists, known = lists_on(on), organisations_as_of(session, on=on).values()
    found = dict.fromkeys(rules, 0)
    for key, rule in rules.items():
        for facts in known:
            one = membership(key, rule, facts, lists=lists, on=on, grace_days=grace_days)
            found[key] += one.member and one.verified
    return found


def members_on(
    session: Session, rules: Mapping[str, GroupRule], *, on: date, grace_days: int
) -> dict[UUID, frozenset[str]]:
    """Return the groups of every organisation on a day, verified or not, by organisation.

    Cost: three queries, whatever the number of organisations.
    """
    lists = lists_on(on)
    return {
        organisation_id: frozenset(
            key
            for key, rule in rules.items()
            if membership(key, rule, facts, lists=lists, on=on, grace_days=grace_days).member
        )
        for organisation_id, facts in organisations_as_of(session, on=on).items()
    }


def shares_by_weight(
    session: Session,
    rules: Mapping[str, GroupRule],
    weights: Mapping[str, int],
    *,
    reserved_ppm: int,
    on: date,
    grace_days: int,
) -> dict[str, int]:
    """Return the groups' shares of the reserved part, by weight and verified organisations."""
    members = verified_on(session, rules, on=on, grace_days=grace_days)
    return reserved_shares(weights, members, reserved_ppm=reserved_ppm)
