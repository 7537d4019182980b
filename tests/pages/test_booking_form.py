"""The form that books: what it says before, what it repeats, and what it keeps when refused."""

from datetime import UTC, datetime
from typing import Any

from booking.db import Database
from booking.engine.permissions import Role
from tests.builders import (
    a_booking,
    a_facility,
    a_person,
    a_project,
    a_resource,
    a_role,
)
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at

RATES = [{"for": "research", "per_hour": 18, "currency": "EUR"}]


def _arrived(visitor: Visitor, database: Database, **resource: Any) -> Scene:
    with database.writing() as session:
        scene = a_scene(session, **resource)
        visitor.signed_in(a_browser_of(session, scene.member))
    return scene


def _wish(scene: Scene, **given: object) -> dict[str, object]:
    typed = {"project_id": scene.project.id, "day": "2026-11-24", "start": "12:00", "minutes": 120}
    return typed | given


def test_form__opened_from_a_calendar__filled_with_rules_and_price(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database, rates=RATES, maximum_minutes=480)
    answer = visitor.get(
        f"/resources/{scene.resource.id}/book?day=2026-11-24&start=12:00&minutes=120"
    )
    for kept in ('value="2026-11-24"', 'value="12:00"', 'value="120" selected'):
        assert kept in answer.text
    page = text_of(answer)
    assert "One booking lasts at most 8 h." in page
    assert "18 EUR an hour 36.00 EUR for 2 h" in page
    assert "It counts 2 credits" in page


def test_check__free__repeats_it_by_both_clocks_and_books_nothing(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database, rates=RATES)
    asked = visitor.send(
        f"/resources/{scene.resource.id}/book/check", **_wish(scene, title="First light")
    )
    page = text_of(asked)
    assert asked.status_code == 200
    for said in (
        "Tue 24 Nov 2026, 12:00 to 14:00 Nairobi time",
        "Tue 24 Nov 2026, 09:00 to 11:00 UTC",
        "First light",
        "Sample Project",
        "36.00 EUR for 2 h",
    ):
        assert said in page, said
    assert "Nothing is booked yet" in visitor.get("/bookings").text


