"""A draft's lead is being handed over: who ran it before is refused once that is decided."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.errors import NotFound, NotPermitted
from booking.models import Facility, Round
from booking.queries.rounds import find_round
from booking.services import round_drafts, rounds
from tests.builders import NOW, a_facility, a_role, a_token
from tests.rounds import RoundScene, a_round_scene, a_wish

MOMENT_SECONDS = 0.3
PATIENCE_SECONDS = 20
Deed = Callable[[Session, RoundScene], Any]


def edits(session: Session, scene: RoundScene) -> Round:
    given: dict[str, Any] = {"actor": scene.actor(session, scene.manager), "now": NOW}
    return rounds.edit_round(session, **given, key="spring", changes={"name": "Mine still"})


def opens(session: Session, scene: RoundScene) -> Round:
    manager = scene.actor(session, scene.manager)
    return rounds.open_round(session, actor=manager, now=NOW, key="spring")


def deletes(session: Session, scene: RoundScene) -> None:
    manager = scene.actor(session, scene.manager)
    round_drafts.delete_draft(session, actor=manager, now=NOW, key="spring")


def hands_over(session: Session, other: Facility) -> None:
    round_drafts.hand_over_lead(session, actor=SYSTEM, now=NOW, key="spring", facility=other.slug)


def set_up(database: Database) -> tuple[RoundScene, Facility]:
    with database.writing() as session:
        scene = a_round_scene(session)
        place = scene.facility.slug
        rounds.create_round(session, actor=SYSTEM, now=NOW, wish=a_wish(), facility_keys=[place])
        return scene, a_facility(session)


def attempt(database: Database, deed: Deed, scene: RoundScene) -> None:
    with database.writing() as session:
        deed(session, scene)


@pytest.mark.parametrize("rival", [edits, opens, deletes])
def test_run__lead_handed_over_undecided__waits_and_is_refused(
    database: Database, rival: Deed
) -> None:
    scene, other = set_up(database)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            hands_over(session, other)
            fate = pool.submit(attempt, database, rival, scene)
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        refusal = fate.exception(timeout=PATIENCE_SECONDS)
    assert isinstance(refusal, NotPermitted)
    with database.reading() as session:
        row = find_round(session, "spring")
        assert (row.facility_id, row.name) == (other.id, "Spring round")


def test_edit__draft_deleted_undecided__waits_and_finds_none(database: Database) -> None:
    scene, _ = set_up(database)
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            deletes(session, scene)
            fate = pool.submit(attempt, database, edits, scene)
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        assert isinstance(fate.exception(timeout=PATIENCE_SECONDS), NotFound)


def test_lead__another_change_undecided__waits_and_is_stale(
    client: TestClient, database: Database
) -> None:
    scene, other = set_up(database)
    with database.writing() as session:
        a_role(session, scene.manager.id, Role.MANAGER, facility_id=other.id)
        headers = {"Authorization": f"Bearer {a_token(session, scene.manager)}"}
    path = "/api/v1/rounds/spring"
    seen = {"If-Match": client.get(path, headers=headers).headers["etag"]}
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            edits(session, scene)
            given: dict[str, Any] = {"json": {"facility": other.slug}, "headers": headers | seen}
            fate = pool.submit(client.post, f"{path}/lead", **given)
            done, _ = wait([fate], timeout=MOMENT_SECONDS)
            assert not done
        answer = fate.result(timeout=PATIENCE_SECONDS)
    assert (answer.status_code, answer.json()["current"]["name"]) == (412, "Mine still")
