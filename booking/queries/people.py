"""Reads about persons, organisations, projects and what signs a person in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, or_
from sqlmodel import Session, col, select

from booking.engine.permissions import Action, Actor, Grant, Role, scopes_of
from booking.models import (
    ApiToken,
    Membership,
    Person,
    Qualification,
    SignInLink,
    WebSession,
)
from booking.queries.actor_statements import BY_COOKIE, BY_PERSON, BY_TOKEN
from booking.queries.name_order import page_by_name
from booking.queries.paging import Page


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A person's role at a place, with what those who run the place need to know."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class QualificationFacts:
    """A person's qualification for a resource; `expires_at` None is without end."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    granted_at: datetime
    expires_at: datetime | None


def person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with that address, in any case."""
    return session.exec(select(Person).where(Person.email == email.strip().lower())).one_or_none()


def names_of(session: Session, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of persons by their ids; unknown ones are left out."""
    rows = session.exec(
        select(Person.id, Person.name).where(col(Person.id).in_(sorted(person_ids)))
    )
    return {person_id: name for person_id, name in rows if name}


def person(session: Session, person_id: UUID) -> Person | None:
    """Return the person with that id."""
    return session.get(Person, person_id)


def actor_of(
    session: Session, person_id: UUID, *, scopes: frozenset[Action] | None = None
) -> Actor:
    """Return what the person may act as; `scopes` None means all they may do."""
    found = _actor(session, BY_PERSON, {"person_id": person_id})
    return replace(found or Actor(person_id=person_id), scopes=scopes)


def actor_of_token(session: Session, token_hash: str, *, now: datetime) -> Actor | None:
    """Return who acts with an API token; None if it is unknown, revoked or expired."""
    return _actor(session, BY_TOKEN, {"token_hash": token_hash, "now": now})


def actor_of_cookie(session: Session, token_hash: str, *, now: datetime) -> Actor | None:
    """Return who is signed in with a browser's cookie; None if it is unknown or expired."""
    return _actor(session, BY_COOKIE, {"token_hash": token_hash, "now": now})


def _actor(session: Session, statement: Executable, values: Mapping[str, Any]) -> Actor | None:
    """Read who acts, in one round trip; None if the statement finds nobody."""
    session.flush()
    rows = session.connection().execute(statement, values).all()
    if not rows:
        return None
    grants = tuple(
        Grant(row.role, row.facility_id, row.organisation_id) for row in rows if row.role
    )
    words = next((row.scopes for row in rows if row.scopes is not None), None)
    return Actor(
        person_id=rows[0].person_id,
        grants=grants,
        project_ids=frozenset(row.project_id for row in rows if row.project_id),
        scopes=None if words is None else scopes_of(frozenset(words)),
    )


def web_session(session: Session, token_hash: str) -> WebSession | None:
    """Return the signed-in browser with that cookie."""
    return session.exec(select(WebSession).where(WebSession.token_hash == token_hash)).one_or_none()


def sign_in_link(session: Session, token_hash: str) -> SignInLink | None:
    """Return the sign-in link with that token, locked so that it is used once."""
    return session.exec(
        select(SignInLink).where(SignInLink.token_hash == token_hash).with_for_update()
    ).one_or_none()


def people(
    session: Session, *, text: str = "", limit: int, cursor: str | None = None
) -> Page[Person]:
    """Return people by name, those whose name or address holds `text`."""
    query = select(Person)
    if text:
        query = query.where(
            or_(
                col(Person.name).icontains(text, autoescape=True),
                col(Person.email).icontains(text, autoescape=True),
            )
        )
    return page_by_name(session, query, Person, limit=limit, cursor=cursor)


def membership(session: Session, membership_id: UUID) -> Membership | None:
    """Return the membership with that id."""
    return session.get(Membership, membership_id)


def membership_like(session: Session, person_id: UUID, grant: Grant) -> Membership | None:
    """Return the person's membership of the same role at the same place."""
    return session.exec(
        select(Membership).where(
            Membership.person_id == person_id,
            Membership.role == grant.role,
            col(Membership.facility_id).is_not_distinct_from(grant.facility_id),
            col(Membership.organisation_id).is_not_distinct_from(grant.organisation_id),
        )
    ).first()


def memberships_of(session: Session, person_id: UUID) -> tuple[Membership, ...]:
    """Return every role of a person, in the order they were granted."""
    return tuple(
        session.exec(
            select(Membership).where(Membership.person_id == person_id).order_by(col(Membership.id))
        )
    )


def staff_of(session: Session, facility_id: UUID) -> tuple[MemberFacts, ...]:
    """Return who has a role at the facility, by name."""
    return _members(session, col(Membership.facility_id) == facility_id)


def members_of(session: Session, organisation_id: UUID) -> tuple[MemberFacts, ...]:
    """Return who has a role in the organisation, by name."""
    return _members(session, col(Membership.organisation_id) == organisation_id)


def is_of_the_organisation(session: Session, person_id: UUID, organisation_id: UUID) -> bool:
    """Say whether the person has a role in the organisation."""
    found = session.exec(
        select(Membership.id).where(
            Membership.person_id == person_id, Membership.organisation_id == organisation_id
        )
    ).first()
    return found is not None


def has_reviewer(session: Session, facility_id: UUID) -> bool:
    """Say whether somebody may score requests at the facility."""
    return any(each.role is Role.REVIEWER for each in staff_of(session, facility_id))


def _members(session: Session, at: ColumnElement[bool]) -> tuple[MemberFacts, ...]:
    rows = session.exec(
        select(Membership, Person)
        .join(Person, col(Person.id) == Membership.person_id)
        .where(at)
        .order_by(col(Person.name), col(Membership.id))
    )
    return tuple(
        MemberFacts(membership.id, person.id, person.name, person.email, membership.role)
        for membership, person in rows
    )


def qualification(session: Session, qualification_id: UUID) -> Qualification | None:
    """Return the qualification with that id."""
    return session.get(Qualification, qualification_id)


def qualification_for(session: Session, person_id: UUID, resource_id: UUID) -> Qualification | None:
    """Return a person's qualification for a resource, expired or not."""
    return session.exec(
        select(Qualification).where(
            Qualification.person_id == person_id, Qualification.resource_id == resource_id
        )
    ).one_or_none()


def qualifications_for(session: Session, resource_id: UUID) -> tuple[QualificationFacts, ...]:
    """Return who is qualified for the resource, by name."""
    rows = session.exec(
        select(Qualification, Person)
        .join(Person, col(Person.id) == Qualification.person_id)
        .where(Qualification.resource_id == resource_id)
        .order_by(col(Person.name), col(Person.id))
    )
    return tuple(
        QualificationFacts(
            row.id, person.id, person.name, person.email, row.granted_at, row.expires_at
        )
        for row, person in rows
    )


def tokens_of(session: Session, person_id: UUID) -> tuple[ApiToken, ...]:
    """Return a person's API tokens that were not revoked, newest first."""
    return tuple(
        session.exec(
            select(ApiToken)
            .where(ApiToken.person_id == person_id, col(ApiToken.revoked_at).is_(None))
            .order_by(col(ApiToken.id).desc())
        )
    )


def token(session: Session, token_id: UUID) -> ApiToken | None:
    """Return the API token with that id."""
    return session.get(ApiToken, token_id)
