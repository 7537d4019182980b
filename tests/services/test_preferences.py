"""How a person hears of bookings: what is kept of it, and when digests are recorded."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from booking.db import Database
from booking.engine.digests import LONGEST_ALARM_MINUTES, digest_day
from booking.engine.lifecycle import EventKind
from booking.engine.vocabulary import CalendarMail
from booking.errors import Malformed, NotPermitted
from booking.models import Event, Person
from booking.queries.people import actor_of
from booking.services.digests import record_due
from booking.services.preferences import Alarm, set_preferences
from notifications.digest import TOLD
from tests.builders import NOW, a_person
from tests.events import events_about, kinds_about
from tests.scenes import TOMORROW, Scene, a_scene, booked

SEVEN = datetime(2026, 11, 24, 7, tzinfo=UTC)
DAY = timedelta(days=1)


def chosen(session: Session, person: Person, **given: object) -> Person:
    actor = actor_of(session, person.id)
    return set_preferences(session, actor=actor, now=NOW, person_id=person.id, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [None, 0, 15, LONGEST_ALARM_MINUTES])
def test_alarm__within_bounds__is_kept(session: Session, minutes: int | None) -> None:
    person = a_person(session, alarm_minutes=30)
    assert chosen(session, person, alarm=Alarm(minutes)).alarm_minutes == minutes


@pytest.mark.parametrize("minutes", [-1, LONGEST_ALARM_MINUTES + 1])
def test_alarm__out_of_bounds__is_malformed(session: Session, minutes: int) -> None:
    with pytest.raises(Malformed):
        chosen(session, a_person(session), alarm=Alarm(minutes))


def test_preferences__the_same__record_nothing(session: Session) -> None:
    person = a_person(session)
    chosen(session, person, calendar_mail=CalendarMail.INVITE, alarm=Alarm(None))
    assert kinds_about(session, person.id) == []
    chosen(session, person, calendar_mail=CalendarMail.FEED)
    assert kinds_about(session, person.id) == [EventKind.PERSON_CHANGED]


def test_preferences__of_somebody_else__are_not_permitted(session: Session) -> None:
    other = a_person(session)
    with pytest.raises(NotPermitted):
        set_preferences(
            session, actor=actor_of(session, a_person(session).id), now=NOW, person_id=other.id
        )


def a_reader(session: Session) -> Scene:
    """Make a scene whose member reads digests by a clock in UTC, from tomorrow's seven on."""
    scene = a_scene(session)
    chosen(session, scene.member, calendar_mail=CalendarMail.DIGEST)
    return scene


def digests_of(session: Session, scene: Scene) -> list[Event]:
    every = events_about(session, scene.member.id)
    return [each for each in every if each.kind == EventKind.DIGEST_DUE]


def test_record_due__at_seven_with_news__is_once(session: Session) -> None:
    scene = a_reader(session)
    booked(session, scene)
    session.flush()
    told = [
        record_due(session, now=now, kinds=TOLD)
        for now in (NOW, SEVEN - timedelta(microseconds=1), SEVEN, SEVEN, SEVEN + DAY / 2)
    ]
    assert told == [0, 0, 1, 0, 0]
    (event,) = digests_of(session, scene)
    assert event.payload == {"since": datetime(2026, 11, 23, 7, tzinfo=UTC).isoformat()}


def test_record_due__nothing_new__passes_in_silence(session: Session) -> None:
    scene = a_reader(session)
    assert record_due(session, now=SEVEN, kinds=TOLD) == 0
    assert digests_of(session, scene) == []
    session.refresh(scene.member)
    assert scene.member.digest_on == SEVEN.date()


def test_record_due__who_wants_invites__gets_none(session: Session) -> None:
    scene = a_scene(session)
    booked(session, scene)
    session.flush()
    assert record_due(session, now=SEVEN, kinds=TOLD) == 0


@pytest.mark.parametrize(("days", "news"), [(7, 0), (6, 1)])
def test_record_due__booking_a_week_ahead__comes_within_seven_days(
    session: Session, days: int, news: int
) -> None:
    scene = a_reader(session)
    scene.member.digest_on = digest_day(TOMORROW, "UTC")
    start = int((SEVEN + days * DAY - TOMORROW) / timedelta(minutes=1))
    booked(session, scene, scene.wish(start + 1440, start + 1500))
    session.flush()
    at = SEVEN + DAY
    assert record_due(session, now=at, kinds=TOLD) == news


def test_record_due__two_at_once__tell_once(database: Database) -> None:
    with database.writing() as session:
        scene = a_reader(session)
        booked(session, scene)
    with database.writing() as session:
        first = record_due(session, now=SEVEN, kinds=TOLD)
    with database.writing() as session:
        second = record_due(session, now=SEVEN, kinds=TOLD)
    assert (first, second) == (1, 0)
