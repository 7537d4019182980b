"""Let 6, 16 and 32 writers want the same thing at one instant, over HTTP, of real servers.

On PostgreSQL two `benchshare serve --workers 2` on one database, on SQLite one server;
writers are threads of one process, then processes. After each race an independent sweep
looks for double bookings. Exit 1 for any violation, and any answer that neither grants nor
refuses with reasons.
`--full` contests more slots.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._contests import CASES, Contest, Stage
from benchmarks._running import Installation, Running
from benchmarks._sweep import missing_guards, overbooked
from booking.db import Database
from migrations import upgrade
from tests.postgres import start_cluster

# How many writers, and how many things they contest one after the other.
SHORT: Final = {6: 4, 16: 3, 32: 2}
FULL: Final = {6: 20, 16: 12, 32: 8}
PATIENCE_SECONDS: Final = 120
GRANTED: Final = (200, 201)
REFUSED: Final = 409
NO_ANSWER: Final = 0
HEADER: Final = (
    f"{'database':12}{'contested':22}{'writers':>8} {'as':10}{'contests':>9}"
    f"{'granted':>9}{'refused':>9}{'else':>6}{'violations':>12}"
)


@dataclass(frozen=True, slots=True)
class Writing:
    """What one writer sends, to which server: paths and bodies, one a contest."""

    port: int
    token: str
    requests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of one race; `faults` are answers neither granted nor refused, and none at all."""

    granted: int
    refused: int
    faults: int
    violations: tuple[str, ...]


def main() -> int:
    """Race on both databases, print the table, and say whether all went well."""
    full = _asked().full
    print(HEADER)
    unwell = 0
    for kind in ("sqlite", "postgresql"):
        with prepared(kind) as (installation, servers):
            unwell += race_all(kind, installation, servers, FULL if full else SHORT)
    print(
        "0 violations; every answer was 200, 201 or 409"
        if not unwell
        else f"{unwell} races went wrong"
    )
    return 1 if unwell else 0


@contextmanager
def prepared(kind: str) -> Iterator[tuple[Installation, list[Running]]]:
    """Lend a migrated database with its servers, and take all of it away."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="benchshare-races-")))
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'benchshare.db'}"
        else:
            running = start_cluster()
            ends.callback(running.stop)
            running.cluster.create("races")
            url = running.cluster.url_of("races")
        upgrade(url)
        installation = Installation(url, folder)
        many = kind == "postgresql"
        servers = []
        for _ in range(2 if many else 1):
            servers.append(Running.serve(installation, workers=2 if many else 1))
            ends.callback(servers[-1].end)
        for each in servers:
            each.wait_until_ready()
        yield installation, servers


def race_all(
    kind: str, installation: Installation, servers: Sequence[Running], sizes: dict[int, int]
) -> int:
    """Run every race on one database; print a line each, and count those that went wrong."""
    unwell = 0
    ports = [each.port for each in servers if each.port is not None]
    database = Database(installation.url)
    for name, case in CASES.items():
        for writers, contests in sizes.items():
            for crew in ("threads", "processes"):
                with database.writing() as session:
                    stage = case(session, writers, contests)
                told = race(stage, ports, crew=crew)
                tally = judged(installation.url, stage, told)
                unwell += bool(tally.faults or tally.violations)
                print(_line(kind, name, writers, crew, len(stage.contests), tally), flush=True)
                for each in tally.violations:
                    print(f"    {each}")
    database.dispose()
    return unwell


def race(stage: Stage, ports: Sequence[int], *, crew: str) -> list[list[int]]:
    """Let every writer send its requests, contest by contest; the answers by writer."""
    tasks = [
        Writing(
            port=ports[number % len(ports)],
            token=token,
            requests=tuple(
                (each.requests[number].path, json.dumps(each.requests[number].body))
                for each in stage.contests
            ),
        )
        for number, token in enumerate(stage.tokens)
    ]
    if crew == "threads":
        return _as_threads(tasks)
    return _as_processes(tasks)


def _as_threads(tasks: Sequence[Writing]) -> list[list[int]]:
    barrier = threading.Barrier(len(tasks))
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: write(task, barrier), tasks))


def _as_processes(tasks: Sequence[Writing]) -> list[list[int]]:
    # Forked by a server that has read this file once: 32 processes start in no time.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.races"])
    barrier, answers = context.Barrier(len(tasks)), context.Queue()
    running = [
        context.Process(target=_write_apart, args=(number, task, barrier, answers), daemon=True)
        for number, task in enumerate(tasks)
    ]
    for each in running:
        each.start()
    told = dict(answers.get(timeout=PATIENCE_SECONDS) for _ in tasks)
    for each in running:
        each.join(PATIENCE_SECONDS)
    return [told[number] for number in range(len(tasks))]


def _write_apart(number: int, task: Writing, barrier: Any, answers: Any) -> None:
    answers.put((number, write(task, barrier)))


def write(task: Writing, barrier: Any) -> list[int]:
    """Send the requests, each when every other writer is ready too; return the statuses."""
    headers = {"Authorization": f"Bearer {task.token}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", task.port, timeout=PATIENCE_SECONDS)
    statuses = []
    for path, body in task.requests:
        connection.connect()
        barrier.wait(PATIENCE_SECONDS)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        except (OSError, HTTPException):
            statuses.append(NO_ANSWER)
        connection.close()
    return statuses


def judged(url: str, stage: Stage, told: Sequence[Sequence[int]]) -> Tally:
    """Count the answers, and look with an eye of its own for what must not be."""
    every = [status for statuses in told for status in statuses]
    violations = [*overbooked(url), *(f"no guard {name}" for name in missing_guards(url))]
    for number, contest in enumerate(stage.contests):
        violations += _wrongs(contest, [statuses[number] for statuses in told])
    return Tally(
        granted=sum(status in GRANTED for status in every),
        refused=every.count(REFUSED),
        faults=sum(status not in {*GRANTED, REFUSED} for status in every),
        violations=tuple(violations),
    )


def _wrongs(contest: Contest, statuses: Sequence[int]) -> list[str]:
    """List what is wrong with the answers alone: too much was granted, or too little."""
    asked = list(zip(contest.requests, statuses, strict=True))
    granted = sum(each.quantity for each, status in asked if status in GRANTED)
    left = contest.units - granted
    wrongs = [f"{granted} of {contest.units} were granted"] if left < 0 else []
    fitting = [each for each, status in asked if status == REFUSED and each.quantity <= left]
    if fitting:
        wrongs.append(f"{len(fitting)} were refused though {left} of {contest.units} were left")
    return wrongs


def _line(kind: str, name: str, writers: int, crew: str, contests: int, tally: Tally) -> str:
    return (
        f"{kind:12}{name:22}{writers:>8} {crew:10}{contests:>9}{tally.granted:>9}"
        f"{tally.refused:>9}{tally.faults:>6}{len(tally.violations):>12}"
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="contest more slots")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
