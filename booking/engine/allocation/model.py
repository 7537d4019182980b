"""The round's program for one component, as plain arrays and as a HiGHS model."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import gcd

import highspy
import numpy as np

from booking.engine.allocation.components import Component
from booking.engine.allocation.cuts import Cut
from booking.engine.allocation.placements import Compiled, Floats, Ints


@dataclass(frozen=True, slots=True)
class CapRow:
    """The most one organisation may hold at a facility; weights and limit in `unit` credits."""

    organisation: int
    facility: int
    columns: Ints
    weights: Floats
    limit: float
    unit: float


@dataclass(frozen=True, slots=True)
class ReserveBlock:
    """A facility's reserves: widths in credits by reserve and step; who may fill what."""

    facility: int
    widths: tuple[tuple[float, ...], ...]
    sets: tuple[tuple[tuple[int, ...], Ints, Floats], ...]


@dataclass(frozen=True, slots=True)
class Task:
    """All that one component's solve needs; columns follow the component's placements.

    Where `strict`, the only top-up is 1: what is credited comes first, points second.
    """

    points: Floats
    credit: Floats
    tie: Floats
    request: Ints
    session: Ints
    facility: Ints
    resource: Ints
    start: Ints
    end: Ints
    quantity: Ints
    capacity: Ints
    caps: tuple[CapRow, ...]
    reserves: tuple[ReserveBlock, ...]
    top_ups: tuple[float, ...]
    strict: bool = False

    def __len__(self) -> int:
        """Count the placements."""
        return len(self.points)

    def narrowed(self, columns: Ints, points: Floats) -> "Task":
        """Keep some columns, at the points given for all, without reserves and caps."""
        return replace(
            self,
            points=points[columns],
            credit=self.credit[columns],
            tie=self.tie[columns],
            request=self.request[columns],
            session=self.session[columns],
            facility=self.facility[columns],
            resource=self.resource[columns],
            start=self.start[columns],
            end=self.end[columns],
            quantity=self.quantity[columns],
            caps=(),
            reserves=(),
        )


@dataclass(slots=True)
class Rows:
    """Rows of a model under construction: lower <= sum of value x column <= upper."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    columns: list[Ints] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)

    def add(self, columns: Ints, values: Floats, lower: float, upper: float) -> int:
        """Append a row and give its position."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.columns.append(columns)
        self.values.append(values)
        return len(self.lower) - 1


@dataclass(frozen=True, slots=True)
class Model:
    """A model and where its prices stand; its first `binaries` columns are placements.

    `slots` as (row, resource, step), `caps` as (row, cap), `groups` as (row, facility,
    reserve), `requests` as (row, request): one place each; `top_ups` are every column's points.
    """

    lp: highspy.HighsLp
    binaries: int
    top_ups: Floats
    slots: tuple[tuple[int, int, int], ...]
    caps: tuple[tuple[int, CapRow], ...]
    groups: tuple[tuple[int, int, int], ...]
    requests: tuple[tuple[int, int], ...]


def task_of(compiled: Compiled, component: Component) -> Task:
    """Cut one component out of the compiled round."""
    chosen = component.placements
    offers = compiled.offers
    offer = compiled.placements.offer[chosen]

    def column(name: str) -> Ints:
        every: Ints = getattr(offers, name)
        return every[offer]

    start = compiled.placements.start[chosen]
    request, facility = column("request"), column("facility")
    credit = (column("credit") / float(compiled.scale)).astype(np.float64)
    return Task(
        points=column("points").astype(np.float64),
        credit=credit,
        tie=compiled.placements.tie[chosen],
        request=request,
        session=column("session"),
        facility=facility,
        resource=column("resource"),
        start=start,
        end=start + column("steps"),
        quantity=column("quantity"),
        capacity=np.array([one.capacity for one in compiled.problem.resources], dtype=np.int64),
        caps=_cap_rows(compiled, offer, request, facility),
        reserves=tuple(
            _block(compiled, at, np.flatnonzero(facility == at), request, credit)
            for at in component.facilities
            if compiled.reserves[at] and compiled.ladder
        ),
        top_ups=tuple(
            1.0 if compiled.problem.strict else float(rung.points) for rung in compiled.ladder
        ),
        strict=compiled.problem.strict,
    )


def eligible(compiled: Compiled, request: int, facility: int) -> tuple[int, ...]:
    """List the facility's reserves that a request may fill, by position."""
    groups = compiled.problem.requests[request].groups
    return tuple(at for at, one in enumerate(compiled.reserves[facility]) if one.group in groups)


