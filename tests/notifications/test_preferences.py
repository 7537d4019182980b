"""Whoever asked for no invites gets none; what they must know comes all the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingStatus, EventKind
from booking.engine.permissions import Actor
from booking.engine.vocabulary import CalendarMail
from booking.models import BookingAlarm, Person, ProjectMember
from booking.queries.alarms import alarms_of
from booking.services import attendees, booking_changes, booking_handover
from booking.services.booking_changes import Move
from booking.services.digests import record_due
from notifications.alarms import with_alarm
from notifications.calendar import single_text, vevent_text
from notifications.digest import TOLD
from notifications.dispatch import drain
from tests.builders import NOW, a_person, added
from tests.notifications.cards import a_card
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.notifications.test_calendar import lines_of, only_event
from tests.scenes import Scene, a_scene, at, booked

SEVEN = datetime(2026, 11, 24, 7, tzinfo=UTC)


class Post:
    """A scene whose member hears of bookings in some way, and the mails they get."""

    def __init__(self, database: Database, folder: Path, how: CalendarMail) -> None:
        self.database, self.folder, self.minute = database, folder, 0
        with database.writing() as session:
            self.scene: Scene = a_scene(session)
            session.get_one(Person, self.scene.member.id).calendar_mail = how
            self.booking_id = booked(session, self.scene).id

    def told(self, work: Any = None) -> list[Any]:
        """Do something a minute later, and return the mails since the step before."""
        before = len(mails_in(self.folder))
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        if work is not None:
            with self.database.writing() as session:
                work(session, now)
        drain(self.database, settings_for(self.folder), lambda: now)
        return mails_in(self.folder)[before:]

    def move(self, session: Session, now: datetime, actor: Actor) -> None:
        booking_changes.move(
            session, actor=actor, now=now, booking_id=self.booking_id, to=Move(at(60), at(120))
        )

    def cancel(self, session: Session, now: datetime, actor: Actor) -> None:
        booking_changes.cancel(
            session, actor=actor, now=now, booking_id=self.booking_id, reason="The tube broke."
        )


@pytest.mark.parametrize("how", [CalendarMail.FEED, CalendarMail.DIGEST])
def test_no_invites__own_doing__is_not_told(
    database: Database, tmp_path: Path, how: CalendarMail
) -> None:
    post = Post(database, tmp_path, how)
    assert post.told() == []
    assert post.told(lambda session, now: post.move(session, now, post.scene.by_member)) == []
    assert post.told(lambda session, now: post.cancel(session, now, post.scene.by_member)) == []


@pytest.mark.parametrize("how", [CalendarMail.FEED, CalendarMail.DIGEST])
def test_no_invites__done_by_others__is_told_plainly_with_why(
    database: Database, tmp_path: Path, how: CalendarMail
) -> None:
    post = Post(database, tmp_path, how)
    post.told()
    (moved,) = post.told(lambda session, now: post.move(session, now, post.scene.by_manager))
    (gone,) = post.told(lambda session, now: post.cancel(session, now, post.scene.by_manager))
    for mail in (moved, gone):
        kinds = [each.get_content_type() for each in mail.walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"]
        for kind in kinds[1:]:
            words = " ".join(part(mail, kind).get_content().split())
            assert "Your account asks for no invitations by mail" in words
    assert "Reason: The tube broke." in part(gone, "text/plain").get_content()


def test_invites__asked_for__hold_no_excuse(database: Database, tmp_path: Path) -> None:
    post = Post(database, tmp_path, CalendarMail.INVITE)
    (mail,) = post.told()
    assert part(mail, "text/calendar")
    assert "asks for no invitations" not in part(mail, "text/plain").get_content()


def test_no_invites__handed_over_to_them__is_told_to_the_new_holder_alone(
    database: Database, tmp_path: Path
) -> None:
    post = Post(database, tmp_path, CalendarMail.FEED)
    post.told()
    with database.writing() as session:
        colleague = a_person(session, calendar_mail=CalendarMail.FEED)
        added(session, ProjectMember(project_id=post.scene.project.id, person_id=colleague.id))
    (mail,) = post.told(
        lambda session, now: booking_handover.hand_over(
            session,
            actor=post.scene.by_member,
            now=now,
            booking_id=post.booking_id,
            person_id=colleague.id,
        )
    )
    assert mail["To"].addresses[0].addr_spec == colleague.email


def test_no_invites__invited_by_somebody_else__gets_the_invite(
    database: Database, tmp_path: Path
) -> None:
    post = Post(database, tmp_path, CalendarMail.FEED)
    post.told()
    with database.writing() as session:
        reader = a_person(session, calendar_mail=CalendarMail.FEED, name="Ben", alarm_minutes=15)
    (mail,) = post.told(
        lambda session, now: attendees.add_attendee(
            session,
            actor=post.scene.by_member,
            now=now,
            booking_id=post.booking_id,
            address=reader.email,
            sender="bookings@bench.example",
        )
    )
    assert "TRIGGER:-PT15M" in part(mail, "text/calendar").get_content()


def test_digest__at_seven__lists_what_changed_and_what_comes(
    database: Database, tmp_path: Path
) -> None:
    post = Post(database, tmp_path, CalendarMail.DIGEST)
    with database.writing() as session:
        session.get_one(Person, post.scene.member.id).digest_on = SEVEN.date() - timedelta(days=1)
        other = booked(session, post.scene, post.scene.wish(60, 120, title="Second run"))
        booking_changes.cancel(
            session, actor=post.scene.by_member, now=NOW, booking_id=post.booking_id
        )
    with database.writing() as session:
        assert record_due(session, now=SEVEN, kinds=TOLD) == 1
    drain(database, settings_for(tmp_path), lambda: SEVEN)
    (mail,) = mails_in(tmp_path)
    assert mail["Subject"] == "Your bookings: Tuesday 24 November 2026"
    words = part(mail, "text/plain").get_content().replace("\r\n", "\n")
    changed, coming = words.split("Coming in the next seven days")
    assert "Changed since Monday 23 November 2026, 07:00 (UTC)" in changed
    assert "- Cancelled: X-ray diffractometer, Sample Facility\n  Tuesday 24 November" in changed
    assert "- Confirmed: Second run, X-ray diffractometer, Sample Facility\n  Tuesday" in changed
    assert "13:00 to 14:00 (Africa/Nairobi, UTC+03:00); your time: Tuesday 24" in coming
    assert coming.count("\n- ") == 1
    assert "https://bench.example/account\n" in coming
    assert other.title in part(mail, "text/html").get_content()


@pytest.mark.parametrize(
    ("rule", "chosen", "rings"),
    [
        (15, (), 15),
        (15, (None,), None),
        (15, (5,), 5),
        (None, (5,), 5),
        (None, (), None),
        (0, (), 0),
    ],
)
def test_alarms__of_a_booking__override_the_rule(
    session: Session, rule: int | None, chosen: tuple[int | None, ...], rings: int | None
) -> None:
    scene = a_scene(session)
    scene.member.alarm_minutes = rule
    booking = booked(session, scene)
    for minutes in chosen:
        added(
            session,
            BookingAlarm(booking_id=booking.id, person_id=scene.member.id, minutes_before=minutes),
        )
    found = alarms_of(session, scene.member.id, [booking.id])
    assert found.get(booking.id) == rings


@given(minutes=st.integers(0, 40_320), title=st.text(max_size=200))
@settings(max_examples=30)
@example(minutes=15, title="Größe, und; Ordnung \\n " * 8)
@example(minutes=0, title="x" * 63)
@example(minutes=0, title="x" * 64)
@example(minutes=0, title="x" * 62 + "ö")
def test_an_alarm_is_added_once_and_leaves_the_kept_text_as_it_is(minutes: int, title: str) -> None:
    kept = vevent_text(a_card(title=title))
    text = single_text(with_alarm(kept, minutes))
    assert all(len(line) <= 75 for line in lines_of(text))
    event = only_event(text)
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-minutes)
    assert (str(alarm["ACTION"]), str(alarm["DESCRIPTION"])) == ("DISPLAY", str(event["SUMMARY"]))
    assert with_alarm(kept, minutes).startswith(kept.removesuffix("END:VEVENT\r\n"))


def test_with_alarm__none_or_cancelled__is_the_text_itself() -> None:
    gone = vevent_text(a_card(status=BookingStatus.CANCELLED))
    assert with_alarm(gone, 15) == gone
    assert with_alarm(vevent_text(a_card()), None) == vevent_text(a_card())
    assert EventKind.DIGEST_DUE not in TOLD
