"""Dive: fix the requests that the relaxation is surest of, solve it again, until none is left."""

from typing import Final

import numpy as np

from booking.engine.allocation.branching import Relaxation, Relaxed
from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.seats import Options, Seats

SURE: Final = 0.9
"""Certainty from which a request is seated at once."""

NOTHING: Final = 1e-6


def dive(
    task: Task, options: Options, relaxation: Relaxation, relaxed: Relaxed, step: float
) -> list[int]:
    """Give columns that make a timetable: whole requests that fit, none twice.

    Each round seats all requests of which the relaxation is sure, and of the others the
    part `step`, by certainty, then points. A stop ends it with what is seated.
    """
    diving = _Dive(task, options)
    found: Relaxed | None = relaxed
    while found is not None and diving.seat(found.values[: len(task)], step):
        found = relaxation.within(*diving.bounds())
    return diving.chosen


class _Dive:
    """What is seated so far, and which options are still open."""

    def __init__(self, task: Task, options: Options) -> None:
        self.task = task
        self.options = options
        self.seats = Seats(task)
        self.open = np.ones(len(options), dtype=bool)
        self.chosen: list[int] = []
        self.points = np.bincount(options.of_column, task.points, minlength=len(options))
        _, self._same = np.unique(options.request, return_inverse=True)

    def seat(self, values: Floats, step: float) -> bool:
        """Seat this round's requests; False where none was left to seat."""
        certain = np.where(self.open, self.options.best(values), 0.0)
        waiting = np.flatnonzero(certain > NOTHING)
        if not len(waiting):
            return False
        ranked: Ints = waiting[
            np.lexsort((waiting, -self.points[waiting], -np.round(certain[waiting], 6)))
        ]
        most = max(1, int(step * len(ranked)))
        for nth, option in enumerate(ranked.tolist()):
            if nth >= most and certain[option] < SURE:
                break
            if not self.open[option]:
                continue
            taken = self.seats.seat(self.options.sessions(option), values)
            self.open[option] = False
            if taken is not None:
                self.chosen += taken
                self.open[self._same == self._same[option]] = False
        return True

    def bounds(self) -> tuple[Floats, Floats]:
        """Give what each column may be: 1 where seated, 0 where it no longer fits."""
        upper = (self.seats.fitting() & self.open[self.options.of_column]).astype(np.float64)
        upper[upper > self.options.best(upper)[self.options.of_column]] = 0.0
        lower = np.zeros(len(self.task))
        lower[self.chosen] = upper[self.chosen] = 1.0
        return lower, upper
