"""The free time nearest to what was wanted: what a timetable leaves, in steps of the round."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

from booking.engine.allocation.entities import Alternative, Problem, Session

MOST_NEAREST: Final = 5

Starts: TypeAlias = list[tuple[int, int]]
"""First and last start, both included, of each stretch in which any start would do; sorted."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One session as it was wanted: `starts` are resource, first and last start that would do."""

    session: int
    steps: int
    quantity: int
    starts: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot that is left for one session: its resource, first step and length in steps."""

    session: int
    resource: str
    start: int
    steps: int
    quantity: int


def wishes_of(sessions: Sequence[Session]) -> tuple[Wish, ...]:
    """Put what a request asks for as wishes, in the order of its sessions."""
    return tuple(
        Wish(
            session=at,
            steps=each.steps,
            quantity=each.quantity,
            starts=tuple(one for some in each.alternatives for one in _spans(some, each.steps)),
        )
        for at, each in enumerate(sessions)
    )


class LeftTime:
    """What the bookings of a result leave of each resource of its problem.

    `kinds` are those of resources that were wanted but are not part of the problem.
    """

    def __init__(
        self,
        problem: Problem,
        bookings: Iterable[Mapping[str, Any]],
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self._kind = dict(kinds or {}) | {one.id: one.kind for one in problem.resources}
        self._of_kind: dict[str, list[str]] = {}
        for one in problem.resources:
            self._of_kind.setdefault(one.kind, []).append(one.id)
        self._levels = _levels(problem, bookings)
        self._stretches: dict[tuple[str, int], Starts] = {}

    def nearest(self, wishes: Iterable[Wish]) -> tuple[FreeSlot, ...]:
        """Find for each wish up to five slots that do not overlap, the nearest start first.

        On what was wanted and on others of the same kind. Ties: what was wanted, then the
        earlier start, then the smaller id. What one session is shown, no other is.
        """
        shown: list[FreeSlot] = []
        for wish in wishes:
            shown += self._for_session(wish, shown)
        return tuple(shown)

    def _for_session(self, wish: Wish, shown: Sequence[FreeSlot]) -> list[FreeSlot]:
        best: list[tuple[int, bool, int, str]] = []
        for resource, other, spans in self._places(wish):
            starts = self._starts(resource, wish)
            for each in shown:
                if each.resource == resource:
                    starts = _without(starts, each.start - wish.steps, each.start + each.steps)
            for distance, start in _picked(starts, spans, wish.steps):
                best.append((distance, other, start, resource))
                if len(best) > MOST_NEAREST:
                    best.sort()
                    if best.pop() == (distance, other, start, resource):
                        break
        return [
            FreeSlot(wish.session, resource, start, wish.steps, wish.quantity)
            for _, _, start, resource in sorted(best)
        ]

    def _places(self, wish: Wish) -> Iterator[tuple[str, bool, list[tuple[int, int]]]]:
        """List the resources to look at, those that were wanted first, with the wanted starts."""
        wanted: dict[str, list[tuple[int, int]]] = {}
        of_kind: dict[str, list[tuple[int, int]]] = {}
        for resource, first, last in wish.starts:
            wanted.setdefault(resource, []).append((first, last))
            if resource in self._kind:
                of_kind.setdefault(self._kind[resource], []).append((first, last))
        for resource, spans in wanted.items():
            if resource in self._levels:
                yield resource, False, spans
        for kind, spans in of_kind.items():
            for resource in self._of_kind.get(kind, ()):
                if resource not in wanted:
                    yield resource, True, spans

    def _starts(self, resource: str, wish: Wish) -> Starts:
        """List where a slot of the wish's length and quantity may start."""
        key = (resource, wish.quantity)
        if key not in self._stretches:
            self._stretches[key] = _stretches(self._levels[resource], wish.quantity)
        return [
            (first, end - wish.steps)
            for first, end in self._stretches[key]
            if end - first >= wish.steps
        ]


def _spans(wanted: Alternative, steps: int) -> Iterator[tuple[str, int, int]]:
    if wanted.span is not None:
        first, end = wanted.span
        yield wanted.resource, first, max(first, end - steps)
    for start in wanted.starts or ():
        yield wanted.resource, start, start


def _levels(
    problem: Problem, bookings: Iterable[Mapping[str, Any]]
) -> dict[str, list[tuple[int, int, int]]]:
    """Give each resource's stretches of equally many free units: first step, end, units."""
    steps = {
        (request.id, at): session.steps
        for request in problem.requests
        for at, session in enumerate(request.sessions)
    }
    changes: dict[str, dict[int, int]] = {one.id: {} for one in problem.resources}
    for one in problem.resources:
        for first, end in one.windows:
            _add(changes[one.id], first, end, one.capacity)
    for each in bookings:
        end = each["start"] + steps[each["request"], each["session"]]
        _add(changes[each["resource"]], each["start"], end, -each["quantity"])
    return {name: _summed(some) for name, some in changes.items()}


def _add(changes: dict[int, int], first: int, end: int, units: int) -> None:
    changes[first] = changes.get(first, 0) + units
    changes[end] = changes.get(end, 0) - units


def _summed(changes: Mapping[int, int]) -> list[tuple[int, int, int]]:
    at = sorted(changes)
    level, found = 0, []
    for first, end in pairwise(at):
        level += changes[first]
        found.append((first, end, level))
    return found


def _stretches(levels: Iterable[tuple[int, int, int]], quantity: int) -> Starts:
    """Join the stretches in which so many units are free; half-open."""
    found: Starts = []
    for first, end, units in levels:
        if units < quantity:
            continue
        if found and found[-1][1] == first:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def _picked(
    starts: Starts, spans: Sequence[tuple[int, int]], steps: int
) -> Iterator[tuple[int, int]]:
    """Pick up to five starts, nearest first, whose slots do not overlap, with their distance."""
    for _ in range(MOST_NEAREST):
        if not starts:
            return
        ends = [last for _, last in starts]
        distance, start = min(_closest(starts, ends, span) for span in spans)
        yield distance, start
        starts = _without(starts, start - steps, start + steps)


def _closest(starts: Starts, ends: Sequence[int], span: tuple[int, int]) -> tuple[int, int]:
    """Give the least distance to a wanted span of starts, and the earliest start that has it."""
    first, last = span
    after = bisect_left(ends, first)
    found = []
    if after < len(starts):
        start = max(starts[after][0], first)
        found.append((max(0, start - last), start))
    if after:
        found.append((first - ends[after - 1], ends[after - 1]))
    return min(found)


def _without(starts: Starts, low: int, high: int) -> Starts:
    """Take the starts strictly between `low` and `high` away."""
    left: Starts = []
    for first, last in starts:
        if first <= low:
            left.append((first, min(last, low)))
        if last >= high:
            left.append((max(first, high), last))
    return left
