"""Organisations as they stand when a call opens: their groups, factors, and what that reserves."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.eligibility import ListsInForce, Membership, OrganisationFacts, membership
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.quotas import PPM, reserved_shares
from booking.models import OrganisationSnapshot, Round
from booking.queries.declared_facts import lists_on
from booking.queries.online_policies import OnlinePolicy, online
from booking.queries.policies import PolicyFacts
from booking.queries.snapshots import (
    SnapshotLine,
    organisations_as_of,
    snapshots_of,
    verified_members,
)
from booking.services.fair_share import fair_shares_at
from booking.services.memberships import written
from booking.services.permits import permit


def take_snapshot(
    session: Session,
    *,
    found: Round,
    policy: PolicyFacts,
    facility_ids: Collection[UUID],
    now: datetime,
) -> None:
    """Keep every organisation's groups on this day, and its factor at the call's opening.

    Where the policy says what part is reserved in all, the groups' shares of it are fixed on
    the round, by their weights and verified organisations. Suspended ones are left out.
    Cost: seven queries, whatever the number of organisations.
    """
    on, rules = now.date(), online(policy)
    lists = lists_on(on)
    factors = fair_shares_at(
        session,
        at=found.call_opens_at,
        half_life_days=policy.version.half_life_days,
        cap_share_ppm=policy.version.cap_share_ppm,
        facility_ids=facility_ids,
    )
    session.add_all(
        OrganisationSnapshot(
            round_id=found.id,
            organisation_id=organisation_id,
            memberships=written(_decided(rules, facts, lists, on)),
            fair_share_millionths=factors.get(organisation_id, PPM),
            taken_at=now,
        )
        for organisation_id, facts in organisations_as_of(session, on=on).items()
    )
    session.flush()
    if policy.version.reserved_ppm is not None:
        found.reserved_shares = reserved_shares(
            {each.key: each.weight for each in policy.groups},
            verified_members(session, found.id),
            reserved_ppm=policy.version.reserved_ppm,
        )


def standings_in_rounds(
    session: Session, *, actor: Actor, organisation_id: UUID
) -> tuple[SnapshotLine, ...]:
    """Return how the organisation stood when calls opened, the newest first."""
    permit(actor, Action.ORGANISATION_SEE, Scope(organisation_id=organisation_id))
    return snapshots_of(session, organisation_id)


def _decided(
    rules: OnlinePolicy, facts: OrganisationFacts, lists: ListsInForce, on: date
) -> tuple[Membership, ...]:
    return tuple(
        membership(each.key, each.rule, facts, lists=lists, on=on, grace_days=rules.grace_days)
        for each in rules.groups
    )
