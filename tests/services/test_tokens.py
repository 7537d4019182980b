from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from booking.engine.permissions import SCOPE_WORDS, SYSTEM, Action, Actor
from booking.engine.tokens import token_hash
from booking.errors import Malformed, NotFound, NotPermitted, NotSignedIn
from booking.queries import people
from booking.services import tokens
from tests.builders import a_person
from tests.events import kinds_about

FIVE_YEARS = timedelta(days=1826)


def somebody(session: Session) -> Actor:
    return people.actor_of(session, a_person(session).id)


def owner(actor: Actor) -> UUID:
    assert actor.person_id is not None
    return actor.person_id


def create(session: Session, actor: Actor, now: datetime, *scopes: str) -> str:
    _, token = tokens.create_token(
        session, actor=actor, now=now, person_id=owner(actor), scopes=scopes
    )
    return token


def test_create_token__for_oneself__acts_as_oneself_until_it_ends(
    session: Session, now: datetime
) -> None:
    actor = somebody(session)
    token = create(session, actor, now, "read")
    assert token.startswith("bs_")
    assert len(token) >= 43
    (row,) = tokens.list_tokens(session, actor=actor, person_id=owner(actor))
    assert row.token_hash == token_hash(token)
    assert row.expires_at == now + timedelta(days=365)
    acting = people.actor_of_token(session, token_hash(token), now=now)
    assert acting == replace(actor, scopes=SCOPE_WORDS["read"])
    assert people.actor_of_token(session, token_hash(token), now=row.expires_at) is None
    assert kinds_about(session, row.id) == ["token.created"]


def test_create_token__for_somebody_else__is_not_permitted(session: Session, now: datetime) -> None:
    actor, other = somebody(session), a_person(session)
    with pytest.raises(NotPermitted):
        tokens.create_token(session, actor=actor, now=now, person_id=other.id)
    with pytest.raises(NotPermitted):
        tokens.list_tokens(session, actor=actor, person_id=other.id)
    with pytest.raises(NotSignedIn):
        tokens.create_token(session, actor=Actor(), now=now, person_id=other.id)


def test_create_token__with_a_token__is_never_wider(session: Session, now: datetime) -> None:
    narrow = replace(somebody(session), scopes=SCOPE_WORDS["read"] | {Action.TOKEN_CREATE})
    assert create(session, narrow, now, "read")
    for wider in (("book",), ("read", "admin"), ()):
        with pytest.raises(NotPermitted, match="fewer scopes"):
            create(session, narrow, now, *wider)
    reading = replace(narrow, scopes=SCOPE_WORDS["read"])
    with pytest.raises(NotPermitted):
        create(session, reading, now, "read")


def test_create_token__unknown_scope__is_malformed(session: Session, now: datetime) -> None:
    with pytest.raises(Malformed, match="choose from"):
        create(session, somebody(session), now, "all")


@pytest.mark.parametrize(
    ("life", "allowed"),
    [
        (timedelta(0), False),
        (timedelta(microseconds=1), True),
        (FIVE_YEARS, True),
        (FIVE_YEARS + timedelta(microseconds=1), False),
    ],
)
def test_create_token__its_end__is_to_come_and_within_five_years(
    session: Session, now: datetime, life: timedelta, *, allowed: bool
) -> None:
    person = a_person(session)
    expected = nullcontext() if allowed else pytest.raises(Malformed)
    with expected:
        row, _ = tokens.create_token(
            session, actor=SYSTEM, now=now, person_id=person.id, expires_at=now + life
        )
        assert row.expires_at == now + life


def test_revoke_token__own__opens_nothing_more(session: Session, now: datetime) -> None:
    actor = somebody(session)
    token = create(session, actor, now)
    row = people.tokens_of(session, owner(actor))[0]
    with pytest.raises(NotFound):
        tokens.revoke_token(session, actor=somebody(session), now=now, token_id=row.id)
    for _ in range(2):
        tokens.revoke_token(session, actor=actor, now=now, token_id=row.id)
    assert people.actor_of_token(session, token_hash(token), now=now) is None
    assert kinds_about(session, row.id) == ["token.created", "token.revoked"]
    with pytest.raises(NotSignedIn):
        tokens.revoke_token(session, actor=Actor(), now=now, token_id=row.id)
