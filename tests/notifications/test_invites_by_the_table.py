"""The whole table of calendar.md: each mail is read back as a calendar program reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlmodel import Session

from booking.db import Database
from booking.engine.lifecycle import BookingMode, BookingStatus, EventKind
from booking.engine.permissions import SYSTEM, Action
from booking.engine.vocabulary import Participation
from booking.events import record
from booking.models import Booking, BookingAttendee, Closure, ProjectMember
from booking.services import (
    attendees,
    booking_changes,
    booking_handover,
    booking_holds,
    booking_use,
    lapsing,
)
from booking.services.booking_changes import Move, load_for, next_step, write_step
from booking.services.bookings import as_recorded
from booking.services.closures import NewClosure, add_closure
from notifications.dispatch import drain
from tests.builders import NOW, a_person, added
from tests.notifications.outcomes import mails_in, part, settings_for
from tests.scenes import Scene, a_scene, at, booked

ANA = "ana@outside.example"
SENDER = "bookings@bench.example"


@dataclass(frozen=True)
class Told:
    """One calendar mail, as its reader's program takes it."""

    to: str
    method: str
    sequence: int
    status: str
    stamp: datetime


def read(mail: EmailMessage) -> Told:
    """Read a calendar mail, and check what holds of every one of them."""
    shown = part(mail, "text/calendar")
    beside = part(mail, "application/ics")
    assert shown.get_payload(decode=True) == beside.get_payload(decode=True)
    content = shown.get_payload(decode=True)
    assert isinstance(content, bytes)
    calendar: Any = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    (to,) = mail["To"].addresses
    (sender,) = mail["From"].addresses
    assert shown.get_param("method") == str(calendar["METHOD"])
    assert str(event["ORGANIZER"]) == f"mailto:{sender.addr_spec}"
    assert str(event["ATTENDEE"]) == f"mailto:{to.addr_spec}"
    assert event["ATTENDEE"] != event["ORGANIZER"]
    kinds = [each.get_content_type() for each in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    return Told(
        to.addr_spec,
        str(calendar["METHOD"]),
        int(event["SEQUENCE"]),
        str(event["STATUS"]),
        event["DTSTAMP"].dt,
    )


@dataclass
class Story:
    """A booking with its mails; each step happens a minute after the one before."""

    database: Database
    folder: Path
    scene: Scene
    booking_id: UUID
    minute: int = 0
    seen: int = 0
    colleague: UUID = field(default_factory=lambda: UUID(int=0))

    def step(self, work: Callable[[Session, datetime], Any]) -> list[Told]:
        """Do something, send the mails about it, and read the calendar mails."""
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        with self.database.writing() as session:
            work(session, now)
        drain(self.database, settings_for(self.folder), lambda: now)
        mails = mails_in(self.folder)[self.seen :]
        self.seen += len(mails)
        return [read(each) for each in mails if each.get_content_type() == "multipart/mixed"]

    def took(self, name: str) -> list[Told]:
        """Let the holder's booking take a step of the life cycle."""

        def work(session: Session, now: datetime) -> None:
            actor = self.scene.by_member
            seen = load_for(session, actor, Action.BOOKING_CHANGE, self.booking_id)
            write_step(session, actor, seen, next_step(seen.booking, name), {}, now=now)

        return self.step(work)


def a_story(database: Database, folder: Path, **resource: Any) -> Story:
    with database.writing() as session:
        scene = a_scene(session, **resource)
        colleague = a_person(session)
        added(session, ProjectMember(project_id=scene.project.id, person_id=colleague.id))
    return Story(database, folder, scene, UUID(int=0), colleague=colleague.id)


def begun(database: Database, folder: Path, **resource: Any) -> tuple[Story, list[Told]]:
    """Have a booking made, and tell its first invite."""
    story = a_story(database, folder, **resource)

    def book(session: Session, _: datetime) -> None:
        story.booking_id = booked(session, story.scene).id

    return story, story.step(book)


def told(every: list[Told]) -> list[tuple[str, int, str]]:
    return [(each.method, each.sequence, each.status) for each in every]


def test_confirmed__through_moves_and_titles__keeps_to_the_table(
    database: Database, tmp_path: Path
) -> None:
    story, first = begun(database, tmp_path)
    by, key = story.scene.by_member, story.booking_id
    assert told(first) == [("REQUEST", 0, "CONFIRMED")]
    moved = story.step(
        lambda session, now: booking_changes.move(
            session, actor=by, now=now, booking_id=key, to=Move(at(60), at(120))
        )
    )
    assert told(moved) == [("REQUEST", 1, "CONFIRMED")]
    renamed = story.step(
        lambda session, now: booking_changes.retitle(
            session, actor=by, now=now, booking_id=key, title="Second run"
        )
    )
    assert told(renamed) == [("REQUEST", 1, "CONFIRMED")]
    assert renamed[0].stamp > moved[0].stamp > first[0].stamp
    gone = story.step(
        lambda session, now: booking_changes.cancel(session, actor=by, now=now, booking_id=key)
    )
    assert told(gone) == [("CANCEL", 2, "CANCELLED")]
    assert {each.to for each in (*first, *moved, *renamed, *gone)} == {story.scene.member.email}


def test_held__then_confirmed__was_tentative(database: Database, tmp_path: Path) -> None:
    story = a_story(database, tmp_path)

    def hold(session: Session, _: datetime) -> None:
        story.booking_id = booked(session, story.scene, story.scene.wish(hold=True)).id

    assert told(story.step(hold)) == [("REQUEST", 0, "TENTATIVE")]
    confirmed = story.step(
        lambda session, now: booking_holds.confirm(
            session, actor=story.scene.by_member, now=now, booking_id=story.booking_id
        )
    )
    assert told(confirmed) == [("REQUEST", 1, "CONFIRMED")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("approve", ("REQUEST", 1, "CONFIRMED")), ("reject", ("CANCEL", 1, "CANCELLED"))],
)
def test_waiting__then_answered__was_tentative(
    database: Database, tmp_path: Path, answer: str, expected: tuple[str, int, str]
) -> None:
    story, first = begun(database, tmp_path, mode=BookingMode.APPROVAL)
    assert told(first) == [("REQUEST", 0, "TENTATIVE")]

    def reply(session: Session, now: datetime) -> None:
        by, key = story.scene.by_manager, story.booking_id
        if answer == "approve":
            booking_use.approve(session, actor=by, now=now, booking_id=key)
        else:
            booking_use.reject(session, actor=by, now=now, booking_id=key, reason="Out of gas.")

    assert told(story.step(reply)) == [expected]


