"""An officer looks at the evidence of what organisations declared."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.declared_facts import FactName
from booking.engine.lifecycle import EventKind
from booking.engine.ownership import Circle
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.verification import Verification, evidence_faults
from booking.errors import Malformed, NotFound, StaleVersion
from booking.events import record
from booking.models import OrganisationFact
from booking.queries import organisations
from booking.queries.paging import Page
from booking.queries.people import is_of_the_organisation
from booking.queries.verification import WaitingFact, waiting_facts
from booking.services.conflicts import conflict_of_interest
from booking.services.organisations import locked_organisation, unverify
from booking.services.ownership_circles import circles_with_all, refuse_verifying
from booking.services.permits import permit

OWN_FACT: Final = (
    "You are in the organisation that declared this, so somebody else has to verify it; ask "
    "another officer."
)


def verify_fact(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    organisation_id: UUID,
    fact_id: UUID,
    verified: bool = True,
    evidence: str = "",
    until: date | None = None,
    declared_at: datetime | None = None,
) -> OrganisationFact:
    """Verify a declared fact, or take the verification back so that it can be corrected.

    `evidence` says what was looked at; `until` is the last day on which that counts, None
    where it does not end. Verifying again takes the place of the verification before.
    `declared_at` is when what was looked at was declared.
    Raises: NotFound; RulesBroken for an officer who is of the organisation, and for ties that
    verified ones make a circle with; Malformed for a last day that is past; StaleVersion if
    the fact was declared anew since then.
    """
    permit(actor, Action.ORGANISATION_VERIFY, Scope(organisation_id=organisation_id))
    row = locked_organisation(session, organisation_id)
    fact = organisations.fact(session, fact_id)
    if fact is None or fact.organisation_id != row.id:
        raise NotFound("This organisation declared no such fact; look at the list of its facts.")
    if actor.person_id and is_of_the_organisation(session, actor.person_id, row.id):
        raise conflict_of_interest(OWN_FACT)
    if declared_at is not None and fact.declared_at != declared_at:
        raise StaleVersion(
            "This fact was declared anew since you looked at it; look at its value again."
        )
    unverify(fact)
    if verified:
        faults = evidence_faults(evidence, until, on=now.date())
        if faults:
            raise Malformed(faults[0].reason, faults)
        if fact.name == FactName.RELATED:
            refuse_verifying(session, fact, actor=actor, on=now.date())
        fact.verified_at, fact.verified_by = now, actor.person_id
        fact.verified_until, fact.evidence = until, evidence.strip()
    session.flush()
    _record(session, fact, actor=actor, now=now)
    return fact


def _record(session: Session, fact: OrganisationFact, *, actor: Actor, now: datetime) -> None:
    until = fact.verified_until
    payload: dict[str, Any] = {
        "fact_id": str(fact.id),
        "name": fact.name,
        "verified": fact.verified_at is not None,
        "evidence": fact.evidence,
        "verified_until": None if until is None else until.isoformat(),
    }
    record(
        session,
        EventKind.ORGANISATION_VERIFIED,
        subject_id=fact.organisation_id,
        now=now,
        actor_id=actor.person_id,
        payload=payload,
    )


def facts_to_verify(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    state: Verification | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[WaitingFact]:
    """Return the facts that count today and are unverified, or not for 60 days more.

    Raises: NotPermitted; Malformed if the cursor is not one of ours.
    """
    permit(actor, Action.ORGANISATION_VERIFY, Scope())
    return waiting_facts(session, on=now.date(), state=state, limit=limit, cursor=cursor)


def circles_among(
    session: Session, *, actor: Actor, now: datetime, facts: Sequence[OrganisationFact]
) -> dict[UUID, Circle]:
    """Return the circles in which control goes by declared ties, by the fact that is in one.

    They go over all that was declared, verified or not: what is to be found out before one of
    the declarations is verified.
    Raises: NotPermitted.
    """
    permit(actor, Action.ORGANISATION_VERIFY, Scope())
    ties = [each for each in facts if each.name == FactName.RELATED]
    return circles_with_all(session, ties, on=now.date()) if ties else {}
