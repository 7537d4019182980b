"""Cuts: rows that every timetable keeps and the relaxation breaks.

What the relaxation gives is counted in millionths: whole numbers add up to the same in any
order, so that which of two equal cuts is found depends on no machine's arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.placements import Floats, Ints

WHOLE: Final = 1_000_000
"""Parts that a value of 1 is counted in."""

FRACTION: Final = 1
"""Parts from 0 or from WHOLE within which a value is no fraction."""

LEAST_BREACH: Final = 20_000
"""Parts by which a cut must be broken to be worth a row."""


class CrossingCutError(ValueError):
    """A cut has columns in a block and others outside of it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The sum of values x columns is at most `most`; columns in order."""

    columns: Ints
    values: Floats
    most: float


def counted(values: Floats) -> Ints:
    """Count values in parts of a whole."""
    return np.rint(values * WHOLE).astype(np.int64)


def fractional(parts: Ints) -> Ints:
    """List the columns that are neither chosen nor left out."""
    return np.flatnonzero((parts > FRACTION) & (parts < WHOLE - FRACTION))


def within(cuts: Sequence[Cut], columns: Ints) -> list[Cut]:
    """Give the cuts of some columns alone, by the columns' positions among these.

    Raises: CrossingCutError where a cut has columns on both sides.
    """
    kept = []
    for cut in cuts:
        inside = np.isin(cut.columns, columns)
        if inside.all():
            kept.append(Cut(np.searchsorted(columns, cut.columns), cut.values, cut.most))
        elif inside.any():
            message = "A cut crosses blocks, and would count in none of them: cut each block alone."
            raise CrossingCutError(message)
    return kept
