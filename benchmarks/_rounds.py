"""Fresh rounds of any size, as problem files: the same size, family and seed give the same round.

    python benchmarks/_rounds.py 500 7 --family pools -o round.json

Sizes are those of the table the engine is held to, or RESOURCES/REQUESTS. Families differ in
what makes a round hard, so that nothing is tuned for one of them. `mixed` is harder than most:
there SCIP is 10 % from its bound after 110 CPU-s at 500 resources without rules, in the
telescope formulation; on `singles` 0.6 %.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

DAY: Final = 24
WORKING: Final = (8, 20)
LADDER: Final = ({"up_to": 0.5, "points": 1200}, {"up_to": 1.0, "points": 600})
GROUPS: Final = MappingProxyType({"startup": 0.18, "sme": 0.3, "ldc": 0.18, "first-time": 0.25})
"""How likely an organisation is in each group; startups are small enterprises as a rule."""

DAYTIME_STEPS: Final = (2, 3, 4, 4, 6, 8, 8, 10, 12)
ROUND_THE_CLOCK_STEPS: Final = (2, 4, 6, 8, 8, 12, 12, 16, 20, 24, 24, 48, 72)
SESSIONS: Final = (1, 1, 1, 2, 3)
ALTERNATIVES: Final = (1, 1, 2, 2, 3)
AT_HOME: Final = 0.85
"""The part of a facility's requests that its own users send; the rest come from anywhere."""

REGION: Final = 10
"""Facilities of a region, where rounds are linked."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a round is; `linked` is the part of requests that name several facilities."""

    facilities: int
    resources: int
    requests: int
    rules: bool = True
    linked: float = 0.0


