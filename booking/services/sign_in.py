"""Signing in by a one-time link, and out again."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from booking.engine.lifecycle import EventKind
from booking.engine.tokens import derived_token, token_hash
from booking.errors import NotPermitted
from booking.events import record
from booking.models import Person, SignInLink, WebSession
from booking.queries import people
from booking.services.people import enter, known_person

LINK_LIFE: Final = timedelta(minutes=15)
SESSION_LIFE: Final = timedelta(days=30)
PURPOSE: Final = "sign-in"
COOKIE_BYTES: Final = 32


def ask_for_link(session: Session, *, email: str, now: datetime, secret_key: str) -> SignInLink:
    """Make a link and record that it is to be sent; its token is made again for the mail.

    An address that nobody used before enters a person, so that the answer is the same
    for every address.
    Raises: Malformed if mail could not be sent to it.
    """
    person = enter(session, now=now, email=email)
    link, _ = _added_link(session, person.id, now=now, secret_key=secret_key, valid_for=LINK_LIFE)
    record(
        session,
        EventKind.SIGN_IN_LINK_SENT,
        subject_id=link.id,
        now=now,
        payload={"person_id": str(person.id)},
    )
    return link


def make_link(
    session: Session,
    *,
    person_id: UUID,
    now: datetime,
    secret_key: str,
    valid_for: timedelta = LINK_LIFE,
) -> str:
    """Return the token of a new link that no mail is sent about; for the operator alone.

    Raises: NotFound.
    """
    person = known_person(session, person_id)
    _, token = _added_link(session, person.id, now=now, secret_key=secret_key, valid_for=valid_for)
    return token


def open_link(session: Session, *, token: str, now: datetime) -> tuple[str, Person]:
    """Use a link up, and return the browser's new cookie and who is signed in.

    Raises: NotPermitted if the link is unknown, used or too old (it ends at its last
    instant).
    """
    link = people.sign_in_link(session, token_hash(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise NotPermitted(
            "This sign-in link was used already or is too old. Ask for a new one with your "
            "e-mail address."
        )
    link.used_at = now
    person = known_person(session, link.person_id)
    cookie = secrets.token_urlsafe(COOKIE_BYTES)
    session.add(
        WebSession(
            person_id=person.id,
            token_hash=token_hash(cookie),
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    session.flush()
    record(session, EventKind.SIGNED_IN, subject_id=link.id, now=now, actor_id=person.id)
    return cookie, person


def sign_out(session: Session, *, cookie: str) -> None:
    """End a browser's session; one that ended already stays so."""
    found = people.web_session(session, token_hash(cookie))
    if found is not None:
        session.delete(found)
        session.flush()


def _added_link(
    session: Session, person_id: UUID, *, now: datetime, secret_key: str, valid_for: timedelta
) -> tuple[SignInLink, str]:
    link = SignInLink(
        person_id=person_id, token_hash="", created_at=now, expires_at=now + valid_for
    )
    token = derived_token(secret_key, PURPOSE, str(link.id))
    link.token_hash = token_hash(token)
    session.add(link)
    session.flush()
    return link, token
