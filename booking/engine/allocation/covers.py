"""Cover cuts: of sessions that together ask for more than a pool has, not all are there at once.

A session's placements that hold a step of a pool are one item of a knapsack, as at most one of
them is chosen; so a cover is one of sessions, and its cut holds for all their placements there.
Covers are found and lifted exactly, by dynamic programming over the pool's units, in whole
numbers: units, and parts of a session held.
Source: Crowder, Johnson and Padberg, Solving large-scale zero-one linear programming problems,
Operations Research 31 (1983).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from booking.engine.allocation.cuts import FRACTION, LEAST_BREACH, WHOLE, Cut, counted
from booking.engine.allocation.model import Task, peaks
from booking.engine.allocation.placements import Floats, Ints, Mask
from booking.engine.allocation.seats import Options

NEARLY: Final = 300_000
"""Parts that a cover may be from broken before it is lifted, which may break it."""

MOST_UNITS: Final = 1000
"""Units of a pool, in the largest that all its sessions are multiples of, to look for covers."""

MOST: Final = 400
"""Cuts of one round, the deepest first."""


@dataclass(frozen=True, slots=True)
class Knapsack:
    """A step of a pool: its columns, whose item each is, and each item's units.

    Units are the largest of which every item has a whole number; `capacity` is whole ones too.
    """

    columns: Ints
    item: Ints
    units: Ints
    capacity: int


def knapsacks_of(task: Task) -> list[Knapsack]:
    """List the steps of pools that may be asked for more than they have."""
    found = []
    sessions = Options(task).session
    for resource in np.unique(task.resource).tolist():
        capacity = int(task.capacity[resource])
        if capacity == 1:
            continue
        here = np.flatnonzero(task.resource == resource)
        start, end = task.start[here], task.end[here]
        common = int(np.gcd.reduce(task.quantity[here]))
        if capacity // common > MOST_UNITS:
            continue
        for step in peaks(start, end):
            covering = (start <= step) & (end > step)
            items, item = np.unique(sessions[here[covering]], return_inverse=True)
            units: Ints = np.zeros(len(items), dtype=np.int64)
            units[item] = task.quantity[here[covering]] // common
            if units.sum() > capacity // common:
                found.append(Knapsack(here[covering], item, units, capacity // common))
    return found


def broken_covers(knapsacks: list[Knapsack], values: Floats) -> list[Cut]:
    """Find lifted covers that the relaxation breaks, the deepest first."""
    parts = counted(values)
    found: dict[tuple[float, bytes], tuple[float, Cut]] = {}
    for knapsack in knapsacks:
        held: Ints = np.zeros(len(knapsack.units), dtype=np.int64)
        np.add.at(held, knapsack.item, parts[knapsack.columns])
        for cut, depth in _cuts(knapsack, held):
            found.setdefault((cut.most, cut.columns.tobytes()), (depth, cut))
    deepest = sorted(found.values(), key=lambda one: -one[0])
    return [cut for _, cut in deepest[:MOST]]


def _cuts(knapsack: Knapsack, held: Ints) -> Iterator[tuple[Cut, float]]:
    units, capacity = knapsack.units, knapsack.capacity
    whole = (held < FRACTION) | (held > WHOLE - FRACTION)
    if whole.all() or int(held @ units) <= WHOLE * (capacity - int(units.max())):
        return
    cover = _cover(units, held, capacity)
    if cover is None:
        return
    weights = _lifted(units, held, cover, capacity)
    most = int(cover.sum() - 1)
    breach = int(weights @ held) - most * WHOLE
    if breach > LEAST_BREACH:
        values = weights[knapsack.item].astype(np.float64)
        used = values > 0
        cut = Cut(knapsack.columns[used], values[used], float(most))
        yield cut, breach / sqrt(int(weights @ weights))


def _cover(units: Ints, held: Ints, capacity: int) -> Mask | None:
    """Find the smallest set of items above the capacity that lacks least of being held whole."""
    items = np.flatnonzero(held > FRACTION)
    lack: Ints = np.full(capacity + 2, WHOLE * (len(items) + 2), dtype=np.int64)
    lack[0] = 0
    taken: Mask = np.zeros((len(items), capacity + 2), dtype=bool)
    for at, item in enumerate(items.tolist()):
        width = min(int(units[item]), capacity + 1)
        with_it = np.concatenate([np.full(width, lack[0]), lack[: capacity + 2 - width]])
        with_it += WHOLE - held[item]
        taken[at] = with_it < lack
        lack = np.minimum(with_it, lack)
    if lack[-1] > WHOLE + NEARLY:
        return None
    cover: Mask = np.zeros(len(units), dtype=bool)
    left = capacity + 1
    for at in reversed(range(len(items))):
        if left and taken[at, left]:
            cover[items[at]] = True
            left = max(0, left - int(units[items[at]]))
    return _smallest(units, held, cover, capacity)


def _smallest(units: Ints, held: Ints, cover: Mask, capacity: int) -> Mask:
    """Leave out what a cover does not need, the least held first."""
    total = int(units[cover].sum())
    items = np.flatnonzero(cover)
    for item in items[np.lexsort((units[items], held[items]))].tolist():
        if total - int(units[item]) > capacity:
            total -= int(units[item])
            cover[item] = False
    return cover


def _lifted(units: Ints, held: Ints, cover: Mask, capacity: int) -> Ints:
    """Give every item the largest weight at which the cut still holds, the most held first."""
    most = int(cover.sum() - 1)
    weights = cover.astype(np.int64)
    worth: Ints = np.zeros(capacity + 1, dtype=np.int64)
    for item in np.flatnonzero(cover).tolist():
        _add(worth, int(units[item]), 1)
    rest = np.flatnonzero(~cover)
    for item in rest[np.lexsort((rest, -units[rest], -held[rest]))].tolist():
        weight = most - int(worth[capacity - int(units[item])])
        if weight > 0:
            weights[item] = weight
            _add(worth, int(units[item]), weight)
    return weights


def _add(worth: Ints, units: int, weight: int) -> None:
    """Let an item into the most that each number of units can hold; it stays in place."""
    if units < len(worth):
        worth[units:] = np.maximum(worth[units:], worth[: len(worth) - units] + weight)
