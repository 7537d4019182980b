"""Let a calendar program list 1,000 bookings, and ask what is new where nothing is.

Benchshare serves bookings from SQLite; Radicale, in the environment that `make interop` makes,
serves the same events from its files. Both are asked over loopback, by turns, in one run.
Exit 1 where a figure misses its goal.
"""

import argparse
import base64
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._running import HERE, PATIENCE_SECONDS, Installation, Running, free_port
from booking.clock import utc_now
from booking.db import Database
from booking.engine.vocabulary import FeedOf
from booking.services.calendar_tokens import create_account
from migrations import upgrade
from tests.builders import a_booking
from tests.scenes import a_scene

RADICALE: Final = HERE / ".venv" / "interop" / "bin" / "radicale"
BOOKINGS: Final = 1000
ROUNDS: Final = 15
LISTING_MS: Final = 150.0
QUIET_MS: Final = 20.0
HOUR: Final = timedelta(hours=1)
REFUSED: Final = 300
LIST: Final = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
SYNC: Final = (
    '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token><sync-level>1</sync-level>'
    "<prop><getetag/></prop></sync-collection>"
)


@dataclass(slots=True)
class Calendar:
    """One server's calendar as a program reaches it, connecting anew for each request."""

    connection: HTTPConnection
    path: str
    username: str
    password: str

    def ask(self, method: str, body: str, path: str = "") -> str:
        """Send a request, and return the answer's text.

        Raises: RuntimeError if it was refused.
        """
        signed = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {signed}",
            "Depth": "1" if method == "PROPFIND" else "0",
            "Content-Type": "text/calendar" if method == "PUT" else "application/xml",
        }
        self.connection.request(method, path or self.path, body.encode(), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        self.connection.close()
        if answer.status >= REFUSED:
            raise RuntimeError(f"{method} was answered {answer.status}: {text[:200]}")
        return text

    def list(self) -> str:
        """List every event's ETag."""
        return self.ask("PROPFIND", LIST)

    def token(self) -> str:
        """Synchronise from the beginning; return the token."""
        found = self.ask("REPORT", SYNC.format(""))
        return found.rpartition("sync-token>")[0].rpartition("sync-token>")[2].partition("<")[0]


def main() -> None:
    """Take both figures of both servers, and print them beside their goals."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not RADICALE.exists():
        sys.exit("Radicale is not installed. Run: make interop")
    with tempfile.TemporaryDirectory() as folder, _ours(Path(folder)) as ours:
        events = [
            ours.ask("GET", "", each.partition("</d:href>")[0])
            for each in ours.list().split("<d:href>")[2:]
        ]
        with _radicale(Path(folder), events) as theirs:
            missed = _compare(ours, theirs)
    sys.exit(1 if missed else 0)


def _compare(ours: Calendar, theirs: Calendar) -> list[str]:
    """Print each figure; return those that miss their goal."""
    quiet = {id(each): SYNC.format(each.token()) for each in (ours, theirs)}
    figures: list[tuple[str, Callable[[Calendar], str], float]] = [
        (f"ETags of {BOOKINGS:,} bookings", Calendar.list, LISTING_MS),
        ("sync, nothing changed", lambda each: each.ask("REPORT", quiet[id(each)]), QUIET_MS),
    ]
    missed = []
    print(f"{'':24}{'ours':>10}{'Radicale':>10}{'ratio':>8}{'goal':>10}")
    for name, ask, goal in figures:
        taken = _taken(ask, ours, theirs)
        print(
            f"{name:24}{taken[0]:7.1f} ms{taken[1]:7.1f} ms{taken[0] / taken[1]:8.2f}"
            f"{goal:7.0f} ms{'' if taken[0] < goal else '  MISSED'}"
        )
        missed += [name] * (taken[0] >= goal)
    return missed


def _taken(ask: Callable[[Calendar], str], *calendars: Calendar) -> list[float]:
    """Return the median milliseconds of each calendar, asked by turns, once more to warm up."""
    spent: dict[int, list[float]] = {id(each): [] for each in calendars}
    for turn in range(ROUNDS + 1):
        for each in calendars:
            began = time.perf_counter()
            ask(each)
            if turn:
                spent[id(each)].append(1000 * (time.perf_counter() - began))
    return [median(spent[id(each)]) for each in calendars]


@contextmanager
def _ours(folder: Path) -> Iterator[Calendar]:
    installation = Installation(f"sqlite:///{folder / 'measured.db'}", folder)
    upgrade(installation.url)
    database = Database(installation.url)
    with database.writing() as session:
        scene = a_scene(session)
        first = utc_now().replace(minute=0, second=0, microsecond=0)
        for number in range(BOOKINGS):
            start = first + (6 * number + 1) * HOUR
            a_booking(session, scene.resource, scene.project, start, start + HOUR, title="Sample")
        account = create_account(
            session, actor=scene.by_member, now=utc_now(), name="Measured", of=FeedOf.ME
        )
    database.dispose()
    running = Running.serve(installation)
    try:
        running.wait_until_ready()
        connection = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_SECONDS)
        home = f"/dav/calendars/{account.username}/"
        calendar = Calendar(connection, home, account.username, account.password)
        path = calendar.list().split("<d:href>")[2].partition("<")[0]
        calendar.path = path
        yield calendar
    finally:
        running.end()


@contextmanager
def _radicale(folder: Path, events: list[str]) -> Iterator[Calendar]:
    """Serve the same events from Radicale's own kind of storage."""
    port = free_port()
    options = [
        f"--server-hosts=127.0.0.1:{port}", "--auth-type=none", "--logging-level=error",
        f"--storage-filesystem-folder={folder / 'radicale'}",
    ]  # fmt: skip
    with subprocess.Popen(
        [RADICALE, "--config", "", *options], stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            calendar = Calendar(connection, "/measured/bookings/", "measured", "any")
            calendar.ask("PUT", _joined(events))
            yield calendar
        finally:
            process.terminate()


def _joined(events: list[str]) -> str:
    """Put the events of many calendars into one, which Radicale takes apart again."""
    ending = "END:VCALENDAR"
    parts = [each[each.index("BEGIN:VEVENT") : each.index(ending)] for each in events]
    return events[0][: events[0].index("BEGIN:VEVENT")] + "".join(parts) + ending + "\r\n"


def _wait_for(port: int) -> None:
    """Wait until somebody listens.

    Raises: OSError if nobody does in time.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            HTTPConnection("127.0.0.1", port).connect()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
