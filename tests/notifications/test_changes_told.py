"""Whoever holds a booking reads what of it was changed, and by whom."""

from pathlib import Path

import pytest

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import SYSTEM, Actor
from booking.services.booking_changes import Move, cancel, move
from notifications.dispatch import run_once
from notifications.messages import compose
from tests.builders import NOW, a_booking, a_person, a_resource
from tests.notifications.cards import a_card
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.notifications.test_messages import SETTINGS, due
from tests.scenes import a_scene, at

WAS = {"starts_at": "2026-11-30T08:00:00+00:00", "ends_at": "2026-11-30T10:00:00+00:00"}


def test_compose__moved__says_when_it_was_before_on_both_clocks() -> None:
    card = a_card(person_zone="Europe/London")
    text = compose(due(EventKind.BOOKING_MOVED, was=WAS), card, SETTINGS).text
    assert "Before: Monday 30 November 2026, 11:00 to 13:00 (Africa/Nairobi, UTC+03:00)" in text
    assert "Before, your time: Monday 30 November 2026, 08:00 to 10:00 (Europe/London" in text


@pytest.mark.parametrize(("was", "told"), [(2, True), (1, False)])
def test_compose__quantity__is_told_only_where_it_changed(was: int, *, told: bool) -> None:
    moved = due(EventKind.BOOKING_MOVED, was={"quantity": was})
    text = compose(moved, a_card(quantity=1), SETTINGS).text
    assert ("Before, how much: 2 x unit" in text) is told


def test_compose__nobody_named__says_only_what_happened() -> None:
    card = a_card(status=BookingStatus.CANCELLED)
    mail = compose(due(EventKind.BOOKING_CANCELLED), card, SETTINGS)
    assert "Your booking was cancelled." in mail.text


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("holder", "You cancelled your booking."),
        ("colleague", "A colleague of your project cancelled your booking."),
        ("facility", "The facility cancelled your booking."),
        ("system", "Your booking was cancelled."),
    ],
)
def test_run_once__cancelled__says_by_whom_without_a_name(
    database: Database, tmp_path: Path, who: str, words: str
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        other = a_person(session, name="Brian Colleague")
        booking = a_booking(session, scene.resource, scene.project, at(0), at(60))
        actors = {
            "holder": scene.by_member,
            "colleague": Actor(other.id, project_ids=frozenset({scene.project.id})),
            "facility": scene.by_manager,
            "system": SYSTEM,
        }
        cancel(session, actor=actors[who], now=NOW, booking_id=booking.id)
    run_once(database, settings_for(tmp_path), NOW)
    (mail,) = mails_in(tmp_path)
    text = part(mail, "text/plain").get_content()
    assert words in text
    assert "Brian" not in text


def test_run_once__moved_to_another_resource__names_the_old_one(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene = a_scene(session, name="Old lathe")
        lathe = a_resource(session, scene.facility.id, name="New lathe")
        booking = a_booking(session, scene.resource, scene.project, at(0), at(60))
        move(
            session,
            actor=scene.by_manager,
            now=NOW,
            booking_id=booking.id,
            to=Move(resource_id=lathe.id),
        )
    run_once(database, settings_for(tmp_path), NOW)
    (mail,) = mails_in(tmp_path)
    text = part(mail, "text/plain").get_content()
    assert "The facility changed your booking." in text
    assert "Before, where: Old lathe" in text
    assert "Where: New lathe" in text
