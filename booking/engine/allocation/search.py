"""Search a component too large to be solved whole: relax, dive, then one part at a time.

The stages, each only while the gap is open. First roughly: the relaxation, tightened by cuts,
and a dive from it. Then thoroughly, in rounds: first blocks of single units solved alone at the
relaxation's prices, which tightens the bound and offers a timetable; in every round some parts of
the timetable solved anew with all else fixed; where those bring no more, blocks with pools alone
and all that the relaxation uses at once, then parts again; at last, where it is not too large,
the whole. Limits are counts, so that the same task gives the same answer.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from booking.engine.allocation.blocks import Block, blocks_of, priced, solve_block
from booking.engine.allocation.branching import Branching, Relaxation, Relaxed
from booking.engine.allocation.cuts import Cut
from booking.engine.allocation.cutting import Columns
from booking.engine.allocation.diving import dive
from booking.engine.allocation.model import Model, Task, build
from booking.engine.allocation.neighbours import Neighbours, Prized, Tried
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.seats import Options, Seats
from booking.engine.allocation.tightening import Tightening

DIVE: Final = 0.15
"""The part of the waiting requests that a dive seats at a time."""

CUT_ROUNDS: Final = 6
LEAST_CUT: Final = 0.0002
"""The part of its value by which the relaxation must fall for another round of cuts."""

TRIES: Final = 12
"""Parts solved anew in one round of a search."""

MOST_ROUNDS: Final = 6
FRUITLESS: Final = 12
"""Parts solved anew in vain, one after another, before the gap stays as it is."""

WHOLE_UP_TO: Final = 2500
"""Placements up to which the whole is branched at last; a larger one's first node is too dear."""

WHOLE_NODES: Final = 30
PART_GAP: Final = 0.0005
PART_NODES: Final = 5
WIDE_NODES: Final = 50
WIDE_ROUNDS: Final = 2
BETTER: Final = 0.5
"""Points by which a part must be better: less would be a rounding."""


