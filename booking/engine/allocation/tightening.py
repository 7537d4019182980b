"""Tighten a component's relaxation: block by block, the cuts that it breaks."""

from typing import Final

import numpy as np

from booking.engine.allocation.blocks import Block
from booking.engine.allocation.cliques import broken_cliques
from booking.engine.allocation.conflicts import Conflicts
from booking.engine.allocation.covers import broken_covers, knapsacks_of
from booking.engine.allocation.cuts import Cut, counted, fractional
from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints, Mask
from booking.engine.allocation.stopping import stop_asked

MOST_COLUMNS: Final = 3000
"""Columns of a block among which conflicts are looked for; of more, those that matter most."""

MOST_PAIRS: Final = 25_000_000
"""Pairs of those with columns of the task: a byte each, a few times over."""


class Tightening:
    """Finds cuts, each within a block. A block is opened once something in it is fractional.

    Of a block of more than `most` columns, so many are looked at together.
    """

    def __init__(self, task: Task, blocks: tuple[Block, ...], most: int = MOST_COLUMNS) -> None:
        self._task, self._blocks = task, blocks
        self._most = min(most, MOST_PAIRS // max(1, len(task)))
        self._open: dict[int, _Opened] = {}

    def broken(self, values: Floats) -> list[Cut]:
        """List cuts that these values of the placements break, and those of hopeless columns.

        A stop ends it with the cuts of the blocks that were looked at.
        """
        cuts: list[Cut] = []
        for at, block in enumerate(self._blocks):
            here = values[block.columns]
            if stop_asked():
                break
            if not len(fractional(counted(here))):
                continue
            found: list[Cut] = []
            if at not in self._open:
                part = self._task.narrowed(block.columns, self._task.points)
                self._open[at] = _Opened(part, self._most)
                found += self._open[at].certain()
            found += self._open[at].broken(here)
            cuts += [Cut(block.columns[cut.columns], cut.values, cut.most) for cut in found]
        return cuts


class _Opened:
    """A block's conflicts and its pools' steps; all conflicts are kept where they are few."""

    def __init__(self, part: Task, most: int) -> None:
        self._most = most
        self._conflicts = Conflicts(part)
        self._knapsacks = knapsacks_of(part)
        every = np.arange(len(part))
        self._kept: Mask | None = self._conflicts.among(every) if len(part) <= most else None

    def certain(self) -> list[Cut]:
        """Give the cut of the columns that can never be chosen, if there are any."""
        hopeless = np.flatnonzero(self._conflicts.hopeless)
        return [Cut(hopeless, np.ones(len(hopeless)), 0.0)] if len(hopeless) else []

    def broken(self, values: Floats) -> list[Cut]:
        """List cuts that these values break."""
        return self._broken_cliques(values) + broken_covers(self._knapsacks, values)

    def _broken_cliques(self, values: Floats) -> list[Cut]:
        if self._kept is not None:
            return broken_cliques(self._kept, values)
        some = self._telling(values)
        found = broken_cliques(self._conflicts.among(some), values[some])
        return [Cut(some[cut.columns], cut.values, cut.most) for cut in found]

    def _telling(self, values: Floats) -> Ints:
        """Take the fractional columns, highest first, and those that shut most of them out."""
        parts = counted(values)
        some = fractional(parts)
        some = np.sort(some[np.argsort(-parts[some], kind="stable")[: self._most]])
        rest = np.setdiff1d(np.arange(len(values)), some)
        shut = self._conflicts.by_themselves(rest, some).sum(axis=1)
        nearest = rest[np.argsort(-shut, kind="stable")[: self._most - len(some)]]
        return np.sort(np.concatenate([some, nearest]))
