"""The auditor's page: what was promised and what came out, to anybody, as far as it is told."""

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api import round_run
from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.models import Organisation, Round, RoundResult
from booking.queries.audits import round_audit
from booking.services import rounds
from tests.builders import NOW
from tests.conftest import settings_for
from tests.rounds import a_round_scene, a_scored_round, an_open_round

AUDIT = "/rounds/spring/audit"


@pytest.fixture
def published(database: Database, database_url: str) -> Round:
    with database.writing() as session:
        a_scored_round(session, a_round_scene(session), 900, 500)
    round_run.allocate_round(database, actor=SYSTEM, now=NOW, key="spring")
    round_run.publish_round(
        database, actor=SYSTEM, now=NOW, settings=settings_for(database_url), key="spring"
    )
    with database.reading() as session:
        return session.exec(select(Round)).one()


def test_audit__published__shows_seed_hashes_and_that_they_agree(
    published: Round, client: TestClient
) -> None:
    text = client.get(AUDIT).text

    assert published.seed in text
    assert published.seed_hash in text
    assert "its sha256 is the hash above" in text
    assert "an event names the same" in text
    assert "benchshare round verify BUNDLE.json" in text
    assert AUDIT in client.get("/rounds/spring").text


def test_audit__whoever_it_is__is_told_for_whom_the_bundle_is(
    published: Round, database: Database, client: TestClient
) -> None:
    with database.reading() as session:
        organisation_id = str(session.exec(select(Organisation.id)).first())
    bundle = round_run.bundle_of(database, actor=SYSTEM, key=published.slug)
    text = client.get(AUDIT).text

    assert organisation_id in {each["id"] for each in bundle["problem"]["organisations"]}
    assert "pseudonyms" not in text
    assert "is not handed on" in text


def test_audit__call_open__shows_the_hash_and_never_the_seed(
    database: Database, client: TestClient
) -> None:
    with database.writing() as session:
        found = an_open_round(session, a_round_scene(session))
    text = client.get(AUDIT).text

    assert found.seed_hash in text
    assert found.seed not in text
    assert "Told when the round is published" in text


def test_audit__decided_and_not_published__keeps_results_from_others(
    database: Database, client: TestClient
) -> None:
    with database.writing() as session:
        a_scored_round(session, a_round_scene(session), 900)
    round_run.allocate_round(database, actor=SYSTEM, now=NOW, key="spring")

    assert "Told when the round is published" in client.get(AUDIT).text


def test_audit__a_draft__is_not_there_for_others(database: Database, client: TestClient) -> None:
    with database.writing() as session:
        a_round_scene(session)
    assert client.get(AUDIT).status_code == 404


def test_audit__seed_swapped_after_the_opening__is_seen(
    published: Round, database: Database
) -> None:
    del published
    with database.writing() as session:
        row = session.exec(select(Round)).one()
        row.seed, row.seed_hash = "another", "0" * 64
        found = round_audit(session, row, results=True)

    assert (found.hash_agrees, found.seed_agrees) == (False, False)


def test_audit__result_changed_behind_the_events__is_seen(
    published: Round, database: Database
) -> None:
    with database.writing() as session:
        session.exec(select(RoundResult)).one().result_sha256 = "0" * 64
        session.flush()
        row = session.get_one(Round, published.id)
        (outcome,) = round_audit(session, row, results=True).outcomes

    assert not outcome.agrees


def test_audit__call_closed_early__lists_its_events_in_order(
    database: Database, client: TestClient
) -> None:
    with database.writing() as session:
        an_open_round(session, a_round_scene(session))
        rounds.close_call(session, actor=SYSTEM, now=NOW, key="spring")
    text = client.get(AUDIT).text

    assert (
        text.index("was drafted") < text.index("call opened</th>") < text.index("call closed</th>")
    )


def test_how_time_is_shared__says_five_sentences(client: TestClient) -> None:
    text = client.get("/how-time-is-shared").text

    assert text.count("<li>") >= 5
    assert "saying that you are of a group can never cost you a place" in text
