"""Reads about persons, organisations, projects and what signs a person in."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from booking.engine.permissions import Action, Actor, Grant, scopes_of
from booking.models import ApiToken, Membership, Person, ProjectMember, SignInLink, WebSession


def person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with that address, in any case."""
    return session.exec(select(Person).where(Person.email == email.strip().lower())).one_or_none()


def person(session: Session, person_id: UUID) -> Person | None:
    """Return the person with that id."""
    return session.get(Person, person_id)


def actor_of(
    session: Session, person_id: UUID, *, scopes: frozenset[Action] | None = None
) -> Actor:
    """Return what the person may act as; `scopes` None means all they may do."""
    memberships = session.exec(select(Membership).where(Membership.person_id == person_id)).all()
    projects = session.exec(
        select(ProjectMember.project_id).where(ProjectMember.person_id == person_id)
    ).all()
    grants = tuple(
        Grant(role=row.role, facility_id=row.facility_id, organisation_id=row.organisation_id)
        for row in memberships
    )
    return Actor(person_id=person_id, grants=grants, project_ids=frozenset(projects), scopes=scopes)


def actor_of_token(session: Session, token_hash: str, *, now: datetime) -> Actor | None:
    """Return who acts with an API token; None if it is unknown, revoked or expired."""
    token = session.exec(
        select(ApiToken).where(
            ApiToken.token_hash == token_hash,
            col(ApiToken.revoked_at).is_(None),
            ApiToken.expires_at > now,
        )
    ).one_or_none()
    if token is None:
        return None
    scopes = None if token.scopes is None else scopes_of(frozenset(token.scopes))
    return actor_of(session, token.person_id, scopes=scopes)


def actor_of_cookie(session: Session, token_hash: str, *, now: datetime) -> Actor | None:
    """Return who is signed in with a browser's cookie; None if it is unknown or expired."""
    found = session.exec(
        select(WebSession).where(WebSession.token_hash == token_hash, WebSession.expires_at > now)
    ).one_or_none()
    return None if found is None else actor_of(session, found.person_id)


def web_session(session: Session, token_hash: str) -> WebSession | None:
    """Return the signed-in browser with that cookie."""
    return session.exec(select(WebSession).where(WebSession.token_hash == token_hash)).one_or_none()


def sign_in_link(session: Session, token_hash: str) -> SignInLink | None:
    """Return the sign-in link with that token, locked so that it is used once."""
    return session.exec(
        select(SignInLink).where(SignInLink.token_hash == token_hash).with_for_update()
    ).one_or_none()