@dataclass(frozen=True, slots=True)
class Family:
    """What a facility is like.

    `pools`, `daytime` and `spans` are parts of its kinds and of its sessions' alternatives;
    `worth` is credits an hour of a whole pool; `load` is requested over offered hours.
    """

    pools: float
    daytime: float
    spans: float
    starts: tuple[int, int]
    load: float
    worth: tuple[float, float] = (0.6, 2.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """Interchangeable resources: a kind's usual capacity, its rate and its hours."""

    name: str
    capacity: int
    rate: float
    daytime: bool
    members: tuple[dict[str, Any], ...] = ()

    @property
    def lengths(self) -> tuple[int, ...]:
        """List the usual steps of a session."""
        return DAYTIME_STEPS if self.daytime else ROUND_THE_CLOCK_STEPS


@dataclass(frozen=True, slots=True)
class Place:
    """A facility as the requests see it: its family, its kinds and who is at home there."""

    family: Family
    kinds: tuple[Kind, ...]
    home: tuple[str, ...]


SIZES: Final = MappingProxyType(
    {
        "50": Size(2, 50, 500),
        "500": Size(20, 500, 5_000),
        "core": Size(20, 500, 5_000, rules=False),
        "2000": Size(100, 2_000, 50_000),
        "linked": Size(100, 2_000, 50_000, linked=0.1),
    }
)
FAMILIES: Final = MappingProxyType(
    {
        "singles": Family(pools=0.0, daytime=0.6, spans=0.15, starts=(1, 5), load=1.6),
        "instruments": Family(pools=0.2, daytime=0.6, spans=0.15, starts=(1, 5), load=2.0),
        "pools": Family(pools=0.75, daytime=0.2, spans=0.2, starts=(1, 5), load=2.8, worth=(2, 6)),
        "starts": Family(pools=0.25, daytime=0.3, spans=0.9, starts=(6, 20), load=1.8),
        "crowded": Family(pools=0.25, daytime=0.5, spans=0.2, starts=(1, 4), load=3.0),
    }
)
MIXTURES: Final = MappingProxyType(
    {
        "mixed": {"instruments": 53, "pools": 12, "starts": 10, "crowded": 25},
        "usual": {"singles": 88, "pools": 12},
    }
)
"""Of a hundred facilities of a mixture, how many are of which family."""

NAMES: Final = (*MIXTURES, *FAMILIES)


def drawn(size: Size, seed: int, family: str = "mixed") -> dict[str, Any]:
    """Draw a problem file."""
    draw = random.Random(f"{size} {family} {seed}")
    homes = _homes(draw, size)
    places, resources = [], []
    for at, chosen in enumerate(_families(draw, size.facilities, family)):
        place = _place(draw, size, at, chosen, homes[at])
        places.append(place)
        resources += [one for kind in place.kinds for one in kind.members]
    groups = {name: _groups(draw) for home in homes for name in home}
    return {
        "format": "benchshare-allocation/1",
        "origin": "2027-01-04T00:00:00Z",
        "step_minutes": 60,
        "seed": f"{family} {seed}",
        "ladder": [dict(rung) for rung in LADDER],
        "facilities": [_facility(draw, at, size) for at in range(size.facilities)],
        "resources": resources,
        "organisations": [
            {"id": name, "fair_share": round(draw.uniform(0.5, 1.0), 3)} for name in groups
        ],
        "requests": [_request(draw, at, size, places, groups) for at in range(size.requests)],
    }


def sized(text: str) -> Size:
    """Read a size: its name, or RESOURCES/REQUESTS.

    Raises: ArgumentTypeError for anything else, with the sizes there are.
    """
    if text in SIZES:
        return SIZES[text]
    resources, _, requests = text.partition("/")
    if not (_is_count(resources) and _is_count(requests)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size; give {', '.join(SIZES)} or RESOURCES/REQUESTS, such as 20/200"
        )
    return Size(max(1, round(int(resources) / 20)), int(resources), int(requests))


def sized_name(text: str) -> str:
    """Check a size and return it as it was written. Raises: ArgumentTypeError."""
    sized(text)
    return text


def _is_count(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def _families(draw: random.Random, facilities: int, family: str) -> list[Family]:
    if family in FAMILIES:
        return [FAMILIES[family]] * facilities
    # The parts hold in rounds of every size, so that two seeds differ in places, not in parts.
    wheel = [name for name, part in MIXTURES[family].items() for _ in range(part)]
    first = draw.randrange(100)
    chosen = [wheel[(first + at * 100 // facilities) % 100] for at in range(facilities)]
    draw.shuffle(chosen)
    return [FAMILIES[name] for name in chosen]


def _homes(draw: random.Random, size: Size) -> list[tuple[str, ...]]:
    each = max(8, size.requests // size.facilities // 12)
    names = [f"o{at:05}" for at in range(each * size.facilities)]
    draw.shuffle(names)
    return [tuple(names[at * each : (at + 1) * each]) for at in range(size.facilities)]


def _groups(draw: random.Random) -> list[str]:
    chosen = {name for name, part in GROUPS.items() if draw.random() < part}
    if "startup" in chosen and draw.random() < 0.7:
        chosen.add("sme")
    return sorted(chosen)


def _facility(draw: random.Random, at: int, size: Size) -> dict[str, Any]:
    shares = {name: round(draw.uniform(0.08, 0.15), 2) for name in GROUPS}
    rules = {"reserved_share": shares, "cap_share": 0.1} if size.rules else {"cap_share": None}
    return {"id": f"f{at:03}", **rules}


def _place(
    draw: random.Random, size: Size, at: int, family: Family, home: tuple[str, ...]
) -> Place:
    here = range(at, size.resources, size.facilities)
    kinds = [_kind(draw, number, family) for number in range(max(2, round(len(here) / 4)))]
    # Whole parts of pools, so that no facility misses its family by bad luck.
    pools = sum(draw.random() < family.pools for _ in kinds) or family.pools > 0.5
    kinds = [_pooled(draw, kind, family) if n < pools else kind for n, kind in enumerate(kinds)]
    weeks = draw.randint(4, 8)
    usual = sum(map(_popularity, kinds)) / len(kinds)
    each = size.requests / size.resources / usual
    members: list[list[dict[str, Any]]] = [[] for _ in kinds]
    for number, resource in enumerate(here):
        kind = kinds[number % len(kinds)]
        members[number % len(kinds)].append(
            _resource(draw, resource, at, kind, _windows(draw, kind, family, each, weeks))
        )
    filled = [
        Kind(kind.name, kind.capacity, kind.rate, kind.daytime, tuple(some))
        for kind, some in zip(kinds, members, strict=True)
        if some
    ]
    return Place(family, tuple(filled), home)


def _kind(draw: random.Random, number: int, family: Family) -> Kind:
    return Kind(f"k{number}", 1, 1, draw.random() < family.daytime)


def _pooled(draw: random.Random, kind: Kind, family: Family) -> Kind:
    capacity = draw.choice([4, 8, 8, 16, 32, 64, 128])
    rate = min(0.9, round(draw.uniform(*family.worth) / capacity, 3))
    return Kind(kind.name, capacity, rate, daytime=False)


def _resource(
    draw: random.Random, number: int, facility: int, kind: Kind, windows: list[list[int]]
) -> dict[str, Any]:
    capacity = kind.capacity
    if capacity > 1:
        capacity = min(128, max(4, round(capacity * draw.choice([0.5, 1, 1, 1.5]))))
    return {
        "id": f"r{number:04}",
        "facility": f"f{facility:03}",
        "kind": kind.name,
        "capacity": capacity,
        "rate": kind.rate,
        "windows": windows,
    }


def _windows(
    draw: random.Random, kind: Kind, family: Family, requests: float, weeks: int
) -> list[list[int]]:
    """Offer days of the horizon until the hours asked for are `load` times those offered."""
    mean = sum(kind.lengths) / len(kind.lengths) * sum(SESSIONS) / len(SESSIONS)
    unit = 1 / 6 if kind.capacity > 1 else 1
    wanted = requests * _popularity(kind) * mean * unit / family.load * draw.uniform(0.7, 1.3)
    if kind.daytime:
        days = [day for day in range(7 * weeks) if day % 7 < 5]
        count = min(len(days), max(2, round(wanted / (WORKING[1] - WORKING[0]))))
        chosen = sorted(draw.sample(days, count))
        return [[day * DAY + WORKING[0], day * DAY + WORKING[1]] for day in chosen]
    days = list(range(7 * weeks))
    taken: set[int] = set()
    while len(taken) < max(2, min(wanted / DAY, 0.9 * len(days))):
        first, length = draw.choice(days), draw.choice([1, 2, 3, 3])
        taken.update(range(first, min(first + length, len(days))))
    return _joined(sorted(taken))


def _joined(days: Sequence[int]) -> list[list[int]]:
    windows: list[list[int]] = []
    for day in days:
        if windows and windows[-1][1] == day * DAY:
            windows[-1][1] += DAY
        else:
            windows.append([day * DAY, (day + 1) * DAY])
    return windows


def _popularity(kind: Kind) -> float:
    """Say how often a kind is asked for, an instrument being 1: a pool serves many at a time."""
    return 3.0 if kind.capacity > 1 else 1.0


def _request(
    draw: random.Random, at: int, size: Size, places: list[Place], groups: dict[str, list[str]]
) -> dict[str, Any]:
    first = draw.randrange(len(places))
    chosen = [first]
    if draw.random() < size.linked:
        region = range(first - first % REGION, min(first - first % REGION + REGION, len(places)))
        others = [one for one in region if one != first]
        chosen += draw.sample(others, min(len(others), draw.choice([1, 2])))
    organisation = _organisation(draw, places, first)
    count = draw.choice(SESSIONS)
    wishes = [_sessions(draw, places[one], count) for one in chosen]
    return {
        "id": f"q{at:05}",
        "organisation": organisation,
        "groups": groups[organisation],
        "merit": round(min(1000.0, max(300.0, draw.gauss(660, 150)))),
        "sessions": [_merged(parts) for parts in zip(*wishes, strict=True)],
    }


def _organisation(draw: random.Random, places: list[Place], facility: int) -> str:
    if draw.random() < AT_HOME:
        home = places[facility].home
        return draw.choices(home, [1 / (rank + 1) for rank in range(len(home))])[0]
    return draw.choice(draw.choice(places).home)


def _merged(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make one session of what it would be at each facility; the first decides its length."""
    steps = min(part["steps"] for part in parts)
    quantity = min(part["quantity"] for part in parts)
    ranked = [
        one | {"rank": one["rank"] + nth}
        for nth, part in enumerate(parts)
        for one in part["alternatives"]
    ]
    return {"steps": steps, "quantity": quantity, "alternatives": ranked}


def _sessions(draw: random.Random, place: Place, count: int) -> list[dict[str, Any]]:
    weights = [_popularity(kind) * len(kind.members) for kind in place.kinds]
    kind = draw.choices(place.kinds, weights)[0]
    return [_session(draw, place.family, kind) for _ in range(count)]


def _session(draw: random.Random, family: Family, kind: Kind) -> dict[str, Any]:
    chosen = draw.sample(kind.members, min(len(kind.members), draw.choice(ALTERNATIVES)))
    longest = min(max(end - start for start, end in one["windows"]) for one in chosen)
    steps = min(longest, draw.choice(kind.lengths))
    least = min(one["capacity"] for one in chosen)
    return {
        "steps": steps,
        "quantity": draw.randint(1, max(1, least // 3)),
        "alternatives": [
            _alternative(draw, family, resource, steps) | {"rank": rank}
            for rank, resource in enumerate(chosen)
        ],
    }


def _alternative(
    draw: random.Random, family: Family, resource: dict[str, Any], steps: int
) -> dict[str, Any]:
    fitting = [window for window in resource["windows"] if window[1] - window[0] >= steps]
    low, high = draw.choice(fitting)
    count = draw.randint(*family.starts)
    if draw.random() < family.spans:
        start = draw.randint(low, high - steps)
        span = {"from": start, "to": min(high, start + steps + count - 1)}
        return {"resource": resource["id"], **span}
    starts = sorted({draw.randint(low, high - steps) for _ in range(count)})
    return {"resource": resource["id"], "starts": starts}


def main() -> None:
    """Write one round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=sized, help=f"{', '.join(SIZES)} or RESOURCES/REQUESTS")
    parser.add_argument("seed", type=int)
    parser.add_argument("--family", choices=NAMES, default="mixed")
    parser.add_argument("-o", "--output", type=Path, help="a file; otherwise standard output")
    asked = parser.parse_args()
    text = json.dumps(drawn(asked.size, asked.seed, asked.family), separators=(",", ":"))
    if asked.output is None:
        sys.stdout.write(text + "\n")
    else:
        asked.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
