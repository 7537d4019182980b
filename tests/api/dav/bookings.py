"""An account's calendar over bookings, and events as programs put them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from icalendar import Calendar
from sqlmodel import Session, col, select

from api.dav.backend import COLLECTION, Bookings
from api.dav.backends import Changes, Conditions, Refusal, Sent, Stored
from booking.config import Settings
from booking.db import Database
from booking.engine.permissions import Actor
from booking.engine.vocabulary import CalendarAccess, FeedOf
from booking.models import Booking, Event
from booking.queries.calendar_accounts import calendar_account
from booking.services.booking_changes import cancel
from booking.services.calendar_tokens import create_account
from tests.builders import NOW, a_booking
from tests.conftest import settings_for
from tests.scenes import Scene, a_scene, at, booked

MINUTE = timedelta(minutes=1)
ANY = Conditions()


@dataclass(frozen=True, slots=True)
class Desk:
    """A scene with one booking, and a calendar account of its member."""

    database: Database
    settings: Settings
    scene: Scene
    booking: Booking
    username: str
    of: FeedOf = FeedOf.ME

    def at(self, now: datetime = NOW) -> Bookings:
        with self.database.reading() as session:
            account = calendar_account(session, self.username)
        assert account is not None
        return Bookings(self.database, self.settings, account, now)

    @property
    def name(self) -> str:
        return f"{self.booking.id}.ics"

    def text(self, now: datetime = NOW) -> str:
        (item,) = self.at(now).get(COLLECTION, [self.name])
        return item.text

    def put(
        self, text: str, name: str = "", *, now: datetime = NOW, conditions: Conditions = ANY
    ) -> Stored | Refusal:
        sent = sent_of(text)
        return self.at(now).put(COLLECTION, name or self.name, sent, conditions=conditions)

    def delete(self, name: str = "", *, now: datetime = NOW) -> Refusal | None:
        return self.at(now).delete(COLLECTION, name or self.name, conditions=ANY)

    def names(self, now: datetime = NOW) -> set[str]:
        return {each.name for each in self.at(now).list(COLLECTION)}

    def since(self, token: str | None, now: datetime = NOW, limit: int | None = None) -> Changes:
        found = self.at(now).changes_since(COLLECTION, token, limit=limit)
        assert isinstance(found, Changes)
        return found

    def now_is(self) -> Booking:
        with self.database.reading() as session:
            return session.get_one(Booking, self.booking.id)


def sent_of(text: str) -> Sent:
    calendar: Any = Calendar.from_ical(text)
    (event, *_) = calendar.walk("VEVENT")
    return Sent(text, calendar, str(event.get("UID", "")), "VEVENT")


def a_desk(
    database: Database,
    *,
    access: CalendarAccess = CalendarAccess.READ_WRITE,
    of: FeedOf = FeedOf.ME,
    **resource: Any,
) -> Desk:
    with database.writing() as session:
        scene = a_scene(session, **resource)
        booking = booked(session, scene, scene.wish(title="Powder"))
        whose = {FeedOf.ME: None, FeedOf.PROJECT: scene.project.id}
        subject = whose.get(of, scene.resource.id if of is FeedOf.RESOURCE else scene.facility.id)
        actor: Actor = scene.by_manager if of not in whose else scene.by_member
        made = create_account(
            session, actor=actor, now=NOW, name="x", of=of, subject_id=subject, access=access
        )
    settings = settings_for(str(database.url))
    return Desk(database, settings, scene, booking, made.username, of)


def an_event(*lines: str, uid: str = "a-client@elsewhere", title: str = "Mine") -> str:
    every = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//A client//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261123T090000Z",
        f"SUMMARY:{title}",
        *lines,
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{line}\r\n" for line in every)


def hours(start: int, end: int) -> tuple[str, str]:
    """Give DTSTART and DTEND of tomorrow, so many minutes after 9 o'clock UTC."""
    return (f"DTSTART:{at(start):%Y%m%dT%H%M%SZ}", f"DTEND:{at(end):%Y%m%dT%H%M%SZ}")


def told(database: Database, kind: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of a kind, oldest first."""
    with database.reading() as session:
        rows = session.exec(select(Event).where(col(Event.kind) == kind).order_by(col(Event.id)))
        return [each.payload for each in rows]


def moved(text: str, start: int, end: int) -> str:
    """Move the text's event, as a program would: nothing else of it changes."""
    lines = iter(hours(start, end))
    times = {"DTSTART": next(lines), "DTEND": next(lines)}
    return "".join(
        f"{times.get(line.partition(':')[0], line)}\r\n" for line in text.split("\r\n")[:-1]
    )


def refusal(answer: Any, element: str = "{urn:benchshare:dav}booking-rules") -> str:
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.element) == (403, element)
    return answer.reason


def cancelled(desk: Desk) -> None:
    with desk.database.writing() as session:
        cancel(session, actor=desk.scene.by_member, now=NOW, booking_id=desk.booking.id)


def many(desk: Desk, count: int) -> list[str]:
    with desk.database.writing() as session:
        return [f"{_one_more(session, desk, each).id}.ics" for each in range(count)]


def _one_more(session: Session, desk: Desk, each: int) -> Booking:
    start = at(60 + 60 * each)
    return a_booking(session, desk.scene.resource, desk.scene.project, start, start + 60 * MINUTE)
