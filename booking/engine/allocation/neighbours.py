"""Choose which part of a timetable to solve anew: around requests that prices say are misplaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.blocks import Block
from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints, Mask

FIRST_SIZE: Final = 150
"""Columns freed at first; more while that is easy to solve, fewer while it is hard."""

LEAST_SIZE: Final = 60
MOST_SIZE: Final = 1200
EASY: Final = 500
"""Simplex iterations below which a part was easy, and above HARD it was hard."""

HARD: Final = 1500
GROW: Final = 1.2
SHRINK: Final = 0.8
USED: Final = 1e-6
WIDE: Final = 400
"""Columns freed at once, or more, where whole blocks are."""

NEAR: Final = 1.5
"""Columns that are used or nearly, for each that the relaxation uses."""


@dataclass(frozen=True, slots=True)
class Prized:
    """What the relaxation gives a task's columns: their values and their reduced costs.

    Those are at most 0 where a column is not used, the nearer the nearer it is to being used.
    """

    values: Floats
    reduced: Floats


@dataclass(frozen=True, slots=True)
class Tried:
    """How often each request was the middle of a part, and how much each block bears freed."""

    chosen: Ints
    sizes: tuple[float, ...]


class Neighbours:
    """Parts of the timetable, one after another.

    A part is a request and the requests nearest to it in time on the resources of its block:
    of their columns those that the relaxation uses, those that the timetable does and, in
    every other part, those that the relaxation comes nearest to using. The request is the one
    whose place differs most from what the relaxation gives it, and that was chosen least often
    before.
    """

    def __init__(
        self, task: Task, blocks: tuple[Block, ...], relaxed: Prized, tried: Tried | None = None
    ) -> None:
        self._task = task
        self._requests, self._of_column = np.unique(task.request, return_inverse=True)
        self._relaxed = relaxed.values
        self._used: Mask = relaxed.values > USED
        self._near = self._used.copy()
        self._block = np.empty(len(task), dtype=np.int64)
        for at, block in enumerate(blocks):
            self._block[block.columns] = at
            nearest = block.columns[np.argsort(-relaxed.reduced[block.columns], kind="stable")]
            self._near[nearest[: int(NEAR * self._used[block.columns].sum())]] = True
        self._columns = [block.columns for block in blocks]
        begin = tried or Tried(
            np.zeros(len(self._requests), dtype=np.int64), (float(FIRST_SIZE),) * len(blocks)
        )
        self._size = list(begin.sizes)
        self._chosen: Ints = begin.chosen.copy()
        self._last = 0

    def tried(self) -> Tried:
        """Give what the next round begins with."""
        return Tried(self._chosen, tuple(self._size))

    def next(self, placed: Floats) -> Ints:
        """Give the columns to free next, in order."""
        differs = np.bincount(self._of_column, np.abs(np.round(self._relaxed, 6) - placed))
        first = int(np.argmax((differs + 0.01) / (1 + self._chosen) ** 2))
        self._chosen[first] += 1
        of_first = np.flatnonzero(self._of_column == first)
        centre = of_first[np.argmax(self._relaxed[of_first] + placed[of_first])]
        block = self._last = int(self._block[centre])
        some = self._near if self._chosen.sum() % 2 else self._used
        return self._around(int(centre), first, block, some | (placed > USED))

    def wide(self, placed: Floats) -> Iterator[Ints]:
        """Give all the columns that the relaxation or the timetable uses, some blocks at a time."""
        used = self._used | (placed > USED)
        some: list[Ints] = []
        for columns in self._columns:
            some.append(columns[used[columns]])
            if sum(map(len, some)) >= WIDE:
                yield np.sort(np.concatenate(some))
                some = []
        if some:
            yield np.sort(np.concatenate(some))

    def learn(self, iterations: int) -> None:
        """Adapt how much is freed in the last part's block to how hard it was."""
        size = self._size[self._last]
        if iterations < EASY:
            size = min(float(MOST_SIZE), size * GROW)
        elif iterations > HARD:
            size = max(float(LEAST_SIZE), size * SHRINK)
        self._size[self._last] = size

    def _around(self, centre: int, first: int, block: int, used: Mask) -> Ints:
        task, columns = self._task, self._columns[block]
        columns = columns[used[columns]]
        same = columns[np.isin(task.resource[columns], task.resource[self._of_column == first])]
        middle = (task.start[centre] + task.end[centre]) / 2
        apart = np.abs((task.start[same] + task.end[same]) / 2 - middle)
        away = np.maximum(0.0, apart - (task.end[same] - task.start[same]) / 2)
        nearest = np.full(len(self._requests), np.inf)
        np.minimum.at(nearest, self._of_column[same], away)
        nearest[first] = -1.0
        order = np.argsort(nearest, kind="stable")
        order = order[np.isfinite(nearest[order])]
        counts = np.bincount(self._of_column[used], minlength=len(self._requests))
        enough = np.searchsorted(np.cumsum(counts[order]), self._size[block]) + 1
        freed = np.zeros(len(self._requests), dtype=bool)
        freed[order[:enough]] = True
        return np.flatnonzero(freed[self._of_column] & used)
