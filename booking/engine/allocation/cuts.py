"""Cuts: rows that every timetable keeps and the relaxation breaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from booking.engine.allocation.placements import Floats, Ints


@dataclass(frozen=True, slots=True)
class Cut:
    """The sum of values x columns is at most `most`; columns in order."""

    columns: Ints
    values: Floats
    most: float


def within(cuts: Sequence[Cut], columns: Ints) -> list[Cut]:
    """Give the cuts of some columns alone, by the columns' positions among these."""
    return [
        Cut(np.searchsorted(columns, cut.columns), cut.values, cut.most)
        for cut in cuts
        if np.isin(cut.columns, columns).all()
    ]
