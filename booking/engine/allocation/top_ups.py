"""A facility's top-up points, re-credited at their best whenever its supply changes."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final, TypeAlias

from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.entities import LadderStep, exact
from booking.engine.allocation.placements import Reserve

Change: TypeAlias = tuple[tuple[int, ...], int]
"""Units (1/scale credits) more, or fewer, of hours that may fill these reserves."""

MOST_CUT: Final = 6
"""Reserves up to which the least cut is found by looking at every set of them."""


class TopUps:
    """What is credited at one facility, in whole parts of a point: `unit` parts make one.

    By the least cut: what members can fill of the first steps of the ladder is the least,
    over sets of reserves, of the room outside the set and the supply that may go inside.
    """

    def __init__(
        self, reserves: tuple[Reserve, ...], ladder: tuple[LadderStep, ...], scale: int
    ) -> None:
        points = [*(exact(rung.points) for rung in ladder), Fraction(0)]
        shared = lcm(*(one.denominator for one in points))
        self.unit = scale * shared
        self.supply: dict[tuple[int, ...], int] = {}
        self._reserves = reserves
        self._falls = [int((high - low) * shared) for high, low in pairwise(points)]
        self._points = [int(one * shared) for one in points]
        cuts = range(2 ** len(reserves)) if len(reserves) <= MOST_CUT else ()
        self._rooms = [
            [self._room(step, inside) for inside in cuts] for step in range(len(self._falls))
        ]
        self._within = [0] * len(cuts)
        self._touched: dict[tuple[int, ...], list[int]] = {}
        self._known: dict[tuple[Change, ...], int] = {}

    def book(self, members: tuple[int, ...], units: int) -> None:
        """Add units to the supply of one set of reserves; the empty set earns nothing."""
        if not members:
            return
        self.supply[members] = self.supply.get(members, 0) + units
        for cut in self._cuts(members) if self._within else ():
            self._within[cut] += units
        self._known.clear()

    def worth(self, *changes: Change) -> int:
        """Give the best top-ups after changes, in parts of a point. Kept until the next booking."""
        if changes not in self._known:
            self._known[changes] = self._cut(changes) if self._within else self._flow(changes)
        return self._known[changes]

    def _room(self, step: int, inside: int) -> int:
        return sum(
            sum(reserve.widths[: step + 1])
            for at, reserve in enumerate(self._reserves)
            if not inside >> at & 1
        )

    def _cuts(self, members: tuple[int, ...]) -> list[int]:
        if members not in self._touched:
            mask = sum(1 << at for at in members)
            self._touched[members] = [cut for cut in range(len(self._within)) if cut & mask]
        return self._touched[members]

    def _cut(self, changes: Iterable[Change]) -> int:
        within = self._within.copy()
        for members, units in changes:
            for cut in self._cuts(members):
                within[cut] += units
        return sum(
            fall * min(map(int.__add__, room, within))
            for fall, room in zip(self._falls, self._rooms, strict=True)
        )

    def _flow(self, changes: Iterable[Change]) -> int:
        supply = dict(self.supply)
        for members, units in changes:
            supply[members] = supply.get(members, 0) + units
        steps = Crediting(self._reserves, supply).by_step
        return sum(points * units for points, units in zip(self._points, steps, strict=False))
