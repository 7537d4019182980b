"""Access requests: draft, change, submit, withdraw, while the call is open."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session

from booking.clock import new_id
from booking.engine.lifecycle import (
    REQUEST_STEPS,
    EventKind,
    RequestState,
    RoundState,
    Step,
    step,
)
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.quotas import PPM
from booking.engine.request_rules import (
    DRAFT_RULES,
    SUBMISSION_RULES,
    OfferedResource,
    OfferingFacility,
    RequestFacts,
    WantedSession,
    broken_rules,
)
from booking.engine.violations import Violation
from booking.errors import RulesBroken, WrongState
from booking.events import record
from booking.models import (
    AccessRequest,
    Organisation,
    Project,
    RequestedAlternative,
    RequestedSession,
    Round,
)
from booking.queries.offers import offers, published_resources
from booking.queries.policies import PolicyFacts, policy
from booking.queries.requests import (
    accepted_terms,
    current_terms,
    find_request,
    organisation,
    project,
    session_rows,
    wanted_sessions,
)
from booking.queries.rounds import facilities, lock_round, taking_part, visible_round
from booking.services.fair_share import fair_share_millionths
from booking.services.memberships import memberships, written
from booking.services.permits import permit
from booking.services.rounds import access_of

THOUSAND = 1000


def create_request(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    round_key: str,
    project_id: UUID,
    title: str,
    summary: str = "",
    sessions: Sequence[WantedSession],
    request_id: UUID | None = None,
) -> AccessRequest:
    """Draft an access request of a project; `request_id` is drawn unless given.

    Raises: NotFound; RulesBroken with every rule a draft must keep, the call's included.
    """
    found = visible_round(session, round_key, viewer=actor)
    applying = project(session, project_id)
    _permit(actor, applying)
    lock_round(session, found.id)
    _check(session, found, applying, tuple(sessions), now=now, rules=DRAFT_RULES)
    row = AccessRequest(
        id=request_id or new_id(),
        round_id=found.id,
        project_id=applying.id,
        submitted_by=actor.person_id or applying.principal_investigator_id,
        title=title,
        summary=summary,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    _store(session, row, sessions)
    _record(session, found, row, EventKind.REQUEST_CREATED, actor=actor, now=now)
    return row


def change_request(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    round_key: str,
    request_id: UUID,
    title: str | None = None,
    summary: str | None = None,
    sessions: Sequence[WantedSession] | None = None,
) -> AccessRequest:
    """Change what is given, of a draft or of a request that was submitted.

    Raises: NotFound; WrongState once withdrawn or decided; RulesBroken.
    """
    found, applying, row = _theirs(session, actor, round_key, request_id)
    taken = _step(row, "change")
    wanted = wanted_sessions(session, [row.id])[row.id] if sessions is None else tuple(sessions)
    sent = row.state is RequestState.SUBMITTED
    rules = SUBMISSION_RULES if sent else DRAFT_RULES
    _check(session, found, applying, wanted, now=now, rules=rules)
    row.title = row.title if title is None else title
    row.summary = row.summary if summary is None else summary
    if sessions is not None:
        _forget(session, row)
        _store(session, row, sessions)
    _apply(session, found, row, taken, actor=actor, now=now)
    return row


def submit_request(
    session: Session, *, actor: Actor, now: datetime, round_key: str, request_id: UUID
) -> AccessRequest:
    """Submit a draft: its groups are decided on this day, and stored with the working.

    The organisation's fair-share factor is frozen with its first request in the round.
    Raises: NotFound; WrongState; RulesBroken with every rule that is broken.
    """
    found, applying, row = _theirs(session, actor, round_key, request_id)
    taken = _step(row, "submit")
    wanted = wanted_sessions(session, [row.id])[row.id]
    _check(session, found, applying, wanted, now=now, rules=SUBMISSION_RULES)
    rules = _policy(session, found)
    whose = organisation(session, applying.organisation_id)
    row.memberships = written(
        memberships(
            session, whose, rules.groups, on=now.date(), grace_days=rules.version.grace_days
        )
    )
    row.fair_share_millionths = fair_share_millionths(
        session,
        found=found,
        policy=rules.version,
        facility_ids=[each.facility_id for each in taking_part(session, found.id)],
        organisation_id=whose.id,
    )
    row.submitted_at = now
    row.submitted_by = actor.person_id or row.submitted_by
    _apply(session, found, row, taken, actor=actor, now=now)
    return row


def withdraw_request(
    session: Session, *, actor: Actor, now: datetime, round_key: str, request_id: UUID
) -> AccessRequest:
    """Withdraw a draft or a submitted request, until the round is allocated.

    Raises: NotFound; WrongState.
    """
    found, _, row = _theirs(session, actor, round_key, request_id)
    if found.state not in {RoundState.OPEN, RoundState.REVIEWING}:
        raise WrongState(
            f"The round is {found.state}, so its requests are frozen; cancel the bookings "
            "that come of it instead."
        )
    _apply(session, found, row, _step(row, "withdraw"), actor=actor, now=now)
    return row


def _theirs(
    session: Session, actor: Actor, round_key: str, request_id: UUID
) -> tuple[Round, Project, AccessRequest]:
    found = visible_round(session, round_key, viewer=actor)
    row = find_request(session, request_id, round_id=found.id)
    applying = project(session, row.project_id)
    _permit(actor, applying)
    found = lock_round(session, found.id)
    session.refresh(row)
    return found, applying, row


def _permit(actor: Actor, applying: Project) -> None:
    scope = Scope(project_id=applying.id, organisation_id=applying.organisation_id)
    permit(actor, Action.REQUEST_SUBMIT, scope)


def _step(row: AccessRequest, name: str) -> Step:
    taken = step(REQUEST_STEPS, row.state, name)
    if isinstance(taken, Violation):
        raise WrongState(taken.reason, [taken])
    return taken


def _policy(session: Session, found: Round) -> PolicyFacts:
    rules = policy(session, found.policy_version_id) if found.policy_version_id else None
    if rules is None:
        raise ValueError(f"The open round {found.slug} has no policy version.")
    return rules


def _check(
    session: Session,
    found: Round,
    applying: Project,
    wanted: tuple[WantedSession, ...],
    *,
    now: datetime,
    rules: tuple[Any, ...],
) -> None:
    """Return if the request keeps the rules.

    Raises: RulesBroken with every violation.
    """
    whose = organisation(session, applying.organisation_id)
    facts = _facts(session, found, applying, whose, wanted, now=now)
    broken = broken_rules(facts, rules)
    if broken:
        raise RulesBroken(broken[0].reason, broken)


def _facts(
    session: Session,
    found: Round,
    applying: Project,
    whose: Organisation,
    wanted: tuple[WantedSession, ...],
    *,
    now: datetime,
) -> RequestFacts:
    facility_ids = [each.facility_id for each in taking_part(session, found.id)]
    return RequestFacts(
        now=now,
        sessions=wanted,
        access=access_of(found),
        step_minutes=found.step_minutes,
        call_open=found.state is RoundState.OPEN,
        call_closes_at=found.call_closes_at,
        resources=_offered(session, found, facility_ids, _named(wanted)),
        facilities=_offering(session, found, applying),
        organisation_suspended=whose.suspended_at is not None,
    )


def _offered(
    session: Session, found: Round, facility_ids: Sequence[UUID], only: set[UUID]
) -> dict[UUID, OfferedResource]:
    """Gather the resources asked for, with when each is open and free in the round."""
    access = access_of(found)
    resources = published_resources(session, facility_ids, only=only)
    when = {
        each.resource.id: each.open_from(access.start)
        for each in offers(
            session,
            {each.facility_id for each in resources},
            access=access,
            step_minutes=found.step_minutes,
            only=only,
        )
    }
    return {
        each.id: OfferedResource(
            each.name,
            each.facility_id,
            each.capacity,
            each.rate_thousandths,
            when.get(each.id, ()),
        )
        for each in resources
    }


def _named(wanted: tuple[WantedSession, ...]) -> set[UUID]:
    return {each.resource_id for part in wanted for each in part.alternatives}


def _offering(session: Session, found: Round, applying: Project) -> dict[UUID, OfferingFacility]:
    """Gather for each facility of the round its cap and its terms."""
    parts = taking_part(session, found.id)
    ids = [each.facility_id for each in parts]
    names = facilities(session, ids)
    terms = current_terms(session, ids)
    accepted = accepted_terms(session, applying.id)
    rules = policy(session, found.policy_version_id) if found.policy_version_id else None
    cap_ppm = rules.version.cap_share_ppm if rules else None
    offering = {}
    for part in parts:
        offered = Fraction(part.offered_credit_thousandths or 0, THOUSAND)
        current = terms.get(part.facility_id)
        offering[part.facility_id] = OfferingFacility(
            name=names[part.facility_id].name,
            offered=offered,
            cap=None if cap_ppm is None else offered * cap_ppm / PPM,
            terms=current.number if current else None,
            terms_accepted=current is None or current.id in accepted,
        )
    return offering


def _store(session: Session, row: AccessRequest, sessions: Sequence[WantedSession]) -> None:
    for position, wanted in enumerate(sessions):
        stored = RequestedSession(
            request_id=row.id,
            position=position,
            minutes=wanted.minutes,
            quantity=wanted.quantity,
        )
        session.add(stored)
        session.flush()
        session.add_all(
            RequestedAlternative(
                session_id=stored.id,
                position=nth,
                resource_id=each.resource_id,
                earliest_at=each.earliest_at,
                latest_at=each.latest_at,
                rank=each.rank,
            )
            for nth, each in enumerate(wanted.alternatives)
        )
    session.flush()


def _forget(session: Session, row: AccessRequest) -> None:
    """Delete the stored sessions, what refers to them first."""
    for rows in reversed(session_rows(session, row.id)):
        for each in rows:
            session.delete(each)
        session.flush()


def _apply(
    session: Session,
    found: Round,
    row: AccessRequest,
    taken: Step,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    row.state = RequestState(taken.new_state)
    row.updated_at = now
    session.flush()
    _record(session, found, row, taken.event, actor=actor, now=now)


def _record(
    session: Session,
    found: Round,
    row: AccessRequest,
    kind: EventKind,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=found.facility_id,
        payload={
            "round_id": str(found.id),
            "project_id": str(row.project_id),
            "state": row.state,
        },
    )
