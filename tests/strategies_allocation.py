"""Rounds to try the engine on: drawn from a seed, so that a failing one can be drawn again."""

import copy
import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

HOURS = 24


@dataclass(frozen=True, slots=True)
class Size:
    """How large a drawn round is; `spread` is the steps a session may move in."""

    facilities: int
    resources: int
    requests: int
    days: int
    spread: int
    sessions: tuple[int, ...] = (1, 1, 1, 2, 3)
    lengths: tuple[int, ...] = (2, 4, 4, 6, 8, 10)
    pools: float = 0.15
    cap_share: float | None = 0.1
    linked: float = 0.0
    starts: tuple[int, int] | None = None


TINY = Size(
    facilities=2,
    resources=3,
    requests=5,
    days=1,
    spread=5,
    sessions=(1, 1, 2),
    lengths=(2, 3, 4),
    pools=0.3,
    cap_share=0.4,
    linked=0.3,
    starts=(8, 11),
)
SMALL = Size(facilities=2, resources=8, requests=40, days=7, spread=16)
MIDDLE = Size(facilities=5, resources=50, requests=500, days=14, spread=30)


def drawn_round(seed: int, size: Size) -> dict[str, Any]:
    """Draw a problem file: reserves, a cap, a ladder, pools, sessions, alternatives."""
    draw = random.Random(seed)
    resources = [_resource(draw, at, size) for at in range(size.resources)]
    organisations = [
        {"id": f"o{at}", "fair_share": round(draw.uniform(0.5, 1), 3)}
        for at in range(max(3, size.requests // 6))
    ]
    groups: dict[str, list[str]] = {
        f"o{at}": [name for name in ("ldc", "startup") if draw.random() < 0.3]
        for at in range(len(organisations))
    }
    return {
        "format": "benchshare-allocation/1",
        "origin": "2027-01-04T00:00:00Z",
        "step_minutes": 60,
        "seed": f"seed {seed}",
        "ladder": [{"up_to": 0.5, "points": 1200}, {"up_to": 1.0, "points": 600}],
        "facilities": [
            {
                "id": f"f{at}",
                "reserved_share": {"startup": 0.14, "ldc": 0.12},
                "cap_share": size.cap_share,
            }
            for at in range(size.facilities)
        ],
        "resources": resources,
        "organisations": organisations,
        "requests": [_request(draw, at, size, resources, groups) for at in range(size.requests)],
    }


def _resource(draw: random.Random, at: int, size: Size) -> dict[str, Any]:
    steps = HOURS * size.days
    days = [[day * HOURS + 8, day * HOURS + 20] for day in range(size.days) if day % 7 < 5]
    pooled = draw.random() < size.pools
    return {
        "id": f"r{at}",
        "facility": f"f{at % size.facilities}",
        "kind": f"k{at % 3}",
        "capacity": draw.choice([2, 4, 8]) if pooled else 1,
        "rate": 0.25 if pooled else 1,
        "windows": days if draw.random() < 0.6 else [[0, steps]],
    }


def _request(
    draw: random.Random,
    at: int,
    size: Size,
    resources: list[dict[str, Any]],
    groups: dict[str, list[str]],
) -> dict[str, Any]:
    facility = f"f{draw.randrange(size.facilities)}"
    there = [one for one in resources if one["facility"] == facility]
    choice = resources if draw.random() < size.linked else there
    organisation = draw.choice(sorted(groups))
    return {
        "id": f"q{at}",
        "organisation": organisation,
        "groups": groups[organisation],
        "merit": draw.randrange(400, 1000),
        "sessions": [_session(draw, size, choice) for _ in range(draw.choice(size.sessions))],
    }


def _session(draw: random.Random, size: Size, resources: list[dict[str, Any]]) -> dict[str, Any]:
    steps = draw.choice(size.lengths)
    chosen = draw.sample(resources, min(len(resources), draw.choice([1, 2, 3])))
    alternatives: list[dict[str, Any]] = []
    for rank, resource in enumerate(chosen):
        start = draw.randrange(*(size.starts or (0, max(1, HOURS * size.days - size.spread))))
        if draw.random() < 0.3:
            starts = [start + draw.randrange(size.spread) for _ in range(2)]
            alternatives.append({"resource": resource["id"], "starts": starts, "rank": rank})
        else:
            span = {"from": start, "to": start + size.spread}
            alternatives.append({"resource": resource["id"], **span, "rank": rank})
    units = draw.choice([1, 2, 3]) if chosen[0]["capacity"] > 1 else 1
    return {"steps": steps, "quantity": units, "alternatives": alternatives}


def tiny_rounds() -> st.SearchStrategy[dict[str, Any]]:
    """Rounds small enough to be solved by trying everything."""
    return st.integers(0, 10_000).map(lambda seed: drawn_round(seed, TINY))


def small_rounds() -> st.SearchStrategy[dict[str, Any]]:
    """Rounds whose components are all solved to optimality."""
    size = Size(
        facilities=2,
        resources=5,
        requests=18,
        days=3,
        spread=10,
        linked=0.1,
        cap_share=0.25,
        starts=(6, 40),
    )
    return st.integers(0, 10_000).map(lambda seed: drawn_round(seed, size))


def changed(problem: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Copy a file's object with one value replaced, such as `requests.0.merit`."""
    copied = copy.deepcopy(problem)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    at: Any = copied
    for part in way:
        at = at[part]
    at[last] = value
    return copied
