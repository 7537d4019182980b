"""Publish a facility's policy: equity groups, reserved shares, ladder, cap, release."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.group_rules import GroupRule, read_rule
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.quotas import (
    PPM,
    GroupShare,
    LadderStep,
    PolicyTerms,
    check_policy,
)
from booking.engine.violations import Violation
from booking.errors import Malformed, RulesBroken
from booking.events import record
from booking.models import EquityGroup, PolicyVersion
from booking.queries.online_policies import stored_rule
from booking.queries.policies import PolicyFacts, current_policy
from booking.queries.rounds import facility_named, lock_facility
from booking.services.country_notes import country_notes, lists_counted_on, scheme_faults
from booking.services.permits import permit
from booking.services.policy_shares import shares_by_weight

DEFAULT_LADDER: Final = (LadderStep(PPM // 2, 1200), LadderStep(PPM, 600))


@dataclass(frozen=True, slots=True)
class GroupWish:
    """An equity group as it is to be published; the rule is JSON of engine/group_rules."""

    key: str
    name: str
    rule: dict[str, Any]
    reserved_share_ppm: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class PolicyWish:
    """A policy as it is to be published; `cap_share_ppm` of None is no cap.

    With `reserved_ppm` the groups' shares are derived from their weights, whatever they say;
    `strict` fills reserves before points count, whatever the ladder says.
    """

    groups: tuple[GroupWish, ...] = ()
    ladder: tuple[LadderStep, ...] = DEFAULT_LADDER
    cap_share_ppm: int | None = PPM // 10
    release_first_days: int = 14
    release_all_days: int = 7
    half_life_days: int = 90
    grace_days: int = 0
    note: str = ""
    reserved_ppm: int | None = None
    strict: bool = False


def publish_policy(
    session: Session, *, actor: Actor, now: datetime, facility: str, wish: PolicyWish
) -> PolicyFacts:
    """Publish a new version of the facility's policy; the same content makes no new one.

    It keeps the version of the country lists that it counts on. Shares that follow from weights
    are those of this day; each call derives its own when it opens.
    Versions are kept for ever; rounds that are open keep the one they opened with.
    Raises: NotFound; Malformed for rules that cannot be read; RulesBroken with every
    way in which shares, ladder, cap or release dates are refused.
    """
    place = facility_named(session, facility)
    permit(actor, Action.POLICY_EDIT, Scope(facility_id=place.id))
    check_wish(wish)
    wish = with_shares(session, wish, on=now.date())
    lock_facility(session, place.id)
    current = current_policy(session, place.id)
    lists = lists_counted_on(rule for _, rule in rules_of(wish))
    same = current is not None and current.version.country_lists == lists
    if same and current is not None and wish_of(current) == wish:
        return current
    number = current.version.number + 1 if current else 1
    version = _version(place.id, number, wish, actor=actor, now=now)
    version.country_lists = lists
    session.add(version)
    session.flush()
    groups = tuple(_group(version.id, at, each) for at, each in enumerate(wish.groups))
    session.add_all(groups)
    session.flush()
    record(
        session,
        EventKind.POLICY_PUBLISHED,
        subject_id=version.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=place.id,
        payload={
            "number": number,
            "groups": [each.key for each in wish.groups],
            "country_lists": lists,
            "notes": list(notes_on(wish, now.date())),
        },
    )
    return PolicyFacts(version, groups)


def check_wish(wish: PolicyWish) -> None:
    """Return if the policy may be published.

    Raises: Malformed for a rule that cannot be read; RulesBroken for its numbers.
    """
    unread: list[Violation] = []
    for at, group in enumerate(wish.groups):
        rule = read_rule(group.rule, f"/groups/{at}/rule")
        unread.extend(
            rule if isinstance(rule, tuple) else scheme_faults(group.rule, f"/groups/{at}/rule")
        )
    if unread:
        raise Malformed("The policy has a rule that cannot be read.", unread)
    found = check_policy(terms_of(wish))
    if found:
        violations = [_renamed(each) for each in found]
        raise RulesBroken("The policy cannot be published like this.", violations)


def with_shares(session: Session, wish: PolicyWish, *, on: date) -> PolicyWish:
    """Return the policy with the shares that follow from weights on a day, where they do."""
    if wish.reserved_ppm is None:
        return wish
    shares = shares_by_weight(
        session,
        {each.key: stored_rule(each.key, each.rule) for each in wish.groups},
        {each.key: each.weight for each in wish.groups},
        reserved_ppm=wish.reserved_ppm,
        on=on,
        grace_days=wish.grace_days,
    )
    groups = tuple(replace(each, reserved_share_ppm=shares[each.key]) for each in wish.groups)
    return replace(wish, groups=groups)


def rules_of(wish: PolicyWish) -> tuple[tuple[str, GroupRule], ...]:
    """Read the rule of each group, with the group's name.

    Raises: ValueError if one was not checked.
    """
    return tuple((each.name, stored_rule(each.key, each.rule)) for each in wish.groups)


def notes_on(wish: PolicyWish, on: date) -> tuple[str, ...]:
    """Name the countries that the policy's groups lost lately, or are about to lose."""
    return country_notes(rules_of(wish), on=on, grace_days=wish.grace_days)


