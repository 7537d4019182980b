"""Tighten a component's relaxation: block by block, the cuts that it breaks."""

from dataclasses import dataclass

import numpy as np

from booking.engine.allocation.blocks import Block
from booking.engine.allocation.cliques import broken_cliques
from booking.engine.allocation.conflicts import conflicts_of
from booking.engine.allocation.covers import Knapsack, broken_covers, knapsacks_of
from booking.engine.allocation.cuts import Cut
from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints, Mask


@dataclass(frozen=True, slots=True)
class _Tightened:
    """A block's columns, their conflicts, and its pools' steps."""

    columns: Ints
    excluding: Mask
    knapsacks: list[Knapsack]


class Tightening:
    """Finds cuts. `certain` are those that hold columns that can never be chosen."""

    def __init__(self, task: Task, blocks: tuple[Block, ...]) -> None:
        self.certain: list[Cut] = []
        self._blocks: list[_Tightened] = []
        for block in blocks:
            part = task.narrowed(block.columns, task.points)
            conflicts = conflicts_of(part)
            hopeless = block.columns[conflicts.hopeless]
            if len(hopeless):
                self.certain.append(Cut(hopeless, np.ones(len(hopeless)), 0.0))
            found = _Tightened(block.columns, conflicts.excluding, knapsacks_of(part))
            self._blocks.append(found)

    def broken(self, values: Floats) -> list[Cut]:
        """List cuts that these values of the placements break."""
        cuts: list[Cut] = []
        for block in self._blocks:
            here = values[block.columns]
            found = broken_cliques(block.excluding, here) + broken_covers(block.knapsacks, here)
            cuts += [Cut(block.columns[cut.columns], cut.values, cut.most) for cut in found]
        return cuts
