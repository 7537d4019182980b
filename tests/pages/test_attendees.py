"""Attendees on the page of a booking: invited, refused and taken off by forms."""

from booking.db import Database
from booking.engine.vocabulary import Participation
from booking.models import ProjectMember
from tests.builders import a_person, added, an_attendee
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, booked


def _arrived(visitor: Visitor, database: Database) -> tuple[Scene, str]:
    with database.writing() as session:
        scene = a_scene(session)
        booking = booked(session, scene)
        an_attendee(
            session,
            booking,
            name="Ben Mwangi",
            participation=Participation.ACCEPTED,
            answered_sequence=0,
        )
        visitor.signed_in(a_browser_of(session, scene.member))
        return scene, f"/bookings/{booking.id}"


def test_invite__by_the_form__is_on_the_list_with_the_answers(
    visitor: Visitor, database: Database
) -> None:
    _, page = _arrived(visitor, database)
    sent = visitor.send(f"{page}/attendees", address="ana@outside.example", attendee_name="")
    assert sent.status_code == 303
    words = text_of(visitor.get(page))
    assert "Ben Mwangi" in words
    assert "comes" in words
    assert "ana@outside.example no answer yet" in words


def test_invite__no_address__is_said_at_the_field(visitor: Visitor, database: Database) -> None:
    _, page = _arrived(visitor, database)
    refused = visitor.send(f"{page}/attendees", address="ana", attendee_name="Ana")
    assert refused.status_code == 422
    assert 'id="address-error"' in refused.text
    assert 'value="Ana"' in refused.text


def test_remove__by_its_button__leaves_the_list(visitor: Visitor, database: Database) -> None:
    _, page = _arrived(visitor, database)
    (action,) = [
        each.partition('"')[0]
        for each in visitor.get(page).text.split('action="')
        if "/remove" in each.partition('"')[0]
    ]
    assert visitor.send(action).status_code == 303
    assert "Ben Mwangi" not in text_of(visitor.get(page))


def test_page__colleague_who_may_not_invite__reads_of_no_attendee(
    visitor: Visitor, database: Database
) -> None:
    scene, page = _arrived(visitor, database)
    with database.writing() as session:
        colleague = a_person(session)
        added(session, ProjectMember(project_id=scene.project.id, person_id=colleague.id))
        visitor.signed_in(a_browser_of(session, colleague))
    shown = visitor.get(page)
    assert shown.status_code == 200
    assert "Ben Mwangi" not in shown.text


def test_alarm__chosen_for_one_booking__is_shown_and_goes_back_to_the_rule(
    visitor: Visitor, database: Database
) -> None:
    _, page = _arrived(visitor, database)
    assert "as my account says: never" in visitor.get(page).text
    for choice in ("30", "never", "rule"):
        assert visitor.send(f"{page}/alarm", alarm_minutes=choice).status_code == 303
        assert f'<option value="{choice}" selected>' in visitor.get(page).text
    assert visitor.send(f"{page}/alarm", alarm_minutes="soon").status_code == 422
