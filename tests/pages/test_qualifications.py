"""Qualifications on the desk: listed with their end, granted by e-mail, taken away."""

import re

import pytest

from booking.clock import utc_now
from booking.db import Database
from booking.engine.permissions import Role
from tests.builders import NOW, a_person, a_role
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.writing() as session:
        return a_scene(session, name="Lathe", qualification_needed=True)


@pytest.fixture
def operator(visitor: Visitor, database: Database, scene: Scene) -> Visitor:
    visitor.app.dependency_overrides[utc_now] = lambda: NOW
    with database.writing() as session:
        operator = a_person(session)
        a_role(session, operator.id, Role.OPERATOR, facility_id=scene.facility.id)
        return visitor.signed_in(a_browser_of(session, operator))


def page_of(scene: Scene) -> str:
    return f"/manage/facilities/{scene.facility.slug}/resources/{scene.resource.id}/qualifications"


def test_qualifications__by_an_operator__are_granted_ended_and_taken_away(
    operator: Visitor, scene: Scene
) -> None:
    tab = operator.get(f"/manage/facilities/{scene.facility.slug}/qualifications")
    assert f'href="{page_of(scene)}"' in tab.text
    assert "Nobody is qualified yet" in text_of(operator.get(page_of(scene)))

    for last_day, words in (("2026-12-01", "Wed 2 Dec 2026, 00:00"), ("", "without end")):
        answer = operator.send(page_of(scene), email=scene.member.email, last_day=last_day)
        assert answer.status_code == 303
        assert words in text_of(operator.get(page_of(scene)))

    page = operator.get(page_of(scene))
    (remove,) = re.findall(r'action="([^"]+/remove)"', page.text)
    assert operator.send(remove).status_code == 303
    assert operator.send(remove).status_code == 404
    assert "Nobody is qualified yet" in text_of(operator.get(page_of(scene)))


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"email": ""}, 422, "Write the e-mail address"),
        ({"email": "nobody@nowhere.example"}, 404, "sign in once"),
        ({"last_day": "soon"}, 422, "Write a date"),
        ({"last_day": "9999-12-31"}, 422, "earlier year"),
        ({"last_day": "2026-11-01"}, 422, "in the future"),
    ],
)
def test_qualifications__that_cannot_be__say_why(
    operator: Visitor, scene: Scene, fields: dict[str, str], status: int, words: str
) -> None:
    answer = operator.send(page_of(scene), **({"email": scene.member.email} | fields))
    assert (answer.status_code, words in text_of(answer)) == (status, True)


def test_qualifications__by_a_member__are_not_permitted(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    with database.writing() as session:
        visitor.signed_in(a_browser_of(session, scene.member))
    assert visitor.get(page_of(scene)).status_code == 403
    assert visitor.send(page_of(scene), email=scene.member.email).status_code == 403
