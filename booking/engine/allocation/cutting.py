"""Cut a small program out of a large one: some columns free, all others as they are."""

import highspy
import numpy as np

from booking.engine.allocation.model import Model
from booking.engine.allocation.placements import Floats, Ints


class Columns:
    """A model's matrix by column. `money` are the columns that are no placements."""

    def __init__(self, model: Model) -> None:
        lp = model.lp
        starts = np.array(lp.a_matrix_.start_, dtype=np.int64)
        rows = np.repeat(np.arange(lp.num_row_), np.diff(starts))
        columns = np.array(lp.a_matrix_.index_, dtype=np.int64)
        order = np.argsort(columns, kind="stable")
        self.rows: Ints = rows[order]
        self.values: Floats = np.array(lp.a_matrix_.value_)[order]
        self.ends: Ints = np.cumsum(np.bincount(columns, minlength=lp.num_col_))
        self.starts: Ints = self.ends - np.bincount(columns, minlength=lp.num_col_)
        self.lower: Floats = np.array(lp.row_lower_)
        self.upper: Floats = np.array(lp.row_upper_)
        self.most: Floats = np.array(lp.col_upper_)
        self.money: Ints = np.arange(model.binaries, lp.num_col_)

    def used(self, values: Floats) -> Floats:
        """Add up every row at these values of the columns."""
        each = np.repeat(values, self.ends - self.starts)
        total = np.bincount(self.rows, each * self.values, minlength=len(self.lower))
        return total.astype(np.float64)

    def cut(self, free: Ints, values: Floats, costs: Floats) -> highspy.HighsLp:
        """Write the program of the free columns, in their order, the others fixed at `values`."""
        counts = self.ends[free] - self.starts[free]
        skipped = np.repeat(self.starts[free] - np.cumsum(counts) + counts, counts)
        entries = np.arange(counts.sum()) + skipped
        rows, amounts = self.rows[entries], self.values[entries]
        rest = values.copy()
        rest[free] = 0.0
        fixed = self.used(rest)
        touched, row = np.unique(rows, return_inverse=True)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(free), len(touched)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = costs[free]
        lp.col_lower_ = np.zeros(len(free))
        lp.col_upper_ = self.most[free]
        lp.row_lower_ = self.lower[touched] - fixed[touched]
        lp.row_upper_ = self.upper[touched] - fixed[touched]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.append(0, np.cumsum(counts)).astype(np.int32)
        lp.a_matrix_.index_ = row.astype(np.int32)
        lp.a_matrix_.value_ = amounts
        return lp
