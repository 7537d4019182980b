"""How fast bookings are made and calendars and free slots read, against a bare driver.

Both run in one server process on a throw-away PostgreSQL: our routes with every rule, guard
and event, and routes that do nothing but psycopg and msgspec. They take turns, so that what
else the machine does slows both: what counts is the ratio. `--million` measures all again
with a million bookings more in the table; none may then take more than a quarter longer.
"""

import argparse
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastapi.testclient import TestClient
from sqlalchemy import event

from api.app import create_app
from benchmarks._bare import serve
from benchmarks._running import free_port
from benchmarks._stage import Stage, add_a_million, set_stage
from booking.config import Settings
from tests.postgres import start_cluster

ROUNDS: Final = 7
WARM: Final = 15
CPU: Final = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
HEADER: Final = (
    f"{'':40}{'CPU ms':>8}{'target':>8}{'of bare':>9}{'target':>8}{'queries':>9}{'target':>8}"
)


Ask = Callable[[Any], None]
"""A request to be sent by an HTTP client."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is measured: our request, the bare one beside it, and what is to be reached."""

    name: str
    ours: Ask
    bare: Ask | None
    repeats: int
    cpu_target: float | None = None
    ratio_target: float | None = None
    queries_target: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A figure as it was taken.

    Milliseconds of the server's CPU, our rate over the bare one, and our time over that of
    a page that asks the database nothing.
    """

    cpu: float
    ratio: float | None
    time: float


def main() -> None:
    """Take the figures and print them beside their targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="measure all again, fuller")
    chosen = parser.parse_args()
    running = start_cluster()
    running.cluster.create("measured")
    url = running.cluster.url_of("measured")
    stage = set_stage(url)
    port = free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port))
    server.start()
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_for(client)
            figures = figures_of(stage)
            before = take(client, url, figures)
            if chosen.million:
                add_a_million(running.cluster, "measured", stage)
                print("\nwith a million bookings more in the table")
                compare(figures, before, take(client, url, figures))
    finally:
        server.terminate()
        server.join()
        running.stop()


def figures_of(stage: Stage) -> list[Figure]:
    """List what is measured."""
    bearer = _bearer(stage.token)
    month = {"start": _text(stage.first), "end": _text(stage.first + timedelta(days=31))}
    one, all_20 = f"resources/{stage.full}", f"facilities/{stage.facility}"
    slots = month | {"kind": "furnace", "end": _text(stage.first + timedelta(days=30))}
    return [
        Figure("create a booking", *_creating(stage, governed=False), 20, 10, 0.45),
        Figure("create: policy, quota, cap, terms", *_creating(stage, governed=True), 20, 10, 0.45),
        Figure(
            "month of a resource, 100 bookings",
            _reading(f"/api/v1/{one}/calendar", month, bearer),
            _reading(f"/bare/{one}", month, bearer),
            repeats=15,
            ratio_target=0.6,
            queries_target=3,
        ),
        Figure(
            "month of 20 resources, 2,240 bookings",
            _reading(f"/api/v1/{all_20}/calendar", month, bearer),
            _reading(f"/bare/{all_20}", month, bearer),
            repeats=3,
            cpu_target=150,
            queries_target=3,
        ),
        Figure(
            "first 50 slots, 500 resources x 30 days",
            _reading("/api/v1/slots", slots, bearer),
            None,
            repeats=10,
            cpu_target=30,
        ),
        Figure(
            "first 50 of the few slots of 10 hours",
            _reading("/api/v1/slots", slots | {"minutes": "600"}, bearer),
            None,
            repeats=10,
            cpu_target=30,
        ),
    ]


def take(client: httpx2.Client, url: str, figures: list[Figure]) -> list[Taken]:
    """Take every figure and print a line of each."""
    print(HEADER)
    taken = []
    for each in figures:
        for _ in range(WARM):
            each.ours(client)
        found = Taken(
            cpu=_cpu_of(client, each),
            ratio=None if each.bare is None else _ratio(client, each.bare, each),
            time=1 / _ratio(client, _alive, each),
        )
        taken.append(found)
        print(
            f"{each.name:40}{found.cpu:>8.1f}{_cell(each.cpu_target, '.0f'):>8}"
            f"{_cell(found.ratio, '.2f'):>9}{_cell(each.ratio_target, '.2f'):>8}"
            f"{queries_of(url, each):>9}{_cell(each.queries_target, 'd'):>8}"
        )
    return taken


def compare(figures: list[Figure], before: list[Taken], after: list[Taken]) -> None:
    """Print by how much each figure grew, beside a page that asks the database nothing."""
    for each, old, new in zip(figures, before, after, strict=True):
        grown = new.time / old.time - 1
        print(f"{each.name:40}{grown:>+8.0%} of its time (target +25% at the most)")


def queries_of(url: str, figure: Figure) -> int:
    """Count the statements of one request, in a process of our own."""
    app = create_app(Settings(database_url=url, secret_key="for counting alone"))  # noqa: S106
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    with TestClient(app) as client:
        figure.ours(client)
        event.listen(app.state.database.engine, "before_cursor_execute", note)
        figure.ours(client)
    return len(said)


def _creating(stage: Stage, *, governed: bool) -> tuple[Ask, Ask]:
    """Book a quarter of an hour every six hours, by our route and by the bare one."""
    resource, project, token = (
        (stage.governed, stage.governed_project, stage.governed_token)
        if governed
        else (stage.empty, stage.project_id, stage.token)
    )
    number = count()

    def create(client: Any, path: str) -> None:
        start = stage.first + timedelta(hours=6 * next(number))
        wish = {
            "resource_id": str(resource),
            "project_id": str(project),
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=15)).isoformat(),
        }
        answer = client.post(path, json=wish, headers=_bearer(token))
        if answer.status_code != httpx2.codes.CREATED:
            raise RuntimeError(answer.text)

    return (
        lambda client: create(client, "/api/v1/bookings"),
        lambda client: create(client, "/bare/bookings"),
    )


def _reading(path: str, query: dict[str, str], headers: dict[str, str]) -> Ask:
    def read(client: Any) -> None:
        answer = client.get(path, params=query, headers=headers)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)

    return read


def _alive(client: Any) -> None:
    for _ in range(3):
        client.get("/healthz")


def _cpu_of(client: httpx2.Client, figure: Figure) -> float:
    """Measure the server's CPU of a request in milliseconds."""
    repeats = figure.repeats * 4
    before = _cpu_seconds(client)
    for _ in range(repeats):
        figure.ours(client)
    return (_cpu_seconds(client) - before) / repeats * 1000


def _ratio(client: httpx2.Client, bare: Ask, figure: Figure) -> float:
    """Let both take turns, and give the median of bare time over our time."""
    return statistics.median(
        _seconds(client, bare, figure.repeats) / _seconds(client, figure.ours, figure.repeats)
        for _ in range(ROUNDS)
    )


def _seconds(client: httpx2.Client, ask: Ask, repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        ask(client)
    return time.perf_counter() - began


def _cpu_seconds(client: httpx2.Client) -> float:
    found = CPU.search(client.get("/metrics").text)
    if found is None:
        raise RuntimeError("The server does not tell its CPU time; this needs Linux.")
    return float(found[1])


def _wait_for(client: httpx2.Client) -> None:
    """Ask until the server answers, for a minute at the most."""
    for _ in range(600):
        try:
            client.get("/healthz")
        except httpx2.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start.")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
