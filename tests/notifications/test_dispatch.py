"""Events become mails, once each, whatever stops in between."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from booking.db import Database
from booking.engine.lifecycle import EventKind
from booking.engine.vocabulary import DeliveryState
from booking.models import Booking, BookingText, Delivery, Event, Person
from booking.services import deliveries
from notifications.dispatch import CLAIM, DispatchReport, drain, run_once
from tests.builders import NOW
from tests.notifications.outcomes import (
    booked,
    deliveries_in,
    mails_in,
    recorded,
    settings_for,
)


def test_run_once__confirmed_booking__is_one_mail_to_the_booker(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        booked(session)
    report = run_once(database, settings_for(tmp_path), NOW)
    assert report == DispatchReport(sent=1, looked_at=1)
    (mail,) = mails_in(tmp_path)
    (delivery,) = deliveries_in(database)
    assert mail["To"].addresses[0].addr_spec == delivery.address
    assert mail["Message-ID"] == delivery.message_id
    assert delivery.state is DeliveryState.SENT
    assert delivery.sent_at == NOW


def test_run_once__second_time__sends_nothing(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        booked(session)
    run_once(database, settings_for(tmp_path), NOW)
    assert not run_once(database, settings_for(tmp_path), NOW)
    assert len(mails_in(tmp_path)) == 1


def test_run_once__event_nobody_is_told_of__is_marked(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        booking = booked(session, EventKind.BOOKING_CONFIRMED)
        recorded(session, EventKind.BOOKING_CHECKED_IN, booking.id)
        recorded(session, EventKind.ROUND_OPENED, booking.id)
    run_once(database, settings_for(tmp_path), NOW)
    with database.reading() as session:
        marks = session.exec(select(Event.fanned_out_at)).all()
    assert marks == [NOW] * 3
    assert len(mails_in(tmp_path)) == 1


def test_run_once__text_of_the_booking__is_kept(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        booking = booked(session)
    run_once(database, settings_for(tmp_path), NOW)
    with database.reading() as session:
        (kept,) = session.exec(select(BookingText)).all()
    assert kept.booking_id == booking.id
    assert kept.vevent.startswith("BEGIN:VEVENT\r\n")


def test_run_once__crash_after_claim__sends_again_when_the_claim_lapses(
    database: Database, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = settings_for(tmp_path)
    with database.writing() as session:
        booked(session)
    run_once(database, settings_for(blocked / "below"), NOW)
    later = NOW + deliveries.BACK_OFF[0]
    with database.writing() as session:
        (claimed,) = deliveries.claim(session, now=later, until=later + CLAIM, limit=10)
    assert not run_once(database, settings, later + CLAIM - timedelta(seconds=1))
    assert run_once(database, settings, later + CLAIM).sent == 1
    (mail,) = mails_in(tmp_path)
    assert mail["Message-ID"] == claimed.message_id


def test_run_once__sent_twice_after_a_crash__is_one_file(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path)
    with database.writing() as session:
        booked(session)
    run_once(database, settings, NOW)
    (before,) = mails_in(tmp_path)
    with database.writing() as session:
        (delivery,) = session.exec(select(Delivery)).all()
        delivery.state = DeliveryState.CLAIMED
        delivery.claimed_until = NOW + CLAIM
        session.add(delivery)
    assert run_once(database, settings, NOW + CLAIM).sent == 1
    (after,) = mails_in(tmp_path)
    assert after.as_bytes() == before.as_bytes()


def test_run_once__folder_cannot_be_written__backs_off_then_gives_up_and_shows(
    database: Database, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = settings_for(blocked / "below")
    with database.writing() as session:
        booked(session)
    at = NOW
    for wait in deliveries.BACK_OFF:
        assert run_once(database, settings, at).retried == 1
        at += wait
        assert not run_once(database, settings, at - timedelta(seconds=1))
    assert run_once(database, settings, at).failed == 1
    (delivery,) = deliveries_in(database)
    assert delivery.state is DeliveryState.FAILED
    assert delivery.attempts == deliveries.MOST_TRIES
    assert "cannot be written" in delivery.last_error


def test_run_once__one_address_no_mail_can_hold__fails_alone(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        booked(session)
        booked(session)
    with database.writing() as session:
        booking = session.exec(select(Booking)).first()
        assert booking is not None
        person = session.get(Person, booking.person_id)
        assert person is not None
        person.email = "not (an address"
        session.add(person)
    report = run_once(database, settings_for(tmp_path), NOW)
    assert (report.sent, report.failed) == (1, 1)


def test_drain__more_than_one_claim_holds__sends_all_in_order(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.mail.FolderTransport.batch", 2)
    with database.writing() as session:
        uids = [booked(session, at=NOW + timedelta(seconds=each)).uid for each in range(5)]

    def clock() -> datetime:
        return NOW + timedelta(minutes=1)

    assert drain(database, settings_for(tmp_path), clock).sent == len(uids)
    assert len(mails_in(tmp_path)) == len(uids)


def test_two_dispatchers__at_once__send_each_message_once(
    database: Database, tmp_path: Path
) -> None:
    count = 60
    with database.writing() as session:
        for _ in range(count):
            booked(session)
    together = threading.Barrier(2)
    reports: list[DispatchReport] = []

    def work(folder: Path) -> None:
        together.wait(timeout=30)
        reports.extend(run_once(database, settings_for(folder), NOW, 7) for _ in range(30))

    workers = [threading.Thread(target=work, args=(tmp_path / name,)) for name in ("one", "two")]
    for each in workers:
        each.start()
    for each in workers:
        each.join(timeout=60)
    ids = [mail["Message-ID"] for name in ("one", "two") for mail in mails_in(tmp_path / name)]
    assert len(ids) == len(set(ids)) == count
    assert sum(each.sent for each in reports) == count


def test_run_once__link_that_is_no_longer_kept__tells_nobody(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        recorded(session, EventKind.SIGN_IN_LINK_SENT, uuid4())
    assert run_once(database, settings_for(tmp_path), NOW) == DispatchReport(looked_at=1)
    assert deliveries_in(database) == []
