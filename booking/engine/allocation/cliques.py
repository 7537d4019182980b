"""Clique cuts: of placements that shut one another out, at most one is chosen.

The rows of a program say so of placements that share one step. Placements may shut one
another out without that: those of one session do, wherever they lie, and those that leave
another request no room. Sousa and Wolsey's inequalities for unit machines are such cliques; a
set that the relaxation breaks is looked for from each of its fractional placements.
Source: Sousa and Wolsey, A time indexed formulation of non-preemptive single machine
scheduling problems, Mathematical Programming 54 (1992).
"""

from typing import Final

import numpy as np

from booking.engine.allocation.cuts import LEAST_BREACH, WHOLE, Cut, counted, fractional
from booking.engine.allocation.placements import Floats, Ints, Mask

CUTS_A_PLACEMENT: Final = 3
"""Cuts of one round that a fractional placement may be in, so that they spread."""

MOST_WIDENING: Final = 1000
"""Placements of value 0 that a clique may choose from, the first ones: pairs are many."""


def broken_cliques(excluding: Mask, values: Floats) -> list[Cut]:
    """Find cliques whose placements' values add up to more than 1, the most broken first.

    Each is made as large as it can be with placements of value 0; columns in order.
    """
    parts = counted(values)
    some = fractional(parts)
    some = some[np.argsort(-parts[some], kind="stable")]
    weights = parts[some]
    near = excluding[np.ix_(some, some)]
    found = {_grown(near, weights, at) for at in range(len(some))}
    totals = sorted((-int(weights[list(clique)].sum()), clique) for clique in found)
    used: Ints = np.zeros(len(some), dtype=np.int64)
    cuts: list[Cut] = []
    for total, clique in totals:
        members = list(clique)
        if -total <= WHOLE + LEAST_BREACH:
            break
        if used[members].min() < CUTS_A_PLACEMENT:
            used[members] += 1
            columns = _widened(excluding, some[members])
            cuts.append(Cut(columns, np.ones(len(columns)), 1.0))
    return cuts


def _grown(excluding: Mask, weights: Ints, first: int) -> tuple[int, ...]:
    """Grow a clique from a placement: each time the one of most weight, its own and around it."""
    clique, candidates = [first], np.flatnonzero(excluding[first])
    while len(candidates):
        near = excluding[np.ix_(candidates, candidates)]
        best = candidates[np.argmax(2 * weights[candidates] + near @ weights[candidates])]
        clique.append(int(best))
        candidates = candidates[excluding[best, candidates]]
    return tuple(sorted(clique))


def _widened(excluding: Mask, members: Ints) -> Ints:
    """Add placements that every member shuts out, those with most others left first."""
    candidates = np.flatnonzero(excluding[members].all(axis=0))[:MOST_WIDENING]
    if not len(candidates):
        return np.sort(members)
    near = excluding[np.ix_(candidates, candidates)]
    added = _grown(near, np.ones(len(candidates), dtype=np.int64), int(np.argmax(near.sum(axis=1))))
    return np.sort(np.concatenate([members, candidates[list(added)]]))
