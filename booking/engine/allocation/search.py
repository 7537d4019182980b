"""Search a component too large to be solved whole: dives, blocks, then one part at a time.

The stages, each only while the gap is open: two dives from the relaxation; blocks of single
units solved alone, which tightens the bound and offers a timetable; parts of the timetable
solved anew with all else fixed; then the whole, branched from what was found, or, where that
is too large, blocks of pools, whose cuts tighten the bound. Limits are counts, so that the same
task gives the same answer.
"""

from typing import Final

import numpy as np

from booking.engine.allocation.blocks import Block, blocks_of, priced, solve_block
from booking.engine.allocation.branching import Branching, Found, Relaxed
from booking.engine.allocation.cutting import Columns
from booking.engine.allocation.diving import dive
from booking.engine.allocation.model import Model, Task
from booking.engine.allocation.neighbours import Neighbours
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.seats import Options, Seats

DIVES: Final = (0.15, 0.03)
"""The part of the waiting requests that a dive seats at a time: a quick one, a careful one."""

MOST_TRIES: Final = 16
"""Parts solved anew before the gap stays as it is."""

FRUITLESS: Final = 8
"""Parts solved anew in vain, one after another, before the same."""

PART_GAP: Final = 0.0005
PART_NODES: Final = 5
WHOLE_UP_TO: Final = 6000
"""Placements up to which the whole is branched at last."""

WHOLE_NODES: Final = 20
NEAR: Final = 0.01
"""How far from the gap the last stage is still tried: it gains less than this."""

BETTER: Final = 0.5
"""Points by which a part must be better: less would be a rounding."""


class Search:
    """One component: the best timetable so far, and the least bound proved."""

    def __init__(
        self, branching: Branching, task: Task, model: Model, *, costs: Floats, gap: float
    ) -> None:
        self.branching, self.task, self.model = branching, task, model
        self.costs, self.gap = costs, gap
        self.options = Options(task)
        self.columns = Columns(model)
        self.blocks = blocks_of(task)
        self.values: Floats = np.zeros(len(costs))
        self.value = 0.0
        self.bound = float("inf")

    def found(self, start: Floats | None = None, tries: int = MOST_TRIES) -> tuple[Found, Floats]:
        """Search until the gap is met; give what was found and every row's price."""
        if start is not None:
            self._keep(start)
        relaxation = self.branching.relaxation(self.costs)
        relaxed = relaxation.solve()
        if relaxed is None:
            return self._outcome(), np.zeros(self.model.lp.num_row_)
        self.bound = relaxed.value
        for step in DIVES:
            if self._open():
                chosen = dive(self.task, self.options, relaxation, relaxed, step)
                self._settle(np.array(chosen, dtype=np.int64))
        worth = priced(self.task, self.model, relaxed)
        if tries:
            self._solve_blocks([one for one in self.blocks if one.unit], worth)
        self._improve(relaxed, tries)
        if tries and self._near():
            self._at_last(worth)
        return self._outcome(), relaxed.duals

    def _near(self) -> bool:
        """Tell whether the last, dear stage may close the gap."""
        return self.value >= self.bound * (1 - self.gap - NEAR)

    def _at_last(self, worth: Floats) -> None:
        if len(self.task) <= WHOLE_UP_TO:
            self._branch()
            return
        for block in self.blocks:
            if not block.unit:
                self._solve_blocks([block], worth)

    def _branch(self) -> None:
        if not self._open():
            return
        found = self.branching.part(
            self.columns.cut(np.arange(len(self.costs)), self.values, self.costs),
            self.gap,
            nodes=WHOLE_NODES,
            whole=len(self.task),
            start=self.values,
        )
        self.bound = min(self.bound, found.bound)
        self._keep(found.values)

    def _open(self) -> bool:
        return not self.branching.stopped and self.value < self.bound * (1 - self.gap)

    def _outcome(self) -> Found:
        return Found(self.values, max(self.bound, self.value), optimal=False)

    def _keep(self, values: Floats) -> bool:
        value = float(self.costs @ values)
        if value <= self.value + BETTER:
            return False
        self.value, self.values = value, values
        return True

    def _settle(self, chosen: Ints) -> None:
        """Credit a timetable's hours as well as can be, and keep it if it is better."""
        values = np.zeros(len(self.costs))
        values[chosen] = 1.0
        money = self.columns.money
        if len(money):
            credited = self.branching.linear(self.columns.cut(money, values, self.costs))
            if credited is None:
                return
            values[money] = credited.values
        self._keep(values)

    def _solve_blocks(self, blocks: list[Block], worth: Floats) -> None:
        """Solve blocks alone; what they choose replaces what was there, where it fits the caps."""
        if not self._open() or not blocks:
            return
        placed = np.flatnonzero(self.values[: len(self.task)] > 0.5)  # noqa: PLR2004 - a binary
        chosen: list[Ints] = []
        for block in blocks:
            solved = solve_block(self.branching, self.task, block, worth)
            self.bound -= solved.lowers
            placed = np.setdiff1d(placed, block.columns)
            chosen.append(solved.chosen)
        self._settle(self._within_caps(np.concatenate([placed, *chosen])))

    def _within_caps(self, chosen: Ints) -> Ints:
        """Seat what was chosen, most points first; what no longer fits its cap is left out."""
        options = self.options.of_column[chosen]
        kept: list[int] = []
        seats = Seats(self.task)
        points = np.bincount(options, self.task.points[chosen], minlength=len(self.options))
        for option in sorted(set(options.tolist()), key=lambda one: (-points[one], one)):
            sessions = [np.array([one]) for one in chosen[options == option].tolist()]
            kept += seats.seat(sessions, self.costs) or []
        return np.array(kept, dtype=np.int64)

    def _improve(self, relaxed: Relaxed, tries: int) -> None:
        """Free a part of the timetable and solve it anew, the part that promises most first."""
        neighbours = Neighbours(self.task, self.blocks, relaxed.values[: len(self.task)])
        fruitless = 0
        for _ in range(tries):
            if not self._open() or fruitless >= FRUITLESS:
                return
            free = neighbours.next(self.values[: len(self.task)])
            columns = np.concatenate([free, self.columns.money])
            found = self.branching.part(
                self.columns.cut(columns, self.values, self.costs),
                PART_GAP,
                nodes=PART_NODES,
                whole=len(free),
                start=self.values[columns],
            )
            values = self.values.copy()
            values[columns] = found.values
            values[free] = np.round(values[free])
            fruitless = 0 if self._keep(values) else fruitless + 1
            neighbours.learn(found.iterations)
