"""A booking repeated by the form: the dates are shown before, and then booked."""

from datetime import timedelta

from booking.db import Database
from tests.builders import a_booking, a_project
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at

WEEK = timedelta(days=7)


def _arrived(visitor: Visitor, database: Database) -> Scene:
    """Sign a member in; somebody else has the second Tuesday at 9:00 UTC."""
    with database.writing() as session:
        scene = a_scene(session)
        a_booking(session, scene.resource, a_project(session), at(0) + WEEK, at(60) + WEEK)
        visitor.signed_in(a_browser_of(session, scene.member))
    return scene


def _wish(scene: Scene, **given: object) -> dict[str, object]:
    typed = {"project_id": scene.project.id, "day": "2026-11-24", "start": "12:00", "minutes": 60}
    return typed | {"every": "week", "count": 3, "title": "Weekly run"} | given


def test_check__one_date_is_taken__shown_with_why_and_other_times(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    asked = visitor.send(f"/resources/{scene.resource.id}/book/check", **_wish(scene))
    page = text_of(asked)
    assert asked.status_code == 200
    assert "Book 2 dates?" in page
    assert "Cannot be had: 1 Tue 1 Dec 2026, 12:00 : It is taken" in page
    assert "Other times for that date" in page
    assert "Nothing is booked yet" in visitor.get("/bookings").text


def test_book__series__those_that_can_be_had_and_each_shows_the_others(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    booked = visitor.send(f"/resources/{scene.resource.id}/book/series", **_wish(scene))
    assert booked.status_code == 303
    page = text_of(visitor.get(booked.headers["location"]))
    assert "The others of this series Tue 8 Dec 2026, 09:00 to 10:00" in page
    assert visitor.get("/bookings").text.count("Weekly run</a>") == 2


def test_check__repetition_without_an_end_or_with_two__form_kept(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    path = f"/resources/{scene.resource.id}/book/check"
    for given, field in (
        ({"count": ""}, "count"),
        ({"until": "2026-12-24"}, "until"),
        ({"count": "201"}, "count"),
        ({"interval": "0"}, "interval"),
        ({"every": "year"}, "every"),
        ({"count": "", "until": "soon"}, "until"),
    ):
        refused = visitor.send(path, **_wish(scene, **given))
        assert refused.status_code == 422, given
        assert f'id="{field}-error"' in refused.text, given
        assert 'value="Weekly run"' in refused.text


def test_check__until_before_the_start__says_so(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    path = f"/resources/{scene.resource.id}/book/check"
    refused = visitor.send(path, **_wish(scene, count="", until="2026-11-01"))
    assert refused.status_code == 422


def test_check__every_date_taken__nothing_to_book(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        other = a_project(session)
        for number in (0, 2):
            a_booking(session, scene.resource, other, at(0) + number * WEEK, at(60) + number * WEEK)
    path = f"/resources/{scene.resource.id}/book"
    page = text_of(visitor.send(f"{path}/check", **_wish(scene)))
    assert "None of these dates can be had" in page
    assert visitor.send(f"{path}/series", **_wish(scene)).status_code == 409
