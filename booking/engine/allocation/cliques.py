"""Clique cuts: of placements that shut one another out, at most one is chosen.

The rows of a program say so of placements that share one step. Placements may shut one
another out without that: those of one session do, wherever they lie. Sousa and Wolsey's
inequalities for unit machines are such cliques; a set that the relaxation breaks is looked for
from each of its fractional placements.
Source: Sousa and Wolsey, A time indexed formulation of non-preemptive single machine
scheduling problems, Mathematical Programming 54 (1992).
"""

from typing import Final

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints, Mask

LEAST_BREACH: Final = 0.02
"""By how much a clique's values must add up to more than 1 for its cut to be worth a row."""

CUTS_A_PLACEMENT: Final = 3
"""Cuts of one round that a fractional placement may be in, so that they spread."""

FRACTION: Final = 1e-6


def broken_cliques(task: Task, values: Floats) -> list[Ints]:
    """Find cliques whose placements' values add up to more than 1, the most broken first.

    Each is made as large as it can be with placements of value 0; columns in order.
    """
    fractional = np.flatnonzero((values > FRACTION) & (values < 1 - FRACTION))
    fractional = fractional[np.argsort(-np.round(values[fractional], 6), kind="stable")]
    weights = np.round(values[fractional], 6)
    excluding = _excluding(task, fractional, fractional)
    np.fill_diagonal(excluding, val=False)
    found = {_grown(excluding, weights, at) for at in range(len(fractional))}
    totals = sorted((-float(weights[list(some)].sum()), some) for some in found)
    used: Ints = np.zeros(len(fractional), dtype=np.int64)
    cuts: list[Ints] = []
    for total, some in totals:
        members = list(some)
        if -total <= 1 + LEAST_BREACH:
            break
        if used[members].min() < CUTS_A_PLACEMENT:
            used[members] += 1
            cuts.append(_widened(task, fractional[members]))
    return cuts


def _excluding(task: Task, some: Ints, others: Ints) -> Mask:
    """Tell of each pair whether at most one of the two can be chosen."""

    def pairs(column: Ints) -> tuple[Ints, Ints]:
        return column[some][:, None], column[others][None, :]

    start, other_start = pairs(task.start)
    end, other_end = pairs(task.end)
    resource, other_resource = pairs(task.resource)
    quantity, other_quantity = pairs(task.quantity)
    together = (resource == other_resource) & (start < other_end) & (other_start < end)
    together &= quantity + other_quantity > task.capacity[resource]
    request, other_request = pairs(task.request)
    session, other_session = pairs(task.session)
    facility, other_facility = pairs(task.facility)
    instead = (request == other_request) & (
        (session == other_session) | (facility != other_facility)
    )
    found: Mask = together | instead
    return found


def _grown(excluding: Mask, weights: Floats, first: int) -> tuple[int, ...]:
    """Grow a clique from a placement: each time the one of most weight, its own and around it."""
    clique, candidates = [first], np.flatnonzero(excluding[first])
    while len(candidates):
        near = excluding[np.ix_(candidates, candidates)]
        best = candidates[np.argmax(weights[candidates] + near @ weights[candidates] / 2)]
        clique.append(int(best))
        candidates = candidates[excluding[best, candidates]]
    return tuple(sorted(clique))


def _widened(task: Task, members: Ints) -> Ints:
    """Add placements that every member shuts out, those with most others left first."""
    near = np.isin(task.resource, task.resource[members])
    near |= np.isin(task.request, task.request[members])
    near[members] = False
    candidates = np.flatnonzero(near)
    candidates = candidates[_excluding(task, candidates, members).all(axis=1)]
    excluding = _excluding(task, candidates, candidates)
    np.fill_diagonal(excluding, val=False)
    every = np.ones(len(candidates))
    if not len(candidates):
        return np.sort(members)
    degree = excluding.sum(axis=1)
    added = _grown(excluding, every, int(np.argmax(degree)))
    return np.sort(np.concatenate([members, candidates[list(added)]]))
