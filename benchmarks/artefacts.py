"""What a round costs outside the solver: read, finish, explain, write, verify, and "why not me".

    python benchmarks/artefacts.py 2000 1

The timetable is the one by value, so that no solver's time is in the figures. Each figure is
held against the time to parse the round's own JSON, measured in the same run.
"""

import argparse
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._rounds import NAMES, drawn, sized
from booking.engine.allocation.components import split
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.fallback import fall_back
from booking.engine.allocation.finish import finish
from booking.engine.allocation.model import task_of
from booking.engine.allocation.placements import compile_problem
from booking.engine.allocation.problem import canonical_json, read_problem
from booking.engine.allocation.result import Solved, write_result
from booking.engine.allocation.verification import verify
from booking.engine.allocation.why_not import why_not

ASKED: Final = 200
"""Requests asked "why not me?", drawn from all that have no place."""

Answer = TypeVar("Answer")


class Laps:
    """CPU seconds by name; the first is what the others are divided by."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def lap(self, name: str, work: Callable[[], Answer]) -> Answer:
        """Do a piece of work and remember its CPU seconds."""
        began = time.process_time()
        answer = work()
        self.seconds[name] = time.process_time() - began
        return answer

    def show(self) -> None:
        """Print a line a lap."""
        first = next(iter(self.seconds.values()))
        for name, seconds in self.seconds.items():
            print(f"{name:28}{seconds:>9.2f} CPU-s{seconds / first:>9.1f} x")


def main() -> None:
    """Print the figures of one round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=sized, nargs="?", default="500")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--family", choices=NAMES, default="mixed")
    wanted = parser.parse_args()
    text = canonical_json(drawn(wanted.size, wanted.seed, wanted.family))
    laps = Laps()
    parsed = laps.lap("parse JSON", lambda: json.loads(text))
    problem = laps.lap("read", lambda: read_problem(parsed))
    result = written(problem, laps)
    faults = laps.lap("verify", lambda: verify(problem, result))
    laps.show()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory':28}{peak:>9.0f} MB")
    print(f"{'faults found':28}{len(faults):>9}")
    answers = sorted(asked(problem, result, random.Random(wanted.seed)))
    if answers:
        print(f"{'why not me, median':28}{statistics.median(answers) * 1000:>9.1f} ms")
        nearly_all = answers[len(answers) * 99 // 100 - 1]
        print(f"{'why not me, 99 in 100':28}{nearly_all * 1000:>9.1f} ms")


def written(problem: Problem, laps: Laps) -> dict[str, Any]:
    """Allocate by value and write the result, step by step."""
    compiled = laps.lap("compile", lambda: compile_problem(problem))
    components = split(compiled)
    tasks = tuple(task_of(compiled, one) for one in components)
    outcomes = laps.lap("by value (no solver)", lambda: tuple(map(fall_back, tasks)))
    chosen = [
        int(component.placements[column])
        for component, outcome in zip(components, outcomes, strict=True)
        for column in outcome.chosen
    ]
    timetable = laps.lap("finish", lambda: finish(compiled, chosen))
    solved = Solved(components, tasks, outcomes)
    return laps.lap("explain, report and write", lambda: write_result(timetable, solved))


def asked(problem: Problem, result: dict[str, Any], draw: random.Random) -> list[float]:
    """Ask for some requests without a place why that is; CPU seconds each."""
    refused = [one["request"] for one in result["decisions"]]
    found = []
    for request in draw.sample(refused, min(ASKED, len(refused))):
        began = time.process_time()
        why_not(problem, result, request)
        found.append(time.process_time() - began)
    return found


if __name__ == "__main__":
    main()
