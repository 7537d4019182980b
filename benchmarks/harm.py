"""How often a gap does harm: who declares a group, or scores higher, and loses the place by it.

    python benchmarks/harm.py --cases 1000 --seconds 540

At the optimum that never happens; a round solved within a gap may break the law. Each case
draws a round too large for exact mode, takes one request that has its place, changes one
thing in its favour, solves again and looks whether the place is lost; and then whether the
timetable found without the change scores at least as high, so that adopting it mends the harm.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from booking.engine.allocation.changes import GroupAdded, Score, changed
from booking.engine.allocation.counterfactual import worth_of
from booking.engine.allocation.problem import Problem, read_problem
from booking.engine.allocation.run import allocate
from tests.strategies_allocation import Size, drawn_round

MIDDLE = Size(facilities=1, resources=8, requests=80, days=7, spread=24)
GROUPS = ("ldc", "startup")
CASES_A_ROUND = 10
HEADER = (
    f"{'the request':24}{'cases':>7}{'lost':>6}{'rate':>9}{'95 % from':>11}{'to':>9}{'mended':>8}"
)
SURE = 1.96
"""Standard deviations either side of a 95 % interval."""


@dataclass(slots=True)
class Tally:
    """Cases of one sort: tried, lost, and mended by adopting the other timetable."""

    name: str
    tried: int = 0
    lost: int = 0
    mended: int = 0

    def line(self) -> str:
        """Write the rates with Wilson's 95 % interval."""
        low, high = interval(self.lost, self.tried)
        return (
            f"{self.name:24}{self.tried:>7}{self.lost:>6}{rate(self.lost, self.tried):>9.2%}"
            f"{low:>11.2%}{high:>9.2%}{self.mended:>8}"
        )


def main() -> None:
    """Try cases until there are enough or the time is up, and print one line a sort."""
    asked = _arguments()
    began = time.process_time()
    tallies = {GroupAdded: Tally("declares one group more"), Score: Tally("scores higher")}
    exact = done = 0
    for problem, result in _rounds(asked.gap, asked.seed):
        exact += all(one["proved_optimal"] for one in result["facilities"])
        for change in _changes(problem, result, asked.seed + done):
            if done >= asked.cases or time.process_time() - began > asked.seconds:
                break
            done += 1
            _count(tallies[type(change)], problem, result, change, asked.gap)
        else:
            continue
        break
    spent = time.process_time() - began
    print(f"{done} cases at a gap of {asked.gap:.1%} in {spent:.0f} CPU s; rounds exact: {exact}")
    print(HEADER)
    for tally in tallies.values():
        print(tally.line())


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a rate; 0 to 1 where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, weight = hits / trials, SURE**2 / trials
    middle = share + weight / 2
    reach = SURE * sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return max(0.0, (middle - reach) / (1 + weight)), (middle + reach) / (1 + weight)


def rate(hits: int, trials: int) -> float:
    """Give hits over trials, 0 where nothing was tried."""
    return hits / trials if trials else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure harm within a gap.")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _rounds(gap: float, seed: int) -> Iterator[tuple[Problem, dict[str, Any]]]:
    """Draw rounds without end, each with its result."""
    while True:
        problem = read_problem(drawn_round(seed, MIDDLE))
        yield problem, allocate(problem, gap=gap)
        seed += 1


def _changes(problem: Problem, result: dict[str, Any], seed: int) -> Iterator[GroupAdded | Score]:
    """Draw changes in favour of requests that have their place, one sort after the other."""
    draw = random.Random(seed)
    served = sorted({one["request"] for one in result["bookings"]})
    asked = {one.id: one for one in problem.requests}
    for number in range(CASES_A_ROUND):
        request = asked[draw.choice(served)]
        missing = [one for one in GROUPS if one not in request.groups]
        if number % 2 and missing:
            yield GroupAdded(request.id, draw.choice(missing))
        else:
            yield Score(request.id, min(1000, request.merit + draw.choice([10, 50, 150])))


def _count(
    tally: Tally,
    problem: Problem,
    result: dict[str, Any],
    change: GroupAdded | Score,
    gap: float,
) -> None:
    after = changed(problem, change)
    found = allocate(after, gap=gap)
    tally.tried += 1
    if all(one["request"] != change.request for one in found["bookings"]):
        tally.lost += 1
        kept = worth_of(after, result["bookings"])
        tally.mended += kept >= worth_of(after, found["bookings"])


if __name__ == "__main__":
    main()
