"""The page of a booking that no longer holds time leads to other times."""

from typing import Any
from urllib.parse import urlencode

import pytest

from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.models import Booking
from booking.services.closures import NewClosure, add_closure
from tests.builders import NOW, a_booking
from tests.pages.visitor import Visitor, a_browser_of, text_of
from tests.scenes import Scene, a_scene, at


def lost(
    visitor: Visitor, database: Database, status: BookingStatus, **given: Any
) -> tuple[Scene, Booking]:
    """Sign the member of a scene in, who has a booking in that state."""
    with database.writing() as session:
        scene = a_scene(session)
        visitor.signed_in(a_browser_of(session, scene.member))
        wish: dict[str, Any] = {"status": status, "person_id": scene.member.id} | given
        return scene, a_booking(session, scene.resource, scene.project, at(0), at(90), **wish)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (BookingStatus.CANCELLED, True),
        (BookingStatus.DISPLACED, True),
        (BookingStatus.NO_SHOW, True),
        (BookingStatus.EXPIRED, True),
        (BookingStatus.REJECTED, True),
        (BookingStatus.CONFIRMED, False),
        (BookingStatus.COMPLETED, False),
    ],
)
def test_booking__holds_no_time__leads_to_a_filled_form(
    visitor: Visitor, database: Database, status: BookingStatus, *, offered: bool
) -> None:
    scene, booking = lost(visitor, database, status, title="Run 7")
    page = visitor.get(f"/bookings/{booking.id}")
    assert ("Find another time" in page.text) is offered
    if offered:
        fields = {"project_id": scene.project.id, "minutes": 90, "quantity": 1, "title": "Run 7"}
        address = f"/resources/{scene.resource.id}/book?{urlencode(fields)}"
        assert address in page.text.replace("&amp;", "&")
        form = visitor.get(address)
        assert 'value="Run 7"' in form.text
        assert '<option value="90" selected>' in form.text


def test_booking__displaced__shows_the_offer_that_waits_and_other_times(
    visitor: Visitor, database: Database
) -> None:
    scene, booking = lost(visitor, database, BookingStatus.CONFIRMED)
    with database.writing() as session:
        add_closure(
            session,
            actor=scene.by_manager,
            now=NOW,
            facility_id=scene.facility.id,
            new=NewClosure(None, at(0), at(60), reason="A new laser"),
        )
    page = visitor.get(f"/bookings/{booking.id}")
    assert "Another time is held for you instead" in text_of(page)
    assert 'href="/offers/' in page.text
    assert "These times would do" in page.text
    assert f'action="/resources/{scene.resource.id}/book"' in page.text


def test_booking__displaced_and_nothing_offered__still_lists_free_times(
    visitor: Visitor, database: Database
) -> None:
    _, booking = lost(visitor, database, BookingStatus.DISPLACED)
    page = visitor.get(f"/bookings/{booking.id}")
    assert "held for you instead" not in page.text
    assert "These times would do" in page.text
