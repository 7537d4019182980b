"""Versions of a policy side by side, and the form in which shares are set or derived."""

from typing import Any

import pytest

from booking.db import Database
from booking.engine.permissions import SYSTEM
from booking.queries.policies import current_policy
from booking.services import policies
from tests.builders import NOW
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.rounds import RoundScene, a_policy, a_round_scene


@pytest.fixture
def scene(database: Database) -> RoundScene:
    with database.writing() as session:
        scene = a_round_scene(session)
        for given in ({}, {"cap_share_ppm": 125_000, "half_life_days": 60}):
            policies.publish_policy(
                session, actor=SYSTEM, now=NOW, facility=scene.facility.slug, wish=a_policy(**given)
            )
        return scene


@pytest.fixture
def manager(visitor: Visitor, database: Database, scene: RoundScene) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scene.manager))


def typed(**given: Any) -> dict[str, Any]:
    return {
        "groups": 1,
        "groups-0-key": "ldc",
        "groups-0-name": "Least developed countries",
        "groups-0-kind": "ldc",
        "groups-0-share": 20,
        "groups-0-weight": 3,
        "ladder-0-up_to": 100,
        "ladder-0-points": 1000,
        "release_first_days": 14,
        "release_all_days": 7,
        "half_life_days": 90,
        "from_day": "2027-02-01",
        "until_day": "2027-03-01",
    } | given


def test_versions__anybody__reads_every_number_that_differs(
    visitor: Visitor, scene: RoundScene
) -> None:
    words = text_of(visitor.get(f"/facilities/{scene.facility.slug}/policies"))
    assert "Version 1 and version 2 side by side" in words
    assert "Most that one organisation may hold none 12.5 %" in words
    assert "Past use counts half after 90 days 60 days" in words
    assert "Opens to everyone, ahead 7 days" not in words


def test_versions__same_chosen_twice__says_nothing_differs(
    visitor: Visitor, scene: RoundScene
) -> None:
    path = f"/facilities/{scene.facility.slug}/policies"
    assert "Nothing but the note differs" in text_of(visitor.get(f"{path}?from=1&to=1"))
    assert visitor.get(f"{path}?from=1&to=9").status_code == 404


def test_compare__by_the_api__names_each_place(visitor: Visitor, scene: RoundScene) -> None:
    path = f"/api/v1/facilities/{scene.facility.slug}/policies"
    found = visitor.get(f"{path}/compare?from=1&to=2").json()["differences"]
    assert [(each["pointer"], each["before"], each["after"]) for each in found] == [
        ("/cap_share", None, 0.125),
        ("/half_life_days", 90, 60),
    ]
    assert [each["number"] for each in visitor.get(path).json()["items"]] == [2, 1]


def test_form__shares_too_much_together__marked_at_each(
    manager: Visitor, scene: RoundScene
) -> None:
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    answer = manager.send(path, **typed(**{"groups-0-share": 101, "do": "publish"}))
    assert answer.status_code == 409
    assert 'id="groups-0-share-error"' in answer.text


def test_form__derived__asks_for_weights_and_publishes_them(
    manager: Visitor, scene: RoundScene, database: Database
) -> None:
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    shown = manager.send(path, **typed(shares="derived", reserved=40, do="shares"))
    assert shown.status_code == 200
    assert 'id="groups-0-weight"' in shown.text
    assert 'id="groups-0-share"' not in shown.text
    given = typed(shares="derived", reserved=40, order="strict", do="publish")
    assert manager.send(path, **given).status_code == 303
    with database.reading() as session:
        found = current_policy(session, scene.facility.id)
        assert found is not None
        assert (found.version.reserved_ppm, found.version.strict) == (400_000, True)
        assert found.groups[0].weight == 3


@pytest.mark.parametrize(
    ("given", "field"),
    [({"reserved": 101}, "reserved"), ({"groups-0-weight": 0, "reserved": 40}, "reserved")],
)
def test_form__derived_from_nothing__refused_at_its_field(
    manager: Visitor, scene: RoundScene, given: dict[str, Any], field: str
) -> None:
    path = f"/manage/facilities/{scene.facility.slug}/policy"
    answer = manager.send(path, **typed(shares="derived", do="publish", **given))
    assert answer.status_code == 409
    assert f'id="{field}-error"' in answer.text
