"""Who controls whom by what several organisations declared, and where that goes in a circle.

A declared tie gives the larger percentage held either way, so that both of its enterprises
may name it. It says who holds whom where it gives a side: the enterprise it names is the
`owner` of the one whose tie it is, or `owned` by it. More than half of an enterprise is control;
nothing can control what controls it, while holdings up to half may well be mutual.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any, Final

from booking.engine.enterprise_ties import LINKED_ABOVE_PERCENT, folded

_WHOLE: Final = 100


class Side(StrEnum):
    """What the enterprise that a tie names is to the one whose tie it is."""

    OWNER = "owner"
    OWNED = "owned"


@dataclass(frozen=True, slots=True)
class Party:
    """An enterprise; those with the same key are the same one, whatever their names."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Holding:
    """That an enterprise holds a percentage of another; `pointer` is where it was declared."""

    owner: Party
    owned: Party
    percent: int
    pointer: str = ""

    @property
    def controls(self) -> bool:
        """Whether the owner controls the other by it."""
        return self.percent > LINKED_ABOVE_PERCENT


@dataclass(frozen=True, slots=True)
class Circle:
    """Control that comes back: each enterprise controls the next, the first is met again last.

    `pointer` is where the holding was declared that leads out of the first.
    """

    parties: tuple[Party, ...]
    pointer: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the enterprises, the first met again last."""
        return tuple(each.name for each in self.parties)


def holdings(
    declarer: Party, value: Sequence[Mapping[str, Any]], registry: Mapping[str, Party]
) -> tuple[Holding, ...]:
    """List who holds whom by a declared list of ties that has passed its check.

    `registry` gives registered organisations by each of their identifiers; an enterprise
    without one is another in every declaration, whatever its name.
    """
    return tuple(_holdings(declarer, declarer.key, value, registry, ""))


def _holdings(
    of: Party,
    declarer: str,
    value: Sequence[Mapping[str, Any]],
    registry: Mapping[str, Party],
    at: str,
) -> Iterator[Holding]:
    for number, tie in enumerate(value):
        here = f"{at}/{number}"
        known = tie.get("organisation")
        key = known or f"{declarer} {folded(tie['name'])}"
        other = registry.get(key, Party(key, tie["name"]))
        match tie.get("side"):
            case Side.OWNER:
                yield Holding(other, of, tie["percent"], here)
            case Side.OWNED:
                yield Holding(of, other, tie["percent"], here)
        yield from _holdings(other, declarer, tie.get("related", ()), registry, f"{here}/related")


def controlling_circle(declared: Sequence[Holding], known: Iterable[Holding]) -> Circle | None:
    """Find the first holding declared by which an enterprise would control what controls it.

    The circle begins with the owner of that holding and is the shortest there is; ties fall
    to what is declared, then to what was known first. Cost: linear in the holdings, for each
    one declared.
    """
    controls: dict[str, dict[str, Party]] = defaultdict(dict)
    for each in (*declared, *known):
        if each.controls:
            controls[each.owner.key].setdefault(each.owned.key, each.owned)
    for each in declared:
        if each.controls:
            back = _way(each.owned, each.owner, controls)
            if back is not None:
                return Circle((each.owner, *back), each.pointer)
    return None


def circle_by_identity(party: Party, alias: Party, held: Sequence[Holding]) -> Circle | None:
    """Find a circle that there is once two enterprises are known to be one, and not before.

    It begins and ends with them, named as `party`; `held` has them as two.
    """
    for one, other in ((alias, party), (party, alias)):
        circle = controlling_circle([Holding(one, other, _WHOLE)], held)
        if circle is not None:
            same = {party.key, alias.key}
            way = [party if each.key in same else each for each in circle.parties[1:]]
            return Circle(tuple(way), "")
    return None


def circle_in_words(circle: Circle, told: Sequence[Holding] | None = None) -> str:
    """Say a circle to somebody who may know of the ties `told`, or of all ties: None.

    But for the first, enterprises are named only as those ties name them, where the circle goes
    by one of them; of the others it says how many.
    """
    if told is None:
        names: tuple[str | None, ...] = circle.names[:-1]
    else:
        known = {circle.parties[0].key: circle.parties[0].name} | _names_told(circle, told)
        names = tuple(known.get(each.key) for each in circle.parties[:-1])
    words: list[str] = []
    for name, run in groupby(names):
        words.append(_through(sum(1 for _ in run)) if name is None else name)
    return f"{', '.join(words)} and back to {words[0]}"


def _names_told(circle: Circle, told: Sequence[Holding]) -> dict[str, str]:
    steps = {(one.key, other.key) for one, other in pairwise(circle.parties)}
    gone = [each for each in told if each.controls and (each.owner.key, each.owned.key) in steps]
    return {party.key: party.name for each in gone for party in (each.owned, each.owner)}


def _through(count: int) -> str:
    return f"through {count} other organisation{'' if count == 1 else 's'}"


def _way(
    start: Party, end: Party, controls: Mapping[str, Mapping[str, Party]]
) -> tuple[Party, ...] | None:
    """Return the shortest chain of control from one enterprise to another, both included."""
    came_from: dict[str, Party | None] = {start.key: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here.key == end.key:
            return _walked(here, came_from)
        for key, other in controls.get(here.key, {}).items():
            if key not in came_from:
                came_from[key] = here
                waiting.append(other)
    return None


def _walked(end: Party, came_from: Mapping[str, Party | None]) -> tuple[Party, ...]:
    way, before = [end], came_from[end.key]
    while before is not None:
        way.append(before)
        before = came_from[before.key]
    return tuple(reversed(way))
