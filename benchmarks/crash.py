"""Kill processes at random (-9) while clients book, and look whether every promise was kept.

On PostgreSQL a web process, one of the web workers, the worker or the server's own first
process dies; on SQLite the one process there is. After each death an independent sweep
looks for lost bookings, overlaps and missing guards; in the end also at every mail.
Exit 1 for anything broken. `--kills 50` is the full run; `--seed` chooses who dies when.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._load import Client, Grounds, Promises
from benchmarks._promised import broken_at_rest, broken_under_load, untold
from benchmarks._running import READY, Installation, Running, is_taken, status_of
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from migrations import upgrade
from notifications.dispatch import CLAIM, drain
from tests.builders import a_facility, a_person, a_project, a_resource, a_token
from tests.postgres import DURABLE, RunningCluster, start_cluster

SHORT: Final = 10
CLIENTS: Final = 4
CAPACITIES: Final = (1, 1, 1, 4, 4)
SHARE_OF_SQLITE: Final = 0.2
PAUSE_SECONDS: Final = (0.3, 2.0)
PATIENCE_SECONDS: Final = 150
QUIET_SECONDS: Final = 8


@dataclass(slots=True)
class Victims:
    """The processes of one installation, and how each is killed and started again."""

    installation: Installation
    web: Running
    workers: Running | None = None
    jobs: Running | None = None
    cluster: RunningCluster | None = None

    @property
    def every(self) -> list[Running]:
        """Everything of ours that runs."""
        return [each for each in (self.web, self.workers, self.jobs) if each is not None]

    @property
    def ports(self) -> list[int]:
        """Where clients may ask."""
        return [each.port for each in self.every if each.port is not None]

    def ways(self) -> dict[str, Callable[[], None]]:
        """Name what may be killed."""
        ways: dict[str, Callable[[], None]] = {"web": lambda: _kill_and_start(self.web)}
        if self.workers is not None and self.jobs is not None and self.cluster is not None:
            workers, jobs, cluster = self.workers, self.jobs, self.cluster
            ways |= {
                "web parent": lambda: _kill_and_start(workers),
                "web worker": lambda: _kill_one_of(workers),
                "worker": lambda: _kill_and_start(jobs),
                "PostgreSQL": lambda: _kill_database(cluster),
            }
        return ways

    def wait_until_one_is_ready(self) -> None:
        """Wait until some server answers that it is ready.

        Raises: RuntimeError if none does in time.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if any(status_of(port, "/readyz") == READY for port in self.ports):
                return
            time.sleep(0.05)
        raise RuntimeError("No server got ready again.")


