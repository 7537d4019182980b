"""API tokens: shown once, stored as a hash, narrowed by scopes, always with an end."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Action, Actor, Scope, scopes_of
from booking.engine.tokens import token_hash
from booking.engine.violations import Violation
from booking.errors import Malformed, NotFound, NotPermitted
from booking.events import record
from booking.models import ApiToken
from booking.queries import people
from booking.services.people import known_person
from booking.services.permits import permit

PREFIX: Final = "bs_"
RANDOM_BYTES: Final = 32
DEFAULT_LIFE: Final = timedelta(days=365)
LONGEST_LIFE: Final = timedelta(days=5 * 365 + 1)
LONGEST_NAME: Final = 100


def create_token(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    person_id: UUID,
    name: str = "",
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Create a token for a person; return its row and the token itself, shown only now.

    No scope at all is all the person may do. It ends after 365 days where nothing else is
    said, and after five years at the most.
    Raises: Malformed; NotFound; NotPermitted if it would reach further than the token that
    it is created with.
    """
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=person_id))
    _refuse_wider(actor, _read_scopes(scopes))
    ends = now + DEFAULT_LIFE if expires_at is None else expires_at
    if not now < ends <= now + LONGEST_LIFE:
        reason = "Let the token end in the future, five years from now at the latest."
        raise Malformed(reason, [Violation("expires_at", reason, "/expires_at")])
    person = known_person(session, person_id)
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    row = ApiToken(
        person_id=person.id,
        name=name.strip()[:LONGEST_NAME] or "token",
        token_hash=token_hash(token),
        scopes=sorted(set(scopes)) or None,
        created_at=now,
        expires_at=ends,
    )
    session.add(row)
    session.flush()
    _record(session, EventKind.TOKEN_CREATED, row, actor=actor, now=now)
    return row, token


def revoke_token(session: Session, *, actor: Actor, now: datetime, token_id: UUID) -> None:
    """Revoke a token: it opens nothing from now on; again changes nothing.

    Raises: NotFound, for the token of somebody else too.
    """
    permit(actor, Action.TOKEN_CREATE, Scope(person_id=actor.person_id))
    row = people.token(session, token_id)
    if row is None or (row.person_id != actor.person_id and not actor.system):
        raise NotFound("You have no such token; look at the list of your tokens.")
    if row.revoked_at is None:
        row.revoked_at = now
        _record(session, EventKind.TOKEN_REVOKED, row, actor=actor, now=now)


def list_tokens(session: Session, *, actor: Actor, person_id: UUID) -> tuple[ApiToken, ...]:
    """Return a person's tokens that were not revoked, expired ones too, newest first."""
    permit(actor, Action.PROFILE_SEE, Scope(person_id=person_id))
    return people.tokens_of(session, person_id)


def _read_scopes(words: Sequence[str]) -> frozenset[Action]:
    try:
        return scopes_of(frozenset(words)) or frozenset(Action)
    except ValueError as error:
        raise Malformed(str(error), [Violation("scope", str(error), "/scopes")]) from error


def _refuse_wider(actor: Actor, wanted: frozenset[Action]) -> None:
    if actor.scopes is not None and not wanted <= actor.scopes:
        raise NotPermitted(
            "A token cannot create one that may do more than itself; ask for fewer scopes, or "
            "sign in and create it there."
        )


def _record(
    session: Session, kind: EventKind, row: ApiToken, *, actor: Actor, now: datetime
) -> None:
    payload = {"person_id": str(row.person_id), "scopes": row.scopes}
    session.flush()
    record(session, kind, subject_id=row.id, now=now, actor_id=actor.person_id, payload=payload)
