"""Calendars of a resource, of a facility and of one's own, as a visitor reads them."""

import re
from datetime import timedelta
from typing import Any

from booking.clock import utc_now
from booking.db import Database
from booking.engine.lifecycle import ResourceState
from tests.builders import a_booking, a_closure, a_facility, a_person, a_project, a_resource
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at


def _arrived(visitor: Visitor, database: Database, **resource: Any) -> Scene:
    with database.writing() as session:
        scene = a_scene(session, **resource)
        a_booking(session, scene.resource, scene.project, at(0), at(120), title="Secret run")
        visitor.signed_in(a_browser_of(session, scene.member))
    return scene


def test_resource__free_hours__lead_to_the_form_by_the_facilitys_clock(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    page = visitor.get(f"/resources/{scene.resource.id}/calendar?on=2026-11-24").text
    assert f"/resources/{scene.resource.id}/book?day=2026-11-24&amp;start=14:00" in page
    assert f"/resources/{scene.resource.id}/book?day=2026-11-24&amp;start=12:00" not in page
    assert "Nairobi (the facility) is 3 h ahead" in text_of(
        visitor.get(f"/resources/{scene.resource.id}/calendar?on=2026-11-24")
    )


def test_facility__days_that_are_over__say_so_and_not_full(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    visitor.app.dependency_overrides[utc_now] = lambda: at(48 * 60)
    path = f"/facilities/{scene.facility.slug}/calendar?on=2026-11-24&as="
    for shape in ("grid", "list"):
        before = text_of(visitor.get(path + shape)).partition("hours free to book")[0]
        assert " over" in before
        assert "full" not in before
        assert "none left" not in before


def test_resource__names__only_for_those_who_may_see_them(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    paths = [
        f"/resources/{scene.resource.id}/calendar?on=2026-11-24&view={view}&as={shape}"
        for view in ("week", "month")
        for shape in ("", "grid", "list")
    ]
    assert all("Secret run" in visitor.get(each).text for each in paths)
    visitor.client.cookies.clear()
    for each in paths:
        page = visitor.get(each).text
        assert ("Secret run" in page, "Sample Project" in page, "Sample Person" in page) == (
            False,
            False,
            False,
        ), each


def test_resource__shape__as_asked_and_a_list_on_a_phone(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    path = f"/resources/{scene.resource.id}/calendar?on=2026-11-24"

    def shapes(query: str = "", **headers: str) -> tuple[bool, bool]:
        page = visitor.client.get(path + query, headers=headers).text
        return "<table" in page, "Day by day" in page

    assert shapes() == (True, True)
    assert shapes("&as=grid") == (True, False)
    assert shapes("&as=list") == (False, True)
    assert shapes(**{"user-agent": "Mozilla/5.0 (Android) Mobile"}) == (False, True)
    assert shapes(**{"sec-ch-ua-mobile": "?1"}) == (False, True)
    assert shapes("&as=grid", **{"sec-ch-ua-mobile": "?1"}) == (True, False)


def test_resource__odd_address__shows_something_near(visitor: Visitor, database: Database) -> None:
    scene = _arrived(visitor, database, capacity=4)
    for query in (
        "on=0001-01-01",
        "on=9999-12-31&view=month",
        "on=x&view=y&as=z&clock=w",
        f"quantity={'9' * 5000}",
        "quantity=0",
        "on=2011-12-30",
    ):
        answer = visitor.get(f"/resources/{scene.resource.id}/calendar?{query}")
        assert answer.status_code == 200, query


def test_resource__neighbours__lead_to_week_before_and_after(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    path = f"/resources/{scene.resource.id}/calendar"
    week = visitor.get(f"{path}?on=2026-11-25").text
    month = visitor.get(f"{path}?on=2026-11-25&view=month").text
    for page, before, after in (
        (week, "2026-11-16", "2026-11-30"),
        (month, "2026-10-01", "2026-12-01"),
    ):
        assert re.search(rf'rel="prev" href="[^"]*on={before}', page)
        assert re.search(rf'rel="next" href="[^"]*on={after}', page)


def test_resource__draft_or_retired__not_found_by_others(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        draft, retired = (
            a_resource(session, state=each).id
            for each in (ResourceState.DRAFT, ResourceState.RETIRED)
        )
    for each in (draft, retired):
        assert visitor.get(f"/resources/{each}/calendar").status_code == 404


def test_facility__week_and_month__say_what_is_free_of_each(
    visitor: Visitor, database: Database
) -> None:
    scene = _arrived(visitor, database)
    with database.writing() as session:
        a_closure(session, scene.facility.id, at(24 * 60), at(60 * 60), reason="Feast")
    for view in ("week", "month"):
        for shape in ("grid", "list"):
            answer = visitor.get(
                f"/facilities/{scene.facility.slug}/calendar"
                f"?on=2026-11-24&view={view}&as={shape}&clock=facility"
            )
            page = text_of(answer)
            assert "X-ray diffractometer" in page
            assert "22 h" in page
            assert "8 %" in page
            assert "Secret run" not in page


def test_facility__unknown_or_empty__says_so(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        slug = a_facility(session).slug
    assert "Nothing is published here yet" in visitor.get(f"/facilities/{slug}/calendar").text
    assert visitor.get("/facilities/nonesuch/calendar").status_code == 404


def test_my_bookings__week_and_month__show_mine_by_my_clock(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        me = a_person(session, zone="Asia/Kathmandu")
        project = a_project(session, me)
        resource = a_resource(session)
        a_booking(session, resource, project, at(0), at(60), title="Mine")
        a_booking(session, resource, a_project(session), at(60), at(120), title="Theirs")
        late = timedelta(days=6)
        a_booking(session, resource, project, at(0) + late, at(60) + late, title="Next week")
        visitor.signed_in(a_browser_of(session, me))
    week = visitor.get("/bookings?view=week&on=2026-11-24")
    assert ("Mine" in week.text, "Theirs" in week.text, "Next week" in week.text) == (
        True,
        False,
        False,
    )
    assert "14:45 to 15:45" in text_of(week)
    assert "12:00 to 13:00 Nairobi" in text_of(week)
    assert "Next week" in visitor.get("/bookings?view=month&on=2026-11-24").text
