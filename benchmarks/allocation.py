"""The engine against its references, on the same fresh rounds in one run.

What counts are ratios: a machine's seconds are its own. `gap` is against the best bound that
any of the methods proved; `worst` is the largest certified gap of a facility. Every timetable
is counted again by code that shares nothing with any solver.

    python benchmarks/allocation.py                      # 50, 500 and core, about ten minutes
    python benchmarks/allocation.py --size 2000 --only engine
    python benchmarks/allocation.py --curve              # time against size, memory of a worker
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._effort import Effort
from benchmarks._measuring import Ran, run
from benchmarks._rounds import NAMES, SIZES, drawn, sized, sized_name

ENGINE: Final = "engine"
METHODS: Final = MappingProxyType(
    {
        ENGINE: "benchmarks._engine:engine",
        "telescope, SCIP": "benchmarks._scip:telescope",
        "telescope by facility, SCIP": "benchmarks._scip:by_facility",
        "telescope, HiGHS": "benchmarks._highs:telescope",
        "facility cliques, HiGHS": "benchmarks._highs:cliques",
        "CP-SAT": "benchmarks._cpsat:whole",
        "greedy and local search": "benchmarks._greedy:local_search",
        "sequential reserves": "benchmarks._greedy:sequential",
    }
)
GAPS: Final = MappingProxyType({"core": 0.005, "linked": 0.025})
GAP: Final = 0.01
USUAL: Final = ("50", "500", "core")
CURVE: Final = (50, 100, 200, 500, 1000, 2000)
REQUESTS_EACH: Final = 25
ENGINE_SECONDS: Final = 900
PATIENCE: Final = 6
"""Times its seconds that a reference may take to build its program and to stop."""
HEADER: Final = (
    f"{'method':29}{'CPU s':>9}{'wall s':>9}{'MB':>7}{'MB a worker':>13}"
    f"{'objective':>15}{'gap':>9}{'worst':>9}{'CPU/engine':>12}"
)


def main() -> None:
    """Print a table for each size, or the curve."""
    asked = _asked()
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sizes = [f"{one}/{one * REQUESTS_EACH}" for one in CURVE if one <= asked.to]
    methods = [name for name in METHODS if not asked.only or name in asked.only]
    for size in sizes if asked.curve else asked.size or USUAL:
        for seed in asked.seed or [1]:
            _compare(asked, size, seed, [ENGINE] if asked.curve else methods)


def _compare(asked: argparse.Namespace, size: str, seed: int, methods: Sequence[str]) -> None:
    gap = asked.gap or GAPS.get(size, GAP)
    workers = 1 if size == "50" else asked.workers
    effort = Effort(gap, asked.limit, workers)
    problem = drawn(sized(size), seed, asked.family)
    resources, requests = len(problem["resources"]), len(problem["requests"])
    print(
        f"\n{size} ({asked.family}, seed {seed}): {resources} resources, {requests} requests;"
        f" gap asked for {gap:.1%}, workers {workers}, references stop after {asked.limit:g} CPU s"
    )
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "round.json")
        path.write_text(json.dumps(problem), encoding="utf-8")
        del problem
        runs = {name: _told(name, path, effort) for name in methods}
    _print(runs)


def _told(name: str, path: Path, effort: Effort) -> Ran | str:
    # Progress goes to the other stream, so that the table can be kept by itself.
    print(f"  {name} ...", file=sys.stderr, flush=True)
    patience = ENGINE_SECONDS if name == ENGINE else PATIENCE * effort.seconds + 120
    ran = run(METHODS[name], path, effort, patience)
    if isinstance(ran, Ran):
        worth, bound = float(ran.objective), ran.answer.bound
        told = f"    {worth:.0f} of at most {bound:.0f} in {ran.spent.cpu:.1f} CPU s"
        print(told, file=sys.stderr, flush=True)
    return ran


def _print(runs: Mapping[str, Ran | str]) -> None:
    ended = {name: one for name, one in runs.items() if isinstance(one, Ran)}
    bound = min((one.answer.bound for one in ended.values()), default=float("inf"))
    own = ended.get(ENGINE)
    for name, one in runs.items():
        print(f"{name:29}{one}" if isinstance(one, str) else _line(name, one, bound, own))
        for fault in one.faults[:3] if isinstance(one, Ran) else ():
            print(f"{'':29}NOT A TIMETABLE: {fault}")
    sys.stdout.flush()


def _line(name: str, ran: Ran, bound: float, own: Ran | None) -> str:
    spent, answer = ran.spent, ran.answer
    objective = float(ran.objective)
    worker = "" if answer.worker_memory is None else f"{answer.worker_memory:.0f}"
    worst = "" if answer.worst_gap is None else f"{answer.worst_gap:.2%}"
    gap = f"{(bound - objective) / bound:.2%}" if 0 < bound < float("inf") else "none"
    ratio = f"{spent.cpu / own.spent.cpu:.2f}" if own else ""
    return (
        f"{name:29}{spent.cpu:>9.1f}{spent.wall:>9.1f}{spent.memory:>7.0f}{worker:>13}"
        f"{objective:>15.0f}{gap:>9}{worst:>9}{ratio:>12}"
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--size",
        action="append",
        type=sized_name,
        help=f"{', '.join(SIZES)} or RESOURCES/REQUESTS",
    )
    parser.add_argument("--seed", action="append", type=int, help="default 1")
    parser.add_argument("--family", choices=NAMES, default="mixed")
    parser.add_argument("--only", action="append", choices=list(METHODS), help="a method")
    parser.add_argument("--gap", type=float, help="instead of the gap the size is held to")
    parser.add_argument(
        "--limit", type=float, default=40.0, help="processor seconds of a reference"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes, but one for 50")
    parser.add_argument("--curve", action="store_true", help="the engine alone, size by size")
    parser.add_argument("--to", type=int, default=CURVE[-1], help="the curve's last size")
    return parser.parse_args()


if __name__ == "__main__":
    main()
