"""A facility's terms: publish a version, accept it for a project."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.errors import NotFound, RulesBroken
from booking.events import record
from booking.models import Facility, TermsAcceptance, TermsVersion
from booking.queries.requests import current_terms, project, terms_acceptance
from booking.queries.rounds import facility_named, lock_facility
from booking.services.permits import permit


def publish_terms(
    session: Session, *, actor: Actor, now: datetime, facility: str, text: str
) -> TermsVersion:
    """Publish a new version of the facility's terms; the same text makes no new one.

    Projects accept each version anew before they ask for access or book.
    Raises: NotFound.
    """
    place = facility_named(session, facility)
    permit(actor, Action.TERMS_EDIT, Scope(facility_id=place.id))
    lock_facility(session, place.id)
    current = current_terms(session, [place.id]).get(place.id)
    if current is not None and current.text == text:
        return current
    number = current.number + 1 if current else 1
    row = TermsVersion(facility_id=place.id, number=number, text=text, published_at=now)
    session.add(row)
    session.flush()
    record(
        session,
        EventKind.TERMS_PUBLISHED,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=place.id,
        payload={"number": number},
    )
    return row


def accept_terms(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    facility: str,
    project_id: UUID,
    number: int | None = None,
) -> TermsAcceptance:
    """Accept the facility's current terms for a project; once accepted they stay so.

    `number` is the version that was read; another one than the current is refused.
    Raises: NotFound, also without any terms; NotSignedIn; RulesBroken for an older version.
    """
    place = facility_named(session, facility)
    applying = project(session, project_id)
    permit(
        actor,
        Action.TERMS_ACCEPT,
        Scope(project_id=applying.id, organisation_id=applying.organisation_id),
    )
    current = _current(session, place, number)
    earlier = terms_acceptance(session, current.id, applying.id)
    if earlier is not None:
        return earlier
    row = TermsAcceptance(
        terms_version_id=current.id,
        project_id=applying.id,
        person_id=actor.person_id or applying.principal_investigator_id,
        accepted_at=now,
    )
    session.add(row)
    session.flush()
    record(
        session,
        EventKind.TERMS_ACCEPTED,
        subject_id=current.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=place.id,
        payload={"project_id": str(applying.id), "number": current.number},
    )
    return row


def _current(session: Session, place: Facility, number: int | None) -> TermsVersion:
    """Return the terms in force, if they are the version that was read."""
    current = current_terms(session, [place.id]).get(place.id)
    if current is None:
        raise NotFound(f"{place.name} has no terms; there is nothing to accept.")
    if number not in {None, current.number}:
        raise RulesBroken(
            f"Version {number} is not the current one; read and accept version {current.number}."
        )
    return current
