"""The set-up page followed to the letter: khal with vdirsyncer, and python-caldav, on bookings."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from pathlib import Path

import httpx2
import pytest
from sqlmodel import Session, col, select

from api.app import create_app
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.booking_changes import UNDO_FOR
from booking.engine.lifecycle import BookingStatus
from booking.engine.vocabulary import CalendarAccess, FeedOf
from booking.models import Booking
from booking.services.bookings import NewBooking, book
from booking.services.calendar_tokens import NewAccount, create_account, create_feed
from booking.services.lapsing import lapse
from notifications.dispatch import drain
from tests.databases import opened
from tests.interop.clients import ENVIRONMENT
from tests.notifications.outcomes import mails_in, part
from tests.pages.live import served
from tests.scenes import DOMAIN, Scene, a_scene

DAY: date = utc_now().date() + timedelta(days=7)
NAIROBI = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Bench:
    """A served Benchshare with one booking and an account, and a home folder for programs."""

    url: str
    settings: Settings
    database: Database
    scene: Scene
    booking: Booking
    account: NewAccount
    feed: str
    home: Path

    def now_is(self) -> Booking:
        with self.database.reading() as session:
            return session.get_one(Booking, self.booking.id)

    def run(self, line: str, answers: str = "", *, succeeds: bool = True) -> str:
        """Run a line of the page, answering what it asks, on a clock of Nairobi."""
        name, *arguments = shlex.split(line)
        ended = subprocess.run(
            [ENVIRONMENT / "bin" / name, *arguments],
            input=answers,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "HOME": str(self.home), "TZ": "Africa/Nairobi", "LC_ALL": "C.UTF-8"},
        )
        assert (ended.returncode == 0) is succeeds, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def synced(self, *, succeeds: bool = True) -> str:
        return self.run("vdirsyncer sync", succeeds=succeeds)

    def mails(self) -> list[str]:
        """Return the texts of all mails so far, oldest first."""
        drain(self.database, self.settings, utc_now)
        folder = Path(self.settings.mail.removeprefix("file:"))
        return [part(each, "text/plain").get_content() for each in mails_in(folder)]

    def follow_page(self) -> None:
        """Write the page's files, with the account's username and password, and run its lines."""
        page = httpx2.get(f"{self.url}/account/calendars/set-up").text
        for program in ("vdirsyncer", "khal"):
            file = self.home / ".config" / program / "config"
            file.parent.mkdir(parents=True)
            file.write_text(self.filled(block(page, f"{program}-config")))
        for line in block(page, "khal-first").splitlines():
            self.run(line, "y\n")

    def filled(self, text: str) -> str:
        filled = text.replace("USERNAME", self.account.username)
        return filled.replace("PASSWORD", self.account.password)


def block(page: str, name: str) -> str:
    found = re.search(rf'<pre[^>]* id="{name}">(.*?)</pre>', page, flags=re.DOTALL)
    assert found is not None
    return unescape(found[1])


def at(hour: int, minute: int = 0) -> datetime:
    """Give the instant at so many hours of Nairobi's clock on the day of the booking."""
    return datetime.combine(DAY, time(hour, minute), tzinfo=UTC) - NAIROBI


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    settings = Settings(
        _env_file=None,
        database_url=database_url,
        base_url="http://127.0.0.1",
        secret_key="a secret of tests alone",
        mail=f"file:{tmp_path / 'mail'}",
    )
    app = create_app(settings)
    with opened(database_url) as database, served(app) as url:
        here = settings.model_copy(update={"base_url": url})
        app.state.settings = here
        with database.writing() as session:
            scene = a_scene(session)
            booking = booked(session, scene, 9, title="Powder")
            account = create_account(
                session,
                actor=scene.by_member,
                now=utc_now(),
                name="laptop",
                of=FeedOf.ME,
                access=CalendarAccess.READ_WRITE,
            )
            feed = create_feed(
                session, actor=scene.by_member, now=utc_now(), name="x", of=FeedOf.ME
            )[1]
        yield Bench(url, here, database, scene, booking, account, feed, tmp_path / "home")


def booked(session: Session, scene: Scene, hour: int, title: str = "") -> Booking:
    new = NewBooking(
        resource_id=scene.resource.id,
        project_id=scene.project.id,
        starts_at=at(hour),
        ends_at=at(hour + 1),
        title=title,
    )
    return book(session, actor=scene.by_member, now=utc_now(), domain=DOMAIN, new=new)


