"""Mail through a server that fails at every step: retried, sent once, and never lost unseen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import DeliveryState
from booking.models import Delivery
from booking.services.deliveries import BACK_OFF, MOST_TRIES, retry
from notifications.dispatch import run_once
from notifications.mail import SendFailed, SmtpTransport, check, opened_transport
from tests.builders import NOW
from tests.notifications.outcomes import booked, deliveries_in, settings_for
from tests.notifications.test_mail import a_mail
from tests.smtp_server import CUT, LOST, Server, a_silent_server, an_smtp_server

pytestmark = pytest.mark.only_on("sqlite")
PASSING = [
    *((at, said) for at in ("MAIL", "RCPT", "DATA") for said in ("451 later", "421 busy", CUT)),
    ("MAIL", "530 log in first"),
    ("DATA", LOST),
]


@pytest.fixture
def server() -> Iterator[Server]:
    with an_smtp_server() as served:
        yield served


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, mail=server.url)


def one_mail(database: Database, settings: Settings, *, at: datetime = NOW) -> Delivery:
    run_once(database, settings, at)
    (delivery,) = deliveries_in(database)
    return delivery


@pytest.mark.parametrize(("at", "said"), PASSING)
def test_mail__fails_for_now_at_any_step__is_sent_again_as_one(
    database: Database, server: Server, settings: Settings, at: str, said: str
) -> None:
    with database.writing() as session:
        booked(session)
    server.faults = {at: said}
    failed = one_mail(database, settings)
    assert (failed.state, failed.attempts) == (DeliveryState.DUE, 1)
    assert failed.due_at == NOW + BACK_OFF[0]
    assert failed.last_error
    server.faults = {}
    assert one_mail(database, settings, at=failed.due_at - timedelta(seconds=1)).attempts == 1
    assert one_mail(database, settings, at=failed.due_at).state is DeliveryState.SENT
    assert set(server.message_ids) == {failed.message_id}
    assert len(set(server.taken)) == 1
    assert len(server.taken) == (2 if said == LOST else 1)


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_mail__refused_for_good__is_given_up_and_sent_again_by_hand(
    database: Database, server: Server, settings: Settings, at: str
) -> None:
    with database.writing() as session:
        booked(session)
    server.faults = {at: "550 5.1.1 no such user"}
    failed = one_mail(database, settings)
    assert (failed.state, failed.attempts) == (DeliveryState.FAILED, 1)
    assert "550 5.1.1 no such user" in failed.last_error
    server.faults = {}
    run_once(database, settings, NOW + timedelta(days=9))
    assert server.taken == []
    with database.writing() as session:
        retry(session, actor=SYSTEM, delivery_id=failed.id, now=NOW)
    assert one_mail(database, settings).state is DeliveryState.SENT
    assert server.message_ids == [failed.message_id]


def test_mail__never_taken__is_given_up_after_the_last_try(
    database: Database, server: Server, settings: Settings
) -> None:
    with database.writing() as session:
        booked(session)
    server.faults = {"DATA": "451 4.7.1 greylisted"}
    at = NOW
    for tried, wait in enumerate(BACK_OFF, start=1):
        waiting = one_mail(database, settings, at=at)
        assert (waiting.state, waiting.attempts) == (DeliveryState.DUE, tried)
        assert waiting.due_at == at + wait
        at = waiting.due_at
    failed = one_mail(database, settings, at=at)
    assert (failed.state, failed.attempts) == (DeliveryState.FAILED, MOST_TRIES)
    assert server.tries == MOST_TRIES


def test_mails__one_is_refused__others_of_the_batch_go_out(
    database: Database, server: Server, settings: Settings
) -> None:
    with database.writing() as session:
        for _ in range(3):
            booked(session)
    server.faults = {"RCPT": "550 no"}
    assert run_once(database, settings, NOW, 1).failed == 1
    server.faults = {}
    assert run_once(database, settings, NOW).sent == 2


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail__server_says_nothing__is_put_off_after_the_timeout(
    database: Database, tmp_path: Path, scheme: str
) -> None:
    with database.writing() as session:
        booked(session)
        booked(session)
    with a_silent_server() as url:
        way = url.replace("smtp", scheme) + "?timeout=1"
        report = run_once(database, settings_for(tmp_path, mail=way), NOW)
    assert (report.sent, report.retried) == (0, 2)


def test_send__slow_server__leaves_the_rest_to_the_next_batch(server: Server) -> None:
    transport = SmtpTransport(urlsplit(server.url), patience=timedelta(0))
    with pytest.raises(SendFailed, match="too slow") as refused:
        transport.send(a_mail(), b"x\r\n")
    assert not refused.value.permanent
    assert server.tries == 0


def test_check__no_tls_behind_smtps__is_refused(server: Server) -> None:
    with pytest.raises(SendFailed, match="cannot be reached") as refused:
        check(server.url.replace("smtp:", "smtps:"))
    assert not refused.value.permanent


def test_check__tls_offered_but_broken__keeps_the_password(server: Server) -> None:
    server.extensions = ("250-STARTTLS",)
    with pytest.raises(SendFailed, match="454"):
        check(server.url.replace("//", "//user:secret@"))


def test_check__password_without_tls_to_another_host__is_not_sent() -> None:
    with an_smtp_server(host="127.0.0.2") as server:
        check(server.url)
        with pytest.raises(SendFailed, match="offers no TLS"):
            check(server.url.replace("//", "//user:secret@"))


@pytest.mark.parametrize("given", ["0", "31", "x", "-1", "1.5"])
def test_open__timeout_that_is_none__names_the_setting(given: str) -> None:
    with (
        pytest.raises(ValueError, match="BENCHSHARE_MAIL"),
        opened_transport(f"smtp://127.0.0.1?timeout={given}"),
    ):
        pass
