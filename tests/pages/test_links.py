"""The page of a one-time link: one button, and clear words once it does nothing any more."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from booking.clock import utc_now
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import LinkPurpose
from booking.models import Booking
from booking.services.action_links import create, link_token
from tests.builders import NOW
from tests.pages.visitor import Visitor, text_of
from tests.scenes import a_scene, booked

ASKS = [
    (LinkPurpose.CONFIRM_CANCELLING, BookingStatus.CANCELLED, "The booking is cancelled."),
    (LinkPurpose.UNDO_CANCELLING, BookingStatus.CONFIRMED, "The booking stands again."),
]


def a_link(visitor: Visitor, database: Database, purpose: LinkPurpose) -> tuple[str, Booking]:
    key = visitor.app.state.settings.secret_key
    with database.writing() as session:
        scene = a_scene(session, name="Laser <b>")
        booking = booked(session, scene)
        if purpose is LinkPurpose.UNDO_CANCELLING:
            booking.status = BookingStatus.CANCELLING
        link = create(
            session,
            purpose=purpose,
            booking_id=booking.id,
            person_id=scene.member.id,
            now=NOW,
            expires_at=NOW + timedelta(minutes=15),
            secret_key=key,
        )
        return f"/links/{link_token(key, link.id)}", booking


@pytest.mark.parametrize(("purpose", "status", "words"), ASKS)
def test_link__opened_and_pressed__does_its_one_thing(
    visitor: Visitor,
    database: Database,
    purpose: LinkPurpose,
    status: BookingStatus,
    words: str,
) -> None:
    path, booking = a_link(visitor, database, purpose)
    asked = visitor.get(path)
    assert asked.status_code == 200
    assert asked.text.count("<button") == 1
    assert "Laser &lt;b&gt;" in asked.text
    assert asked.headers["cache-control"] == "no-store"
    with database.reading() as session:
        assert session.get_one(Booking, booking.id).revision == booking.revision
    assert visitor.send(path).status_code == 303
    after = visitor.get(path)
    assert after.status_code == 410
    assert words in after.text
    assert "works once, and it was used" in text_of(after)
    with database.reading() as session:
        assert session.get_one(Booking, booking.id).status is status
    assert visitor.send(path).status_code == 410


def test_link__too_old__says_so_and_shows_no_button(
    visitor: Visitor, database: Database, app: FastAPI
) -> None:
    path, _ = a_link(visitor, database, LinkPurpose.CONFIRM_CANCELLING)
    app.dependency_overrides[utc_now] = lambda: NOW + timedelta(minutes=15)
    answer = visitor.get(path)
    assert answer.status_code == 410
    assert "too old" in text_of(answer)
    assert "<button" not in answer.text.partition("<main")[2]
    assert visitor.send(path).status_code == 410


@pytest.mark.parametrize("purpose", [each for each, _, _ in ASKS])
def test_link__settled_in_another_way__says_so_and_does_nothing(
    visitor: Visitor, database: Database, purpose: LinkPurpose
) -> None:
    path, booking = a_link(visitor, database, purpose)
    with database.writing() as session:
        session.get_one(Booking, booking.id).status = BookingStatus.CANCELLED
    for answer in (visitor.get(path), visitor.send(path)):
        assert answer.status_code == 410
        assert "nothing to do any more" in text_of(answer)


def test_link__unknown__is_a_page_that_says_what_to_do(visitor: Visitor) -> None:
    for answer in (visitor.get("/links/nothing"), visitor.send("/links/nothing")):
        assert answer.status_code == 404
        assert "Copy all of it from the mail" in answer.text


def test_link__form_without_its_token__does_nothing(visitor: Visitor, database: Database) -> None:
    path, booking = a_link(visitor, database, LinkPurpose.CONFIRM_CANCELLING)
    assert visitor.client.post(path, data={}).status_code == 403
    with database.reading() as session:
        assert session.get_one(Booking, booking.id).status is BookingStatus.CONFIRMED
