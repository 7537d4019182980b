"""What pages tell of organisations as they stood when a call opened."""

import pytest
from sqlmodel import select

from booking.db import Database
from booking.engine.permissions import Role
from booking.models import PolicyVersion, Round
from tests.builders import a_role
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_round_scene, an_open_round


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        made = a_round_scene(session)
        an_open_round(session, made)
        return made


def test_round__anybody__reads_who_was_verified_and_what_that_reserves(
    visitor: Visitor, database: Database, scene: RoundScene
) -> None:
    words = text_of(visitor.get("/rounds/spring"))
    assert "Verified organisations" in words
    assert "fewer than 5" in words
    assert "changes no share" in words
    with database.writing() as session:
        found = session.exec(select(Round)).one()
        found.reserved_shares = {"ldc": 123_400}
        session.get_one(PolicyVersion, found.policy_version_id).reserved_ppm = 300_000
    words = text_of(visitor.get("/rounds/spring"))
    assert "12.34 %" in words
    assert "share out the 30 % that the policy reserves" in words
    answer = visitor.get("/api/v1/rounds/spring").json()
    (ldc,) = answer["facilities"][0]["groups"]
    assert (ldc["reserved_share_ppm"], ldc["verified_organisations"]) == (123_400, None)
    assert answer["snapshot_at"] == "2026-11-23T09:00:00Z"
    assert scene.facility.slug == answer["facilities"][0]["slug"]


def test_groups__after_a_call_opened__show_how_the_organisation_stood(
    visitor: Visitor, database: Database, scene: RoundScene
) -> None:
    organisation_id = scene.projects[0].organisation_id
    with database.writing() as session:
        visitor.signed_in(a_browser_of(session, scene.members[0]))
        whose = {"organisation_id": organisation_id}
        a_role(session, scene.members[0].id, Role.ORGANISATION_ADMIN, **whose)
    words = text_of(visitor.get(f"/organisations/{organisation_id}/groups"))
    assert "Spring round" in words
    assert "none none 1.000" in words
