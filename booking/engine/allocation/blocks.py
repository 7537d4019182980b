"""Blocks: resources that requests hang together, once reserves and caps have their prices.

Reserves and caps paid for at the relaxation's prices, what is left falls into blocks that
share no request. A bound on each, with what reserves and caps are worth at these prices,
adds up to a bound on the whole (Lagrangian relaxation).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.branching import Branching, Found, Relaxed
from booking.engine.allocation.cuts import Cut, within
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.placements import Floats, Ints

BLOCK_GAP: Final = 0.001

UNIT_NODES: Final = 20
"""Branch-and-bound nodes for a block of single units, which is solved to the end as a rule."""

POOL_NODES: Final = 1
"""The same where there are pools: only cuts tighten those, branching hardly does."""


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of resources that some request links; `unit` where each has one unit."""

    columns: Ints
    unit: bool


@dataclass(frozen=True, slots=True)
class Solved:
    """A block solved alone: its columns chosen, and by how much it lowers the whole's bound."""

    chosen: Ints
    lowers: float


def blocks_of(task: Task) -> tuple[Block, ...]:
    """Find the blocks, in the order of their first columns."""
    root = list(range(len(task.capacity)))

    def find(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    first: dict[int, int] = {}
    for request, resource in zip(task.request.tolist(), task.resource.tolist(), strict=True):
        low, high = sorted((find(first.setdefault(request, resource)), find(resource)))
        root[high] = low
    tops = np.array([find(at) for at in range(len(root))])[task.resource]
    return tuple(
        Block(columns, bool(task.capacity[task.resource[columns]].max() == 1))
        for columns in (np.flatnonzero(tops == top) for top in dict.fromkeys(tops.tolist()))
    )


def priced(task: Task, model: Model, relaxed: Relaxed) -> Floats:
    """Give each column's points after its caps and what its best group pays for a credit."""
    worth: Floats = task.points.copy()
    paid = {(at, group): max(0.0, relaxed.duals[row]) for row, at, group in model.groups}
    for block in task.reserves:
        for groups, columns, credit in block.sets:
            worth[columns] += credit * max(paid[block.facility, group] for group in groups)
    for row, cap in model.caps:
        worth[cap.columns] -= max(0.0, relaxed.duals[row]) * cap.weights
    return worth


def solve_block(
    branching: Branching,
    task: Task,
    block: Block,
    worth: Floats,
    cuts: Sequence[Cut],
    start: Floats,
) -> Solved:
    """Solve a block alone, at the columns' priced worth, with those of the cuts that are its.

    Every cut of the relaxation that the prices are of must lie within some block: the price of
    one that crosses blocks would be lost, and the sum of their bounds with it.

    Raises: CrossingCutError where one of the cuts crosses blocks.
    """
    part = task.narrowed(block.columns, worth)
    lp = build(part, cuts=within(cuts, block.columns)).lp
    lp.col_cost_ = part.points
    relaxed = branching.linear(lp)
    nodes = UNIT_NODES if block.unit else POOL_NODES
    found: Found = branching.part(lp, BLOCK_GAP, nodes=nodes, whole=len(part), start=start)
    lowers = 0.0 if relaxed is None else max(0.0, relaxed.value - found.bound)
    return Solved(block.columns[found.values > 0.5], lowers)  # noqa: PLR2004 - a binary