def test_check__taken__keeps_what_was_typed_and_leads_on(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        a_booking(session, scene.resource, a_project(session), at(0), at(60))
    refused = visitor.send(
        f"/resources/{scene.resource.id}/book/check", **_wish(scene, title="First light")
    )
    assert refused.status_code == 409
    for kept in ('value="First light"', 'value="2026-11-24"', 'value="12:00"', "would do"):
        assert kept in refused.text
    waiting = f"/waiting-list/new?resource={scene.resource.id}&amp;from=2026-11-24T09:00:00Z"
    assert waiting in refused.text


def test_check__taken_by_the_project_itself__leads_to_it_and_not_to_the_waiting_list(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        own = a_booking(session, scene.resource, scene.project, at(0), at(60))
    refused = visitor.send(f"/resources/{scene.resource.id}/book/check", **_wish(scene))
    assert "Your project already has it" in refused.text
    assert f'href="/bookings/{own.id}"' in refused.text
    assert "/waiting-list/new" not in refused.text


def test_check__refused_for_another_reason__proposes_no_waiting(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database, qualification_needed=True)
    refused = visitor.send(f"/resources/{scene.resource.id}/book/check", **_wish(scene))
    assert refused.status_code == 409
    assert "/waiting-list/new" not in refused.text


def test_form__facility_elsewhere__says_the_time_by_the_readers_clock_too(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    page = visitor.get(f"/resources/{scene.resource.id}/book?day=2026-11-24&start=12:00&minutes=60")
    assert "By your clock: Tue 24 Nov 2026, 09:00 to 10:00 (UTC)." in text_of(page)


def test_check__several_rules_broken__all_are_told(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, maximum_minutes=60, grid_minutes=60)
    refused = visitor.send(
        f"/resources/{scene.resource.id}/book/check", **_wish(scene, start="12:30")
    )
    page = text_of(refused)
    assert "(and 1 more reason)" in page
    for reason in ("on a grid of 1 h; ask for Tue 24 Nov 2026, 12:00", "longest booking"):
        assert page.count(reason) == 1


def test_book__held__waits_for_its_word(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database)
    held = visitor.send(f"/resources/{scene.resource.id}/book", **_wish(scene, hold="yes"))
    page = text_of(visitor.get(held.headers["location"]))
    assert "held for you" in page
    assert "It is held until" in page


def test_book__for_a_colleague__stands_in_their_name(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        me, other = a_person(session), a_person(session, name="Ben Kariuki")
        project = a_project(session, me, other)
        resource = a_resource(session)
        visitor.signed_in(a_browser_of(session, me))
    form = visitor.get(f"/resources/{resource.id}/book").text
    assert "Ben Kariuki" in form
    wish = {"project_id": project.id, "day": "2026-11-24", "start": "12:00", "minutes": 60}
    path = f"/resources/{resource.id}/book"
    assert "Ben Kariuki" in visitor.send(f"{path}/check", **wish, person_id=other.id).text
    booked = visitor.send(path, **wish, person_id=other.id)
    assert "Booked for Ben Kariuki" in text_of(visitor.get(booked.headers["location"]))


def test_form__manager__books_for_projects_known_here_and_sets_rules_aside(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session, maximum_minutes=60)
        a_booking(session, scene.resource, scene.project, at(600), at(660))
        visitor.signed_in(a_browser_of(session, scene.manager))
    path = f"/resources/{scene.resource.id}/book"
    assert "Sample Project" in visitor.get(path).text
    refused = visitor.send(f"{path}/check", **_wish(scene))
    assert refused.status_code == 409
    assert "<details open><summary>Set rules aside" in refused.text
    asked = visitor.send(f"{path}/check", **_wish(scene, waiver="A guest from abroad"))
    assert (asked.status_code, "A guest from abroad" in asked.text) == (200, True)
    booked = visitor.send(path, **_wish(scene, waiver="A guest from abroad"))
    page = text_of(visitor.get(booked.headers["location"]))
    assert "Rules set aside A guest from abroad" in page


def test_form__member__cannot_set_rules_aside(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, maximum_minutes=60)
    path = f"/resources/{scene.resource.id}/book"
    assert "Set rules aside" not in visitor.get(path).text
    refused = visitor.send(f"{path}/check", **_wish(scene, waiver="Please"))
    assert refused.status_code in {403, 409}


def test_check__time_shown_twice__asks_which_and_takes_it(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        me = a_person(session, zone="Europe/Berlin")
        project = a_project(session, me)
        place = a_facility(session, zone="Europe/Berlin")
        resource = a_resource(session, place.id)
        visitor.signed_in(a_browser_of(session, me))
    wish = {"project_id": project.id, "day": "2027-10-31", "start": "02:30", "minutes": 60}
    path = f"/resources/{resource.id}/book/check"
    unsure = visitor.send(path, **wish)
    assert (unsure.status_code, "shows this time twice" in unsure.text) == (422, True)
    for again, hour in ((0, "00:30"), (1, "01:30")):
        asked = visitor.send(path, **wish, again=again)
        assert f'datetime="2027-10-31T{hour}:00Z"' in asked.text, again


def test_form__round_only_or_signed_out__says_what_to_do(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        a_role(session, scene.member.id, Role.OPERATOR, facility_id=scene.facility.id)
    page = visitor.get(f"/resources/{scene.resource.id}/book?day=2026-11-24&start=12:00").text
    assert "Sign in to book" in page
    assert "day%3D2026-11-24" in page


def test_instants_sent_instead__come_back_as_day_and_time(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        a_booking(session, scene.resource, a_project(session), at(0), at(60))
    starts_at = datetime(2026, 11, 24, 9, tzinfo=UTC).isoformat()
    ends_at = datetime(2026, 11, 24, 10, tzinfo=UTC).isoformat()
    refused = visitor.send(
        f"/resources/{scene.resource.id}/book",
        project_id=scene.project.id,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    assert refused.status_code == 409
    assert ('value="2026-11-24"' in refused.text, 'value="12:00"' in refused.text) == (True, True)
