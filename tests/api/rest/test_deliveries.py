"""Messages that failed, over REST: seen by their facility's manager, and sent again."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.db import Database
from booking.engine.delivery_words import failure_in_words
from booking.engine.lifecycle import EventKind
from booking.engine.permissions import Role
from booking.engine.vocabulary import DeliveryState
from booking.events import record
from booking.models import Delivery
from tests.builders import NOW, a_facility, a_person, a_role, a_token, added

PATH = "/api/v1/deliveries"


def a_delivery(session: Session, facility_id: Any, **given: Any) -> Delivery:
    event = record(
        session,
        EventKind.BOOKING_CONFIRMED,
        subject_id=uuid4(),
        now=NOW - timedelta(hours=3),
        facility_id=facility_id,
    )
    session.flush()
    values: dict[str, Any] = {
        "event_id": event.id,
        "address": "amina@sme.example",
        "message_id": f"<{uuid4()}@bench.example>",
        "state": DeliveryState.FAILED,
        "attempts": 8,
        "due_at": NOW - timedelta(hours=2),
        "last_error": "The mail server refused it: 550 5.1.1 No such user",
    }
    return added(session, Delivery(**values | given))


def test_failed__of_ones_facility__are_listed_and_sent_again(
    client: TestClient, database: Database
) -> None:
    with database.writing() as session:
        here, elsewhere = a_facility(session), a_facility(session)
        manager = a_person(session)
        a_role(session, manager.id, Role.MANAGER, facility_id=here.id)
        first, second = (a_delivery(session, here.id) for _ in range(2))
        a_delivery(session, here.id, state=DeliveryState.SENT)
        gone = a_delivery(session, here.id, address="x@deleted.invalid")
        a_delivery(session, elsewhere.id)
        a_delivery(session, None)
        client.headers["Authorization"] = f"Bearer {a_token(session, manager)}"
    page = client.get(PATH, params={"state": "failed", "limit": 2}).json()
    assert [each["id"] for each in page["items"]] == [str(first.id), str(second.id)]
    assert "The address does not exist" in page["items"][0]["why"]
    rest = client.get(PATH, params={"limit": 2, "cursor": page["next"]}).json()
    assert [each["id"] for each in rest["items"]] == [str(gone.id)]
    again = client.post(f"{PATH}/{first.id}/resend")
    assert again.json()["state"] == "due"
    assert again.json()["attempts"] == 0
    assert client.post(f"{PATH}/{first.id}/resend").status_code == 409
    assert client.post(f"{PATH}/{gone.id}/resend").status_code == 409
    every = client.post(f"/api/v1/facilities/{here.slug}/deliveries/resend")
    assert every.json() == {"count": 1}
    left = client.get(PATH, params={"facility": here.slug}).json()["items"]
    assert [each["id"] for each in left] == [str(gone.id)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("The mail server refused it: 550 5.1.1 No such user", "does not exist"),
        ("It came back: 5.2.2 smtp; 552 5.2.2 over quota", "is full"),
        ("The mail server refused it: 452 4.2.2 over quota", "is full"),
        ("The mail server refused it: 550 5.7.26 unauthenticated", "refuses mail from here"),
        ("The mail server refused it: 550 no", "does not exist"),
        ("The mail server refused it: 554 no", "refuses mail from here"),
        ("The mail server refused it: 552 no", "is full"),
        ("The mail server refused it: 451 4.7.1 greylisted", "refuses mail from here"),
        ("The mail server refused it: 451 later", "put it off"),
        ("The mail server refused it: 503 what", "own words"),
        ("The mail server cannot be reached: refused.", "BENCHSHARE_MAIL"),
        ("The mail server cut the connection.", "BENCHSHARE_MAIL"),
        ("It came back: no reason was given", "own words"),
    ],
)
def test_failure__of_each_kind__says_what_mends_it(said: str, words: str) -> None:
    assert words in failure_in_words(said)
