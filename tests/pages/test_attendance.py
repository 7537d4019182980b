"""Day sheet, approvals, labels and check-in by forms: what they show, do, refuse and keep."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from booking.clock import utc_now
from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus
from booking.engine.permissions import Role
from booking.engine.vocabulary import CheckInBy
from booking.models import Booking, UsageRecord
from tests.builders import NOW, a_booking, a_closure, a_person, a_resource, a_role
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at


def a_place(database: Database, **resource: Any) -> Scene:
    with database.writing() as session:
        return a_scene(session, **resource)


def by(visitor: Visitor, database: Database, person: Any, *, now: datetime) -> Visitor:
    """Let somebody sign in, and the clock be what it is then."""
    visitor.app.dependency_overrides[utc_now] = lambda: now
    with database.writing() as session:
        return visitor.signed_in(a_browser_of(session, person))


def an_operator(database: Database, scene: Scene) -> Any:
    with database.writing() as session:
        operator = a_person(session, name="Omar Operator")
        a_role(session, operator.id, Role.OPERATOR, facility_id=scene.facility.id)
        return operator


def mine(database: Database, scene: Scene, start: int = 0, end: int = 60, **given: Any) -> Booking:
    with database.writing() as session:
        return a_booking(session, scene.resource, scene.project, at(start), at(end), **given)


def now_of(database: Database, booking: Booking) -> tuple[Booking, UsageRecord | None]:
    with database.reading() as session:
        return session.get_one(Booking, booking.id), session.get(UsageRecord, booking.id)


def sheet(scene: Scene, end: str = "/day") -> str:
    return f"/manage/facilities/{scene.facility.slug}{end}"


def test_day_sheet__by_an_operator__shows_who_comes_when(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database, no_show_grace_minutes=15, capacity=4, unit_label="seat")
    mine(database, scene, title="Pore sizes", quantity=3)
    mine(database, scene, 24 * 60, 25 * 60, title="Elsewhen")
    with database.writing() as session:
        a_resource(session, scene.facility.id, name="Furnace")
        a_closure(session, scene.facility.id, at(300), at(360), reason="Drill")
    operator = by(visitor, database, an_operator(database, scene), now=NOW)

    page = text_of(operator.get(sheet(scene, "/day?on=2026-11-24")))

    for words in ("Tuesday, 24 November 2026", "12:00 to 13:00", "Pore sizes", "3 \u00d7 seat"):
        assert words in page
    for words in ("Drill", "Furnace", "goes to others at 12:15", "Signature, notes"):
        assert words in page
    assert "Elsewhen" not in page
    assert "Check in" not in page


def test_day_sheet__nothing_asked__is_today_there(visitor: Visitor, database: Database) -> None:
    scene = a_place(database)
    operator = by(visitor, database, an_operator(database, scene), now=at(13 * 60))

    page = operator.get(sheet(scene)).text

    # It is the 24th in UTC, and the 25th in Nairobi.
    assert "Wednesday, 25 November 2026" in page
    assert 'href="?on=2026-11-24"' in page
    assert 'href="?on=2026-11-26"' in page
    assert "Nothing is booked on this day." in page


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31", "soon", "2026-13-01"])
def test_day_sheet__no_day_of_ours__is_today(visitor: Visitor, database: Database, on: str) -> None:
    scene = a_place(database)
    operator = by(visitor, database, an_operator(database, scene), now=NOW)
    answer = operator.get(sheet(scene, f"/day?on={on}"))
    assert (answer.status_code, "23 November 2026" in answer.text) == (200, True)


def test_day_sheet__check_in_and_out__by_the_operator(visitor: Visitor, database: Database) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    operator = by(visitor, database, an_operator(database, scene), now=at(5))
    fields = {"booking": booking.id, "on": "2026-11-24"}

    answer = operator.send(sheet(scene), do="check-in", **fields)
    assert answer.headers["location"] == sheet(scene, f"/day?on=2026-11-24#booking-{booking.id}")
    assert "In use, booked for 1 h" in text_of(operator.get(sheet(scene)))
    operator.app.dependency_overrides[utc_now] = lambda: at(20)
    assert operator.send(sheet(scene), do="check-out", **fields).status_code == 303

    found, usage = now_of(database, booking)
    assert (found.status, found.ends_at) == (BookingStatus.COMPLETED, at(30))
    assert usage is not None
    assert (usage.via, usage.used_minutes) == (CheckInBy.OPERATOR, 15)


@pytest.mark.parametrize(
    ("grid", "end", "words"),
    [
        (60, 60, "Nothing could be given back: the shortest step here is 1 h."),
        (15, 15, "What is left of the time, 45 min, can be booked by others."),
    ],
)
@pytest.mark.parametrize("by_the_sheet", ["by the sheet", ""])
def test_check_out__before_the_start__says_what_was_given_back(
    visitor: Visitor, database: Database, by_the_sheet: str, grid: int, end: int, words: str
) -> None:
    scene = a_place(database, grid_minutes=grid)
    booking = mine(database, scene)
    operator = by(visitor, database, an_operator(database, scene), now=at(-4))
    path = sheet(scene) if by_the_sheet else f"/bookings/{booking.id}/use"

    for deed in ("check-in", "check-out"):
        assert operator.send(path, do=deed, booking=booking.id).status_code == 303

    assert now_of(database, booking)[0].ends_at == at(end)
    assert f"Checked out. Thank you. {words}" in text_of(operator.get(sheet(scene)))


def test_day_sheet__nobody_came__is_marked(visitor: Visitor, database: Database) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    operator = by(visitor, database, an_operator(database, scene), now=at(30))

    asked = operator.send(sheet(scene), do="no-show", booking=booking.id, on="2026-11-24")
    assert asked.status_code == 200
    for words in ("free for others at once", "stays charged to", "is told by mail"):
        assert words in text_of(asked)
    assert now_of(database, booking)[0].status is BookingStatus.CONFIRMED

    answer = operator.send(sheet(scene), do="no-show", booking=booking.id, sure="yes")
    assert answer.status_code == 303
    assert now_of(database, booking)[0].status is BookingStatus.NO_SHOW


def test_nobody_came__too_early_or_from_the_booking__refused_or_asked_first(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    operator = by(visitor, database, an_operator(database, scene), now=at(-5))
    path = f"/bookings/{booking.id}/use"

    refused = operator.send(path, do="no-show")
    operator.app.dependency_overrides[utc_now] = lambda: at(0)
    asked = operator.send(path, do="no-show")

    assert (refused.status_code, asked.status_code) == (409, 200)
    assert f'href="/bookings/{booking.id}"' in asked.text
    assert now_of(database, booking)[0].status is BookingStatus.CONFIRMED


def test_day_sheet__refused__says_why_by_the_clock_there(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    operator = by(visitor, database, an_operator(database, scene), now=at(-60))

    answer = operator.send(sheet(scene), do="check-in", booking=booking.id, on="2026-11-24")

    assert answer.status_code == 409
    assert "Check-in opens Tue 24 Nov 2026, 11:30 (Nairobi time)" in text_of(answer)


def test_day_sheet__of_elsewhere_or_unknown__is_not_found(
    visitor: Visitor, database: Database
) -> None:
    scene, other = a_place(database), a_place(database)
    booking = mine(database, other)
    operator = by(visitor, database, an_operator(database, scene), now=at(5))
    for fields in ({"do": "check-in", "booking": booking.id}, {"do": "dance"}, {}):
        assert operator.send(sheet(scene), **fields).status_code == 404


@pytest.mark.parametrize("end", ["/day", "/approvals", "/labels"])
def test_pages_of_the_place__by_a_booker__are_not_permitted(
    visitor: Visitor, database: Database, end: str
) -> None:
    scene = a_place(database)
    assert visitor.get(sheet(scene, end)).status_code == 303
    member = by(visitor, database, scene.member, now=NOW)
    assert member.get(sheet(scene, end)).status_code == 403


def test_approvals__approve_and_reject__and_how_long_each_has(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database, mode=BookingMode.APPROVAL)
    waits: dict[str, Any] = {"status": BookingStatus.PENDING, "expires_at": at(-60)}
    first, second = mine(database, scene, **waits), mine(database, scene, 60, 120, **waits)
    manager = by(visitor, database, scene.manager, now=NOW)
    page = text_of(manager.get(sheet(scene, "/approvals")))
    assert "23 h left" in page
    assert "until Tue 24 Nov 2026, 11:00" in page

    assert manager.send(sheet(scene, f"/approvals/{first.id}"), do="approve").status_code == 303
    bare = manager.send(sheet(scene, f"/approvals/{second.id}"), do="reject")
    assert (bare.status_code, "Say why" in bare.text) == (422, True)
    told = manager.send(sheet(scene, f"/approvals/{second.id}"), do="reject", reason="No lamp")
    assert told.status_code == 303

    assert now_of(database, first)[0].status is BookingStatus.CONFIRMED
    assert now_of(database, second)[0].reason == "No lamp"
    assert "Nothing waits for your approval." in manager.get(sheet(scene, "/approvals")).text
    again = manager.send(sheet(scene, f"/approvals/{first.id}"), do="approve")
    assert again.status_code == 409


def test_labels__each_resource__has_a_code_that_leads_to_check_in(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    with database.writing() as session:
        for number in range(8):
            a_resource(session, scene.facility.id, name=f"Furnace {number}")
    operator = by(visitor, database, an_operator(database, scene), now=NOW)
    first, second = (operator.get(sheet(scene, f"/labels?sheet={each}")).text for each in (1, 2))
    assert (first.count("<svg"), second.count("<svg")) == (9, 2)
    alone = operator.get(sheet(scene, f"/labels?resource={scene.resource.id}")).text
    url = f"https://benchshare.example/resources/{scene.resource.id}/check-in"
    assert (alone.count('class="code"'), url in alone) == (1, True)


def test_code__own_booking_runs__one_button_checks_in(visitor: Visitor, database: Database) -> None:
    scene = a_place(database, no_show_grace_minutes=15)
    booking = mine(database, scene)
    path = f"/resources/{scene.resource.id}/check-in"
    asked = visitor.get(path)
    assert asked.headers["location"] == f"/sign-in?next={path}"
    member = by(visitor, database, scene.member, now=at(-10))
    page = member.get(path)
    assert "Your booking" in page.text
    assert "Without check-in the time goes to others at 12:15" in text_of(page)
    assert len(re.findall(r'<button name="do"', page.text)) == 1

    done = member.send(f"/bookings/{booking.id}/use", do="check-in", via="code")

    assert done.headers["location"] == f"/bookings/{booking.id}"
    found, usage = now_of(database, booking)
    assert found.status is BookingStatus.IN_USE
    assert usage is not None
    assert usage.via is CheckInBy.CODE
    assert ">Check out<" in member.get(path).text


def test_code__no_booking__says_so_and_when_it_is_free(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    with database.writing() as session:
        other = a_scene(session)
        a_booking(session, scene.resource, other.project, at(0), at(60))
    mine(database, scene, 24 * 60, 25 * 60)
    member = by(visitor, database, scene.member, now=at(5))

    page = text_of(member.get(f"/resources/{scene.resource.id}/check-in"))

    assert "You have no booking here now." in page
    assert "Your next one is Wed 25 Nov 2026, 12:00 to 13:00" in page
    assert "From Tue 24 Nov 2026, 13:00" in page


def test_code__missed_by_now__says_where_the_time_went(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database, no_show_grace_minutes=15)
    mine(database, scene, status=BookingStatus.NO_SHOW)
    member = by(visitor, database, scene.member, now=at(30))
    page = text_of(member.get(f"/resources/{scene.resource.id}/check-in"))
    assert "what was left of it went to others" in page
    assert "Free next" in page


def test_code__unknown_resource__is_not_found(visitor: Visitor, database: Database) -> None:
    scene = a_place(database)
    member = by(visitor, database, scene.member, now=NOW)
    assert member.get(f"/resources/{scene.project.id}/check-in").status_code == 404


def test_link__too_early__says_when_it_opens_and_sends_nothing(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    member = by(visitor, database, scene.member, now=NOW)
    page = text_of(member.get(f"/bookings/{booking.id}/check-in"))
    assert "Check-in opens Tue 24 Nov 2026, 11:30" in page
    refused = member.send(f"/bookings/{booking.id}/use", do="check-in", via="link")
    assert refused.status_code == 409
    assert now_of(database, booking)[1] is None


@pytest.mark.parametrize("fields", [{}, {"do": "dance"}, {"do": "check-in", "via": "pigeon"}])
def test_use__not_one_of_ours__is_malformed(
    visitor: Visitor, database: Database, fields: dict[str, str]
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    member = by(visitor, database, scene.member, now=at(5))
    assert member.send(f"/bookings/{booking.id}/use", **fields).status_code == 422


def test_use__as_an_operator_or_a_note_by_a_member__is_not_permitted(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    member = by(visitor, database, scene.member, now=at(5))
    for fields in ({"do": "check-in", "via": "operator"}, {"do": "no-show"}, {"do": "note"}):
        assert member.send(f"/bookings/{booking.id}/use", **fields).status_code == 403


def test_booking_page__in_use_and_after__tells_of_the_use(
    visitor: Visitor, database: Database
) -> None:
    scene = a_place(database)
    booking = mine(database, scene)
    path = f"/bookings/{booking.id}"
    operator = by(visitor, database, an_operator(database, scene), now=at(0))
    assert operator.send(f"{path}/use", do="check-in").status_code == 303
    operator.app.dependency_overrides[utc_now] = lambda: at(20)
    assert operator.send(f"{path}/use", do="check-out").status_code == 303
    assert operator.send(f"{path}/use", do="note", note="Left clean").status_code == 303
    page = text_of(operator.get(path))
    assert "Used 20 min of 1 h: from 12:00 to 12:20" in page
    assert "Noted: Left clean" in page


def test_desk__those_who_run_a_place__find_its_sheet(visitor: Visitor, database: Database) -> None:
    scene = a_place(database)
    desk = by(visitor, database, scene.manager, now=NOW + timedelta(hours=1)).get("/manage").text
    assert f'href="{sheet(scene)}"' in desk
    assert f'href="{sheet(scene, "/approvals")}"' in desk
