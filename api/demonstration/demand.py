"""What projects ask for in the demonstration: the shape of a real log, on our resources.

Who asks, how much, for how long and when follows the NASA Ames iPSC/860 log of 1993: its
users become projects, its jobs become access requests. Small jobs ask for an instrument,
large ones for units of a pool. Nothing here is random: the same log gives the same wishes.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Final

from booking.engine.intervals import Interval

POOL_FROM_NODES: Final = 16
LONGEST_HOURS: Final = 10
STRETCH: Final = 6
AROUND_INSTRUMENTS: Final = timedelta(days=2)
AROUND_POOLS: Final = timedelta(hours=14)
HOUR: Final = timedelta(hours=1)
ALTERNATIVES: Final = 2
SESSIONS_BY_JOB: Final = (1, 1, 2, 1, 3)


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the log; `user` is 1-based, times in seconds."""

    number: int
    started: int
    ran: int
    nodes: int
    user: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A resource that may be asked for: its key, kind, units and longest use in hours."""

    key: str
    kind: str
    capacity: int
    shortest_hours: int
    longest_hours: int


@dataclass(frozen=True, slots=True)
class Wish:
    """One access request to be: sessions of hours x quantity, each with its alternatives."""

    number: int
    user: int
    kind: str
    hours: int
    quantity: int
    windows: tuple[Interval, ...]
    resources: tuple[str, ...]


def read_jobs() -> tuple[Job, ...]:
    """Read the log that is shipped with the demonstration, in its own order."""
    text = files("api.demonstration").joinpath("data/ipsc_1993_demand.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(
        Job(
            number=int(row["job"]),
            started=int(row["started_s"]),
            ran=int(row["ran_s"]),
            nodes=int(row["nodes"]),
            user=int(row["user"]),
        )
        for row in csv.DictReader(lines)
    )


def wishes(
    jobs: Sequence[Job], choices: Sequence[Choice], *, access: Interval, count: int
) -> Iterator[Wish]:
    """Yield `count` wishes, taking jobs evenly from the whole log.

    A wish's sessions lie around the job's own time of the week, one window of some days
    each, inside `access`; its resources are up to three of one kind.
    """
    instruments = [each for each in choices if each.capacity == 1]
    pools = [each for each in choices if each.capacity > 1]
    for number in range(count):
        job = jobs[number * len(jobs) // count]
        pooled = job.nodes >= POOL_FROM_NODES
        among = pools if pooled else instruments
        first = among[(job.user * 7 + number % 3) % len(among)]
        alike = [each for each in among if each.kind == first.kind and each.key != first.key]
        resources = (first, *alike)[:ALTERNATIVES]
        sessions = SESSIONS_BY_JOB[job.number % len(SESSIONS_BY_JOB)]
        yield Wish(
            number=number,
            user=job.user,
            kind=first.kind,
            hours=_hours(job, resources),
            quantity=_quantity(job, resources),
            windows=tuple(
                _window(job, access, week, around=AROUND_POOLS if pooled else AROUND_INSTRUMENTS)
                for week in range(sessions)
            ),
            resources=tuple(each.key for each in resources),
        )


def _hours(job: Job, resources: Sequence[Choice]) -> int:
    """Whole hours: the job's own, stretched to a working session, within every limit."""
    hours = min(STRETCH * math.ceil(job.ran / 3600), LONGEST_HOURS)
    longest = min(each.longest_hours for each in resources)
    shortest = max(each.shortest_hours for each in resources)
    return max(shortest, min(hours, longest))


def _quantity(job: Job, resources: Sequence[Choice]) -> int:
    """Units: the job's nodes of 128, as a share of the smallest pool; 1 of an instrument."""
    smallest = min(each.capacity for each in resources)
    return max(1, min(smallest, job.nodes * smallest // 128))


def _window(job: Job, access: Interval, week: int, *, around: timedelta) -> Interval:
    """Around the job's time in the log, `week` weeks on, wrapped into `access`."""
    length = access.end - access.start
    seconds = (job.started + week * 7 * 24 * 3600) % int(length.total_seconds())
    middle = access.start + timedelta(hours=seconds // 3600)
    starts_at = max(access.start, middle - around)
    ends_at = min(access.end, middle + around + LONGEST_HOURS * HOUR)
    return Interval(max(access.start, min(starts_at, ends_at - 2 * around)), ends_at)
