"""Run the components' solves: one after another, or side by side on an executor."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from booking.engine.allocation.model import Task
from booking.engine.allocation.solver import Outcome, solve


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try: the gap, the safety stop in seconds, the solves side by side.

    `timer` gives seconds on any scale; without it the solver's own times are added up.
    """

    gap: float
    time_limit: float | None
    workers: int
    executor: Executor | None
    progress: Callable[[int, int], None] | None
    timer: Callable[[], float] | None


def solve_all(tasks: tuple[Task, ...], effort: Effort) -> tuple[Outcome, ...]:
    """Solve every task; the outcomes stand in the tasks' order however they were run."""
    if effort.executor is None and (effort.workers == 1 or len(tasks) <= 1):
        return _one_by_one(tasks, effort)
    with _executor(effort) as executor:
        return _side_by_side(tasks, effort, executor)


class _Budget:
    """What is left of the time limit."""

    def __init__(self, effort: Effort) -> None:
        self._limit = effort.time_limit
        self._timer = effort.timer
        self._began = effort.timer() if effort.timer else 0.0
        self._spent = 0.0

    def spend(self, seconds: float) -> None:
        """Count a solve's own seconds."""
        self._spent += seconds

    def left(self) -> float | None:
        """Give the seconds left; None where there is no limit."""
        if self._limit is None:
            return None
        spent = self._timer() - self._began if self._timer else self._spent
        return max(0.0, self._limit - spent)


def _one_by_one(tasks: tuple[Task, ...], effort: Effort) -> tuple[Outcome, ...]:
    """Solve the smallest first, so that a safety stop spoils as few as possible."""
    budget = _Budget(effort)
    found: dict[int, Outcome] = {}
    for at in sorted(range(len(tasks)), key=lambda one: (len(tasks[one]), one)):
        found[at] = solve(tasks[at], effort.gap, budget.left())
        budget.spend(found[at].seconds)
        _tell(effort, len(found), len(tasks))
    return tuple(found[at] for at in range(len(tasks)))


def _side_by_side(
    tasks: tuple[Task, ...], effort: Effort, executor: Executor
) -> tuple[Outcome, ...]:
    """Solve the largest first, as many at a time as there are workers."""
    budget = _Budget(effort)
    waiting = sorted(range(len(tasks)), key=lambda one: (-len(tasks[one]), one))
    running: dict[Future[Outcome], int] = {}
    found: dict[int, Outcome] = {}
    while waiting or running:
        while waiting and len(running) < effort.workers:
            at = waiting.pop(0)
            running[executor.submit(solve, tasks[at], effort.gap, budget.left())] = at
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            at = running.pop(done)
            found[at] = done.result()
            budget.spend(found[at].seconds / effort.workers)
            _tell(effort, len(found), len(tasks))
    return tuple(found[at] for at in range(len(tasks)))


@contextmanager
def _executor(effort: Effort) -> Iterator[Executor]:
    if effort.executor is not None:
        yield effort.executor
        return
    with ProcessPoolExecutor(effort.workers, mp_context=get_context("spawn")) as executor:
        yield executor


def _tell(effort: Effort, done: int, total: int) -> None:
    if effort.progress is not None:
        effort.progress(done, total)
