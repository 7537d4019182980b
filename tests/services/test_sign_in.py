from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from booking.engine.permissions import ANONYMOUS
from booking.engine.tokens import derived_token, token_hash
from booking.errors import Malformed, NotPermitted
from booking.queries import people
from booking.services import sign_in
from tests.builders import a_person
from tests.events import kinds_about

KEY = "a key for tests"


def test_ask_for_link__unknown_address__enters_a_person_and_sends(
    session: Session, now: datetime
) -> None:
    link = sign_in.ask_for_link(session, email="New.One@example.org", now=now, secret_key=KEY)
    person = people.person_by_email(session, "new.one@example.org")
    assert person is not None
    assert (person.id, person.name) == (link.person_id, "new.one")
    assert kinds_about(session, link.id) == ["sign_in.link_sent"]
    token = derived_token(KEY, "sign-in", str(link.id))
    assert link.token_hash == token_hash(token)
    assert link.expires_at == now + timedelta(minutes=15)


def test_ask_for_link__known_address__enters_nobody(session: Session, now: datetime) -> None:
    person = a_person(session)
    link = sign_in.ask_for_link(session, email=person.email.upper(), now=now, secret_key=KEY)
    assert link.person_id == person.id


def test_ask_for_link__no_address__is_malformed(session: Session, now: datetime) -> None:
    with pytest.raises(Malformed):
        sign_in.ask_for_link(session, email="nobody", now=now, secret_key=KEY)


def test_open_link__in_time__signs_in_once(session: Session, now: datetime) -> None:
    person = a_person(session)
    token = sign_in.make_link(session, person_id=person.id, now=now, secret_key=KEY)
    cookie, found = sign_in.open_link(session, token=token, now=now)
    assert found.id == person.id
    until = now + timedelta(days=30) - timedelta(microseconds=1)
    actor = people.actor_of_cookie(session, token_hash(cookie), now=until)
    assert actor is not None
    assert actor.person_id == person.id
    late = people.actor_of_cookie(session, token_hash(cookie), now=now + timedelta(days=30))
    assert late is None
    with pytest.raises(NotPermitted, match="Ask for a new one"):
        sign_in.open_link(session, token=token, now=now)


def test_open_link__at_its_end__is_too_late(session: Session, now: datetime) -> None:
    person = a_person(session)
    end = now + timedelta(minutes=15)
    token = sign_in.make_link(session, person_id=person.id, now=now, secret_key=KEY)
    with pytest.raises(NotPermitted):
        sign_in.open_link(session, token=token, now=end)
    sign_in.open_link(session, token=token, now=end - timedelta(microseconds=1))


def test_open_link__unknown__is_not_permitted(session: Session, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        sign_in.open_link(session, token="made-up", now=now)


def test_sign_out__once_or_twice__ends_the_session(session: Session, now: datetime) -> None:
    token = sign_in.make_link(session, person_id=a_person(session).id, now=now, secret_key=KEY)
    cookie, _ = sign_in.open_link(session, token=token, now=now)
    for _ in range(2):
        sign_in.sign_out(session, cookie=cookie)
    found = people.actor_of_cookie(session, token_hash(cookie), now=now) or ANONYMOUS
    assert found.person_id is None
