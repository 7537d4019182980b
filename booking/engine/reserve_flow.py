"""Which reserve each booking's credits are counted on: a maximum flow in a tiny network."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Demand:
    """Credits that may be counted on any of some reserves, given by their places, in order."""

    reserves: tuple[int, ...]
    amount: int


def flows(rooms: Iterable[int], demands: Sequence[Demand]) -> list[list[int]]:
    """Count as many credits of the demands on reserves as fit, each credit once.

    Returns for each demand what it puts on each reserve. Demands are served in the order
    given: an earlier one is never counted less for a later one, though it may be counted
    elsewhere. A demand takes its first reserve that has room.

    Source: Edmonds and Karp, shortest augmenting paths (1972).
    """
    left = list(rooms)
    placed = [[0] * len(left) for _ in demands]
    for number, demand in enumerate(demands):
        missing = demand.amount
        while missing:
            moved = _augment(demands, placed, left, number, missing)
            if not moved:
                break
            missing -= moved
    return placed


def _augment(
    demands: Sequence[Demand], placed: list[list[int]], left: list[int], start: int, wanted: int
) -> int:
    """Push up to `wanted` along a shortest path from a demand to room; return how much."""
    reached_by: dict[int, int] = {}
    through: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        demand = waiting.popleft()
        for reserve in demands[demand].reserves:
            if reserve in reached_by:
                continue
            reached_by[reserve] = demand
            if left[reserve]:
                return _push(placed, left, _path(reserve, start, reached_by, through), wanted)
            for other, counted in enumerate(placed):
                if counted[reserve] and other != start and other not in through:
                    through[other] = reserve
                    waiting.append(other)
    return 0


def _path(
    last: int, start: int, reached_by: dict[int, int], through: dict[int, int]
) -> list[tuple[int, int]]:
    """List the steps of demand onto reserve, the last step first."""
    path = [(reached_by[last], last)]
    while path[-1][0] != start:
        reserve = through[path[-1][0]]
        path.append((reached_by[reserve], reserve))
    return path


def _push(
    placed: list[list[int]], left: list[int], path: list[tuple[int, int]], wanted: int
) -> int:
    """Move what fits along the path: each demand on it gives up the reserve before it."""
    given_up = [(demand, reserve) for (demand, _), (_, reserve) in pairwise(path)]
    amount = min([wanted, left[path[0][1]], *(placed[each][at] for each, at in given_up)])
    left[path[0][1]] -= amount
    for demand, reserve in path:
        placed[demand][reserve] += amount
    for demand, reserve in given_up:
        placed[demand][reserve] -= amount
    return amount
