"""How fast bookings are made and a month is read, against a bare driver on the same stack.

Both run in one server process on a throw-away PostgreSQL: our routes with every rule, guard
and event, and routes that do nothing but psycopg and msgspec. They take turns, so that what
else the machine does slows both. Targets: 0.45 of the bare rate for creating, at most 10 ms
of the server's CPU each; 0.6 for the month of one resource with 100 bookings.
"""

import multiprocessing
import re
import socket
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import msgspec
import psycopg
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from psycopg.rows import dict_row

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from api.app import create_app
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from migrations import upgrade
from tests.builders import a_booking, a_token
from tests.postgres import start_cluster
from tests.scenes import a_scene

ROUNDS: Final = 7
CREATES: Final = 20
READS: Final = 15
MONTH: Final = 100
CPU: Final = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
INSERT: Final = """
    INSERT INTO bare_booking (id, uid, resource_id, project_id, person_id, starts_at, ends_at,
        quantity, exclusive, status, source, title, reason, sequence, revision, group_key,
        groups, waiver, created_at, updated_at)
    VALUES (%(id)s, %(uid)s, %(resource_id)s, %(project_id)s, %(project_id)s, %(starts_at)s,
        %(ends_at)s, 1, true, 'confirmed', 'instant', '', '', 0, 0, '', '[]', '',
        now(), now())
    RETURNING id, uid, resource_id, project_id, starts_at, ends_at, quantity, title, status,
        sequence, revision"""
LIST: Final = """
    SELECT id, uid, resource_id, project_id, person_id, starts_at, ends_at, quantity, title,
        status, source, reason, sequence, revision
    FROM booking WHERE resource_id = %(resource)s AND starts_at < %(until)s
        AND ends_at > %(since)s ORDER BY starts_at, id"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the figures are taken: a token, and the two resources it works on."""

    token: str
    project_id: UUID
    empty: UUID
    full: UUID
    first: datetime


def set_stage(url: str) -> Stage:
    """Fill a new database: one resource without bookings, one with a month of them."""
    upgrade(url)
    first = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    database = Database(url)
    with database.writing() as session:
        scene, other = a_scene(session), a_scene(session)
        for number in range(MONTH):
            start = first + timedelta(hours=7 * number)
            end = start + timedelta(hours=2)
            a_booking(session, other.resource, scene.project, start, end)
        stage = Stage(
            token=a_token(session, scene.member),
            project_id=scene.project.id,
            empty=scene.resource.id,
            full=other.resource.id,
            first=first,
        )
    database.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare_booking (LIKE booking INCLUDING INDEXES)")
    return stage


def serve(url: str, port: int) -> None:
    """Serve our routes and the bare ones, in one process."""
    app = create_app(
        Settings(database_url=url, secret_key="for measuring alone")  # noqa: S106 - throw-away
    )
    add_bare_routes(app, url)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def add_bare_routes(app: FastAPI, url: str) -> None:
    """Add routes that do nothing but driver and encoder."""
    connection = psycopg.connect(url, row_factory=dict_row)

    def insert(body: bytes) -> bytes:
        wish = msgspec.json.decode(body)
        values = wish | {"id": uuid4(), "uid": f"{uuid4()}@example.org"}
        with connection.transaction():
            row = connection.execute(INSERT, values).fetchone()
        return msgspec.json.encode(row)

    def select(resource: str, since: str, until: str) -> bytes:
        values = {"resource": resource, "since": since, "until": until}
        with connection.transaction():
            return msgspec.json.encode(connection.execute(LIST, values).fetchall())

    @app.post("/bare/bookings", status_code=201)
    async def bare_create(request: Request) -> Response:
        body = await run_in_threadpool(insert, await request.body())
        return Response(body, 201, media_type="application/json")

    @app.get("/bare/bookings")
    def bare_list(resource: str, since: str, until: str) -> Response:
        return Response(select(resource, since, until), media_type="application/json")


def main() -> None:
    """Take the figures and print the ratios."""
    running = start_cluster()
    running.cluster.create("measured")
    url = running.cluster.url_of("measured")
    stage = set_stage(url)
    port = _free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port))
    server.start()
    try:
        headers = {"Authorization": f"Bearer {stage.token}"}
        base = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=base, headers=headers, timeout=30) as client:
            _wait_for(client)
            measure_creating(client, stage)
            measure_month(client, stage)
    finally:
        server.terminate()
        server.join()
        running.stop()


def measure_creating(client: httpx2.Client, stage: Stage) -> None:
    """Print the rate of creating bookings against the bare one, and its CPU."""
    number = iter(range(10**6))

    def wish() -> dict[str, Any]:
        start = stage.first + timedelta(minutes=15 * next(number))
        return {
            "resource_id": str(stage.empty),
            "project_id": str(stage.project_id),
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=15)).isoformat(),
        }

    def create(path: str) -> None:
        answer = client.post(path, json=wish())
        if answer.status_code != httpx2.codes.CREATED:
            raise RuntimeError(answer.text)

    before = _cpu_seconds(client)
    for _ in range(CREATES):
        create("/api/v1/bookings")
    milliseconds = (_cpu_seconds(client) - before) / CREATES * 1000
    ratio = _ratio(lambda: create("/api/v1/bookings"), lambda: create("/bare/bookings"), CREATES)
    print(f"create a booking: {ratio:.2f} of the bare rate (target 0.45)")
    print(f"create a booking: {milliseconds:.1f} ms of the server's CPU (target 10)")


def measure_month(client: httpx2.Client, stage: Stage) -> None:
    """Print the rate of reading a resource's month against the bare one."""
    since, until = stage.first - timedelta(days=1), stage.first + timedelta(days=31)
    times = {"until": _text(until), "resource": str(stage.full)}
    bare = times | {"since": _text(since)}
    ours = {"start": _text(since), "end": _text(until)}

    def read(path: str, query: dict[str, str]) -> None:
        answer = client.get(path, params=query)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)

    ratio = _ratio(
        lambda: read(f"/api/v1/resources/{stage.full}/calendar", ours),
        lambda: read("/bare/bookings", bare),
        READS,
    )
    print(f"month of one resource, {MONTH} bookings: {ratio:.2f} of the bare rate (target 0.6)")


def _ratio(ours: Callable[[], None], bare: Callable[[], None], count: int) -> float:
    """Let both take turns, and give the median of bare time over our time."""
    return statistics.median(_seconds(bare, count) / _seconds(ours, count) for _ in range(ROUNDS))


def _seconds(act: Callable[[], None], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        act()
    return time.perf_counter() - began


def _cpu_seconds(client: httpx2.Client) -> float:
    found = CPU.search(client.get("/metrics").text)
    if found is None:
        raise RuntimeError("The server does not tell its CPU time; this needs Linux.")
    return float(found[1])


def _wait_for(client: httpx2.Client) -> None:
    """Ask until the server answers, for half a minute at the most."""
    for _ in range(300):
        try:
            client.get("/healthz")
        except httpx2.ConnectError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start.")


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
