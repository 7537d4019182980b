"""How far an allocation has come, told while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from booking.engine.allocation.fallback import fall_back
from booking.engine.allocation.model import Task
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.worth import worth_at_least

ROUNDS_AT_FIRST: Final = 10
"""Steps spent on the prices of components not solved yet: a loose bound, at little cost."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Components done, of how many, and what a stop at this moment would leave.

    `objective` is at least what the timetable would be worth: what the solver found where
    it is done, a timetable by value elsewhere, before the last pass that fills what is left.
    `bound` is at least the best possible: proved by the solver where it is done, by prices
    alone elsewhere, so it starts loose and falls. Both are the result's in what is told last.
    """

    done: int
    total: int
    objective: float
    bound: float

    @property
    def gap(self) -> float:
        """Give the share that the objective may be short of the best."""
        return max(0.0, (self.bound - self.objective) / self.bound) if self.bound else 0.0


Watcher = Callable[[Progress], None]


class Watch:
    """Adds up what is found and tells a watcher, if there is one, after each component."""

    def __init__(self, tasks: Sequence[Task], watcher: Watcher | None) -> None:
        self._tasks = tasks
        self._watcher = watcher
        self._found: list[tuple[float, float]] = []
        self._done: set[int] = set()
        if watcher is not None:
            quick = [fall_back(task, rounds=ROUNDS_AT_FIRST) for task in tasks]
            self._found = [_figures(*one) for one in zip(tasks, quick, strict=True)]
            self._tell(watcher)

    def note(self, at: int, outcome: Outcome) -> None:
        """Count a component's outcome in the place of what was known of it before."""
        if self._watcher is None:
            return
        worth, bound = _figures(self._tasks[at], outcome)
        self._found[at] = (worth, min(bound, self._found[at][1]))
        self._done.add(at)
        self._tell(self._watcher)

    def _tell(self, watcher: Watcher) -> None:
        worth = sum(one for one, _ in self._found)
        bound = sum(one for _, one in self._found)
        watcher(Progress(len(self._done), len(self._tasks), worth, bound))


def _figures(task: Task, outcome: Outcome) -> tuple[float, float]:
    return worth_at_least(task, outcome.chosen), outcome.bound
