"""Which figures about groups of organisations may be published, so that nobody can be told.

A figure about one to four organisations is hidden. Hiding it alone would not do: it could be had
by taking what is shown from a total. So others are hidden with it, until no difference between
published figures is about so few:

- along facilities and along rounds: what is hidden of a group is never one place alone, nor
  about fewer than five organisations together;
- between groups at one place: where all but one to four of a group (or of everyone) are of
  another group, the smaller one is hidden;
- between groups at one place: credited hours count once, so what the shown groups leave over of
  all hours bounds what the hidden ones have; it is at least twice what any of them has. Along a
  line those bounds leave each hidden figure a span of half of itself or more, and so do all hours
  for those that members hold or asked for, which count for each group of their organisation.

What is hidden along a line only beside a smaller figure is no secret itself: it is reckoned as
known wherever something else could be told by it. So a small round hides the one other round
there is, and not the sum of both.

A group's figures for one facility in a part of the time are shown only where none of its figures
had to be hidden and all of those are as safe.

Source: the rules follow Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Final, NamedTuple

SMALLEST_CELL: Final = 5
NONE: Final = Fraction(0)
EVERYONE: Final = ""
"""The group that everybody is of."""


class Presence(NamedTuple):
    """An organisation of a group that asked at a facility in a round."""

    group: str
    facility: str
    round: str
    organisation: str


class Level(NamedTuple):
    """Where figures are summed up; None is every facility, or every round."""

    facility: str | None
    round: str | None


class Cell(NamedTuple):
    """A figure of a group at a level."""

    group: str
    level: Level


OVERALL: Final = Level(None, None)
Credits = Mapping[tuple[str, str, str], Fraction]
"""Credited hours by group, facility and round; those of everyone are all allocated hours."""


@dataclass(frozen=True, slots=True)
class Published:
    """The figures that may be published: `hidden` are those that may not.

    `crossed` says whether figures of one facility in a part of the time may be shown as well.
    """

    hidden: frozenset[Cell]
    crossed: bool

    def shows(
        self, group: str, *, facility: str | None = None, rounds: Iterable[str] | None = None
    ) -> bool:
        """Say whether a sum may be shown: at one facility or all, in some rounds or all."""
        if Cell(group, OVERALL) in self.hidden:
            return False
        if rounds is None:
            return Cell(group, Level(facility, None)) not in self.hidden
        if facility is not None:
            return self.crossed
        return all(Cell(group, Level(None, each)) not in self.hidden for each in rounds)


def publishable(
    presences: Iterable[Presence], credited: Credits, of_members: Sequence[Credits] = ()
) -> Published:
    """Decide which figures may be published; the same whatever the order of the input.

    An organisation is of everyone without saying so; one of no group is present under that.
    `of_members` are other hours of each group, such as those that its members hold, with those
    of everyone.
    """
    search = _Search(_crowds(presences), _sums(credited), [_sums(each) for each in of_members])
    search.hide_until_safe()
    return Published(frozenset(search.hidden), search.may_cross())


def _crowds(presences: Iterable[Presence]) -> dict[Cell, frozenset[str]]:
    found: dict[Cell, set[str]] = defaultdict(set)
    for each in presences:
        for level in _levels(each.facility, each.round):
            found[Cell(each.group, level)].add(each.organisation)
            found[Cell(EVERYONE, level)].add(each.organisation)
    return {cell: frozenset(found[cell]) for cell in sorted(found, key=_order)}


def _sums(credited: Credits) -> dict[Cell, Fraction]:
    found: dict[Cell, Fraction] = defaultdict(Fraction)
    for (group, facility, round_), value in credited.items():
        for level in _levels(facility, round_):
            found[Cell(group, level)] += value
    return found


def _levels(facility: str, round_: str) -> tuple[Level, ...]:
    return OVERALL, Level(facility, None), Level(None, round_), Level(facility, round_)


def _order(cell: Cell) -> tuple[str, str, str]:
    return cell.group, cell.level.facility or "", cell.level.round or ""


class _Search:
    """Hides cells until what is left is safe; `crowds` has no cell that nobody is in.

    `beside` are those of the hidden ones that are hidden for the sake of another along a line.
    """

    def __init__(
        self,
        crowds: Mapping[Cell, frozenset[str]],
        sums: Mapping[Cell, Fraction],
        of_members: Sequence[Mapping[Cell, Fraction]],
    ) -> None:
        self.crowds = crowds
        self.sums = sums
        self.of_members = of_members
        self.hidden: set[Cell] = set()
        self.beside: set[Cell] = set()
        self.at: dict[Level, list[Cell]] = defaultdict(list)
        for cell in crowds:
            self.at[cell.level].append(cell)

    def hide_until_safe(self) -> None:
        """Hide more as long as something shown gives a small figure away."""
        margins = [each for each in self.at if each.facility is None or each.round is None]
        before = -1
        while before < len(self.hidden):
            before = len(self.hidden)
            for level in margins:
                self.hidden.update(self._unsafe(level, self.hidden))
            self._hide_whole_groups()
            for group in sorted({cell.group for cell in self.crowds}):
                for line in self._lines(group):
                    self._hide_beside(group, line)

    def may_cross(self) -> bool:
        """Say whether each figure of one facility in one round is safe as well."""
        whole = {cell.group for cell in self.hidden if cell.level == OVERALL}
        if any(cell.group not in whole for cell in self.hidden):
            return False
        crossed = [each for each in self.at if each.facility is not None and each.round is not None]
        return not any(
            cell.group not in whole
            for level in crossed
            for cell in self._unsafe(
                level, {each for each in self.at[level] if each.group in whole}
            )
        )

    def _unsafe(self, level: Level, hidden: set[Cell]) -> set[Cell]:
        """Find what must be hidden at one level beside what is hidden already."""
        found = {cell for cell in self.at[level] if len(self.crowds[cell]) < SMALLEST_CELL}
        shown = [cell for cell in self.at[level] if cell not in hidden | found]
        found |= {
            smaller
            for larger, smaller in permutations(shown, 2)
            if self.crowds[smaller] < self.crowds[larger]
            and len(self.crowds[larger] - self.crowds[smaller]) < SMALLEST_CELL
        }
        secret = [cell for cell in self.at[level] if cell in (hidden | found) - self.beside]
        known = [cell for cell in self.at[level] if cell.group and cell not in secret]
        while known and self._given_away(level, known, secret):
            least = min(known, key=self._size)
            known.remove(least)
            secret.append(least)
            found.add(least)
        self.beside -= found
        return found

    def _given_away(self, level: Level, known: list[Cell], secret: list[Cell]) -> bool:
        """Say whether the known groups leave so little over that a hidden one can be told."""
        most = max((self._credited(each) for each in secret if each.group), default=None)
        if most is None or not self._credited(Cell(EVERYONE, level)):
            return False
        left = self._left(level, known)
        return left <= 0 or left < 2 * most

    def _credited(self, cell: Cell) -> Fraction:
        return self.sums.get(cell, NONE)

    def _left(self, level: Level, known: Iterable[Cell]) -> Fraction:
        """Give what the known groups leave over of all hours at a level."""
        return self._credited(Cell(EVERYONE, level)) - sum(self._credited(each) for each in known)

    def _hide_whole_groups(self) -> None:
        """Hide every part of a group that is hidden as a whole, and all where everyone is."""
        whole = {cell.group for cell in self.hidden if cell.level == OVERALL}
        self.hidden.update(cell for cell in self.crowds if cell.group in whole or EVERYONE in whole)

    def _lines(self, group: str) -> Iterator[list[Cell]]:
        """Give a group's cells by facility, and then those by round."""
        cells = [cell for cell in self.crowds if cell.group == group and cell.level != OVERALL]
        yield [cell for cell in cells if cell.level.round is None]
        yield [cell for cell in cells if cell.level.facility is None]

    def _hide_beside(self, group: str, line: list[Cell]) -> None:
        """Hide more of a line whose hidden part its total would give away."""
        secret = [cell for cell in line if cell in self.hidden]
        shown = [cell for cell in line if cell not in self.hidden]
        while secret and self._can_be_told(secret):
            if not shown:
                self.hidden.add(Cell(group, OVERALL))
                return
            least = min(shown, key=self._size)
            shown.remove(least)
            secret.append(least)
            self.hidden.add(least)
            self.beside.add(least)

    def _can_be_told(self, secret: list[Cell]) -> bool:
        together = frozenset[str]().union(*(self.crowds[cell] for cell in secret))
        if len(secret) == 1 or len(together) < SMALLEST_CELL:
            return True
        return bool(secret[0].group) and self._hours_can_be_told(secret)

    def _hours_can_be_told(self, secret: list[Cell]) -> bool:
        """Say whether hours of the hidden part are known nearly from what others leave."""
        credited = {each: self._credited(each) for each in secret}
        if self._narrow(credited, {each: self._most(each) for each in secret}):
            return True
        return any(
            self._narrow(
                {each: sums.get(each, NONE) for each in secret},
                {each: sums.get(Cell(EVERYONE, each.level), NONE) for each in secret},
            )
            for sums in self.of_members
        )

    def _narrow(self, hours: Mapping[Cell, Fraction], most: Mapping[Cell, Fraction]) -> bool:
        """Say whether a secret's hours can be told by their total and the most each can be."""
        total, room = sum(hours.values(), NONE), sum(most.values(), NONE)
        return any(
            min(most[each], total) - max(NONE, total - (room - most[each])) < value / 2
            for each, value in hours.items()
            if each not in self.beside
        )

    def _most(self, cell: Cell) -> Fraction:
        """Give the most that a hidden group can have at a level, for all that is known."""
        known = (
            each
            for each in self.at[cell.level]
            if each.group and each != cell and (each not in self.hidden or each in self.beside)
        )
        return self._left(cell.level, known)

    def _size(self, cell: Cell) -> tuple[int, tuple[str, str, str]]:
        return len(self.crowds[cell]), _order(cell)
