"""What has had its time goes; what has not stays."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, SQLModel

from booking.models import KeptReply, SignInLink, WebSession
from booking.services.housekeeping import LINKS_KEPT, REPLIES_KEPT, Cleared, clear
from tests.builders import NOW, a_person, added

SECOND = timedelta(seconds=1)


def a_link(person_id: UUID, at: datetime) -> SignInLink:
    return SignInLink(
        person_id=person_id, token_hash=uuid4().hex, created_at=at, expires_at=at - LINKS_KEPT
    )


def a_browser(person_id: UUID, at: datetime) -> WebSession:
    return WebSession(person_id=person_id, token_hash=uuid4().hex, created_at=at, expires_at=at)


def a_reply(person_id: UUID, at: datetime) -> KeptReply:
    return KeptReply(
        person_id=person_id,
        key=uuid4().hex,
        request_sha256="",
        status=200,
        body="",
        kept_at=at - REPLIES_KEPT,
    )


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-SECOND, Cleared(1, 1, 1)), (0 * SECOND, Cleared(1, 1, 1)), (SECOND, Cleared(0, 0, 0))],
)
def test_clear__around_the_limit__takes_what_is_at_or_before_it(
    session: Session, offset: timedelta, expected: Cleared
) -> None:
    person_id = a_person(session).id
    rows: list[SQLModel] = [make(person_id, NOW + offset) for make in (a_link, a_browser, a_reply)]
    for row in rows:
        added(session, row)
    assert clear(session, now=NOW) == expected
