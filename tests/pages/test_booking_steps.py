"""What is done about a booking on its page: confirm, shorten, hand over; its series and waiver."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Booking
from tests.builders import NOW, a_booking, a_person, a_project, a_resource
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import at


@pytest.fixture
def mine(visitor: Visitor, database: Database, request: pytest.FixtureRequest) -> Booking:
    """A booking of two hours of the visitor's, with a colleague on its project."""
    given: dict[str, Any] = getattr(request, "param", {})
    with database.writing() as session:
        me, ben = a_person(session, name="Asha Otieno"), a_person(session, name="Ben Kariuki")
        booking = a_booking(
            session, a_resource(session), a_project(session, me, ben), at(0), at(120), **given
        )
        visitor.signed_in(a_browser_of(session, me))
    return booking


HELD = {"status": BookingStatus.HELD, "expires_at": NOW + timedelta(minutes=15)}
LAPSED = {"status": BookingStatus.HELD, "expires_at": NOW}


@pytest.mark.parametrize("mine", [HELD], indirect=True)
def test_confirm__held__is_booked(visitor: Visitor, mine: Booking) -> None:
    assert "Confirm it" in visitor.get(f"/bookings/{mine.id}").text
    assert visitor.send(f"/bookings/{mine.id}/confirm").status_code == 303
    page = text_of(visitor.get(f"/bookings/{mine.id}"))
    assert ("The time is yours" in page, "held until" in page) == (True, False)


@pytest.mark.parametrize("mine", [LAPSED], indirect=True)
def test_confirm__at_the_end_of_the_hold__says_that_it_lapsed(
    visitor: Visitor, mine: Booking
) -> None:
    assert visitor.send(f"/bookings/{mine.id}/confirm").status_code == 409


GOING = {"status": BookingStatus.CANCELLING, "expires_at": NOW + timedelta(minutes=15)}


@pytest.mark.parametrize("mine", [GOING], indirect=True)
def test_restore__deleted_in_a_calendar__stands_again(visitor: Visitor, mine: Booking) -> None:
    assert "Keep it" in visitor.get(f"/bookings/{mine.id}").text
    assert visitor.send(f"/bookings/{mine.id}/restore").status_code == 303
    page = text_of(visitor.get(f"/bookings/{mine.id}"))
    assert ("The time is yours" in page, "Keep it" in page) == (True, False)
    assert visitor.send(f"/bookings/{mine.id}/restore").status_code == 409


def test_shorten__to_an_hour__ends_earlier(visitor: Visitor, mine: Booking) -> None:
    assert visitor.send(f"/bookings/{mine.id}/shorten", shorter=60).status_code == 303
    assert "12:00 to 13:00" in text_of(visitor.get(f"/bookings/{mine.id}"))


def test_shorten__malformed_or_off_the_grid__says_so(visitor: Visitor, mine: Booking) -> None:
    for typed, status in (("", 422), ("x", 422), ("0", 422), ("7", 409)):
        answer = visitor.send(f"/bookings/{mine.id}/shorten", shorter=typed)
        assert answer.status_code == status, typed


def test_hand_over__to_a_colleague__stands_in_their_name(visitor: Visitor, mine: Booking) -> None:
    form = visitor.get(f"/bookings/{mine.id}/hand-over").text
    chosen = form.partition('<option value="')[2].partition('"')[0]
    assert "Ben Kariuki" in form
    assert visitor.send(f"/bookings/{mine.id}/hand-over", person_id=chosen).status_code == 303
    answer = visitor.get(f"/bookings/{mine.id}")
    page = text_of(answer)
    assert "The time is booked for Ben Kariuki." in page
    assert "Booked for Ben Kariuki" in page
    assert "The time is yours" not in page
    assert '<p class="crumbs"><a href="/bookings">' not in answer.text


def test_hand_over__to_nobody_or_a_stranger__refused(visitor: Visitor, mine: Booking) -> None:
    path = f"/bookings/{mine.id}/hand-over"
    assert visitor.send(path).status_code == 422
    assert visitor.send(path, person_id=uuid4()).status_code in {404, 409}


def test_hand_over__nobody_else_on_the_project__says_what_to_do(
    visitor: Visitor, database: Database
) -> None:
    with database.writing() as session:
        me = a_person(session)
        mine = a_booking(session, a_resource(session), a_project(session, me), at(0), at(60))
        visitor.signed_in(a_browser_of(session, me))
    assert "Add a colleague" in visitor.get(f"/bookings/{mine.id}/hand-over").text


@pytest.mark.parametrize(
    "mine", [{"series_id": uuid4(), "waiver": "A guest from abroad"}], indirect=True
)
def test_booking__of_a_series_and_with_a_waiver__shows_both(
    visitor: Visitor, database: Database, mine: Booking
) -> None:
    with database.writing() as session:
        session.add(mine)
        later = timedelta(days=7)
        a_booking(
            session,
            a_resource(session),
            a_project(session),
            at(0) + later,
            at(60) + later,
            series_id=mine.series_id,
            title="Not mine to see",
        )
        found: dict[str, Any] = {
            "resource_id": mine.resource_id,
            "project_id": mine.project_id,
            "person_id": mine.person_id,
        }
        row = Booking(
            **mine.model_dump(exclude={"id", "uid", "starts_at", "ends_at", *found}),
            **found,
            uid=str(uuid4()),
            starts_at=at(0) + later,
            ends_at=at(120) + later,
        )
        session.add(row)
    page = text_of(visitor.get(f"/bookings/{mine.id}"))
    assert "A guest from abroad" in page
    assert "The others of this series Tue 1 Dec 2026, 09:00 to 11:00" in page
    assert page.count("Tue 1 Dec 2026") == 1


def test_list__beside_each__what_can_be_done(visitor: Visitor, mine: Booking) -> None:
    page = visitor.get("/bookings").text
    for where in ("#move", "#shorten", "/hand-over", "/cancel"):
        assert f'href="/bookings/{mine.id}{where}"' in page
    assert "Tuesday 24 November 2026" in text_of(visitor.get("/bookings"))
