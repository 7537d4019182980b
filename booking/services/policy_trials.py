"""Try a policy on a round's real demand before it is published."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.problem import Problem, read_problem, write_problem
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.quotas import PPM, LadderStep, reserved_shares
from booking.engine.violations import Violation
from booking.engine.vocabulary import CalculationKind
from booking.errors import NotFound, RulesBroken
from booking.models import Calculation, Round
from booking.queries.calculations import CalculationFacts, find_calculation
from booking.queries.decisions import newest_result
from booking.queries.online_policies import stored_rule
from booking.queries.policies import PolicyFacts, current_policy, policy, policy_numbered
from booking.queries.policy_trials import (
    days_of_requests,
    kinds_of_organisations,
    round_to_try_on,
)
from booking.queries.rounds import facility_named, find_round
from booking.queries.snapshots import verified_members
from booking.services.calculations import ask
from booking.services.fair_share import fair_shares_at
from booking.services.permits import permit
from booking.services.policies import (
    GroupWish,
    PolicyWish,
    check_wish,
    publish_policy,
    wish_of,
    with_shares,
)
from booking.services.policy_shares import members_on
from booking.services.round_problem import compile_round

_NO_DEMAND = (
    "There is no demand to try this policy on: the facility has led no round yet in which every "
    "request is scored. Publish the policy and run a round, or wait until the reviews are in."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A round under the policy in force and under the one that is tried.

    `result` is what was decided by the policy in force, None where that is to be worked out
    too; `kinds` are those of the organisations that ask.
    """

    today: Problem
    result: dict[str, Any] | None
    tried: Problem
    kinds: Mapping[str, str]


def try_policy(
    session: Session, *, actor: Actor, now: datetime, facility: str, wish: PolicyWish
) -> Calculation:
    """Ask what a policy would do on the demand of the facility's current or last round.

    Nothing is published; the same policy under way is not asked twice.
    Raises: NotFound; NotPermitted; Malformed and RulesBroken as publishing it would;
    RulesBroken where there is no demand to try it on.
    """
    place = facility_named(session, facility)
    permit(actor, Action.POLICY_TRY, Scope(facility_id=place.id))
    check_wish(wish)
    found, current = round_to_try_on(session, place.id), current_policy(session, place.id)
    if found is None or current is None:
        raise RulesBroken(_NO_DEMAND, [Violation("no_demand", _NO_DEMAND)])
    return ask(
        session,
        actor=actor,
        now=now,
        found=found,
        kind=CalculationKind.WHAT_IF,
        question={
            "policy": asdict(replace(wish, note="")),
            "against": current.version.number,
        },
    )


def publish_tried(
    session: Session, *, actor: Actor, now: datetime, calculation_id: UUID, note: str = ""
) -> PolicyFacts:
    """Publish the very policy that was tried.

    Raises: NotFound; and as publish_policy does.
    """
    found = find_calculation(session, calculation_id)
    if found.kind is not CalculationKind.WHAT_IF:
        raise NotFound("There is no such trial; the policy desk lists those there are.")
    place = find_round(session, str(found.round_id)).facility_id
    wish = replace(tried_wish(found.question), note=note)
    return publish_policy(session, actor=actor, now=now, facility=str(place), wish=wish)


def tried_wish(question: Mapping[str, Any]) -> PolicyWish:
    """Read the policy that a trial's question holds."""
    given = dict(question["policy"])
    given["groups"] = tuple(GroupWish(**each) for each in given["groups"])
    given["ladder"] = tuple(LadderStep(**each) for each in given["ladder"])
    return PolicyWish(**given)


def tried_against(session: Session, asked: CalculationFacts) -> PolicyFacts:
    """Return the version of the policy that a trial was compared with: the one then in force."""
    place = find_round(session, str(asked.round_id)).facility_id
    return policy_numbered(session, place, asked.question["against"])


def prepare_trial(session: Session, asked: CalculationFacts) -> Trial:
    """Put the round under both policies into the words of the engine.

    What decided the round stands where that policy is still in force; else both are worked out.
    Raises: RulesBroken if a request has lost its score.
    """
    found = find_round(session, str(asked.round_id))
    stored = newest_result(session, found.id)
    decided = json.loads(stored.problem) if stored else _compiled(session, found)
    base, current = _base(session, found), tried_against(session, asked)
    today, result = decided, json.loads(stored.result) if stored else None
    if current.version.id != base.version.id:
        today, result = _under(session, found, decided, wish_of(base), wish_of(current)), None
    tried = _under(session, found, decided, wish_of(base), tried_wish(asked.question))
    owners = [each["id"] for each in decided["organisations"]]
    return Trial(
        today=read_problem(today),
        result=result,
        tried=read_problem(tried),
        kinds=kinds_of_organisations(session, owners),
    )


