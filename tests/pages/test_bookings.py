"""Booking, moving and cancelling by forms: what is refused is kept, said and mended."""

import re
from datetime import timedelta
from typing import Any

import pytest

from api.pages.booking_words import HEARD_BY
from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus, ResourceState
from booking.engine.vocabulary import CalendarMail
from booking.models import Person
from tests.builders import a_booking, a_project, a_resource
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at

MALFORMED = (
    ("day", "the first"),
    ("day", ""),
    ("day", "9999-12-31"),
    ("start", "noon"),
    ("minutes", "an hour"),
    ("minutes", ""),
    ("quantity", "0"),
    ("quantity", "99999999999"),
    ("project_id", "mine"),
    ("project_id", ""),
    ("title", "x" * 201),
    ("starts_at", "1764000000"),
)


def _arrived(visitor: Visitor, database: Database, **resource: Any) -> Scene:
    """Make a scene (tomorrow 9:00 UTC is 12:00 in Nairobi) and sign its member in."""
    with database.writing() as session:
        scene = a_scene(session, **resource)
        visitor.signed_in(a_browser_of(session, scene.member))
    return scene


def _wish(scene: Scene, **given: object) -> dict[str, object]:
    typed = {"project_id": scene.project.id, "day": "2026-11-24", "start": "12:00", "minutes": 60}
    return typed | given


def _taken(database: Database, scene: Scene) -> None:
    with database.writing() as session:
        a_booking(session, scene.resource, a_project(session), at(0), at(60))


