"""People: who they are, and what roles they have where."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from booking.engine.identifiers import read_locale, read_orcid, read_zone
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import (
    FACILITY_ROLES,
    ORGANISATION_ROLES,
    Action,
    Actor,
    Grant,
    Role,
    Scope,
)
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound, RulesBroken
from booking.events import record
from booking.models import Membership, Person
from booking.queries import attendees, catalogue, organisations, people
from booking.queries.paging import Page
from booking.services.permits import permit, permit_signed_in
from booking.services.well_formed import read_email, read_name, well_formed


def create_person(
    session: Session, *, actor: Actor, now: datetime, email: str, name: str = ""
) -> Person:
    """Enter a person; without a name they are called by the local part of their address.

    Raises: Malformed; RulesBroken if somebody has that address.
    """
    permit(actor, Action.USER_CREATE)
    address = read_email(email)
    if people.person_by_email(session, address) is not None:
        reason = f"{address} is known already; give that person a role instead."
        raise RulesBroken(reason, [Violation("email_taken", reason, "/email")])
    return enter(session, now=now, email=address, name=name, actor_id=actor.person_id)


def enter(
    session: Session, *, now: datetime, email: str, name: str = "", actor_id: UUID | None = None
) -> Person:
    """Return the person with that address, entered if need be; for services alone.

    Raises: Malformed.
    """
    address = read_email(email)
    known = people.person_by_email(session, address)
    if known is not None:
        return known
    called = read_name(name or address.partition("@")[0])
    person = Person(email=address, name=called, created_at=now)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        # Another transaction entered the same address while this one waited.
        rival = people.person_by_email(session, address)
        if rival is None:
            raise
        return rival
    for invitation in attendees.rows_at(session, address):
        invitation.person_id = person.id
    record(session, EventKind.PERSON_CREATED, subject_id=person.id, now=now, actor_id=actor_id)
    return person


def see_person(session: Session, *, actor: Actor, person_id: UUID) -> Person:
    """Return a person's profile.

    Raises: NotFound.
    """
    permit(actor, Action.PROFILE_SEE, Scope(person_id=person_id))
    return known_person(session, person_id)


def list_people(
    session: Session, *, actor: Actor, text: str = "", limit: int, cursor: str | None = None
) -> Page[Person]:
    """Return one page of all people, by name."""
    permit(actor, Action.PROFILE_SEE)
    return people.people(session, text=text, limit=limit, cursor=cursor)


def edit_profile(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    name: str | None = None,
    orcid: str | None = None,
    zone: str | None = None,
    locale: str | None = None,
) -> Person:
    """Change what is given of a profile.

    Raises: Malformed, for an ORCID iD with a wrong check digit too; NotFound.
    """
    permit(actor, Action.PROFILE_EDIT, Scope(person_id=person_id))
    person = known_person(session, person_id)
    wanted = {
        "name": None if name is None else read_name(name),
        "orcid": None if orcid is None else well_formed(read_orcid(orcid)),
        "zone": None if zone is None else well_formed(read_zone(zone)),
        "locale": None if locale is None else well_formed(read_locale(locale)),
    }
    changed = [key for key, to in wanted.items() if to is not None and to != getattr(person, key)]
    for key in changed:
        setattr(person, key, wanted[key])
    if changed:
        record(
            session,
            EventKind.PERSON_CHANGED,
            subject_id=person.id,
            now=now,
            actor_id=actor.person_id,
            payload={"changed": changed},
        )
    return person


def known_person(session: Session, person_id: UUID) -> Person:
    """Return the person.

    Raises: NotFound.
    """
    person = people.person(session, person_id)
    if person is None:
        raise NotFound("There is no such person; look at the list of people.")
    return person


def person_with_email(session: Session, email: str) -> Person:
    """Return the person who signs in with that address.

    Raises: Malformed; NotFound.
    """
    person = people.person_by_email(session, read_email(email))
    if person is None:
        raise NotFound(
            "Nobody has signed in with that address. Ask them to sign in once, then try again."
        )
    return person


def grant_role(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    role: Role,
    facility_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> Membership:
    """Give a person a role at a facility, in an organisation, or in the installation.

    A role that they have already is returned as it is.
    Raises: Malformed if the place does not fit the role; NotFound.
    """
    grant = grant_at(role, facility_id=facility_id, organisation_id=organisation_id)
    _permit_at(actor, facility_id, organisation_id)
    _refuse_unknown_place(session, grant)
    person = known_person(session, person_id)
    same = people.membership_like(session, person.id, grant)
    if same is not None:
        return same
    row = Membership(
        person_id=person.id, role=role, facility_id=facility_id, organisation_id=organisation_id
    )
    session.add(row)
    session.flush()
    _record_membership(session, EventKind.MEMBERSHIP_GRANTED, row, actor=actor, now=now)
    return row


def grant_role_by_email(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    email: str,
    role: Role,
    facility_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> tuple[Person, Membership]:
    """Give a role to somebody who has signed in before.

    Raises: Malformed if the place does not fit the role; NotFound.
    """
    grant = grant_at(role, facility_id=facility_id, organisation_id=organisation_id)
    _permit_at(actor, facility_id, organisation_id)
    _refuse_unknown_place(session, grant)
    person = person_with_email(session, email)
    row = grant_role(
        session,
        actor=actor,
        now=now,
        person_id=person.id,
        role=role,
        facility_id=facility_id,
        organisation_id=organisation_id,
    )
    return person, row


def grant_at(
    role: Role, *, facility_id: UUID | None = None, organisation_id: UUID | None = None
) -> Grant:
    """Return the role at its place.

    Raises: Malformed if the place does not fit the role.
    """
    try:
        return Grant(role, facility_id=facility_id, organisation_id=organisation_id)
    except ValueError as error:
        if role in FACILITY_ROLES:
            mend = "name a facility and no organisation"
        elif role in ORGANISATION_ROLES:
            mend = "name an organisation and no facility"
        else:
            mend = "name neither facility nor organisation"
        reason = f"For the role {role}, {mend}."
        raise Malformed(reason, [Violation("role_place", reason, "/role")]) from error


def revoke_role(session: Session, *, actor: Actor, now: datetime, membership_id: UUID) -> None:
    """Take a role away; people may always lay down a role of their own.

    Raises: NotFound.
    """
    row = people.membership(session, membership_id)
    if row is None:
        permit_signed_in(actor)
        raise NotFound("There is no such role; look at the list of members.")
    if row.person_id == actor.person_id:
        permit(actor, Action.PROFILE_EDIT, Scope(person_id=row.person_id))
    else:
        _permit_at(actor, row.facility_id, row.organisation_id)
    _record_membership(session, EventKind.MEMBERSHIP_REVOKED, row, actor=actor, now=now)
    session.delete(row)
    session.flush()


def list_staff(
    session: Session, *, actor: Actor, facility_id: UUID
) -> tuple[people.MemberFacts, ...]:
    """Return who has a role at the facility.

    Raises: NotFound.
    """
    permit(actor, Action.STAFF_MANAGE, Scope(facility_id=facility_id))
    _refuse_unknown_place(session, Grant(Role.MANAGER, facility_id=facility_id))
    return people.staff_of(session, facility_id)


def list_members(
    session: Session, *, actor: Actor, organisation_id: UUID
) -> tuple[people.MemberFacts, ...]:
    """Return who has a role in the organisation.

    Raises: NotFound.
    """
    permit(actor, Action.MEMBER_MANAGE, Scope(organisation_id=organisation_id))
    _refuse_unknown_place(session, Grant(Role.MEMBER, organisation_id=organisation_id))
    return people.members_of(session, organisation_id)


def _permit_at(actor: Actor, facility_id: UUID | None, organisation_id: UUID | None) -> None:
    if facility_id is not None:
        permit(actor, Action.STAFF_MANAGE, Scope(facility_id=facility_id))
    elif organisation_id is not None:
        permit(actor, Action.MEMBER_MANAGE, Scope(organisation_id=organisation_id))
    else:
        permit(actor, Action.USER_CREATE)


def _refuse_unknown_place(session: Session, grant: Grant) -> None:
    if grant.facility_id and catalogue.facility(session, grant.facility_id) is None:
        raise NotFound("There is no such facility; look at the list of facilities.")
    if grant.organisation_id and (
        organisations.organisation(session, grant.organisation_id) is None
    ):
        raise NotFound("There is no such organisation; look at the list of organisations.")


def _record_membership(
    session: Session, kind: EventKind, row: Membership, *, actor: Actor, now: datetime
) -> None:
    record(
        session,
        kind,
        subject_id=row.id,
        now=now,
        actor_id=actor.person_id,
        facility_id=row.facility_id,
        payload={
            "person_id": str(row.person_id),
            "role": row.role,
            "organisation_id": row.organisation_id and str(row.organisation_id),
        },
    )