def test_missed__is_cancelled(database: Database, tmp_path: Path) -> None:
    story, _ = begun(database, tmp_path, no_show_grace_minutes=15)
    story.minute = 24 * 60 + 30
    missed = story.step(lambda session, now: lapsing.lapse(session, now=now))
    assert told(missed) == [("CANCEL", 1, "CANCELLED")]


def test_displaced__is_cancelled(database: Database, tmp_path: Path) -> None:
    story, _ = begun(database, tmp_path)

    def close(session: Session, now: datetime) -> Closure:
        facility = story.scene.facility.id
        new = NewClosure(None, at(0), at(60), reason="A new laser")
        return add_closure(
            session, actor=story.scene.by_manager, now=now, facility_id=facility, new=new
        ).closure

    gone = [each for each in story.step(close) if each.method == "CANCEL"]
    assert told(gone) == [("CANCEL", 1, "CANCELLED")]


def test_cancelling__until_its_end__sends_no_cancel(database: Database, tmp_path: Path) -> None:
    story, first = begun(database, tmp_path)
    assert told(story.took("start_cancelling")) == []
    restored = story.took("restore")
    assert told(restored) == [("REQUEST", 0, "CONFIRMED")]
    assert restored[0].stamp > first[0].stamp
    assert told(story.took("start_cancelling")) == []
    assert told(story.took("cancel")) == [("CANCEL", 1, "CANCELLED")]


def test_handed_over__cancels_for_the_old_and_invites_the_new_holder(
    database: Database, tmp_path: Path
) -> None:
    story, _ = begun(database, tmp_path)
    handed = story.step(
        lambda session, now: booking_handover.hand_over(
            session,
            actor=story.scene.by_member,
            now=now,
            booking_id=story.booking_id,
            person_id=story.colleague,
        )
    )
    by_address = {each.to: (each.method, each.sequence, each.status) for each in handed}
    assert by_address.pop(story.scene.member.email) == ("CANCEL", 1, "CANCELLED")
    assert list(by_address.values()) == [("REQUEST", 1, "CONFIRMED")]


def test_cancelled__booked_again_under_its_uid__is_a_newer_request(
    database: Database, tmp_path: Path
) -> None:
    story, _ = begun(database, tmp_path)
    (gone,) = story.took("cancel")

    def again(session: Session, now: datetime) -> None:
        booking = session.get_one(Booking, story.booking_id)
        booking.sequence += 1
        booking.revision += 1
        booking.updated_at = now
        booking.status = BookingStatus.CONFIRMED
        _record_confirmed(session, story, booking, now)

    (back,) = story.step(again)
    assert told([back]) == [("REQUEST", gone.sequence + 1, "CONFIRMED")]


