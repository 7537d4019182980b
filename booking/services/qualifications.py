"""Qualifications: who may use a resource that asks for one."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound
from booking.events import record
from booking.models import Qualification, Resource
from booking.queries import catalogue, people
from booking.services.people import person_with_email
from booking.services.permits import permit, permit_signed_in


def grant_qualification(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    resource_id: UUID,
    email: str,
    expires_at: datetime | None = None,
) -> Qualification:
    """Qualify a person for a resource, until `expires_at` where given; again sets it anew.

    Raises: NotFound; Malformed if it would have ended already.
    """
    resource = _resource(session, actor, resource_id)
    if expires_at is not None and expires_at <= now:
        reason = "Let the qualification end in the future, or leave its end out."
        raise Malformed(reason, [Violation("expires_at", reason, "/expires_at")])
    person = person_with_email(session, email)
    row = people.qualification_for(session, person.id, resource.id) or Qualification(
        person_id=person.id, resource_id=resource.id, granted_by=person.id, granted_at=now
    )
    # The system grants in nobody's name: then it stands under the person's own.
    row.granted_by = actor.person_id or person.id
    row.granted_at, row.expires_at = now, expires_at
    session.add(row)
    session.flush()
    _record(session, EventKind.QUALIFICATION_GRANTED, row, resource, actor=actor, now=now)
    return row


def revoke_qualification(
    session: Session, *, actor: Actor, now: datetime, resource_id: UUID, qualification_id: UUID
) -> None:
    """Take a qualification away.

    Raises: NotFound.
    """
    resource = _resource(session, actor, resource_id)
    row = people.qualification(session, qualification_id)
    if row is None or row.resource_id != resource.id:
        raise NotFound("There is no such qualification; look at the list for this resource.")
    _record(session, EventKind.QUALIFICATION_REVOKED, row, resource, actor=actor, now=now)
    session.delete(row)
    session.flush()


def list_qualifications(
    session: Session, *, actor: Actor, resource_id: UUID
) -> tuple[people.QualificationFacts, ...]:
    """Return who is qualified for a resource.

    Raises: NotFound.
    """
    resource = _resource(session, actor, resource_id)
    return people.qualifications_for(session, resource.id)


def _resource(session: Session, actor: Actor, resource_id: UUID) -> Resource:
    row = catalogue.resource(session, resource_id)
    if row is None:
        permit_signed_in(actor)
        raise NotFound("There is no such resource; look it up in the catalogue.")
    permit(actor, Action.QUALIFICATION_GRANT, Scope(facility_id=row.facility_id))
    return row


def _record(
    session: Session,
    kind: EventKind,
    row: Qualification,
    resource: Resource,
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
        facility_id=resource.facility_id,
        payload={"person_id": str(row.person_id), "resource_id": str(row.resource_id)},
    )
