"""Which equity groups an organisation is part of at each facility, with the working."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.eligibility import ListsInForce, OrganisationFacts, membership
from booking.engine.group_rules import GroupRule, country_schemes
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.rule_facts import facts_behind, standing
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound
from booking.models import EquityGroup, Organisation, OrganisationFact
from booking.queries.declared_facts import lists_on
from booking.queries.online_policies import stored_rule
from booking.queries.organisations import facts_of
from booking.queries.policies_in_force import PolicyInForce, policies_in_force
from booking.queries.rounds import facility_named
from booking.reference.thresholds import SME_THRESHOLDS, SOURCE
from booking.services.memberships import facts_on
from booking.services.permits import permit

FIRST_DAY: Final = min(each.valid_from for each in SME_THRESHOLDS)
LAST_DAY: Final = date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class GroupWorking:
    """Whether the organisation is of a group, the lines that decide it, and the facts behind.

    `decided` is false where a figure is missing, and the working says which one to give.
    `sources` are those of the ceilings and lists that the rule counts on.
    """

    key: str
    name: str
    rule: dict[str, Any]
    member: bool
    decided: bool
    verified: bool
    working: tuple[str, ...]
    sources: tuple[str, ...]
    facts: tuple[OrganisationFact, ...]


@dataclass(frozen=True, slots=True)
class FacilityWorking:
    """The groups of one facility's policy."""

    facility_slug: str
    facility_name: str
    policy_number: int
    groups: tuple[GroupWorking, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """All that decides groups of one organisation on a day."""

    facts: OrganisationFacts
    declared: tuple[OrganisationFact, ...]
    lists: ListsInForce
    on: date


def workings_of(
    session: Session,
    *,
    actor: Actor,
    organisation: Organisation,
    on: date,
    facility: str | None = None,
) -> tuple[FacilityWorking, ...]:
    """Decide the groups of facilities' present policies for an organisation on a day.

    Of one facility (slug or id), or of all that have a policy with groups.
    Raises: NotFound for a facility that is not there or has no such policy; Malformed for
    a day before the first ceilings or after 2099.
    """
    permit(actor, Action.ORGANISATION_SEE, Scope(organisation_id=organisation.id))
    _check_day(on)
    wanted = None if facility is None else facility_named(session, facility).id
    policies = [each for each in policies_in_force(session) if wanted in {None, each.facility_id}]
    if wanted is not None and not policies:
        raise NotFound(f"{facility} has no policy with equity groups; ask for another facility.")
    known = _Known(
        facts_on(session, organisation_id=organisation.id, on=on),
        _declared(session, organisation.id, on),
        lists_on(on),
        on,
    )
    return tuple(_at_facility(each, known) for each in policies)


def _check_day(on: date) -> None:
    if FIRST_DAY <= on < LAST_DAY:
        return
    reason = f"Give a day from {FIRST_DAY} to 2099-12-31."
    raise Malformed(reason, [Violation("day_out_of_range", reason, "on")])


def _declared(session: Session, organisation_id: UUID, on: date) -> tuple[OrganisationFact, ...]:
    return tuple(
        each for each in facts_of(session, organisation_id) if each.declared_at.date() <= on
    )


def _at_facility(policy: PolicyInForce, known: _Known) -> FacilityWorking:
    return FacilityWorking(
        policy.facility_slug,
        policy.facility_name,
        policy.number,
        tuple(_working(each, policy.grace_days, known) for each in policy.groups),
    )


def _working(group: EquityGroup, grace_days: int, known: _Known) -> GroupWorking:
    rule = stored_rule(group.key, group.rule)
    found = membership(
        group.key, rule, known.facts, lists=known.lists, on=known.on, grace_days=grace_days
    )
    return GroupWorking(
        key=group.key,
        name=group.name,
        rule=group.rule,
        member=found.member,
        decided=found.decided,
        verified=found.verified,
        working=found.working,
        sources=_sources(rule, known.lists),
        facts=standing(known.declared, facts_behind(rule), on=known.on),
    )


def _sources(rule: GroupRule, lists: ListsInForce) -> tuple[str, ...]:
    names = dict.fromkeys(lists.name(each.scheme) for each in country_schemes(rule))
    countries = [f"{name}, lists of {lists.version}" for name in names]
    return (*countries, *[SOURCE] * ("staff" in facts_behind(rule)))
