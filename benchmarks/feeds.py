"""What a feed of 10,000 bookings costs: rendered, joined, asked for again, and not changed.

All in one process on a throw-away SQLite, in turns, so that what else the machine does slows
all alike: what counts are the ratios to rendering every booking by icalendar anew, and, for
"not changed", to the application's plainest answer. Targets of the quality page: a warm feed
in less than 10 ms, "not changed" in less than 2 ms beside what any answer costs.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastapi.testclient import TestClient

from api.app import create_app
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from booking.engine.lifecycle import BookingStatus
from booking.engine.tokens import token_hash
from booking.engine.vocabulary import BookingSource, FeedOf
from booking.models import Booking, CalendarToken
from booking.queries import cards
from migrations import upgrade
from notifications.calendar import feed_text, vevent_text
from tests.builders import added
from tests.scenes import Scene, a_scene

EVENTS: Final = 10_000
EVERY: Final = timedelta(minutes=55)
RENDERED: Final = 500
REPEATS: Final = 15
SECRET: Final = "for measuring alone, and long enough for that"  # noqa: S105
TOKEN: Final = "an-address-of-this-benchmark-alone"  # noqa: S105
WARM_MS: Final = 10.0
UNCHANGED_MS: Final = 2.0


def main() -> None:
    """Set the stage, measure, print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/feeds.db"
        upgrade(url)
        database = Database(url)
        ids = _filled(database)
        rendering = _rendering(database, ids)
        settings = Settings(
            _env_file=None,
            database_url=url,
            secret_key=SECRET,
            base_url="http://testserver",
        )
        with TestClient(create_app(settings)) as client:
            _report(client, rendering)
        database.dispose()


def _filled(database: Database) -> list[UUID]:
    with database.writing() as session:
        scene = a_scene(session)
        now = utc_now().replace(microsecond=0)
        bookings = [_booking(scene, now + number * EVERY, now) for number in range(EVENTS)]
        session.add_all(bookings)
        added(
            session,
            CalendarToken(
                person_id=scene.member.id,
                name="measured",
                of=FeedOf.PROJECT,
                subject_id=scene.project.id,
                token_hash=token_hash(TOKEN),
                created_at=now,
            ),
        )
        return [each.id for each in bookings]


def _booking(scene: Scene, start: datetime, now: datetime) -> Booking:
    return Booking(
        uid=f"{uuid4()}@bench.example",
        resource_id=scene.resource.id,
        project_id=scene.project.id,
        person_id=scene.member.id,
        starts_at=start,
        ends_at=start + timedelta(minutes=45),
        status=BookingStatus.CONFIRMED,
        source=BookingSource.INSTANT,
        title="Powder samples of the second series",
        created_at=now,
        updated_at=now,
    )


def _rendering(database: Database, ids: list[UUID]) -> float:
    """Render some bookings by icalendar; return the milliseconds for all of them at that rate."""
    with database.reading() as session:
        found = cards.booking_cards(
            session, ids[:RENDERED], sender="bookings@bench.example", base_url="https://b.example"
        )
    vevent_text.cache_clear()
    began = time.process_time()
    kept = [vevent_text(each) for each in found.values()]
    spent = _since(began) * EVENTS / RENDERED
    every = kept * (EVENTS // RENDERED)
    joining = _usual(lambda: feed_text("Measured", every))
    _print("rendered by icalendar, event by event", spent, spent)
    _print("joined from kept text", joining, spent)
    return spent


def _report(client: TestClient, rendering: float) -> None:
    path = f"/feeds/{TOKEN}.ics"
    began = time.process_time()
    first = client.get(path, headers={"Accept-Encoding": "identity"})
    _print("first asked for: every text rendered and kept", _since(began), rendering)
    if first.text.count("BEGIN:VEVENT") != EVENTS:
        raise SystemExit(f"The feed shows not {EVENTS} bookings: {first.text[:200]}")
    etag = {"If-None-Match": first.headers["etag"]}

    def unchanged() -> None:
        if client.get(path, headers=etag).status_code != 304:
            raise SystemExit("The feed should not have changed.")

    plainest, not_changed = _in_turns(lambda: client.get("/healthz"), unchanged)
    whole = _usual(lambda: client.get(path, headers={"Accept-Encoding": "identity"}))
    _print("warm: asked for again, the whole of it", whole, rendering, WARM_MS)
    _print("not changed (304)", not_changed, rendering)
    _print("  of which every answer costs", plainest, rendering)
    _print("  so that 304 itself costs", not_changed - plainest, rendering, UNCHANGED_MS)


def _in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS * 4):
        for call, times in zip((one, other), spent, strict=True):
            began = time.process_time()
            call()
            times.append(_since(began))
    return statistics.median(spent[0]), statistics.median(spent[1])


def _usual(call: Callable[[], object]) -> float:
    """Return the median of the processor milliseconds that a call takes."""
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        call()
        spent.append(_since(began))
    return statistics.median(spent)


def _since(began: float) -> float:
    return (time.process_time() - began) * 1000


def _print(name: str, spent: float, rendering: float, target: float | None = None) -> None:
    aim = (
        ""
        if target is None
        else f"   target < {target:g} ms: {'met' if spent < target else 'MISSED'}"
    )
    print(f"{name:48}{spent:10.2f} ms{rendering / max(spent, 0.001):12,.0f} x faster{aim}")


if __name__ == "__main__":
    main()
