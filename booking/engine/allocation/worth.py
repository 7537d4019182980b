"""What a choice of one component's placements is worth, quickly and never too high."""

from collections.abc import Sequence

import numpy as np

from booking.engine.allocation.model import ReserveBlock, Task
from booking.engine.allocation.placements import Floats


def worth_at_least(task: Task, chosen: Sequence[int]) -> float:
    """Add up points and, unless the policy is strict, the top-ups of a simple crediting."""
    return aims_of(task, chosen)[-1]


def aims_of(task: Task, chosen: Sequence[int]) -> tuple[float, ...]:
    """Give what is aimed at, first things first: where strict, credited credits before points."""
    taken = np.zeros(len(task))
    taken[list(chosen)] = 1.0
    points = float(np.sum(task.points * taken))
    top_up = sum(_top_up(block, task.top_ups, taken) for block in task.reserves)
    return (top_up, points) if task.strict else (points + top_up,)


def _top_up(block: ReserveBlock, top_ups: tuple[float, ...], taken: Floats) -> float:
    """Fill the ladder's steps in order, from those first who may fill the fewest reserves."""
    fewest_first = sorted(block.sets, key=lambda one: len(one[0]))
    left = [float(np.sum(credit * taken[columns])) for _, columns, credit in fewest_first]
    earned = 0.0
    for step, points in enumerate(top_ups):
        room = [widths[step] for widths in block.widths]
        for at, (members, _, _) in enumerate(fewest_first):
            for reserve in members:
                part = min(left[at], room[reserve])
                left[at] -= part
                room[reserve] -= part
                earned += points * part
    return earned
