"""Three calendar readers agree on every instant of bookings made in local hours.

icalendar for Python, and ical.js and node-ical for JavaScript, which npm installs into the
environment of the interop tests. Ten zones, 500 days each, nights on which clocks change too.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from icalendar import Calendar

from booking.engine.opening import instant_of
from booking.queries.cards import BookingCard
from notifications.calendar import feed_text, public_text, vevent_text
from tests.notifications.cards import a_card

Instants = dict[str, list[int]]
HERE: Final = Path(__file__).parent / "readers"
# Where make puts what only these tests use.
INSTALLED: Final = Path(__file__).parents[2] / ".venv" / "interop" / "readers"
DAYS: Final = 500
FIRST: Final = date(2026, 11, 23)
ZONES: Final = (
    *("Africa/Casablanca", "Africa/Nairobi", "America/New_York", "America/Sao_Paulo"),
    *("America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin"),
    *("Pacific/Apia", "Pacific/Chatham"),
)
# Clocks change in most of these hours, somewhere.
STARTS: Final = (
    time(0),
    time(0, 30),
    time(1, 30),
    time(2),
    time(2, 30),
    time(3),
    time(9),
    time(23),
)
MISSING: Final = "npm is needed: apt-get install nodejs npm"


@pytest.fixture(scope="session")
def node_reader() -> Path:
    """Install the two JavaScript readers; return the program that asks them."""
    if shutil.which("npm") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-qq", "-y", "nodejs", "npm"], check=False)
    assert shutil.which("npm"), MISSING
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    done = INSTALLED / "done.json"
    shutil.copy(HERE / "read.js", INSTALLED)
    if not done.exists() or done.read_text() != wanted:
        shutil.copy(HERE / "package.json", INSTALLED)
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        subprocess.run(["npm", "install", *quiet], cwd=INSTALLED, check=True, timeout=300)
        done.write_text(wanted)
    return INSTALLED / "read.js"


def bookings() -> Iterator[BookingCard]:
    """Make a booking of half an hour to four hours for each day, by the clock of each zone."""
    for place, zone in enumerate(ZONES):
        for day in range(DAYS):
            number = place * DAYS + day
            wall = datetime.combine(FIRST + timedelta(days=day), STARTS[number % len(STARTS)])
            length = timedelta(minutes=30 * (1 + number % 8))
            starts_at = instant_of(wall, zone)
            yield a_card(
                id=UUID(int=number + 1),
                uid=f"{number}@bench.example",
                starts_at=starts_at,
                ends_at=max(instant_of(wall + length, zone), starts_at + timedelta(minutes=15)),
                facility_zone=zone,
                title=f"Messung {number}: Größe, \N{MICRO SIGN}m; Ω",
            )


@pytest.fixture(scope="session")
def made() -> Instants:
    return {
        each.uid: [int(each.starts_at.timestamp()), int(each.ends_at.timestamp())]
        for each in bookings()
    }


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write a feed of the person, and one of the resource, of which the halves are half each."""
    kept = [vevent_text(each) for each in bookings()]
    half = len(kept) // 2
    texts = (
        feed_text("Mine", kept[:half]),
        feed_text("Of a resource", [public_text(each, "Microscope") for each in kept[half:]]),
    )
    folder, paths = tmp_path_factory.mktemp("feeds"), []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.ics")
        paths[-1].write_bytes(text.encode())
    return paths


def test_icalendar__every_booking__is_when_it_was_made(files: list[Path], made: Instants) -> None:
    read = {
        str(event["UID"]): [int(event.decoded(name).timestamp()) for name in ("DTSTART", "DTEND")]
        for path in files
        for event in Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    }
    assert read == made


# Whatever the clock of the machine: a reader that took a time for local would be found out.
@pytest.mark.parametrize("clock", ["UTC", "America/St_Johns"])
@pytest.mark.parametrize("reader", ["ical.js", "node-ical"])
def test_javascript__every_booking__is_when_it_was_made(
    reader: str, clock: str, node_reader: Path, files: list[Path], made: Instants
) -> None:
    told = subprocess.run(
        ["node", str(node_reader), reader, *map(str, files)],
        env={**os.environ, "TZ": clock},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert json.loads(told.stdout) == made
