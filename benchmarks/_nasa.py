"""The NASA Ames iPSC/860 log of 1993 as a year's demand for a pool of 128 nodes.

Each user becomes an organisation. The log's three months are stretched over twelve, and its
run times with them, so that the machine stays as busy as it was. What an organisation ran in
a day on the same number of nodes is one wish, cut where it is longer than the hours offered.
The log knows no groups: which organisation is a startup or from a least developed country is
drawn from its number; who is a first-time user is not drawn, but seen in the replay.
"""

import gzip
import random
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

LOG: Final = Path(__file__).parent / "data" / "nasa_ipsc_1993.swf.gz"
YEAR: Final = 2027
NODES: Final = 128
OPEN: Final = (10, 16)
DAY_HOURS: Final = OPEN[1] - OPEN[0]
CHOICES: Final = 2
"""Working days, from the wished one on, on which a wish may be granted."""

RESERVED: Final = {"first-time": 0.1, "ldc": 0.1, "startup": 0.12}
CAP: Final = 0.1
MEMBERS: Final = {"ldc": 0.2, "startup": 0.25}


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the log: seconds since its beginning, seconds run, nodes, user."""

    start: int
    seconds: int
    nodes: int
    user: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Hours on some nodes, on a day of the year or soon after."""

    organisation: str
    on: date
    hours: int
    nodes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How an organisation stands when a call opens."""

    fair_share: float
    groups: tuple[str, ...]


def read_log(path: Path = LOG) -> list[Job]:
    """Read a log in Standard Workload Format; comments begin with a semicolon."""
    with gzip.open(path, "rt", encoding="ascii") as lines:
        fields = [line.split() for line in lines if line.strip() and not line.startswith(";")]
    return [Job(int(one[1]), int(one[3]), int(one[4]), int(one[11])) for one in fields]


def wishes(jobs: list[Job]) -> list[Wish]:
    """Stretch the log over the year and gather what was run by user, day and nodes."""
    stretch = 365 * 86_400 / (max(one.start for one in jobs) + 1)
    seconds: dict[tuple[date, int, int], float] = defaultdict(float)
    for job in jobs:
        on = date(YEAR, 1, 1) + timedelta(seconds=job.start * stretch)
        seconds[on, job.user, job.nodes] += job.seconds * stretch
    found = []
    for (on, user, nodes), total in sorted(seconds.items()):
        hours = -int(-total // 3600)
        while hours > 0:
            found.append(Wish(f"user {user:02}", on, min(hours, DAY_HOURS), nodes))
            hours -= DAY_HOURS
    return found


def drawn_groups(organisation: str) -> tuple[str, ...]:
    """Draw the groups of an organisation from its name alone."""
    draw = random.Random(organisation)
    return tuple(group for group, part in sorted(MEMBERS.items()) if draw.random() < part)


def working_days(month: int) -> list[date]:
    """List the month's days from Monday to Friday."""
    days = [date(YEAR, month, day) for day in range(1, monthrange(YEAR, month)[1] + 1)]
    return [day for day in days if day.weekday() < 5]


def month_round(month: int, asked: list[Wish], standings: dict[str, Standing]) -> dict[str, Any]:
    """Write one month's round as a problem file; steps are hours from the month's first day."""
    days = working_days(month)
    draw = random.Random(month)
    return {
        "format": "benchshare-allocation/1",
        "origin": f"{YEAR}-{month:02}-01T00:00:00Z",
        "step_minutes": 60,
        "seed": f"replay {month}",
        "ladder": [{"up_to": 0.5, "points": 1200}, {"up_to": 1.0, "points": 600}],
        "facilities": [{"id": "ames", "reserved_share": RESERVED, "cap_share": CAP}],
        "resources": [
            {
                "id": "nodes",
                "facility": "ames",
                "kind": "hypercube",
                "capacity": NODES,
                "rate": 1,
                "windows": [list(_hours(day)) for day in days],
            }
        ],
        "organisations": [
            {"id": name, "fair_share": standing.fair_share} for name, standing in standings.items()
        ],
        "requests": [
            {
                "id": f"{month:02}-{number:04}",
                "organisation": wish.organisation,
                "groups": list(standings[wish.organisation].groups),
                "merit": round(min(1000.0, max(300.0, draw.gauss(650, 130)))),
                "sessions": [_session(wish, days)],
            }
            for number, wish in enumerate(asked)
        ],
    }


def _session(wish: Wish, days: list[date]) -> dict[str, Any]:
    later = [day for day in days if day >= wish.on][:CHOICES] or days[-1:]
    return {
        "steps": wish.hours,
        "quantity": wish.nodes,
        "alternatives": [
            {"resource": "nodes", "from": _hours(day)[0], "to": _hours(day)[1], "rank": rank}
            for rank, day in enumerate(later)
        ],
    }


def _hours(day: date) -> tuple[int, int]:
    first = (day.day - 1) * 24
    return first + OPEN[0], first + OPEN[1]