def _record_confirmed(session: Session, story: Story, booking: Booking, now: datetime) -> None:
    record(
        session,
        EventKind.BOOKING_CONFIRMED,
        subject_id=booking.id,
        now=now,
        facility_id=story.scene.facility.id,
        payload=as_recorded(booking),
    )


def invited(story: Story, address: str = ANA) -> list[Told]:
    return story.step(
        lambda session, now: attendees.add_attendee(
            session,
            actor=story.scene.by_member,
            now=now,
            booking_id=story.booking_id,
            address=address,
            sender=SENDER,
        )
    )


def taken_off(story: Story, attendee_id: UUID) -> list[Told]:
    return story.step(
        lambda session, now: attendees.remove_attendee(
            session,
            actor=story.scene.by_member,
            now=now,
            booking_id=story.booking_id,
            attendee_id=attendee_id,
        )
    )


def ids_by_address(story: Story) -> dict[str, UUID]:
    with story.database.reading() as session:
        found = attendees.list_attendees(session, actor=SYSTEM, booking_id=story.booking_id)
    return {each.address: each.id for each in found}


def test_attendee__added_and_removed__is_told_alone(database: Database, tmp_path: Path) -> None:
    story, _ = begun(database, tmp_path)
    (asked,) = invited(story)
    assert (asked.to, *told([asked])[0]) == (ANA, "REQUEST", 0, "CONFIRMED")
    (off,) = taken_off(story, ids_by_address(story)[ANA])
    assert (off.to, *told([off])[0]) == (ANA, "CANCEL", 1, "CANCELLED")
    (again,) = invited(story)
    assert (again.to, *told([again])[0]) == (ANA, "REQUEST", 2, "CONFIRMED")


def test_attendees__all_that_follows__goes_to_each_who_is_left(
    database: Database, tmp_path: Path
) -> None:
    story, _ = begun(database, tmp_path)
    invited(story)
    invited(story, "ben@outside.example")
    taken_off(story, ids_by_address(story)["ben@outside.example"])
    moved = story.step(
        lambda session, now: booking_changes.move(
            session,
            actor=story.scene.by_member,
            now=now,
            booking_id=story.booking_id,
            to=Move(at(60), at(120)),
        )
    )
    gone = story.took("cancel")
    both = {story.scene.member.email, ANA}
    assert {each.to for each in moved} == {each.to for each in gone} == both
    assert set(told(moved)) == {("REQUEST", 1, "CONFIRMED")}
    assert set(told(gone)) == {("CANCEL", 2, "CANCELLED")}


def test_attendee__without_an_account__is_told_by_whom_and_gets_no_link(
    database: Database, tmp_path: Path
) -> None:
    story, _ = begun(database, tmp_path)
    invited(story)
    mail = mails_in(tmp_path)[-1]
    words = part(mail, "text/plain").get_content()
    assert words.startswith("Hello,\r\n\r\nSample Person invites you to this booking.")
    assert "Invited by: Sample Person" in words
    for each in mail.walk():
        if not each.is_multipart():
            assert "https://bench.example/bookings" not in str(each.get_content())


@pytest.mark.parametrize(
    ("answered", "expected"), [(None, "NEEDS-ACTION"), (0, "ACCEPTED"), (-1, "NEEDS-ACTION")]
)
def test_attendee__answer_to_this_sequence__stays_in_the_next_invite(
    database: Database, tmp_path: Path, answered: int | None, expected: str
) -> None:
    story, _ = begun(database, tmp_path)
    invited(story)
    with database.writing() as session:
        row = session.get_one(BookingAttendee, ids_by_address(story)[ANA])
        row.participation, row.answered_sequence = Participation.ACCEPTED, answered
        session.add(row)
    story.step(
        lambda session, now: booking_changes.retitle(
            session,
            actor=story.scene.by_member,
            now=now,
            booking_id=story.booking_id,
            title="Second run",
        )
    )
    calendars: list[Any] = [
        Calendar.from_ical(part(each, "text/calendar").get_content()).walk("VEVENT")[0]
        for each in mails_in(tmp_path)
    ]
    newest = [each for each in calendars if str(each["ATTENDEE"]) == f"mailto:{ANA}"][-1]
    assert newest["ATTENDEE"].params["PARTSTAT"] == expected
    assert newest["ATTENDEE"].params["RSVP"] == "TRUE"
