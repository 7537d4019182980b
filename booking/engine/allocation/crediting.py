"""Credit each hour to one group: where the ladder's top-ups add up to the most."""

from collections.abc import Mapping
from fractions import Fraction

from booking.engine.allocation.entities import LadderStep, exact
from booking.engine.allocation.placements import Reserve

Supply = Mapping[tuple[int, ...], int]
"""Units (1/scale credits) placed at a facility, by the set of its reserves they may fill."""


class Crediting:
    """The best crediting of a supply: units by (set, reserve), and units a ladder step.

    Each ladder step is filled as far as it goes before the next: since the points fall,
    and a path that fills a later step never empties an earlier one, the sum is the most.
    """

    def __init__(self, reserves: tuple[Reserve, ...], supply: Supply) -> None:
        self.flow: dict[tuple[tuple[int, ...], int], int] = {}
        self.by_step: list[int] = []
        self._reserves = reserves
        self._left = {members: units for members, units in sorted(supply.items()) if members}
        self._room = [0] * len(reserves)
        steps = len(reserves[0].widths) if reserves else 0
        for step in range(steps):
            for at, reserve in enumerate(reserves):
                self._room[at] += reserve.widths[step]
            self.by_step.append(self._fill())

    def credited(self, reserve: int) -> int:
        """Add up the units credited to one reserve."""
        return sum(units for (_, at), units in self.flow.items() if at == reserve)

    def top_up(self, ladder: tuple[LadderStep, ...]) -> Fraction:
        """Give the top-up points times the credit scale."""
        return sum(
            (exact(rung.points) * units for rung, units in zip(ladder, self.by_step, strict=False)),
            Fraction(0),
        )

    def _fill(self) -> int:
        total = 0
        while pushed := self._push():
            total += pushed
        return total

    def _push(self) -> int:
        """Send units along one shortest path from a set with some left to a reserve with room."""
        came: dict[int, tuple[tuple[int, ...], int | None]] = {}
        frontier: list[int] = []
        for members in self._left:
            if self._left[members]:
                frontier += self._reach(came, members, None)
        while frontier:
            at = frontier.pop(0)
            if self._room[at]:
                return self._along(came, at)
            for (members, reserve), units in sorted(self.flow.items()):
                if reserve == at and units:
                    frontier += self._reach(came, members, at)
        return 0

    def _reach(
        self,
        came: dict[int, tuple[tuple[int, ...], int | None]],
        members: tuple[int, ...],
        before: int | None,
    ) -> list[int]:
        fresh = [at for at in members if at not in came]
        for at in fresh:
            came[at] = (members, before)
        return fresh

    def _along(self, came: dict[int, tuple[tuple[int, ...], int | None]], end: int) -> int:
        path: list[tuple[int, tuple[int, ...], int | None]] = []
        at: int | None = end
        while at is not None:
            members, before = came[at]
            path.append((at, members, before))
            at = before
        moved = [self.flow[members, before] for _, members, before in path if before is not None]
        first = path[-1][1]
        pushed = min([self._room[end], self._left[first], *moved])
        for here, members, before in path:
            self.flow[members, here] = self.flow.get((members, here), 0) + pushed
            if before is not None:
                self.flow[members, before] -= pushed
        self._left[first] -= pushed
        self._room[end] -= pushed
        return pushed
