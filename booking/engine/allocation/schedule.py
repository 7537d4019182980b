"""Run a stateless function over tasks: one after another, or side by side on an executor."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from booking.engine.allocation.pool import Pool
from booking.engine.allocation.stopping import stopped_by

Given = TypeVar("Given")
Answer = TypeVar("Answer")
Solve = Callable[[Given, float | None], Answer]
"""A picklable function of a task and the seconds left for it, None for as many as it takes."""

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether to stop, while tasks run."""

GRACE: Final = 5.0
"""Seconds that running tasks are given to end by themselves once asked to."""

MOST_LOSSES: Final = 3
"""Workers a task may lose before it is given up."""

LOSSES: Final = (BrokenExecutor, CancelledError)

WORTH_A_PROCESS: Final = 1000
"""Placements for which starting one more process pays."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to try, the safety stop in seconds, and how many tasks side by side.

    `timer` gives seconds on any scale; without it the seconds told to `Runner.spend` are
    added up. `stop` is asked between tasks, and now and then while some run. `losses` are
    the errors of a given executor that mean a worker died, not that the task is wrong.
    """

    time_limit: float | None = None
    workers: int = 1
    executor: Executor | None = None
    timer: Callable[[], float] | None = None
    stop: Callable[[], bool] | None = None
    losses: tuple[type[Exception], ...] = LOSSES


def worthwhile_workers(weights: Sequence[int]) -> int:
    """Give as many processes as there are usable cores, and tasks and placements for."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    tasks = sum(weight > 0 for weight in weights)
    return max(1, min(usable or 1, tasks, sum(weights) // WORTH_A_PROCESS))


@contextmanager
def runner(effort: Effort) -> Iterator["Runner"]:
    """Give a runner for any number of rounds of tasks; its processes end with the block."""
    running = Runner(effort)
    try:
        yield running
    except BaseException:
        running.close(now=True)
        raise
    running.close(now=running.stopped)


class Runner:
    """Runs rounds of tasks on the same processes, until it is stopped."""

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        self.stopped = False
        self._pool = Pool(effort.workers, effort.executor)
        self._began = effort.timer() if effort.timer else 0.0
        self._spent = 0.0

    def map(
        self,
        function: Solve[Given, Answer],
        tasks: Sequence[Given],
        urgency: Sequence[float],
        told: Callable[[int, Answer], None] | None = None,
    ) -> tuple[Answer | None, ...]:
        """Answer every task; the answers stand in the tasks' order however they were run.

        None stands for a task not reached before a stop, or that lost its worker too often;
        so `function` must answer something else. It is run on the most urgent task first,
        since a stop leaves out what comes last. `told` is called with each place and answer
        as they come. Raises: what `function` raises.
        """
        alone = self.effort.workers == 1 or len(tasks) <= 1
        one_by_one = alone and self.effort.executor is None
        order = sorted(range(len(tasks)), key=lambda at: (-urgency[at], at))
        found: dict[int, Answer] = {}
        answers = self._one_by_one if one_by_one else self._side_by_side
        for at, answer in answers(function, tasks, order):
            found[at] = answer
            if told is not None:
                told(at, answer)
        return tuple(found.get(at) for at in range(len(tasks)))

    def spend(self, seconds: float) -> None:
        """Count a task's own seconds against the limit, where there is no timer."""
        self._spent += seconds / self.effort.workers

    def seconds_left(self) -> float | None:
        """Give the seconds left; None where there is no limit."""
        if self.effort.time_limit is None:
            return None
        timer = self.effort.timer
        spent = timer() - self._began if timer else self._spent
        return max(0.0, self.effort.time_limit - spent)

    def should_stop(self) -> bool:
        """Tell whether to begin nothing more; once true, it stays so."""
        if not self.stopped:
            asked = self.effort.stop is not None and self.effort.stop()
            self.stopped = asked or self.seconds_left() == 0
        return self.stopped

    def resume(self) -> None:
        """Run what comes next to its end, without a limit; what a stop left running is ended.

        After a stop a given executor may be the one that was lost, so it is used no more.
        """
        self.effort = replace(self.effort, time_limit=None, stop=None)
        if self.stopped:
            self.close(now=True)
            if self.effort.executor is not None:
                self.effort = replace(self.effort, workers=1, executor=None)
        self.stopped = False

    def close(self, *, now: bool) -> None:
        """End the processes: when they are idle, or `now`, whatever they do."""
        self._pool.end(now=now)

    def _one_by_one(
        self, function: Solve[Given, Answer], tasks: Sequence[Given], order: list[int]
    ) -> Iterator[tuple[int, Answer]]:
        for at in order:
            if self.should_stop():
                return
            with stopped_by(self.should_stop):
                answer = function(tasks[at], self.seconds_left())
            yield at, answer

    def _side_by_side(
        self, function: Solve[Given, Answer], tasks: Sequence[Given], order: list[int]
    ) -> Iterator[tuple[int, Answer]]:
        side = _SideBySide(function, tasks, order)
        while side.unfinished():
            if self.should_stop():
                self._pool.ask_to_stop()
                yield from side.last_answers(self.effort.losses)
                return
            side.submit(self._pool.executor(), self.effort, self.seconds_left())
            yield from side.answers(LOOK_EVERY, self.effort.losses)
            if side.broken:
                self._pool.end(now=True)
                yield from side.answers(0, self.effort.losses)


class _SideBySide(Generic[Given, Answer]):
    """One round of tasks on an executor: what waits, what runs, what lost its worker."""

    def __init__(
        self, function: Solve[Given, Answer], tasks: Sequence[Given], order: list[int]
    ) -> None:
        self._function = function
        self._tasks = tasks
        self._waiting = order[::-1]
        self._running: dict[Future[Answer], int] = {}
        self._losses: Counter[int] = Counter()
        self.broken = False

    def unfinished(self) -> bool:
        """Tell whether anything waits or runs."""
        return bool(self._waiting or self._running)

    def submit(self, executor: Executor, effort: Effort, seconds: float | None) -> None:
        """Start as many as there are workers; what may be the killer of workers, alone."""
        self.broken = False
        while self._waiting and len(self._running) < effort.workers:
            if self._running and self._suspects(self._waiting[-1], *self._running.values()):
                return
            at = self._waiting.pop()
            try:
                future = executor.submit(self._function, self._tasks[at], seconds)
            except effort.losses:
                self._lose(at)
                return
            self._running[future] = at

    def _suspects(self, *some: int) -> bool:
        return any(self._losses[at] == MOST_LOSSES - 1 for at in some)

    def answers(
        self, seconds: float, losses: tuple[type[Exception], ...]
    ) -> Iterator[tuple[int, Answer]]:
        """Give what is ready, waiting so long for the first; what lost its worker waits anew."""
        for future in wait(self._running, seconds, return_when=FIRST_COMPLETED).done:
            at = self._running.pop(future)
            try:
                answer = future.result()
            except losses:
                self._lose(at)
            else:
                yield at, answer

    def last_answers(self, losses: tuple[type[Exception], ...]) -> Iterator[tuple[int, Answer]]:
        """Give what ends within the grace, and leave the rest behind."""
        wait(self._running, GRACE)
        self._waiting.clear()
        yield from self.answers(0, losses)
        for future in self._running:
            future.cancel()

    def _lose(self, at: int) -> None:
        self.broken = True
        self._losses[at] += 1
        if self._losses[at] < MOST_LOSSES:
            self._waiting.append(at)
