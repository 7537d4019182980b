"""The board of a round while its allocation is worked out, stopped, and ended without one."""

import pytest
from sqlmodel import Session, select

from api.pages.calculations import LONG_WAIT
from booking.db import Database
from booking.engine.lifecycle import RoundState
from booking.engine.permissions import SYSTEM, Role
from booking.engine.vocabulary import CalculationKind
from booking.models import RoundResult
from booking.queries.calculations import CalculationFacts, newest_calculation
from booking.queries.requests import submitted_requests
from booking.queries.rounds import find_round
from booking.services import access_requests, calculations
from tests.builders import NOW, a_facility, a_role
from tests.calculating import calculated
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_round_scene, a_scored_round

BOARD = "/manage/rounds/spring"
PROGRESS = {"done": 3, "total": 12, "objective": 75.0, "bound": 100.0}


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        scene = a_round_scene(session)
        a_scored_round(session, scene, 900, 500)
        return scene


@pytest.fixture
def manager(visitor: Visitor, database: Database, scene: RoundScene) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scene.manager))


def newest(session: Session) -> CalculationFacts:
    found = find_round(session, "spring")
    row = newest_calculation(session, found.id, CalculationKind.ALLOCATION)
    assert row is not None
    return row


def test_board__while_it_runs__tells_parts_and_gap_and_stops(
    manager: Visitor, database: Database
) -> None:
    assert manager.send(f"{BOARD}/allocate").status_code == 303
    with database.writing() as session:
        mine = calculations.claim_next(session, now=NOW)
        assert mine is not None
        calculations.tell_progress(session, now=NOW, mine=mine, progress=PROGRESS)
    answer = manager.get(BOARD)
    words = text_of(answer)
    assert "3 of 12 independent parts are done." in words
    assert "worth 75 points; no timetable can be worth more than 100" in words
    assert "at most 25 % short of the best" in words
    assert '<noscript><meta http-equiv="refresh"' in answer.text
    assert "HX-Refresh" not in manager.client.get(BOARD, headers={"HX-Request": "true"}).headers
    assert manager.send(f"{BOARD}/stop").status_code == 303
    assert "what it has found is kept" in text_of(manager.get(BOARD))
    with database.writing() as session:
        calculations.finish(session, now=NOW, mine=mine, answer={}, stopped=True)
    over = manager.client.get(BOARD, headers={"HX-Request": "true"})
    assert over.headers["HX-Refresh"] == "true"
    assert "It was stopped" in text_of(over)


def test_board__preview_worked_out__shown_and_kept_as_it_is(
    manager: Visitor, database: Database
) -> None:
    assert manager.send(f"{BOARD}/preview").status_code == 303
    calculated(database)
    shown = manager.get(BOARD)
    assert "Preview of the allocation" in text_of(shown)
    assert "would get a place" in text_of(shown)
    with database.reading() as session:
        preview = newest(session)
        assert session.exec(select(RoundResult)).all() == []
    kept = manager.send(f"{BOARD}/allocate", preview=preview.id)
    assert kept.status_code == 303
    assert "The allocation, not published" in text_of(manager.get(BOARD))
    with database.reading() as session:
        row = session.exec(select(RoundResult)).one()
    assert row.by_merit == {"credits": 4, "mean_merit": 900}
    assert "by_merit" not in row.result


def test_board__preview_that_no_longer_holds__is_not_kept(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    manager.send(f"{BOARD}/preview")
    calculated(database)
    with database.writing() as session:
        preview = newest(session)
        actor = scene.actor(session, scene.members[0])
        found = find_round(session, "spring")
        (mine,) = (
            each
            for each in submitted_requests(session, found.id)
            if each.project_id == scene.projects[0].id
        )
        access_requests.withdraw_request(
            session, actor=actor, now=NOW, round_key="spring", request_id=mine.id
        )
    refused = manager.send(f"{BOARD}/allocate", preview=preview.id)
    assert refused.status_code == 409
    assert "Something changed" in text_of(refused)


def test_board__nobody_takes_it_up__says_whom_to_ask(manager: Visitor, database: Database) -> None:
    with database.writing() as session:
        calculations.ask(
            session,
            actor=SYSTEM,
            now=NOW - LONG_WAIT,
            found=find_round(session, "spring"),
            kind=CalculationKind.ALLOCATION,
            question={},
        )
    assert "benchshare work" in text_of(manager.get(BOARD))


def test_board__failed__says_why(manager: Visitor, database: Database) -> None:
    manager.send(f"{BOARD}/allocate")
    with database.writing() as session:
        mine = calculations.claim_next(session, now=NOW)
        assert mine is not None
        calculations.fail(session, now=NOW, mine=mine, failure="The roof fell in; mend it.")
    assert "The roof fell in; mend it." in text_of(manager.get(BOARD))


def test_stop__by_others__is_refused(
    visitor: Visitor, database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        found = find_round(session, "spring")
        calculations.ask(
            session,
            actor=SYSTEM,
            now=NOW,
            found=found,
            kind=CalculationKind.ALLOCATION,
            question={},
        )
        reviewer = visitor.signed_in(a_browser_of(session, scene.reviewer))
    reviewer.send(f"{BOARD}/stop")
    with database.reading() as session:
        assert newest(session).stop_asked_at is None


def test_stop__before_anything_was_found__promises_nothing_kept(manager: Visitor) -> None:
    manager.send(f"{BOARD}/preview")
    assert manager.send(f"{BOARD}/stop").status_code == 303
    words = text_of(manager.get(BOARD))
    assert "It was stopped before it had found anything" in words
    assert "What it has found is kept" not in words


def test_board__preview_there__next_step_is_to_keep_it(
    manager: Visitor, database: Database
) -> None:
    manager.send(f"{BOARD}/preview")
    assert calculated(database) == 1
    words = text_of(manager.get(BOARD))
    assert "Keep the preview with the button below its figures." in words
    assert "Preview again" in words


def test_desk__round_published__stays_within_reach_until_closed(
    manager: Visitor, database: Database
) -> None:
    with database.writing() as session:
        find_round(session, "spring").state = RoundState.PUBLISHED
    page = manager.get("/manage")
    assert f'href="{BOARD}"' in page.text
    assert "Access until" in text_of(page)
    with database.writing() as session:
        find_round(session, "spring").state = RoundState.CLOSED
    assert f'href="{BOARD}"' not in manager.get("/manage").text


def test_new_round__facility_without_policy_first__one_with_a_policy_chosen(
    manager: Visitor, database: Database, scene: RoundScene
) -> None:
    with database.writing() as session:
        earlier = a_facility(session, name="AAA laboratory")
        a_role(session, scene.manager.id, Role.MANAGER, facility_id=earlier.id)
    page = manager.get("/manage/rounds/new").text
    assert f'<option value="{scene.facility.slug}" selected>' in page
    page = manager.get(f"/manage/rounds/new?facility={earlier.slug}").text
    assert f'<option value="{earlier.slug}" selected>' in page