def terms_of(wish: PolicyWish) -> PolicyTerms:
    """Return the policy's numbers in the words of engine/quotas."""
    return PolicyTerms(
        groups=tuple(
            GroupShare(each.key, each.weight, each.reserved_share_ppm) for each in wish.groups
        ),
        ladder=wish.ladder,
        cap_share_ppm=wish.cap_share_ppm,
        release_first_days=wish.release_first_days,
        release_all_days=wish.release_all_days,
        reserved_ppm=wish.reserved_ppm,
    )


def wish_of(facts: PolicyFacts) -> PolicyWish:
    """Return the wish that would publish the same policy again."""
    version = facts.version
    return PolicyWish(
        groups=tuple(
            GroupWish(each.key, each.name, each.rule, each.reserved_share_ppm, each.weight)
            for each in facts.groups
        ),
        ladder=tuple(
            LadderStep(round(each["up_to"] * PPM), each["points"]) for each in version.ladder
        ),
        cap_share_ppm=version.cap_share_ppm,
        release_first_days=version.release_first_days,
        release_all_days=version.release_all_days,
        half_life_days=version.half_life_days,
        grace_days=version.grace_days,
        note=version.note,
        reserved_ppm=version.reserved_ppm,
        strict=version.strict,
    )


def _renamed(violation: Violation) -> Violation:
    """Point at the member as the API and the pages name it: shares, not parts per million."""
    pointer = violation.pointer.replace("reserved_ppm", "reserved_share")
    return replace(violation, pointer=pointer.replace("_ppm", ""))


def _version(
    facility_id: UUID, number: int, wish: PolicyWish, *, actor: Actor, now: datetime
) -> PolicyVersion:
    return PolicyVersion(
        facility_id=facility_id,
        number=number,
        ladder=[{"up_to": each.up_to_ppm / PPM, "points": each.points} for each in wish.ladder],
        cap_share_ppm=wish.cap_share_ppm,
        release_first_days=wish.release_first_days,
        release_all_days=wish.release_all_days,
        half_life_days=wish.half_life_days,
        grace_days=wish.grace_days,
        note=wish.note,
        reserved_ppm=wish.reserved_ppm,
        strict=wish.strict,
        published_by=actor.person_id,
        published_at=now,
    )


def _group(policy_version_id: UUID, position: int, wish: GroupWish) -> EquityGroup:
    return EquityGroup(
        policy_version_id=policy_version_id,
        position=position,
        key=wish.key,
        name=wish.name,
        rule=wish.rule,
        weight=wish.weight,
        reserved_share_ppm=wish.reserved_share_ppm,
    )
