"""A holder's alarm for one booking: set, silenced, and by the rule again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.errors import Malformed, NotPermitted, RulesBroken, WrongState
from booking.models import Booking
from booking.services.alarms import set_alarm
from booking.services.preferences import Alarm
from notifications.dispatch import drain
from tests.builders import NOW
from tests.events import kinds_about
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.scenes import Scene, a_scene, at, booked

LATER = NOW + timedelta(minutes=5)


def ring(session: Session, scene: Scene, booking: Booking, alarm: Alarm | None) -> None:
    set_alarm(session, actor=scene.by_member, now=LATER, booking_id=booking.id, alarm=alarm)


def test_set__once_more_the_same__changes_nothing(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    for alarm in (None, Alarm(15), Alarm(15), Alarm(None), None, None):
        ring(session, scene, booking, alarm)
        session.flush()
    kinds = kinds_about(session, booking.id)
    assert kinds.count(EventKind.BOOKING_ALARM_SET) == 3
    assert booking.revision == 0


def test_set__by_another_than_the_holder__is_not_permitted(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    with pytest.raises(NotPermitted):
        set_alarm(session, actor=scene.by_manager, now=NOW, booking_id=booking.id, alarm=Alarm(15))


def test_set__too_long_or_too_late__is_refused(session: Session) -> None:
    scene = a_scene(session)
    booking = booked(session, scene)
    with pytest.raises(Malformed):
        ring(session, scene, booking, Alarm(40_321))
    with pytest.raises(RulesBroken):
        set_alarm(session, actor=scene.by_member, now=at(60), booking_id=booking.id, alarm=Alarm(5))
    booking.status = BookingStatus.CANCELLED
    with pytest.raises(WrongState):
        ring(session, scene, booking, Alarm(5))


def test_set__told__is_a_request_of_the_same_sequence_and_a_newer_stamp(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as session:
        scene = a_scene(session)
        booking = booked(session, scene)
    drain(database, settings_for(tmp_path), lambda: NOW)
    with database.writing() as session:
        ring(session, scene, booking, Alarm(15))
    drain(database, settings_for(tmp_path), lambda: LATER)
    calendars: list[Any] = [
        Calendar.from_ical(part(each, "text/calendar").get_content()) for each in mails_in(tmp_path)
    ]
    first, second = (each.walk("VEVENT")[0] for each in calendars)
    assert first["SEQUENCE"] == second["SEQUENCE"] == 0
    assert second["DTSTAMP"].dt > first["DTSTAMP"].dt
    assert [len(each.walk("VALARM")) for each in (first, second)] == [0, 1]
