"""This engine, as `benchshare allocate` runs it."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context

from benchmarks._effort import Answer, Effort, peak_memory
from booking.engine.allocation.problem import Problem
from booking.engine.allocation.run import allocate


def engine(problem: Problem, effort: Effort) -> Answer:
    """Allocate; no time limit, for its work limits are counts."""
    if effort.workers == 1:
        return _answer(problem, effort, None)
    with ProcessPoolExecutor(effort.workers, mp_context=get_context("spawn")) as executor:
        return _answer(problem, effort, executor)


def _answer(problem: Problem, effort: Effort, executor: ProcessPoolExecutor | None) -> Answer:
    result = allocate(
        problem,
        gap=effort.gap,
        workers=effort.workers,
        executor=executor,
        timer=time.perf_counter,
    )
    pids = [one.pid for one in active_children() if one.pid is not None]
    return Answer(
        bookings=result["bookings"],
        bound=result["bound"],
        worst_gap=max((one["gap"] for one in result["facilities"]), default=0.0),
        worker_memory=max(map(peak_memory, pids or [os.getpid()])),
        notes=f"{result['work']['components']} components",
    )
