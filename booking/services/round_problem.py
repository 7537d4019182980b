"""Put a round into the words of the allocation engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.engine.allocation.problem import FORMAT, Problem, read_problem
from booking.engine.intervals import MINUTE
from booking.engine.quotas import PPM
from booking.engine.request_rules import WantedAlternative, WantedSession
from booking.engine.violations import Violation
from booking.engine.wording import as_text, counted
from booking.errors import RulesBroken
from booking.models import AccessRequest, Round
from booking.queries.offers import Offer, offers
from booking.queries.policies import PolicyFacts, policy
from booking.queries.requests import organisations_of, submitted_requests, wanted_sessions
from booking.queries.rounds import shares_in_round, taking_part
from booking.services.rounds import access_of

MILLION = 1_000_000
THOUSAND = 1000
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class RoundProblem:
    """A round's problem, and the requests that cannot take part in it.

    `below_threshold` scored below the round's quality threshold; `unplaceable` ask for a
    session none of whose resources is offered any more.
    """

    problem: Problem
    below_threshold: tuple[UUID, ...]
    unplaceable: tuple[UUID, ...]


def compile_round(session: Session, found: Round) -> RoundProblem:
    """Compile what the round offers and what eligible requests ask for, as it stands now.

    Ids are UUIDs as text. Facilities that were published already are left out: their
    bookings stand.
    Raises: RulesBroken if a submitted request has no score yet.
    """
    waiting = submitted_requests(session, found.id)
    refuse_unscored(waiting)
    rules = _rules(session, found)
    open_ids = _unpublished(session, found)
    offered = {
        each.resource.id: each
        for each in offers(
            session, open_ids, access=access_of(found), step_minutes=found.step_minutes
        )
    }
    eligible = [each for each in waiting if (each.merit or 0) >= found.quality_threshold]
    asked = {
        request_id: [_offered_only(each, offered) for each in sessions]
        for request_id, sessions in wanted_sessions(session, [each.id for each in eligible]).items()
    }
    placeable = [each for each in eligible if all(one.alternatives for one in asked[each.id])]
    whose = organisations_of(session, {each.project_id for each in placeable})
    problem = {
        "format": FORMAT,
        "origin": as_text(found.access_starts_at),
        "step_minutes": found.step_minutes,
        "seed": found.seed,
        "strict": rules.version.strict,
        "ladder": [each for each in rules.version.ladder if each["points"]],
        "facilities": [_facility(each, found, rules) for each in open_ids],
        "resources": [_resource(each) for each in offered.values()],
        "organisations": _organisations(placeable, whose),
        "requests": [
            as_asked(each, whose[each.project_id], asked[each.id], found) for each in placeable
        ],
    }
    kept = {each.id for each in placeable}
    fit = {each.id for each in eligible}
    return RoundProblem(
        problem=read_problem(problem),
        below_threshold=tuple(each.id for each in waiting if each.id not in fit),
        unplaceable=tuple(each.id for each in eligible if each.id not in kept),
    )


def _unpublished(session: Session, found: Round) -> list[UUID]:
    return [each.facility_id for each in taking_part(session, found.id) if not each.published_at]


def _rules(session: Session, found: Round) -> PolicyFacts:
    rules = policy(session, found.policy_version_id) if found.policy_version_id else None
    if rules is None:
        raise ValueError(f"The round {found.slug} has no policy version to be allocated by.")
    return rules


def refuse_unscored(waiting: Iterable[AccessRequest]) -> None:
    """Return if every one of the requests has a score.

    Raises: RulesBroken.
    """
    unscored = [each for each in waiting if each.merit is None]
    if not unscored:
        return
    violations = [
        Violation(
            "unscored",
            f"{each.title!r} has no score yet; let a reviewer score it.",
            f"/requests/{each.id}",
        )
        for each in unscored[:MOST_NAMED]
    ]
    raise RulesBroken(
        f"{counted(len(unscored), 'submitted request')} still without a score, so the round "
        "cannot be allocated; have every request reviewed first.",
        violations,
    )


def _offered_only(session: WantedSession, offered: Mapping[UUID, Offer]) -> WantedSession:
    kept = tuple(each for each in session.alternatives if each.resource_id in offered)
    return WantedSession(session.minutes, session.quantity, kept)


def _facility(facility_id: UUID, found: Round, rules: PolicyFacts) -> dict[str, Any]:
    cap_ppm = rules.version.cap_share_ppm
    return {
        "id": str(facility_id),
        "reserved_share": {
            key: ppm / PPM for key, ppm in shares_in_round(found, rules.groups).items()
        },
        "cap_share": None if cap_ppm is None else cap_ppm / PPM,
    }


def _resource(offer: Offer) -> dict[str, Any]:
    whole, rest = divmod(offer.resource.rate_thousandths, THOUSAND)
    return {
        "id": str(offer.resource.id),
        "facility": str(offer.resource.facility_id),
        "kind": offer.resource.kind,
        "capacity": offer.capacity,
        "rate": offer.resource.rate_thousandths / THOUSAND if rest else whole,
        "windows": [list(each) for each in offer.windows],
    }


def _organisations(
    requests: Iterable[AccessRequest], whose: Mapping[UUID, UUID]
) -> list[dict[str, Any]]:
    """Give each organisation the factor that was frozen with its first request."""
    factors: dict[UUID, int] = {}
    for each in requests:
        factors.setdefault(whose[each.project_id], each.fair_share_millionths)
    return [
        {"id": str(organisation_id), "fair_share": millionths / MILLION}
        for organisation_id, millionths in factors.items()
    ]


def as_asked(
    request: AccessRequest, organisation_id: UUID, sessions: list[WantedSession], found: Round
) -> dict[str, Any]:
    """Put a request into the words of the engine's file."""
    return {
        "id": str(request.id),
        "organisation": str(organisation_id),
        "groups": [each["group"] for each in request.memberships if each["member"]],
        "merit": request.merit,
        "sessions": [_session(each, found) for each in sessions],
    }


def _session(session: WantedSession, found: Round) -> dict[str, Any]:
    return {
        "steps": session.minutes // found.step_minutes,
        "quantity": session.quantity,
        "alternatives": [_alternative(each, found) for each in session.alternatives],
    }


def _alternative(wanted: WantedAlternative, found: Round) -> dict[str, Any]:
    step = found.step_minutes * MINUTE
    origin: datetime = found.access_starts_at
    return {
        "resource": str(wanted.resource_id),
        "from": -((origin - wanted.earliest_at) // step),
        "to": (wanted.latest_at - origin) // step,
        "rank": wanted.rank,
    }