@dataclass(frozen=True, slots=True)
class Halfway:
    """Where a search stands, for its next round to begin.

    `values` are the timetable's, `relaxed` what the tightened relaxation gives. `worth` are the
    points of each column after caps and reserves are paid, `priced` the bound at these prices,
    which blocks lower; `cuts` are the rows added. `tried` are the parts tried before, None before
    the first round; `wide` says that more than parts was solved anew.
    """

    values: Floats
    bound: float
    relaxed: Prized
    worth: Floats
    priced: float
    cuts: tuple[Cut, ...]
    rounds: int = 0
    fruitless: int = 0
    tried: Tried | None = None
    wide: bool = False

    @property
    def tried_enough(self) -> bool:
        """Tell whether solving more parts anew is not worth it."""
        return self.rounds == MOST_ROUNDS or self.fruitless >= FRUITLESS

    @property
    def searched(self) -> bool:
        """Tell whether nothing is left to do but to branch on the whole."""
        return self.tried_enough and self.wide


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
        self.cuts: list[Cut] = []
        self.values: Floats = np.zeros(len(costs))
        self.value = 0.0
        self.bound = self.priced = float("inf")

    def roughly(self, relaxation: Relaxation) -> tuple[Halfway, Floats] | None:
        """Relax and dive; give where to go on, and the price of every row of the model.

        None where the relaxation was stopped.
        """
        relaxed = relaxation.solve()
        if relaxed is None:
            return None
        self.bound = relaxed.value
        tightened = self._tightened(relaxation, relaxed)
        self.dive(relaxation, tightened)
        halfway = Halfway(
            values=self.values,
            bound=self.bound,
            relaxed=Prized(
                tightened.values[: len(self.task)],
                np.round(tightened.reduced[: len(self.task)], 3),
            ),
            worth=priced(self.task, self.model, tightened),
            priced=tightened.value,
            cuts=tuple(self.cuts),
        )
        return halfway, relaxed.duals

    def one_round(self, halfway: Halfway) -> Halfway | None:
        """Go on from where a search stands; None where there is nothing more to do."""
        self.resume(halfway)
        if halfway.tried_enough:
            return self._go_wide(halfway)
        if not halfway.rounds:
            self._solve_blocks([one for one in self.blocks if one.unit], halfway)
        neighbours = Neighbours(self.task, self.blocks, halfway.relaxed, halfway.tried)
        fruitless = self._improve(neighbours, halfway.fruitless)
        after = replace(
            halfway,
            values=self.values,
            bound=self.bound,
            priced=self.priced,
            rounds=halfway.rounds + 1,
            fruitless=fruitless,
            tried=neighbours.tried(),
        )
        ends = after.searched and len(self.task) > WHOLE_UP_TO
        return None if ends or not self.is_open() else after

    def _go_wide(self, halfway: Halfway) -> Halfway | None:
        """Solve more at once where parts bring no more: blocks with pools, all that is used."""
        if halfway.wide:
            self.branch(self.gap, WHOLE_NODES)
            return None
        self._solve_blocks([one for one in self.blocks if not one.unit], halfway)
        self._improve_widely(Neighbours(self.task, self.blocks, halfway.relaxed, halfway.tried))
        after = replace(
            halfway,
            values=self.values,
            bound=self.bound,
            priced=self.priced,
            rounds=1,
            fruitless=0,
            wide=True,
        )
        return after if self.is_open() else None

    def dive(self, relaxation: Relaxation, relaxed: Relaxed) -> None:
        """Dive from a relaxation, and keep what is found."""
        chosen = dive(self.task, self.options, relaxation, relaxed, DIVE)
        self._settle(np.array(chosen, dtype=np.int64))

    def most(self, relaxation: Relaxation, start: Floats) -> None:
        """Find a good timetable and a bound only, from a start and one dive."""
        self._keep(start)
        relaxed = relaxation.solve()
        if relaxed is None:
            return
        self.bound = relaxed.value
        if self.is_open():
            self.dive(relaxation, relaxed)

    def learn(self, values: Floats, bound: float) -> None:
        """Take what another search found, where it is better."""
        self._keep(values)
        self.bound = min(self.bound, bound)

    def resume(self, halfway: Halfway) -> None:
        """Take a search's timetable, bound and cuts from where it stands."""
        self._keep(halfway.values)
        self.bound, self.priced, self.cuts = halfway.bound, halfway.priced, list(halfway.cuts)

    def is_open(self) -> bool:
        """Tell whether the gap is still to be met."""
        return not self.branching.stopped and not self.is_within(self.gap)

    def is_within(self, gap: float) -> bool:
        """Tell whether the best timetable is proved to be within a gap."""
        return self.value >= self.bound * (1 - gap)

    def _tightened(self, relaxation: Relaxation, relaxed: Relaxed) -> Relaxed:
        """Add cuts that the relaxation breaks, while that lowers the bound."""
        tightening = Tightening(self.task, self.blocks)
        cuts = tightening.broken(relaxed.values[: len(self.task)])
        for _ in range(CUT_ROUNDS):
            if not cuts:
                return relaxed
            relaxation.add(cuts)
            self.cuts += cuts
            found = relaxation.solve()
            if found is None:
                return relaxed
            enough = relaxed.value - found.value < LEAST_CUT * relaxed.value
            relaxed = found
            self.bound = min(self.bound, found.value)
            if enough:
                return relaxed
            cuts = tightening.broken(relaxed.values[: len(self.task)])
        return relaxed

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

    def _solve_blocks(self, blocks: list[Block], halfway: Halfway) -> None:
        """Solve blocks alone; what they choose replaces what was there, where it fits the caps."""
        if not self.is_open() or not blocks:
            return
        placed = np.flatnonzero(self.values[: len(self.task)] > 0.5)  # noqa: PLR2004 - a binary
        chosen: list[Ints] = []
        for block in blocks:
            solved = solve_block(
                self.branching,
                self.task,
                block,
                halfway.worth,
                self.cuts,
                self.values[block.columns],
            )
            self.priced -= solved.lowers
            placed = np.setdiff1d(placed, block.columns)
            chosen.append(solved.chosen)
        self.bound = min(self.bound, self.priced)
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

    def branch(self, gap: float, nodes: int) -> None:
        """Branch on the whole from what was found; its cuts lower the bound, as a rule."""
        lp = build(self.task, cuts=self.cuts).lp
        lp.col_cost_ = self.costs
        found = self.branching.part(lp, gap, nodes=nodes, whole=len(self.task), start=self.values)
        self.learn(found.values, found.bound)

    def _improve_widely(self, neighbours: Neighbours) -> None:
        """Solve anew, some blocks at a time, all that the relaxation uses."""
        for _ in range(WIDE_ROUNDS):
            before = self.value
            for free in neighbours.wide(self.values[: len(self.task)]):
                if self.is_open():
                    self._solve_anew(free, WIDE_NODES)
            if self.value < before + BETTER:
                break

    def _improve(self, neighbours: Neighbours, fruitless: int) -> int:
        """Free a part of the timetable and solve it anew, the part that promises most first.

        Gives how many were tried in vain, one after another, at last.
        """
        for _ in range(TRIES):
            if not self.is_open() or fruitless >= FRUITLESS:
                break
            before = self.value
            free = neighbours.next(self.values[: len(self.task)])
            neighbours.learn(self._solve_anew(free, PART_NODES))
            fruitless = 0 if self.value > before else fruitless + 1
        return fruitless

    def _solve_anew(self, free: Ints, nodes: int) -> int:
        """Solve these columns anew, all others as they are; give what it cost, in iterations."""
        columns = np.concatenate([free, self.columns.money])
        found = self.branching.part(
            self.columns.cut(columns, self.values, self.costs),
            PART_GAP,
            nodes=nodes,
            whole=len(free),
            start=self.values[columns],
        )
        values = self.values.copy()
        values[columns] = found.values
        values[free] = np.round(values[free])
        self._keep(values)
        return found.iterations