def _compiled(session: Session, found: Round) -> dict[str, Any]:
    return write_problem(compile_round(session, found).problem)


def _base(session: Session, found: Round) -> PolicyFacts:
    """Return the policy that the round is decided by."""
    base = policy(session, found.policy_version_id) if found.policy_version_id else None
    if base is None:
        raise ValueError(f"The round {found.slug} has no policy version.")
    return base


def _under(
    session: Session, found: Round, problem: dict[str, Any], base: PolicyWish, wish: PolicyWish
) -> dict[str, Any]:
    """Return the round's problem as it would be under another policy."""
    shares = _shares(session, found, base, wish)
    cap = None if wish.cap_share_ppm is None else wish.cap_share_ppm / PPM
    reserved = {key: ppm / PPM for key, ppm in shares.items()}
    return problem | {
        "strict": wish.strict,
        "ladder": [
            {"up_to": each.up_to_ppm / PPM, "points": each.points}
            for each in wish.ladder
            if each.points
        ],
        "facilities": [
            each | {"reserved_share": reserved, "cap_share": cap} for each in problem["facilities"]
        ],
        "organisations": _organisations(session, found, problem, base, wish),
        "requests": _requests(session, found, problem, base, wish),
    }


def _shares(session: Session, found: Round, base: PolicyWish, wish: PolicyWish) -> dict[str, int]:
    """Return the groups' reserved shares in ppm, as a call under the policy would fix them."""
    if wish.reserved_ppm is None:
        return {each.key: each.reserved_share_ppm for each in wish.groups}
    snapshot = verified_members(session, found.id)
    if snapshot and not _changed(base, wish):
        weights = {each.key: each.weight for each in wish.groups}
        return reserved_shares(weights, snapshot, reserved_ppm=wish.reserved_ppm)
    derived = with_shares(session, wish, on=found.call_opens_at.date())
    return {each.key: each.reserved_share_ppm for each in derived.groups}


def _changed(base: PolicyWish, wish: PolicyWish) -> tuple[GroupWish, ...]:
    """Return the groups to which other organisations may belong than did."""
    rules = {each.key: each.rule for each in base.groups}
    same_grace = base.grace_days == wish.grace_days
    return tuple(each for each in wish.groups if not same_grace or rules.get(each.key) != each.rule)


def _organisations(
    session: Session, found: Round, problem: dict[str, Any], base: PolicyWish, wish: PolicyWish
) -> list[dict[str, Any]]:
    """Return the organisations with the factors that the policy's half-life and cap give."""
    known: list[dict[str, Any]] = problem["organisations"]
    if (base.half_life_days, base.cap_share_ppm) == (wish.half_life_days, wish.cap_share_ppm):
        return known
    factors = fair_shares_at(
        session,
        at=found.call_opens_at,
        half_life_days=wish.half_life_days,
        cap_share_ppm=wish.cap_share_ppm,
        facility_ids=[UUID(each["id"]) for each in problem["facilities"]],
        organisations=[UUID(each["id"]) for each in known],
    )
    return [each | {"fair_share": factors[UUID(each["id"])] / PPM} for each in known]


def _requests(
    session: Session, found: Round, problem: dict[str, Any], base: PolicyWish, wish: PolicyWish
) -> list[dict[str, Any]]:
    """Return the requests with the groups they would be of on the day they were sent."""
    changed = _changed(base, wish)
    kept = {each.key for each in wish.groups} - {each.key for each in changed}
    rules = {each.key: stored_rule(each.key, each.rule) for each in changed}
    days = days_of_requests(session, found.id) if rules else {}
    members: dict[date, dict[UUID, frozenset[str]]] = {
        on: members_on(session, rules, on=on, grace_days=wish.grace_days)
        for on in sorted(set(days.values()))
    }
    asked = []
    for each in problem["requests"]:
        groups = [key for key in each["groups"] if key in kept]
        on = days.get(each["id"])
        if on is not None:
            groups += sorted(members[on].get(UUID(each["organisation"]), ()))
        asked.append(each | {"groups": groups})
    return asked
