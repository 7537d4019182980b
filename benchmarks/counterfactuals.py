"""What "what would have placed me?" costs: one change verified by solving its facilities again.

    python benchmarks/counterfactuals.py 200/5000 1 --family usual

The round is decided by the engine first. For each request drawn from those without a place the
smallest change of each kind is tried once. A solve is held against deciding the whole round,
measured in the same run.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._rounds import NAMES, drawn, sized
from booking.engine.allocation.counterfactual import tried
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from booking.engine.allocation.shortlist import suggestions

REQUESTS: Final = 20


@dataclass(frozen=True, slots=True)
class Tried:
    """One change tried: its kind, whether it would have placed the request, CPU seconds."""

    kind: str
    granted: bool
    seconds: float


def main() -> None:
    """Print the figures of one round."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("size", type=sized, nargs="?", default="200/5000")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--family", choices=NAMES, default="usual")
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests asked about")
    wanted = parser.parse_args()
    problem = read_problem(drawn(wanted.size, wanted.seed, wanted.family))
    began = time.process_time()
    result = allocate(problem, gap=wanted.gap)
    whole = time.process_time() - began
    print(f"the round: {whole:.1f} CPU-s, gap {result['gap']:.2%}", flush=True)
    refused = [one["request"] for one in result["decisions"] if not one["granted"]]
    some = random.Random(wanted.seed).sample(refused, min(wanted.requests, len(refused)))
    show([one for request in some for one in changes(problem, result, request, wanted.gap)], whole)


def changes(problem: Problem, result: Mapping[str, Any], request: str, gap: float) -> list[Tried]:
    """Try the smallest change of each kind that might have placed a request."""
    firsts = {
        type(one.change).__name__: one for one in reversed(suggestions(problem, result, request))
    }
    found = []
    for kind, suggestion in firsts.items():
        began = time.process_time()
        answer = tried(problem, result, request, suggestion.change, gap=gap)
        found.append(Tried(kind, answer.granted, time.process_time() - began))
    return found


def show(found: list[Tried], whole: float) -> None:
    """Print a line a kind, and one for all."""
    print(f"{'change':20}{'tried':>7}{'placed':>8}{'median s':>10}{'worst s':>9}{'of round':>10}")
    for kind in (*sorted({one.kind for one in found}), "all"):
        some = [one for one in found if kind in (one.kind, "all")]
        seconds = [one.seconds for one in some]
        median, placed = statistics.median(seconds), sum(one.granted for one in some)
        print(
            f"{kind:20}{len(some):>7}{placed:>8}{median:>10.2f}{max(seconds):>9.2f}"
            f"{median / whole:>10.1%}"
        )


if __name__ == "__main__":
    main()
