"""Pages of a draft round that is deleted, or led by another facility."""

import pytest

from booking.db import Database
from booking.engine.permissions import SYSTEM, Role
from booking.models import Facility
from booking.queries.rounds import find_round
from booking.services.rounds import create_round
from tests.builders import NOW, a_facility, a_role
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_round_scene, a_wish, an_open_round

BOARD = "/manage/rounds/spring"


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        return a_round_scene(session)


@pytest.fixture
def manager(visitor: Visitor, database: Database, scene: RoundScene) -> Visitor:
    with database.writing() as session:
        create_round(
            session, actor=SYSTEM, now=NOW, wish=a_wish(), facility_keys=[scene.facility.slug]
        )
        return visitor.signed_in(a_browser_of(session, scene.manager))


def another(database: Database, scene: RoundScene) -> Facility:
    with database.writing() as session:
        made = a_facility(session, name="Second laboratory")
        a_role(session, scene.manager.id, Role.MANAGER, facility_id=made.id)
        return made


def test_delete__draft__asks_once_more_and_then_it_is_gone(manager: Visitor) -> None:
    assert f'href="{BOARD}/delete"' in manager.get(BOARD).text
    assert "It cannot be taken back" in text_of(manager.get(f"{BOARD}/delete"))
    answer = manager.send(f"{BOARD}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/manage")
    assert "The draft Spring round is deleted." in text_of(manager.get("/manage"))
    assert manager.get(BOARD).status_code == 404


def test_delete__by_a_member__the_draft_is_not_theirs_to_see(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        manager.signed_in(a_browser_of(session, scene.members[0]))
    assert manager.send(f"{BOARD}/delete").status_code == 404


def test_delete__round_that_opened__is_refused_and_not_offered(
    visitor: Visitor, database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        an_open_round(session, scene)
        visitor.signed_in(a_browser_of(session, scene.manager))
    assert f'href="{BOARD}/delete"' not in visitor.get(BOARD).text
    assert visitor.send(f"{BOARD}/delete").status_code == 409
    assert visitor.send(f"{BOARD}/lead", facility="x").status_code == 409


def test_hand_over__to_another_of_the_managers_facilities__leads(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    other = another(database, scene)
    page = manager.get(f"{BOARD}/lead").text
    assert f'<option value="{other.slug}">' in page
    assert f'<option value="{scene.facility.slug}">' not in page
    assert manager.send(f"{BOARD}/lead", facility=other.slug).status_code == 303
    with database.reading() as session:
        assert find_round(session, "spring").facility_id == other.id


def test_hand_over__nowhere_else_to__says_whom_to_ask(manager: Visitor) -> None:
    assert "Ask its manager" in text_of(manager.get(f"{BOARD}/lead"))


def test_hand_over__facility_that_is_not_offered__told_at_its_field(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    another(database, scene)
    with database.writing() as session:
        strange = a_facility(session)
    answer = manager.send(f"{BOARD}/lead", facility=strange.slug)
    assert answer.status_code == 422
    assert 'id="facility-error"' in answer.text


def test_hand_over__to_the_lead_itself__is_refused_in_words(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    another(database, scene)
    answer = manager.send(f"{BOARD}/lead", facility=scene.facility.slug)
    assert answer.status_code == 409
    assert "leads this round already" in text_of(answer)
