"""Closures and holidays at the desk: looked at before anybody is displaced."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Booking, Closure, Facility
from tests.builders import NOW, a_booking, a_closure
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at

# The scene's bookings are tomorrow at 9 UTC, which is noon in Nairobi.
NOON = {"starts_at": "2026-11-24T12:00", "ends_at": "2026-11-24T13:00", "kind": "outage"}


@pytest.fixture
def scene(database: Database) -> Scene:
    with database.writing() as session:
        return a_scene(session)


@pytest.fixture
def manager(visitor: Visitor, database: Database, scene: Scene) -> Visitor:
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, scene.manager))


def _path(scene: Scene, end: str = "") -> str:
    return f"/manage/facilities/{scene.facility.slug}/closures{end}"


def _booked(database: Database, scene: Scene, start: int = 0, **given: Any) -> Booking:
    with database.writing() as session:
        return a_booking(session, scene.resource, scene.project, at(start), at(start + 60), **given)


def _closures(database: Database) -> list[Closure]:
    with database.reading() as session:
        return list(session.exec(select(Closure)).all())


def _status(database: Database, booking: Booking) -> BookingStatus:
    with database.reading() as session:
        return session.get_one(Booking, booking.id).status


def test_closure__over_a_booking__is_shown_first_and_then_displaces(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _booked(database, scene)

    shown = manager.send(_path(scene), **NOON, reason="Pump")

    assert shown.status_code == 200
    words = text_of(shown)
    assert "1 booking would give way" in words
    assert "Would be offered: Tue 24 Nov 2026, 11:00 to 12:00" in words
    assert (_closures(database), _status(database, booking)) == ([], BookingStatus.CONFIRMED)
    done = manager.send(_path(scene), **NOON, reason="Pump", do="confirm", seen=booking.id)
    assert done.status_code == 303
    assert "entered; 1 booking was displaced" in text_of(manager.get(_path(scene)))
    assert _status(database, booking) is BookingStatus.DISPLACED


def test_closure__somebody_booked_meanwhile__is_shown_again(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _booked(database, scene)

    shown = manager.send(_path(scene), **NOON, do="confirm", seen="")

    assert "1 booking would give way" in text_of(shown)
    assert _status(database, booking) is BookingStatus.CONFIRMED
    assert _closures(database) == []


def test_closure__changed_over_a_booking__is_shown_first(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _booked(database, scene)
    with database.writing() as session:
        row = a_closure(session, scene.facility.id, at(0), at(60), estimated=True)
    path = _path(scene, f"/{row.id}")
    page = manager.get(path)
    assert 'value="2026-11-24T12:00"' in page.text
    assert "date estimated" in text_of(manager.get(_path(scene)))

    assert "1 booking would give way" in text_of(manager.send(path, **NOON))
    assert manager.send(path, **NOON, do="confirm", seen=booking.id).status_code == 303

    assert _status(database, booking) is BookingStatus.DISPLACED
    assert not _closures(database)[0].estimated
    assert manager.get(_path(scene, f"/{scene.project.id}")).status_code == 404


def test_closure__in_the_past__is_listed_and_no_more(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    with database.writing() as session:
        a_closure(session, scene.facility.id, NOW - timedelta(days=2), NOW, reason="Old laser")
    assert "Old laser" in text_of(manager.get(_path(scene)))
    wrong = NOON | {"ends_at": "2026-11-24T11:00"}
    refused = manager.send(_path(scene), **wrong)
    assert refused.status_code == 409
    assert 'value="2026-11-24T11:00"' in refused.text


def _upload(manager: Visitor, path: str, content: bytes, do: str) -> Any:
    token = manager.get(path).text.split('name="csrf" value="')[1].split('"')[0]
    return manager.client.post(
        path, data={"csrf": token, "do": do}, files={"file": ("closures.csv", content)}
    )


def test_import__tried_and_done__names_bad_rows_and_whom_it_displaces(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    booking = _booked(database, scene)
    content = f"starts_at,ends_at\n{at(0)},{at(30)}\n{at(30)},{at(0)}\n".encode()

    tried = text_of(_upload(manager, _path(scene, "/import"), content, "try"))
    assert "Nothing was written" in tried
    assert "1 booking would give way" in tried
    assert _status(database, booking) is BookingStatus.CONFIRMED

    done = text_of(_upload(manager, _path(scene, "/import"), content, "import"))
    assert "1 created" in done
    assert "1 booking gave way" in done
    assert "ends Tue 24 Nov 2026, 12:00 (Nairobi time), not after it starts" in done
    page = text_of(manager.get(_path(scene, "/import")))
    for words in ("2026-12-01T09:00:00+03:00", "partial", "no significant outage expected"):
        assert words in page
    assert _status(database, booking) is BookingStatus.DISPLACED
    assert _upload(manager, _path(scene, "/import"), b"", "try").status_code == 422


def test_holidays__ticked__are_shown_and_adopted(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    christmas = 31 * 1440
    booking = _booked(database, scene, christmas)
    path = _path(scene, "/holidays")
    assert "Christmas Day" in text_of(manager.get(path))
    assert "date estimated" in text_of(manager.get(f"{path}?year=2027"))
    ticked = {"year": "2026", "dates": "2026-12-25"}

    assert "1 booking would give way" in text_of(manager.send(path, **ticked))
    done = manager.send(path, **ticked, do="confirm", seen=booking.id)

    assert done.status_code == 303
    assert _status(database, booking) is BookingStatus.DISPLACED
    assert "adopted" in text_of(manager.get(path))
    assert manager.send(path, year="2026").status_code == 422
    assert manager.send(path, year="2026", dates="soon").status_code == 422


def test_holidays__country_without_any__says_what_to_do(
    manager: Visitor, database: Database, scene: Scene
) -> None:
    with database.writing() as session:
        session.get_one(Facility, scene.facility.id).country = "SO"
    words = text_of(manager.get(_path(scene, "/holidays")))
    assert "holidays" in words.lower()


def test_closures__of_a_member__are_refused(
    visitor: Visitor, database: Database, scene: Scene
) -> None:
    for end in ("", "/import", "/holidays"):
        assert visitor.get(_path(scene, end)).status_code == 303
    with database.writing() as session:
        visitor.signed_in(a_browser_of(session, scene.member))
    for end in ("", "/import", "/holidays"):
        assert visitor.get(_path(scene, end)).status_code == 403
        assert visitor.send(_path(scene, end), **NOON).status_code == 403
