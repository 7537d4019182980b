"""CP-SAT: an optional interval for every placement, one scheduling constraint a resource."""

from typing import Any, TypeAlias

import numpy as np
from ortools.sat.python import cp_model

from benchmarks._effort import Answer, Effort
from benchmarks._table import Ints, Table, grouped, table_of
from booking.engine.allocation.entities import Problem

MOST_WALL = 1.5
"""Times its seconds; the first limit is of CP-SAT's own count of work, about a second a unit."""

Chosen: TypeAlias = list[cp_model.IntVar]


def whole(problem: Problem, effort: Effort) -> Answer:
    """Solve the round as one model, credits and points in whole units."""
    table = table_of(problem)
    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in range(len(table.rows))]
    _sessions(model, table, chosen)
    for resource, here in grouped(table.rows.resource):
        _resource(model, table, chosen, here, problem.resources[resource].capacity)
    _caps(model, table, chosen)
    model.maximize(
        cp_model.LinearExpr.weighted_sum(chosen, (table.rows.points * table.scale).tolist())
        + _top_ups(model, table, chosen)
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = effort.workers
    solver.parameters.max_deterministic_time = effort.seconds
    solver.parameters.max_time_in_seconds = MOST_WALL * effort.seconds
    solver.parameters.relative_gap_limit = effort.gap
    solver.parameters.random_seed = 0
    status = solver.solve(model)
    found = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    held = [at for at, one in enumerate(chosen) if found and solver.value(one)]
    return Answer(table.bookings(held), solver.best_objective_bound / table.scale)


def _sessions(model: cp_model.CpModel, table: Table, chosen: Chosen) -> None:
    rows = table.rows
    for _, here in grouped(rows.request):
        model.add_at_most_one(chosen[at] for at in here[rows.session[here] == 0])
        last = int(rows.session[here].max())
        for facility in np.unique(rows.facility[here]) if last else ():
            there = here[rows.facility[here] == facility]
            lead = sum(chosen[at] for at in there[rows.session[there] == 0])
            for session in range(1, last + 1):
                some = sum(chosen[at] for at in there[rows.session[there] == session])
                model.add(some == lead)


def _resource(
    model: cp_model.CpModel, table: Table, chosen: Chosen, here: Ints, capacity: int
) -> None:
    rows = table.rows
    intervals = [
        model.new_optional_fixed_size_interval_var(
            int(rows.start[at]), int(rows.end[at] - rows.start[at]), chosen[at], ""
        )
        for at in here
    ]
    if capacity == 1:
        model.add_no_overlap(intervals)
    else:
        model.add_cumulative(intervals, rows.quantity[here].tolist(), capacity)


def _caps(model: cp_model.CpModel, table: Table, chosen: Chosen) -> None:
    rows = table.rows
    for (_, facility), here in table.holders():
        if facility in table.caps:
            credit = _weighted(chosen, here, rows.credit)
            model.add(credit <= table.caps[facility])


def _top_ups(model: cp_model.CpModel, table: Table, chosen: Chosen) -> Any:
    """Credit each hour to one group; give the sum of top-ups times the credit scale."""
    earned: list[Any] = []
    for facility, supply in table.supply():
        credited: dict[str, Chosen] = {}
        for groups, here in supply:
            most = int(table.rows.credit[here].sum())
            shares = [model.new_int_var(0, most, "") for _ in groups]
            for group, share in zip(sorted(groups), shares, strict=True):
                credited.setdefault(group, []).append(share)
            model.add(sum(shares) <= _weighted(chosen, here, table.rows.credit))
        for group, shares in credited.items():
            widths = table.rooms[facility, group]
            steps = [model.new_int_var(0, width, "") for width in widths]
            model.add(sum(steps) <= sum(shares))
            earned += [
                int(points) * step for points, step in zip(table.top_ups, steps, strict=True)
            ]
    return sum(earned)


def _weighted(chosen: Chosen, here: Ints, weights: Ints) -> Any:
    return cp_model.LinearExpr.weighted_sum([chosen[at] for at in here], weights[here].tolist())