def test_book__free__leads_to_the_booking(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    booked = visitor.send(
        f"/resources/{scene.resource.id}/book", **_wish(scene, title="First light")
    )
    assert booked.status_code == 303
    page = text_of(visitor.get(booked.headers["location"]))
    assert "First light" in page
    assert "Tue 24 Nov 2026, 12:00 to 13:00 Nairobi time" in page
    assert "Tue 24 Nov 2026, 09:00 to 10:00 UTC" in page


@pytest.mark.parametrize(("chosen", "words"), list(HEARD_BY.items()))
def test_book__free__says_how_the_reader_hears_of_it(
    visitor: Visitor, database: Database, chosen: CalendarMail, words: str
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        session.get_one(Person, scene.member.id).calendar_mail = chosen
    booked = visitor.send(f"/resources/{scene.resource.id}/book", **_wish(scene))
    assert f"Booked. {words}" in text_of(visitor.get(booked.headers["location"]))


def test_book__taken__keeps_the_form_and_offers_times_of_one_click(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    _taken(database, scene)
    path = f"/resources/{scene.resource.id}/book"
    refused = visitor.send(path, **_wish(scene, title="First light"))
    assert refused.status_code == 409
    for kept in ('value="First light"', 'value="2026-11-24"', 'value="12:00"'):
        assert kept in refused.text
    assert 'id="start-error"' in refused.text
    assert "These times would do" in refused.text
    offered = re.search(
        r'name="starts_at" value="([^"]+)">\s*<input type="hidden" name="ends_at" value="([^"]+)"',
        refused.text,
    )
    assert offered is not None
    taken = visitor.send(
        path, project_id=scene.project.id, starts_at=offered[1], ends_at=offered[2]
    )
    assert taken.status_code == 303


def test_book__malformed_field__named_and_nothing_booked(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database, capacity=4)
    path = f"/resources/{scene.resource.id}/book"
    for field, typed in MALFORMED:
        refused = visitor.send(path, **_wish(scene, **{field: typed}))
        assert refused.status_code in {409, 422}, (field, typed)
        assert 'class="error"' in refused.text, (field, typed)
    assert "Nothing is booked yet" in visitor.get("/bookings").text


def test_book__signed_out__leads_to_sign_in(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        scene = a_scene(session)
    answer = visitor.send(f"/resources/{scene.resource.id}/book", **_wish(scene))
    assert answer.headers["location"].startswith("/sign-in")
    page = visitor.get(f"/resources/{scene.resource.id}/book").text
    assert f"/sign-in?next=/resources/{scene.resource.id}/book" in page


def test_book__needs_approval__says_that_it_waits(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, mode=BookingMode.APPROVAL)
    asked = visitor.send(f"/resources/{scene.resource.id}/book", **_wish(scene))
    page = text_of(visitor.get(asked.headers["location"]))
    assert "waiting for the facility" in page


def test_resource__round_only__has_no_form(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, mode=BookingMode.ROUND_ONLY)
    page = visitor.get(f"/resources/{scene.resource.id}").text
    assert "shared out in rounds" in page
    assert 'name="start"' not in page


def test_resource__retired__keeps_a_page(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, state=ResourceState.RETIRED)
    answer = visitor.get(f"/resources/{scene.resource.id}")
    assert answer.status_code == 200
    assert "cannot be booked any more" in answer.text


def test_resource__draft__not_shown_to_others(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, state=ResourceState.DRAFT)
    assert visitor.get(f"/resources/{scene.resource.id}").status_code == 404


def test_resource__odd_week_or_quantity__shows_the_nearest(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database, capacity=4)
    for query in ("week=0001-01-01", "week=9999-12-31", "week=x", "quantity=²", "quantity=0"):
        assert visitor.get(f"/resources/{scene.resource.id}?{query}").status_code == 200, query
    assert visitor.get(f"/resources/{scene.resource.id}?quantity={'9' * 5000}").status_code == 200


def test_move__free__says_the_new_time(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(0), at(60))
    moved = visitor.send(
        f"/bookings/{mine.id}/move", day="2026-11-24", start="14:00", minutes=60, quantity=1
    )
    assert moved.status_code == 303
    assert "14:00 to 15:00" in text_of(visitor.get(f"/bookings/{mine.id}"))


def test_move__taken__keeps_the_form_and_offers_times(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    _taken(database, scene)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(120), at(180))
    refused = visitor.send(
        f"/bookings/{mine.id}/move", day="2026-11-24", start="12:00", minutes=60, quantity=1
    )
    assert refused.status_code == 409
    assert 'value="12:00"' in refused.text
    assert "These times would do" in refused.text


def test_retitle__new_title__stands_in_the_list(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(0), at(60))
    assert visitor.send(f"/bookings/{mine.id}/retitle", title="Thin films").status_code == 303
    assert "Thin films" in visitor.get("/bookings").text


def test_cancel__asked_first__then_done(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(0), at(60))
    assert "Cancel this booking?" in visitor.get(f"/bookings/{mine.id}/cancel").text
    assert "confirmed" in visitor.get(f"/bookings/{mine.id}").text
    assert visitor.send(f"/bookings/{mine.id}/cancel", reason="No sample").status_code == 303
    page = text_of(visitor.get(f"/bookings/{mine.id}"))
    assert "cancelled" in page
    assert "No sample" in page


def test_cancel__too_late__says_until_when(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, cancel_by_minutes=7 * 24 * 60)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(0), at(60))
    refused = visitor.send(f"/bookings/{mine.id}/cancel", reason="No sample")
    assert refused.status_code == 409
    assert 'value="No sample"' in refused.text


def test_booking__of_somebody_else__not_found(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        theirs = a_booking(session, scene.resource, a_project(session), at(0), at(60))
    assert visitor.get(f"/bookings/{theirs.id}").status_code == 404


def test_my_bookings__coming_and_past__each_in_its_list(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    ago = timedelta(days=3)
    with database.writing() as session:
        a_booking(session, scene.resource, scene.project, at(0), at(60), title="Ahead")
        a_booking(
            session,
            scene.resource,
            scene.project,
            at(0) - ago,
            at(60) - ago,
            title="Behind",
            status=BookingStatus.COMPLETED,
        )
    coming, past = visitor.get("/bookings").text, visitor.get("/bookings?show=past").text
    assert ("Ahead" in coming, "Behind" in coming) == (True, False)
    assert ("Ahead" in past, "Behind" in past) == (False, True)


def test_private_page__signed_out__leads_to_sign_in(visitor: Visitor) -> None:
    for path in ("/bookings", "/account", "/account/tokens", "/account/projects/new"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_move__taken__offers_to_move_it_there_and_names_another_instrument(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        mine = a_booking(session, scene.resource, scene.project, at(120), at(180))
        a_resource(session, scene.facility.id, name="The twin")
    _taken(database, scene)
    typed = {"day": "2026-11-24", "start": "12:00", "minutes": 60, "quantity": 1}
    page = text_of(visitor.send(f"/bookings/{mine.id}/move", **typed))
    assert "Move it there: Tue 24 Nov 2026, 12:00 to 13:00, on The twin" in page
    assert "Move it there: Tue 24 Nov 2026, 14:00 to 15:00" not in page