def test_khal__set_up_by_the_page__shows_moves_books_and_deletes(bench: Bench) -> None:
    bench.follow_page()
    assert "09:00-10:00 Powder" in bench.run(f"khal list {DAY} 1d")

    bench.run('khal edit "Powder"', f"t\n{DAY} 14:00 15:00\nn\n")
    bench.synced()
    assert (bench.now_is().starts_at, bench.now_is().ends_at) == (at(14), at(15))
    assert "Changed" in "".join(bench.mails()) or "You changed your booking" in bench.mails()[-1]
    bench.synced()
    assert bench.synced().count("Copying") == 0
    assert "14:00-15:00 Powder" in bench.run(f"khal list {DAY} 1d")

    bench.run(
        f'khal new -a benchshare --location "X-ray diffractometer" {DAY} 16:00 17:00 "Second"'
    )
    bench.synced()
    with bench.database.reading() as session:
        second = session.exec(select(Booking).where(col(Booking.title) == "Second")).one()
    assert (second.starts_at, second.status) == (at(16), BookingStatus.CONFIRMED)
    bench.synced()

    bench.run('khal edit "Powder"', "D\ny\n")
    bench.synced()
    assert bench.now_is().status is BookingStatus.CANCELLING
    (undo,) = [each for each in bench.mails() if "was deleted in a calendar program" in each]
    link = re.search(rf"{bench.url}/links/\S+", undo)
    assert link is not None
    with httpx2.Client() as reader:
        form = reader.get(link[0]).text
        csrf = re.search(r'name="csrf" value="([^"]*)"', form)
        reader.post(link[0], data={"csrf": csrf[1] if csrf else ""})
    assert bench.now_is().status is BookingStatus.CONFIRMED
    bench.synced()
    assert "14:00-15:00 Powder" in bench.run(f"khal list {DAY} 1d")


def test_khal__moved_onto_anothers_time__is_refused_and_mailed_and_nothing_is_lost(
    bench: Bench,
) -> None:
    with bench.database.writing() as session:
        booked(session, bench.scene, 12, title="Theirs")
    bench.follow_page()
    bench.run('khal edit "Powder"', f"t\n{DAY} 12:00 13:00\nn\n")
    assert "403" in bench.synced(succeeds=False)
    assert bench.now_is().starts_at == at(9)
    (told,) = [each for each in bench.mails() if "a change that cannot be made" in each]
    assert "Why not: " in told
    assert "Free instead: X-ray diffractometer" in told

    bench.run('khal edit "Powder"', "D\ny\n")
    bench.synced()
    bench.synced()
    assert (bench.now_is().status, bench.now_is().sequence) == (BookingStatus.CONFIRMED, 0)
    assert "09:00-10:00 Powder" in bench.run(f"khal list {DAY} 1d")


MOVES = """
event = calendar.events()[0]
event.load()
{change}
try:
    event.{how}()
except caldav.lib.error.DAVError as no:
    print("refused", type(no).__name__)
print(len(calendar.events()))
"""


def asked_in_python(bench: Bench, change: str, how: str = "save") -> str:
    """Run the page's Python, and a change after it; return what it prints."""
    page = httpx2.get(f"{bench.url}/account/calendars/set-up").text
    script = bench.home.parent / "script.py"
    script.write_text(
        "from datetime import datetime, timedelta\n"
        + bench.filled(block(page, "python-caldav"))
        + MOVES.format(change=change, how=how)
    )
    return bench.run(f"python {script}")


def shifted(hours: int) -> str:
    return "".join(
        f"event.icalendar_component['{name}'].dt += timedelta(hours={hours});"
        for name in ("DTSTART", "DTEND")
    )


def test_python_caldav__set_up_by_the_page__moves_and_is_refused(bench: Bench) -> None:
    with bench.database.writing() as session:
        theirs = booked(session, bench.scene, 12)
        theirs.person_id = bench.scene.manager.id
    assert "Powder" in asked_in_python(bench, shifted(2))
    assert bench.now_is().starts_at == at(11)
    assert "refused" in asked_in_python(bench, shifted(1))
    assert bench.now_is().starts_at == at(11)
    assert any("a change that cannot be made" in each for each in bench.mails())


def test_python_caldav__deleted_and_not_undone__is_gone_or_cancelled_in_every_outlet(
    bench: Bench,
) -> None:
    assert asked_in_python(bench, "", "delete").endswith("0\n")
    feed = f"{bench.url}/feeds/{bench.feed}.ics"
    assert "STATUS:CONFIRMED" in httpx2.get(feed).text
    with bench.database.writing() as session:
        assert lapse(session, now=utc_now() + UNDO_FOR).cancelled == 1
    bench.mails()
    (cancel,) = [
        each.get_content()
        for mail in mails_in(Path(bench.settings.mail.removeprefix("file:")))
        for each in mail.walk()
        if each.get_content_type() == "text/calendar" and each.get_param("method") == "CANCEL"
    ]
    for text in (str(cancel), httpx2.get(feed).text):
        assert "STATUS:CANCELLED" in text
        assert bench.booking.uid in text.replace("\r\n ", "")
    bench.follow_page()
    assert "Powder" not in bench.run(f"khal list {DAY} 1d")
