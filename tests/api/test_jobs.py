"""One leader among many processes, and the jobs that it runs."""

import mailbox
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from api.jobs import Jobs, Leadership
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.availability import grid_ceiling
from booking.engine.intervals import Interval
from booking.engine.lifecycle import BookingStatus
from booking.engine.permissions import SYSTEM
from booking.engine.vocabulary import CalculationKind, DeliveryState, OfferState, ReplyOutcome
from booking.models import Booking, Event, IncomingMail, Offer, RoundResult
from booking.queries.installation import database_time, somebody_leads
from booking.queries.rounds import find_round
from booking.services import calculations, lapsing
from booking.services.freeing import note_freed
from tests.builders import a_booking, a_project, a_resource, an_entry
from tests.calculating import calculated
from tests.databases import opened
from tests.notifications.outcomes import booked, deliveries_in, mails_in
from tests.rounds import a_round_scene, a_scored_round
from tests.scenes import a_scene

END_THE_LEADER = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database ON "
    "pg_database.oid = database WHERE locktype = 'advisory' AND datname = current_database()"
)


def settings_for(database: Database, folder: Path) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database.url,
        base_url="https://bench.example",
        secret_key="a long random text for tests",
        mail=f"file:{folder}",
    )


@pytest.mark.only_on("postgresql")
def test_lead__two_processes__one_leads_and_the_other_follows_on(database: Database) -> None:
    with opened(database.url) as elsewhere:
        first, second = Leadership(database), Leadership(elsewhere)
        first.seek()
        second.seek()
        assert (first.leads, second.leads) == (True, False)
        first.seek()
        assert first.leads
        first.release()
        second.seek()
        assert (first.leads, second.leads) == (False, True)
        second.release()


@pytest.mark.only_on("postgresql")
def test_lead__connection_of_the_leader_dies__another_takes_over(database: Database) -> None:
    with opened(database.url) as elsewhere:
        first, second = Leadership(database), Leadership(elsewhere)
        first.seek()
        with elsewhere.writing() as session:
            session.connection().execute(text(END_THE_LEADER))
        second.seek()
        first.seek()
        assert (first.leads, second.leads) == (False, True)
        second.release()


@pytest.mark.only_on("postgresql")
def test_lead__somebody_does__is_seen_by_whoever_looks(database: Database) -> None:
    leader = Leadership(database)
    with database.reading() as session:
        assert not somebody_leads(session)
    leader.seek()
    with database.reading() as session:
        assert somebody_leads(session)
    leader.release()


@pytest.mark.only_on("sqlite")
def test_lead__on_sqlite__this_process_leads(database: Database) -> None:
    leader = Leadership(database)
    leader.seek()
    assert leader.leads


def test_jobs__run_by_the_leader__send_and_seal(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        booked(session)
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.leadership.seek()
    jobs.dispatch()
    jobs.seal()
    jobs.clear()
    jobs.leadership.release()
    (delivery,) = deliveries_in(database)
    assert delivery.state is DeliveryState.SENT
    assert len(mails_in(tmp_path)) == 1
    with database.reading() as session:
        assert [each.position for each in session.exec(select(Event)).all()] == [1]


def test_jobs__what_is_due__lapses_in_the_round_it_is_due(
    database: Database, tmp_path: Path
) -> None:
    soon = utc_now() - timedelta(minutes=1)
    with database.writing() as session:
        scene = a_scene(session, capacity=200)
        held = {"status": BookingStatus.HELD, "expires_at": soon}
        start, end = soon + timedelta(days=1), soon + timedelta(days=2)
        for _ in range(lapsing.AT_ONCE + 1):
            a_booking(session, scene.resource, scene.project, start, end, **held)
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.leadership.seek()
    jobs.lapse()
    jobs.leadership.release()
    with database.reading() as session:
        found = session.exec(select(Booking.status)).all()
        assert set(found) == {BookingStatus.EXPIRED}
        assert not lapsing.is_due(session, now=utc_now())


def test_jobs__of_a_follower__do_nothing(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        booked(session)
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.leadership.leads = False
    jobs.dispatch()
    jobs.seal()
    jobs.lapse()
    assert deliveries_in(database) == []


def test_jobs__started_and_stopped__end_cleanly(database: Database, tmp_path: Path) -> None:
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.start()
    jobs.stop()
    assert not jobs.leadership.leads
    assert not jobs.scheduler.running


def test_database_time__by_either_database__is_ours(database: Database) -> None:
    with database.reading() as session:
        assert abs((utc_now() - database_time(session)).total_seconds()) < 5


def test_offer__freed_time__goes_to_who_waits_until_it_ends(
    database: Database, tmp_path: Path
) -> None:
    now = utc_now()
    day = timedelta(days=1)
    with database.writing() as session:
        resource = a_resource(session)
        for _ in range(2):
            starts_at = grid_ceiling(now + day, resource.grid_minutes)
            an_entry(session, resource, a_project(session), starts_at, starts_at + day / 24)
        note_freed(session, resource_id=resource.id, interval=Interval(now, now + 3 * day), now=now)
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.leadership.seek()

    jobs.offer()
    (offer,) = offers_in(database)
    with database.writing() as session:
        session.merge(offer).deadline_at = now
    jobs.offer()
    jobs.offer()
    jobs.leadership.release()

    states = [each.state for each in offers_in(database)]
    assert states == [OfferState.EXPIRED, OfferState.MADE]


def test_sweep__somebody_waits__has_all_of_it_looked_at(database: Database, tmp_path: Path) -> None:
    now = utc_now()
    with database.writing() as session:
        resource = a_resource(session)
        an_entry(session, resource, a_project(session), now, now + timedelta(days=2), minutes=60)
    jobs = Jobs(settings_for(database, tmp_path), database)
    jobs.leadership.seek()

    jobs.sweep()
    jobs.offer()
    jobs.leadership.release()

    assert len(offers_in(database)) == 1


def offers_in(database: Database) -> list[Offer]:
    with database.reading() as session:
        return list(session.exec(select(Offer).order_by(col(Offer.id))))


@pytest.mark.only_on("sqlite")
def test_calculate__after_a_kill__takes_up_what_ran_and_allocates_as_any_other(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        a_scored_round(session, a_round_scene(session), 900, 500)
        an_allocation(session)
        assert calculations.claim_next(session, now=utc_now()) is not None
    jobs = Jobs(settings_for(database, tmp_path), database)

    jobs.answer()
    assert results_in(database) == []
    jobs.calculate()
    with database.writing() as session:
        an_allocation(session)
    calculated(database, now=utc_now())

    first, second = results_in(database)
    assert first.result_sha256 == second.result_sha256


def an_allocation(session: Session) -> None:
    calculations.ask(
        session,
        actor=SYSTEM,
        now=utc_now(),
        found=find_round(session, "spring"),
        kind=CalculationKind.ALLOCATION,
        question={},
    )


def results_in(database: Database) -> list[RoundResult]:
    with database.reading() as session:
        return list(session.exec(select(RoundResult).order_by(col(RoundResult.number))))


@pytest.mark.only_on("sqlite")
def test_collect__mailbox_there_or_not__takes_mails_in_or_logs_why(
    database: Database, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    settings = settings_for(database, tmp_path).model_copy(update={"inbox": f"maildir:{box}"})
    Jobs(settings, database).collect()
    mailbox.Maildir(box).add(b"Subject: Automatic reply\r\n\r\n")
    Jobs(settings, database).collect()
    with database.reading() as session:
        (row,) = session.exec(select(IncomingMail)).all()
    assert row.outcome is ReplyOutcome.AUTOMATIC
