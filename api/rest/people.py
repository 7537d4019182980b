"""People and their roles: in the installation, at a facility, in an organisation."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from api.deps import Cursor, Instant, Limit, Line, Now, ReadSession, SignedIn, WriteSession
from api.idempotency import IdempotentRoute
from api.problems import problems
from booking.engine.permissions import Actor, Role
from booking.errors import NotFound
from booking.queries import catalogue
from booking.queries.people import MemberFacts
from booking.services import people, qualifications

router = APIRouter(tags=["people"], route_class=IdempotentRoute)


class Person(BaseModel):
    """A person, as officers and auditors see them."""

    id: UUID
    email: str
    name: str
    orcid: str
    zone: str
    locale: str


class People(BaseModel):
    """One page of people, by name."""

    items: list[Person]
    next: str | None


class NewPerson(BaseModel):
    """A person to enter; without a name they go by their address."""

    model_config = ConfigDict(extra="forbid")

    email: Line
    name: Line = ""


class Member(BaseModel):
    """A person's role at this place; `id` is that of the role."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: Role


class Members(BaseModel):
    """Everyone with a role at this place, by name; there is one page."""

    items: list[Member]
    next: str | None = None


class NewMember(BaseModel):
    """Who is to have which role, by the address they sign in with."""

    model_config = ConfigDict(extra="forbid")

    email: Line
    role: Role


class Qualification(BaseModel):
    """Who is qualified for the resource, and until when; None is without end."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    granted_at: datetime
    expires_at: datetime | None


class Qualifications(BaseModel):
    """Everyone qualified for the resource, by name; there is one page."""

    items: list[Qualification]
    next: str | None = None


class NewQualification(BaseModel):
    """Who is to be qualified, by the address they sign in with."""

    model_config = ConfigDict(extra="forbid")

    email: Line
    expires_at: Instant | None = None


@router.get("/people", responses=problems(401, 403))
def list_people(
    session: ReadSession, actor: SignedIn, q: Line = "", limit: Limit = 50, cursor: Cursor = None
) -> People:
    """Return people by name; for officers and auditors."""
    page = people.list_people(session, actor=actor, text=q, limit=limit, cursor=cursor)
    return People(items=[_person(each) for each in page.items], next=page.next)


@router.post("/people", status_code=201, responses=problems(401, 403, 409))
def create_person(new: NewPerson, session: WriteSession, actor: SignedIn, now: Now) -> Person:
    """Enter a person; for officers."""
    return _person(
        people.create_person(session, actor=actor, now=now, email=new.email, name=new.name)
    )


@router.post("/people/roles", status_code=201, responses=problems(401, 403, 404, 409))
def grant_installation_role(
    new: NewMember, session: WriteSession, actor: SignedIn, now: Now
) -> Member:
    """Make somebody officer or auditor; for officers."""
    return _granted(session, new, actor=actor, now=now)


@router.delete("/people/roles/{role_id}", status_code=204, responses=problems(401, 403, 404, 409))
def revoke_role(role_id: UUID, session: WriteSession, actor: SignedIn, now: Now) -> None:
    """Take a role away, at whatever place; your own you may always lay down."""
    people.revoke_role(session, actor=actor, now=now, membership_id=role_id)


@router.get("/facilities/{facility}/staff", responses=problems(401, 403, 404))
def list_staff(facility: Line, session: ReadSession, actor: SignedIn) -> Members:
    """Return who runs the facility, named by id or slug."""
    place_id = _facility_id(session, facility)
    return _members(people.list_staff(session, actor=actor, facility_id=place_id))


@router.post(
    "/facilities/{facility}/staff", status_code=201, responses=problems(401, 403, 404, 409)
)
def add_staff(
    facility: Line, new: NewMember, session: WriteSession, actor: SignedIn, now: Now
) -> Member:
    """Make somebody manager, operator or reviewer of the facility."""
    place_id = _facility_id(session, facility)
    return _granted(session, new, actor=actor, now=now, facility_id=place_id)


@router.get("/organisations/{organisation_id}/members", responses=problems(401, 403, 404))
def list_members(organisation_id: UUID, session: ReadSession, actor: SignedIn) -> Members:
    """Return who acts for the organisation."""
    return _members(people.list_members(session, actor=actor, organisation_id=organisation_id))


@router.post(
    "/organisations/{organisation_id}/members",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def add_member(
    organisation_id: UUID, new: NewMember, session: WriteSession, actor: SignedIn, now: Now
) -> Member:
    """Make somebody member or administrator of the organisation."""
    return _granted(session, new, actor=actor, now=now, organisation_id=organisation_id)


@router.get("/resources/{resource_id}/qualifications", responses=problems(401, 403, 404))
def list_qualifications(resource_id: UUID, session: ReadSession, actor: SignedIn) -> Qualifications:
    """Return who is qualified for a resource."""
    found = qualifications.list_qualifications(session, actor=actor, resource_id=resource_id)
    return Qualifications(
        items=[Qualification.model_validate(each, from_attributes=True) for each in found]
    )


@router.post(
    "/resources/{resource_id}/qualifications",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
def grant_qualification(
    resource_id: UUID, new: NewQualification, session: WriteSession, actor: SignedIn, now: Now
) -> Qualification:
    """Qualify somebody for a resource; again sets its end anew."""
    row = qualifications.grant_qualification(
        session,
        actor=actor,
        now=now,
        resource_id=resource_id,
        email=new.email,
        expires_at=new.expires_at,
    )
    found = qualifications.list_qualifications(session, actor=actor, resource_id=resource_id)
    granted = next(each for each in found if each.id == row.id)
    return Qualification.model_validate(granted, from_attributes=True)


@router.delete(
    "/resources/{resource_id}/qualifications/{qualification_id}",
    status_code=204,
    responses=problems(401, 403, 404, 409),
)
def revoke_qualification(
    resource_id: UUID, qualification_id: UUID, session: WriteSession, actor: SignedIn, now: Now
) -> None:
    """Take a qualification away."""
    qualifications.revoke_qualification(
        session,
        actor=actor,
        now=now,
        resource_id=resource_id,
        qualification_id=qualification_id,
    )


def _facility_id(session: Session, facility: str) -> UUID:
    found = catalogue.find_facility(session, facility)
    if found is None:
        raise NotFound("There is no such facility; look at the list of facilities.")
    return found.id


def _granted(
    session: Session,
    new: NewMember,
    *,
    actor: Actor,
    now: datetime,
    facility_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> Member:
    person, row = people.grant_role_by_email(
        session,
        actor=actor,
        now=now,
        email=new.email,
        role=new.role,
        facility_id=facility_id,
        organisation_id=organisation_id,
    )
    return Member(
        id=row.id, person_id=person.id, name=person.name, email=person.email, role=row.role
    )


def _members(found: Iterable[MemberFacts]) -> Members:
    return Members(items=[Member.model_validate(each, from_attributes=True) for each in found])


def _person(row: Any) -> Person:
    return Person.model_validate(row, from_attributes=True)
