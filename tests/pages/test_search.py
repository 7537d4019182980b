"""Searching, facilities, and the week of a resource as pages show them."""

from datetime import UTC, datetime, time

from booking.db import Database
from tests.builders import (
    a_booking,
    a_closure,
    a_facility,
    a_project,
    a_resource,
    opening_hours,
)
from tests.pages.furniture import STARTUPS, a_call, a_policy
from tests.pages.visitor import Visitor, text_of
from tests.scenes import at


def test_search__by_word__finds_what_has_it(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        place = a_facility(session, name="Kampala Lab").id
        a_resource(session, place, name="Raman microscope", kind="microscope")
        a_resource(session, place, name="Tensile tester", kind="tester")
    page = text_of(visitor.get("/?q=raman"))
    assert ("Raman microscope" in page, "Tensile tester" in page) == (True, False)


def test_search__by_time__leaves_out_what_is_taken(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        free, taken = (a_resource(session, place, name=name) for name in ("Free one", "Taken one"))
        a_booking(session, taken, a_project(session), at(-60), at(300))
    page = visitor.get(
        "/?free_from=2026-11-24T12:00&free_until=2026-11-24T14:00&zone=Africa/Nairobi&minutes=60"
    ).text
    assert ("Free one" in page, "Taken one" in page) == (True, False)
    assert f"/resources/{free.id}/book?day=2026-11-24&amp;start=12:00&amp;minutes=60" in page


def test_search__nothing_found__suggests_kinds(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        a_resource(session, kind="laser cutter")
    page = visitor.get("/?q=nonesuch").text
    assert "Nothing fits" in page
    assert "/?kind=laser%20cutter" in page


def test_search__cannot_be_read__names_the_field_and_keeps_it(
    visitor: Visitor, database: Database
) -> None:
    del database
    for query in (
        "free_from=tomorrow",
        "free_from=2026-11-24T12:00&free_until=2026-11-24T12:00",
        "free_from=2026-01-01T00:00&free_until=2026-12-01T00:00",
        "free_from=9999-12-31T23:00",
        "minutes=0",
        "quantity=x&minutes=5",
        "zone=Atlantis",
    ):
        answer = visitor.get(f"/?q=kept&{query}")
        assert answer.status_code == 422, query
        assert 'class="error"' in answer.text, query
        assert 'value="kept"' in answer.text, query
    assert visitor.get("/?cursor=nonsense").status_code == 422


def test_search__nothing_asked__shows_one_of_each_kind_and_what_is_on_site_first(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        a_resource(session, place, name="A cluster", kind="cluster", access_by="virtual")
        a_resource(session, place, name="Z cluster", kind="cluster", access_by="virtual")
        a_resource(session, place, name="Furnace", kind="furnace")
    page = visitor.get("/")
    words = text_of(page)
    assert words.index("Furnace") < words.index("A cluster")
    assert "cluster (2)" in words
    assert "Z cluster" not in words
    every = text_of(visitor.get("/?every=yes"))
    assert every.index("A cluster") < every.index("Furnace") < every.index("Z cluster")


def test_search__more_than_a_page__leads_on(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        for number in range(13):
            a_resource(session, place, name=f"Furnace {number:02}")
    first = visitor.get("/?q=furnace").text
    assert "Furnace 12" not in first
    link = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert "Furnace 12" in visitor.get(link.replace("&amp;", "&")).text


def test_facility__page__says_hours_policy_rounds_and_closures(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(
            session, slug="lab", description="# Us\n\n**Bold** <script>alert(1)</script>"
        )
        opening_hours(session, place.id, time(8), time(17), weekdays=range(5))
        a_closure(session, place.id, at(0), at(60), reason="Power works")
        a_policy(session, place.id, STARTUPS)
        a_call(session, place.id)
        kept = a_resource(session, place.id)
    answer = visitor.get("/facilities/lab")
    page = text_of(answer)
    for words in (
        "Monday to Friday 08:00 to 17:00",
        "Saturday to Sunday closed",
        "Power works",
        "Startups",
        "15 %",
        "at most 10 % of the time",
        "Spring call",
    ):
        assert words in page, (words, page)
    assert "<script>" not in answer.text
    assert answer.text.count("<h1") == 1
    week = visitor.get(f"/resources/{kept.id}?week=2027-02-01").text
    assert "Kept for the round Spring call" in week
    assert 'class="is-kept"' in week


def test_page__unknown__is_a_page_for_people(visitor: Visitor, database: Database) -> None:
    del database
    for path in ("/facilities/none", "/resources/none", f"/resources/{'0' * 32}", "/none"):
        answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert "<h1>" in answer.text, path


def test_language__asked_for__kept_and_answered_in_english(
    visitor: Visitor, database: Database
) -> None:
    del database
    answer = visitor.get("/?lang=fr")
    assert '<html lang="en"' in answer.text
    assert answer.cookies["benchshare_language"] == "fr"
    assert "benchshare_language" not in visitor.get("/?lang=%0d%0a").cookies


def test_resource__week_of_a_clock_change__draws_a_day_of_25_hours(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(session, zone="Europe/Berlin")
        found = a_resource(session, place.id, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    page = visitor.get(f"/resources/{found.id}?week=2027-10-25")
    assert 'viewBox="0 0 1500 24"' in page.text