def _cap_rows(compiled: Compiled, offer: Ints, request: Ints, facility: Ints) -> tuple[CapRow, ...]:
    organisation = np.array(compiled.organisation_of, dtype=np.int64)[request]
    rows = []
    for at in sorted(set(facility.tolist())):
        cap = compiled.caps[at]
        if cap is None:
            continue
        here = np.flatnonzero(facility == at)
        for one in sorted(set(organisation[here].tolist())):
            columns = here[organisation[here] == one]
            units = compiled.offers.credit[offer[columns]].tolist()
            common = gcd(*units)
            weights = np.array([unit // common for unit in units], dtype=np.float64)
            limit = float(cap // common)
            rows.append(CapRow(one, at, columns, weights, limit, common / compiled.scale))
    return tuple(rows)


def _block(
    compiled: Compiled, facility: int, here: Ints, request: Ints, credit: Floats
) -> ReserveBlock:
    members: dict[tuple[int, ...], list[int]] = {}
    for column in here.tolist():
        members.setdefault(eligible(compiled, int(request[column]), facility), []).append(column)
    return ReserveBlock(
        facility=facility,
        widths=tuple(
            tuple(width / compiled.scale for width in reserve.widths)
            for reserve in compiled.reserves[facility]
        ),
        sets=tuple(
            (groups, np.array(columns, dtype=np.int64), credit[columns])
            for groups, columns in sorted(members.items())
            if groups
        ),
    )


def build(task: Task, *, every_step: bool = False, cuts: Sequence[Cut] = ()) -> Model:
    """Write the program: sessions, slots on maximal cliques, caps, reserves.

    With `every_step` each step of each resource has its row, as a yardstick, and so have the
    `cuts`: no timetable more or less is allowed by that.
    """
    rows = Rows()
    for cut in cuts:
        rows.add(cut.columns, cut.values, -np.inf, cut.most)
    requests = _add_sessions(rows, task)
    slots = _add_slots(rows, task, every_step=every_step)
    caps = tuple((_add_cap(rows, cap), cap) for cap in task.caps)
    uppers: list[float] = [1.0] * len(task)
    costs: list[float] = [0.0] * len(task)
    groups: list[tuple[int, int, int]] = []
    for block in task.reserves:
        groups += _add_reserves(rows, block, task.top_ups, uppers, costs)
    lp = _as_lp(rows, uppers)
    return Model(lp, len(task), np.array(costs), slots, caps, tuple(groups), requests)


def _add_sessions(rows: Rows, task: Task) -> tuple[tuple[int, int], ...]:
    """All sessions of a request or none, all at one facility."""
    once = []
    members: dict[int, dict[tuple[int, int], list[int]]] = {}
    keys = zip(task.request.tolist(), task.session.tolist(), task.facility.tolist(), strict=True)
    for column, (request, session, facility) in enumerate(keys):
        there = members.setdefault(request, {})
        there.setdefault((session, facility), []).append(column)
    for request, there in members.items():
        first = [column for (session, _), some in there.items() if session == 0 for column in some]
        once.append((rows.add(_ints(first), np.ones(len(first)), -np.inf, 1.0), request))
        for (session, facility), some in there.items():
            if session:
                lead = there[0, facility]
                values = np.concatenate([np.ones(len(some)), -np.ones(len(lead))])
                rows.add(_ints(some + lead), values, 0.0, 0.0)
    return tuple(once)


def _add_slots(rows: Rows, task: Task, *, every_step: bool) -> tuple[tuple[int, int, int], ...]:
    """One row for each maximal set of placements that share a step of a resource."""
    slots = []
    for resource in sorted(set(task.resource.tolist())):
        here = np.flatnonzero(task.resource == resource)
        start, end, quantity = task.start[here], task.end[here], task.quantity[here]
        capacity = float(task.capacity[resource])
        steps = range(int(start.min()), int(end.max())) if every_step else peaks(start, end)
        for step in steps:
            covering = (start <= step) & (end > step)
            if quantity[covering].sum() > capacity:
                values = quantity[covering].astype(np.float64)
                slots.append((rows.add(here[covering], values, -np.inf, capacity), resource, step))
    return tuple(slots)


def peaks(start: Ints, end: Ints) -> list[int]:
    """List the steps after which something ends, and something began since the last of them."""
    last = np.unique(end) - 1
    begun = np.searchsorted(np.sort(start), last, "right")
    return [int(step) for step in last[np.diff(begun, prepend=0) > 0]]


def _add_cap(rows: Rows, cap: CapRow) -> int:
    return rows.add(cap.columns, cap.weights, -np.inf, cap.limit)


def _add_reserves(
    rows: Rows,
    block: ReserveBlock,
    top_ups: tuple[float, ...],
    uppers: list[float],
    costs: list[float],
) -> list[tuple[int, int, int]]:
    """Each hour credited to one group; a group's top-up steps filled by what it is credited."""

    def column(upper: float, cost: float) -> int:
        uppers.append(upper)
        costs.append(cost)
        return len(uppers) - 1

    credited: dict[int, list[int]] = {}
    for groups, columns, credit in block.sets:
        shares = [column(np.inf, 0.0) for _ in groups]
        for group, share in zip(groups, shares, strict=True):
            credited.setdefault(group, []).append(share)
        values = np.concatenate([np.ones(len(shares)), -credit])
        rows.add(np.concatenate([_ints(shares), columns]), values, -np.inf, 0.0)
    found = []
    for group, shares in sorted(credited.items()):
        widths = block.widths[group]
        steps = [column(width, points) for width, points in zip(widths, top_ups, strict=True)]
        values = np.concatenate([np.ones(len(steps)), -np.ones(len(shares))])
        row = rows.add(_ints(steps + shares), values, -np.inf, 0.0)
        found.append((row, block.facility, group))
    return found


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _as_lp(rows: Rows, uppers: list[float]) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_ = len(uppers)
    lp.num_row_ = len(rows.lower)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.zeros(len(uppers))
    lp.col_lower_ = np.zeros(len(uppers))
    lp.col_upper_ = np.array(uppers)
    lp.row_lower_ = np.array(rows.lower)
    lp.row_upper_ = np.array(rows.upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lengths = [len(columns) for columns in rows.columns]
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(rows.columns).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(rows.values)
    return lp
