"""Find by time: how long comes first, and each time leads to the form that books it."""

from booking.db import Database
from tests.builders import a_booking, a_facility, a_person, a_project, a_resource
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import at

ASKED = (
    "/slots?minutes=60&free_from=2026-11-24T12:00&free_until=2026-11-24T14:00&zone=Africa/Nairobi"
)


def test_slots__one_is_taken__only_what_is_free_is_found(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        free, taken = (a_resource(session, place, name=name) for name in ("Free one", "Taken one"))
        a_booking(session, taken, a_project(session), at(-60), at(300))
    page = visitor.get(ASKED).text
    assert ("Free one" in page, "Taken one" in page) == (True, False)
    assert f"/resources/{free.id}/book?day=2026-11-24&amp;start=12:00&amp;minutes=60" in page


def test_slots__soonest_first(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        later, _ = (a_resource(session, place, name=name) for name in ("A later one", "B now"))
        a_booking(session, later, a_project(session), at(-60), at(60))
    page = visitor.get(ASKED).text
    assert page.index("B now") < page.index("A later one")


def test_slots__for_a_project__only_what_it_may_use(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        me = a_person(session)
        project = a_project(session, me)
        a_resource(session, name="For all")
        a_resource(session, a_facility(session, restricted=True).id, name="For the admitted")
        a_resource(session, name="For the trained", qualification_needed=True)
        visitor.signed_in(a_browser_of(session, me))
    everything = visitor.get("/slots?minutes=60").text
    mine = visitor.get(f"/slots?minutes=60&project={project.id}").text
    names = ("For all", "For the admitted", "For the trained")
    assert [each in everything for each in names] == [True, True, True]
    assert [each in mine for each in names] == [True, False, False]
    assert f"minutes=60&amp;project_id={project.id}" in mine


def test_slots__for_a_project_nothing_matches__says_so(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        me = a_person(session)
        project = a_project(session, me)
        visitor.signed_in(a_browser_of(session, me))
    answer = visitor.get(f"/slots?minutes=60&kind=sequencer&project={project.id}")
    assert (answer.status_code, "Nothing is free for so long" in answer.text) == (200, True)


def test_slots__for_a_project_of_others__refused(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        project = a_project(session)
    assert visitor.get(f"/slots?minutes=60&project={project.id}").status_code == 422


def test_slots__nothing_asked_yet__only_the_form(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        a_resource(session, name="Free one")
    page = visitor.get("/slots").text
    assert ("Free one" in page, "Find times" in page) == (False, True)


def test_slots__nothing_free__says_what_to_try(visitor: Visitor, database: Database) -> None:
    with database.writing() as session:
        a_resource(session, maximum_minutes=60)
    assert "Nothing is free for so long" in text_of(visitor.get("/slots?minutes=240"))


def test_slots__malformed__named_and_the_form_stays(visitor: Visitor) -> None:
    for query in ("minutes=x", "free_from=soon", "quantity=0", "project=mine", "zone=Mars"):
        answer = visitor.get(f"/slots?{query}")
        assert (answer.status_code, "Find times" in answer.text) == (422, True), query
    assert visitor.get("/slots?minutes=60&cursor=x").status_code == 422


def test_home__leads_to_find_by_time(visitor: Visitor) -> None:
    assert 'href="/slots"' in visitor.get("/").text


def test_slots__more_than_shown__leads_to_the_calendar(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        one = a_resource(session, place, name="Free one")
    link = f'href="/resources/{one.id}/calendar?on=2026-11-24" aria-label="More free times'
    few = visitor.get(ASKED).text
    many = visitor.get(ASKED.replace("until=2026-11-24T14:00", "until=2026-11-24T20:00")).text
    assert (link in few, link in many) == (False, True)


def test_slots__shorter_than_every_booking__names_the_shortest(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        place = a_facility(session).id
        for name, least in (("Long one", 360), ("Shorter one", 240)):
            a_resource(session, place, name=name, minimum_minutes=least, maximum_minutes=480)
    page = visitor.get(ASKED)
    assert "The shortest booking of Shorter one is 4 h;" in text_of(page)
    assert "a shorter time" not in page.text
    assert "&amp;minutes=240" in page.text
    same = text_of(visitor.get(ASKED.replace("minutes=60", "minutes=240")))
    assert "a shorter time" in same
