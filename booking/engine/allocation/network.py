"""A network: a large component whose facilities are linked by some requests, solved in parts.

The relaxation of the whole prices every linked request: what its one place is worth beyond
the facility where it is worth least. Each facility is then a part of its own, in which those
requests pay their price; the parts' bounds and the prices add up to a bound on the whole
(Lagrangian relaxation of "one facility a request").
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from booking.engine.allocation.branching import Branching, SolverFailedError
from booking.engine.allocation.model import CapRow, ReserveBlock, Task, build
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.pricing import Priced, priced_by
from booking.engine.allocation.solver import Outcome

WHOLE_UP_TO: Final = 12_000
"""Placements up to which linked facilities are solved as one."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A network's relaxation: its value, what each request pays, and the prices published."""

    value: float
    paid: Floats
    prices: Priced
    seconds: float
    solved: bool = True


UNSOLVED: Final = Relaxation(0.0, np.zeros(0), Priced((), (), ()), 0.0, solved=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One facility of a network: its columns, and the task in which requests pay."""

    columns: Ints
    task: Task


def is_network(task: Task) -> bool:
    """Tell whether a component is large and its facilities are linked."""
    return len(task) > WHOLE_UP_TO and not task.strict and len(np.unique(task.facility)) > 1


def relax(task: Task, seconds: float | None) -> Relaxation:
    """Solve a network's relaxation; it says whether it was solved before the time ran out."""
    model = build(task)
    costs = model.top_ups.copy()
    costs[: len(task)] = task.points
    branching = Branching(model, seconds, exact=False)
    try:
        relaxed = branching.relax(costs, interior=True)
    except SolverFailedError:
        relaxed = None
    if relaxed is None:
        return UNSOLVED
    paid = np.zeros(int(task.request.max()) + 1)
    for row, request in model.requests:
        paid[request] = max(0.0, relaxed.duals[row])
    return Relaxation(
        value=relaxed.value,
        paid=np.where(_linked(task), paid, 0.0),
        prices=priced_by(task, model, relaxed.duals),
        seconds=branching.spent,
    )


def parts_of(task: Task, relaxation: Relaxation) -> tuple[Part, ...]:
    """Cut a network into its facilities; linked requests pay with their first session."""
    points = task.points - np.where(task.session == 0, relaxation.paid[task.request], 0.0)
    return tuple(
        _part(task, np.flatnonzero(task.facility == at), points)
        for at in np.unique(task.facility).tolist()
    )


def joined(
    task: Task, relaxation: Relaxation, parts: Sequence[Part], outcomes: Sequence[Outcome]
) -> Outcome:
    """Put the parts together: a request placed twice keeps the place worth most."""
    paid = float(relaxation.paid.sum())
    placed = _each_once(task, parts, outcomes)
    merit, chosen = int(task.points[placed].sum()), tuple(placed.tolist())
    merit_bound = sum(one.merit_bound for one in outcomes) + paid
    return Outcome(
        chosen=chosen,
        alone=chosen,
        bound=min(relaxation.value, sum(one.bound for one in outcomes) + paid),
        optimal=False,
        merit=merit,
        merit_bound=max(float(merit), merit_bound),
        slots=relaxation.prices.slots,
        caps=relaxation.prices.caps,
        groups=relaxation.prices.groups,
        stopped=any(one.stopped for one in outcomes),
        seconds=relaxation.seconds + sum(one.seconds for one in outcomes),
        fallback=any(one.fallback for one in outcomes),
    )


def _each_once(task: Task, parts: Sequence[Part], outcomes: Sequence[Outcome]) -> Ints:
    placed = [
        part.columns[np.array(outcome.chosen, dtype=np.int64)]
        for part, outcome in zip(parts, outcomes, strict=True)
    ]
    best: dict[int, tuple[float, Ints]] = {}
    for columns in placed:
        for request in np.unique(task.request[columns]).tolist():
            own = columns[task.request[columns] == request]
            worth = float(task.points[own].sum())
            if request not in best or worth > best[request][0]:
                best[request] = (worth, own)
    kept = [own for _, (_, own) in sorted(best.items())]
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, dtype=np.int64)


def _linked(task: Task) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell of every request whether it names more than one facility."""
    pairs = np.unique(np.stack((task.request, task.facility)), axis=1)
    linked: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        np.bincount(pairs[0], minlength=int(task.request.max()) + 1) > 1
    )
    return linked


def _part(task: Task, columns: Ints, points: Floats) -> Part:
    place = np.full(len(task), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))

    def own(cap: CapRow) -> CapRow:
        return replace(cap, columns=place[cap.columns])

    def inside(block: ReserveBlock) -> ReserveBlock:
        sets = tuple((groups, place[some], credit) for groups, some, credit in block.sets)
        return replace(block, sets=sets)

    at = int(task.facility[columns[0]])
    part = replace(
        task.narrowed(columns, points),
        caps=tuple(own(one) for one in task.caps if one.facility == at),
        reserves=tuple(inside(one) for one in task.reserves if one.facility == at),
    )
    return Part(columns, part)
