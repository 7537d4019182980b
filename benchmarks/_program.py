"""The round's program in rows and columns, as plain HiGHS or SCIP may read it."""

from dataclasses import dataclass, field

import highspy
import numpy as np

from benchmarks._table import Columns, Floats, Ints, Table, grouped


@dataclass(slots=True)
class Program:
    """Columns first the placements (0 or 1), then hours credited; rows as lower <= sum <= upper."""

    costs: list[float]
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    indices: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def column(self, cost: float, most: float) -> int:
        """Add a column of credited hours."""
        self.costs.append(cost)
        self.most.append(most)
        return len(self.costs) - 1

    def row(self, indices: Ints, values: Floats, lower: float, upper: float) -> None:
        """Add a row."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.indices.append(indices)
        self.values.append(values)


def program_of(table: Table, *, every_step: bool) -> Program:
    """Write the rows: of every resource and step, or of the largest sets that share a step.

    Rows that can never bind are left out of both.
    """
    rows = table.rows
    program = Program(rows.points.astype(float).tolist(), most=[1.0] * len(rows))
    _sessions(program, rows)
    for resource, here in grouped(rows.resource):
        capacity = table.problem.resources[resource].capacity
        _slots(program, rows, here, capacity, every_step=every_step)
    _caps(program, table)
    _reserves(program, table)
    return program


def _sessions(program: Program, rows: Columns) -> None:
    """All sessions of a request or none, all at one facility."""
    for _, here in grouped(rows.request):
        first = here[rows.session[here] == 0]
        program.row(first, np.ones(len(first)), -np.inf, 1.0)
        if len(first) == len(here):
            continue
        for facility in np.unique(rows.facility[here]):
            there = here[rows.facility[here] == facility]
            lead = there[rows.session[there] == 0]
            for session in range(1, int(rows.session[here].max()) + 1):
                some = there[rows.session[there] == session]
                values = np.concatenate([np.ones(len(some)), -np.ones(len(lead))])
                program.row(np.concatenate([some, lead]), values, 0.0, 0.0)


def _slots(program: Program, rows: Columns, here: Ints, capacity: int, *, every_step: bool) -> None:
    start, end, quantity = rows.start[here], rows.end[here], rows.quantity[here]
    steps = np.arange(start.min(), end.max()) if every_step else peaks(start, end)
    for step in steps.tolist():
        covering = (start <= step) & (end > step)
        if quantity[covering].sum() > capacity:
            values = quantity[covering].astype(np.float64)
            program.row(here[covering], values, -np.inf, float(capacity))


def peaks(start: Ints, end: Ints) -> Ints:
    """List the last steps before an end, where something began since the end before."""
    last = np.unique(end) - 1
    begun = np.searchsorted(np.sort(start), last, "right")
    chosen: Ints = last[np.diff(begun, prepend=0) > 0]
    return chosen


def _caps(program: Program, table: Table) -> None:
    for (_, facility), here in table.holders():
        if facility in table.caps:
            values = table.rows.credit[here] / table.scale
            program.row(here, values, -np.inf, table.caps[facility] / table.scale)


def _reserves(program: Program, table: Table) -> None:
    """Each hour credited to one group; a group's steps filled by what it is credited."""
    for facility, supply in table.supply():
        credited: dict[str, list[int]] = {}
        for groups, here in supply:
            shares = [program.column(0.0, np.inf) for _ in groups]
            for group, share in zip(sorted(groups), shares, strict=True):
                credited.setdefault(group, []).append(share)
            credit = table.rows.credit[here] / table.scale
            values = np.concatenate([np.ones(len(shares)), -credit])
            program.row(np.concatenate([shares, here]), values, -np.inf, 0.0)
        for group, shares in sorted(credited.items()):
            widths = table.rooms[facility, group]
            steps = [
                program.column(points, width / table.scale)
                for points, width in zip(table.top_ups, widths, strict=True)
            ]
            values = np.concatenate([np.ones(len(steps)), -np.ones(len(shares))])
            program.row(np.array(steps + shares), values, -np.inf, 0.0)


def solver_of(program: Program, binaries: int) -> highspy.Highs:
    """Load a program into HiGHS."""
    lp = highspy.HighsLp()
    lp.num_col_ = len(program.costs)
    lp.num_row_ = len(program.lower)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array(program.costs)
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.array(program.most)
    lp.row_lower_ = np.array(program.lower)
    lp.row_upper_ = np.array(program.upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lengths = [len(indices) for indices in program.indices]
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(program.indices).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(program.values)
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger] * binaries + [kinds.kContinuous] * (lp.num_col_ - binaries)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    return solver
