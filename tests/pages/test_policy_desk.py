"""The policy desk: a policy is tried, its effect read, and that very policy published."""

from typing import Any

import pytest

from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.models import AccessRequest
from booking.queries.policies import current_policy
from booking.services import calculations
from booking.services.policies import publish_policy
from tests.builders import NOW, a_facility
from tests.calculating import calculated
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_policy, a_round_scene, a_scored_round

Scored = tuple[RoundScene, tuple[AccessRequest, ...]]


@pytest.fixture
def scored(database: Database) -> Scored:
    with database.writing() as session:
        scene = a_round_scene(session)
        return scene, a_scored_round(session, scene, 900, 500)


@pytest.fixture
def manager(visitor: Visitor, database: Database, scored: Scored) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scored[0].manager))


def desk_of(scored: Scored) -> str:
    return f"/manage/facilities/{scored[0].facility.slug}/policy/desk"


def without_groups(**given: Any) -> dict[str, Any]:
    return {
        "groups": 0,
        "ladder-0-up_to": 100,
        "ladder-0-points": 1000,
        "release_first_days": 14,
        "release_all_days": 7,
        "half_life_days": 90,
        "do": "try",
    } | given


def test_desk__policy_tried__effect_read_and_published(
    manager: Visitor, scored: Scored, database: Database
) -> None:
    desk = desk_of(scored)
    assert "On the demand of Spring round" in text_of(manager.get(desk))
    assert 'name="note"' not in manager.get(desk).text
    asked = manager.send(desk, **without_groups())
    assert asked.status_code == 303, text_of(asked)
    trial = asked.headers["location"]
    assert "It waits for its turn" in text_of(manager.get(trial))
    assert calculated(database) == 1
    page = manager.get(trial)
    words = text_of(page)
    assert "1 request would gain a place, 1 request would lose one" in words
    assert "Least developed countries: reserved 20 % → not there" in words
    assert "Small or medium enterprise 1 1" in words
    assert "Least developed countries 0 1" in words
    assert f"/manage/rounds/spring/requests/{scored[1][0].id}" in page.text
    assert scored[1][0].title not in words
    assert "worked out" in text_of(manager.get(desk))
    assert 'name="groups" value="0"' in manager.get(f"{desk}?trial={trial[-36:]}").text
    assert manager.send(f"{trial}/publish", note="Tried.").status_code == 303
    with database.reading() as session:
        current = current_policy(session, scored[0].facility.id)
        assert current is not None
        assert (current.version.number, current.version.note) == (2, "Tried.")
    assert "This policy is in force now." in text_of(manager.get(trial))
    listed = text_of(manager.get(desk))
    assert "1 gain a place, 1 lose one; price of fairness 0.0 %" in listed


def test_desk__faulty_policy__told_at_the_field_and_not_asked(
    manager: Visitor, scored: Scored
) -> None:
    desk = desk_of(scored)
    answer = manager.send(desk, **without_groups(cap="0"))
    assert answer.status_code == 409
    assert 'id="cap-error"' in answer.text
    assert "None yet." in text_of(manager.get(desk))


def test_desk__group_added__stays_on_the_desk(manager: Visitor, scored: Scored) -> None:
    answer = manager.send(desk_of(scored), **without_groups(do="add", add_kind="sme"))
    assert answer.status_code == 200
    assert "Group 1" in text_of(answer)


def test_desk__stopped_while_it_runs__says_so(
    manager: Visitor, scored: Scored, database: Database
) -> None:
    trial = manager.send(desk_of(scored), **without_groups()).headers["location"]
    with database.writing() as session:
        assert calculations.claim_next(session, now=NOW) is not None
    assert manager.send(f"{trial}/stop").status_code == 303
    assert "what it has found is kept" in text_of(manager.get(trial))


def test_desk__by_others__is_refused(visitor: Visitor, scored: Scored, database: Database) -> None:
    with database.writing() as session:
        member = visitor.signed_in(a_browser_of(session, scored[0].members[0]))
    assert member.get(desk_of(scored)).status_code == 403
    assert member.send(desk_of(scored), **without_groups()).status_code == 403


def test_trial__of_another_facility__is_not_found(
    manager: Visitor, scored: Scored, database: Database
) -> None:
    trial = manager.send(desk_of(scored), **without_groups()).headers["location"]
    with database.writing() as session:
        other = a_facility(session)
        publish_policy(session, actor=SYSTEM, now=NOW, facility=other.slug, wish=a_policy())
    elsewhere = trial.replace(scored[0].facility.slug, other.slug)
    assert manager.get(elsewhere).status_code == 403
