"""The hook for mail relays: only with its secret, only mails, each taken in once."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from booking.db import Database
from notifications.inbox_mail import LARGEST_MAIL
from tests.builders import a_person, a_token
from tests.notifications.answers import a_mail, an_answer, calendar_lines

PATH = "/api/v1/inbox"
SECRET = "the relay's secret"
RIGHT = {"Authorization": f"Bearer {SECRET}", "Content-Type": "message/rfc822"}


@pytest.fixture
def relay(app: FastAPI) -> Iterator[TestClient]:
    app.state.settings = app.state.settings.model_copy(update={"inbox_secret": SECRET})
    with TestClient(app) as talking:
        yield talking


def test_mail__handed_over_twice__is_taken_in_once(relay: TestClient) -> None:
    content = a_mail("Subject: Automatic reply\nMessage-ID: <1@x.example>")
    answers = [relay.post(PATH, content=content, headers=RIGHT) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert [each.json() for each in answers] == [
        {"outcome": "automatic", "repeated": False},
        {"outcome": "automatic", "repeated": True},
    ]
    assert 'benchshare_incoming_mails_total{outcome="automatic",via="hook"}' in (
        relay.get("/metrics").text
    )


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("content", [b"", b"\xff\x00", an_answer(calendar_lines()), b"x" * 99_999])
def test_mail__of_any_bytes__is_answered(relay: TestClient, content: bytes) -> None:
    assert relay.post(PATH, content=content, headers=RIGHT).status_code == 200


@pytest.mark.only_on("sqlite")
def test_mail__just_too_large__is_refused_and_the_largest_is_not(relay: TestClient) -> None:
    largest = b"Subject: x\r\n\r\n".ljust(LARGEST_MAIL, b"x")
    assert relay.post(PATH, content=largest, headers=RIGHT).status_code == 200
    refused = relay.post(PATH, content=largest + b"x", headers=RIGHT)
    assert refused.status_code == 413
    assert "5 MB" in refused.json()["detail"]


def test_mail__as_another_kind__is_refused(relay: TestClient) -> None:
    headers = {**RIGHT, "Content-Type": "text/plain"}
    assert relay.post(PATH, content=b"Subject: x", headers=headers).status_code == 415


def test_mail__without_the_secret__is_refused_before_it_is_read(
    relay: TestClient, database: Database
) -> None:
    with database.writing() as session:
        token = a_token(session, a_person(session))
    for given, status in ((None, 401), ("Bearer wrong", 403), (f"Bearer {token}", 403)):
        headers = {"Content-Type": "message/rfc822"} | ({"Authorization": given} if given else {})
        assert relay.post(PATH, content=b"x", headers=headers).status_code == status


def test_mail__no_secret_is_set__opens_to_nobody(client: TestClient) -> None:
    for given in ("Bearer ", "Bearer x"):
        headers = {**RIGHT, "Authorization": given}
        assert client.post(PATH, content=b"x", headers=headers).status_code in {401, 403}