def main() -> int:
    """Kill on both databases, and say whether every promise was kept."""
    asked = _asked()
    broken = 0
    on_sqlite = max(round(asked.kills * SHARE_OF_SQLITE), 1)
    for kind, kills in (("sqlite", on_sqlite), ("postgresql", asked.kills - on_sqlite)):
        began = time.monotonic()
        with prepared(kind) as victims:
            found = survive(kind, victims, kills=kills, seed=asked.seed)
        broken += len(found)
        for each in found[:20]:
            print(f"    {each}")
        print(f"{kind}: {len(found)} promises broken, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


@contextmanager
def prepared(kind: str) -> Iterator[Victims]:
    """Start everything on a new database, lend it, and take all of it away."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="benchshare-crash-")))
        if kind == "sqlite":
            installation = Installation(f"sqlite:///{folder / 'benchshare.db'}", folder)
            upgrade(installation.url)
            victims = Victims(installation, Running.serve(installation))
        else:
            cluster = start_cluster(DURABLE)
            ends.callback(cluster.stop)
            cluster.cluster.create("crash")
            installation = Installation(cluster.cluster.url_of("crash"), folder)
            upgrade(installation.url)
            victims = Victims(
                installation,
                web=Running.serve(installation),
                workers=Running.serve(installation, workers=2),
                jobs=Running.work(installation),
                cluster=cluster,
            )
        for each in victims.every:
            ends.callback(each.end)
        for each in victims.every:
            each.wait_until_ready()
        yield victims


def survive(kind: str, victims: Victims, *, kills: int, seed: int) -> list[str]:
    """Kill `kills` times under load; list every promise that was broken."""
    url, promises, stopping = victims.installation.url, Promises(), threading.Event()
    clients = _clients(victims, promises, stopping, seed=seed)
    chance, killed, broken = random.Random(seed), Counter[str](), list[str]()
    for each in clients:
        each.start()
    ways = victims.ways()
    for number in range(kills):
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        # Each way in turn, the rest by chance: a short run kills everything once, too.
        name = list(ways)[number] if number < len(ways) else chance.choice(list(ways))
        ways[name]()
        victims.wait_until_one_is_ready()
        killed[name] += 1
        broken += broken_under_load(url, promises)
    stopping.set()
    for each in clients:
        each.join(PATIENCE_SECONDS)
    broken += _come_to_rest(victims)
    broken += broken_at_rest(url, promises, victims.installation.folder / "mail")
    _print(kind, killed, promises)
    return broken


def _come_to_rest(victims: Victims) -> list[str]:
    """Wait until every message has left, and let `doctor` look at the installation.

    What was claimed by a process that died leaves once its claim has lapsed: the clock is
    put forward instead of waiting for that.
    """
    for each in victims.every:
        each.wait_until_ready()
    until = time.monotonic() + QUIET_SECONDS
    while untold(victims.installation.url) and time.monotonic() < until:
        time.sleep(0.5)
    if untold(victims.installation.url):
        send_what_was_claimed(victims.installation)
    left = untold(victims.installation.url)
    answer = json.loads(victims.installation.answer_of("doctor", "--json").splitlines()[-1])
    return [
        *([f"{left} messages never left"] if left else []),
        *(f"doctor: {each['words']}" for each in answer["checks"] if not each["ok"]),
    ]


def send_what_was_claimed(installation: Installation) -> None:
    """Send with a clock at which every claim has lapsed."""
    settings = Settings(
        _env_file=None,
        database_url=installation.url,
        mail=f"file:{installation.folder / 'mail'}",
    )
    database = Database(installation.url)
    drain(database, settings, lambda: utc_now() + 2 * CLAIM)
    database.dispose()


def _clients(
    victims: Victims, promises: Promises, stopping: threading.Event, *, seed: int
) -> list[Client]:
    database = Database(victims.installation.url)
    with database.writing() as session:
        people = [a_person(session) for _ in range(CLIENTS)]
        project, facility = a_project(session, *people), a_facility(session)
        resources = [a_resource(session, facility.id, capacity=units) for units in CAPACITIES]
        tokens = [a_token(session, each) for each in people]
    database.dispose()
    start = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    grounds = Grounds(
        resources=tuple((each.id, each.capacity) for each in resources),
        project_id=project.id,
        first=start,
    )
    return [
        Client(
            seed=seed + number,
            token=token,
            ports=victims.ports,
            grounds=grounds,
            promises=promises,
            stopping=stopping,
        )
        for number, token in enumerate(tokens)
    ]


def _kill_and_start(running: Running) -> None:
    running.kill()
    until = time.monotonic() + PATIENCE_SECONDS
    while running.port and is_taken(running.port) and time.monotonic() < until:
        time.sleep(0.05)
    running.again()


def _kill_one_of(running: Running) -> None:
    """Kill one of the processes that serve; their parent starts another."""
    for each in running.children()[:1]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _kill_database(cluster: RunningCluster) -> None:
    cluster.kill()
    cluster.start_again()


def _print(kind: str, killed: Counter[str], promises: Promises) -> None:
    deaths = ", ".join(f"{name} {count}" for name, count in killed.items())
    answers = ", ".join(f"{name} {count}" for name, count in sorted(promises.answers.items()))
    print(f"{kind}: {killed.total()} killed ({deaths})")
    print(f"{kind}: {len(promises.states)} bookings acknowledged; answers: {answers}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=SHORT, help="how many deaths in all")
    parser.add_argument("--seed", type=int, default=1, help="chooses who dies, and when")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
