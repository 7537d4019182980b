"""A bound on one component from prices alone: no solver, only sums that numpy does.

Any prices of at least 0 bound every timetable: what capacity, caps and reserves are worth
at them, and what each request gains after paying them. The prices are found by subgradient
steps, in a fixed number of rounds: the same task gives the same prices.
Source: Polyak's step with a target level that draws nearer when it is not reached, and a
heading that keeps some of the last; Bertsekas, Nonlinear Programming (1999), section 6.3.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints
from booking.engine.allocation.pricing import PRICE_DIGITS

ROUNDS: Final = 150
"""Steps taken: the bound hardly falls after so many."""

FIRST_AIM: Final = 0.1
"""The share of the bound by which the first steps hope to lower it."""

PATIENCE: Final = 8
"""Steps without a clearly lower bound after which less is hoped for."""

LESS: Final = 0.6
INERTIA: Final = 0.7
"""How much of the last heading is kept: without it the bound stays ten times further off."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by slot (steps of all resources in a row), cap and reserve, and their bound."""

    slots: Floats
    caps: Floats
    groups: Floats
    bound: float


class Shape:
    """A task's placements laid out for sums: by step, by cap, by reserve, by request.

    `order` sorts the placements by request, facility and session; `sessions`, `places` and
    `requests` are where each session's placements, each facility's sessions and each
    request's facilities begin.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._lay_steps(task)
        self._lay_rules(task)
        self._lay_requests(task)

    def _lay_steps(self, task: Task) -> None:
        ends = np.zeros(len(task.capacity), dtype=np.int64)
        np.maximum.at(ends, task.resource, task.end)
        self.offset = np.concatenate([[0], np.cumsum(ends)])
        self.first = self.offset[task.resource] + task.start
        self.last = self.offset[task.resource] + task.end
        self.capacity = np.repeat(task.capacity.astype(np.float64), ends)

    def _lay_rules(self, task: Task) -> None:
        self.cap_of = np.full(len(task), len(task.caps), dtype=np.int64)
        for at, cap in enumerate(task.caps):
            self.cap_of[cap.columns] = at
        self.cap_limits = np.array([cap.limit * cap.unit for cap in task.caps])
        sizes = [len(block.widths) for block in task.reserves]
        self.reserve_offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        widths = [width for block in task.reserves for width in block.widths]
        self.widths = np.array(widths).reshape(len(widths), len(task.top_ups))
        self.sets: list[Ints] = []
        self.set_of = np.full(len(task), -1, dtype=np.int64)
        for which, block in enumerate(task.reserves):
            for members, columns, _ in block.sets:
                self.set_of[columns] = len(self.sets)
                self.sets.append(np.array(members, dtype=np.int64) + self.reserve_offset[which])

    def _lay_requests(self, task: Task) -> None:
        self.order = np.lexsort((task.session, task.facility, task.request))
        request, facility = task.request[self.order], task.facility[self.order]
        session = task.session[self.order]
        new_request = np.diff(request, prepend=-1) != 0
        new_place = new_request | (np.diff(facility, prepend=-1) != 0)
        new_session = new_place | (np.diff(session, prepend=-1) != 0)
        self.sessions = np.flatnonzero(new_session)
        self.places = np.flatnonzero(new_place[self.sessions])
        self.requests = np.flatnonzero(new_request[self.sessions[self.places]])
        self.session_of = np.cumsum(new_session) - 1
        self.place_of = np.cumsum(new_place[self.sessions]) - 1
        self.request_of = np.cumsum(new_request[self.sessions[self.places]]) - 1


def bound_by_prices(shape: Shape, rounds: int = ROUNDS) -> Prices:
    """Lower the bound step by step and give the best prices met."""
    rights = np.concatenate([shape.capacity, shape.cap_limits, shape.widths.sum(axis=1)])
    scale = 1 / np.maximum(rights, 1.0)
    prices, heading = np.zeros(len(rights)), np.zeros(len(rights))
    best, best_prices, aim, waited = np.inf, prices, FIRST_AIM, 0
    for _ in range(rounds):
        value, slack = _value_and_slack(shape, prices)
        waited = 0 if value < best * (1 - aim / 8) else waited + 1
        if value < best:
            best, best_prices = value, prices
        if waited > PATIENCE:
            aim, waited = aim * LESS, 0
        heading = _no_lower(prices, _no_lower(prices, slack) + INERTIA * heading)
        length = float(np.sum(heading * heading * scale))
        if not length:
            break
        step = (value - best * (1 - aim)) / length
        prices = _within(shape, prices - step * scale * heading)
    return _rounded(shape, best_prices)


def _no_lower(prices: Floats, heading: Floats) -> Floats:
    """Leave alone what would fall below 0."""
    return np.where((prices <= 0) & (heading > 0), 0.0, heading)


def net_of(shape: Shape, prices: Prices) -> Floats:
    """Give what each placement is worth after paying, its best reserve's price added."""
    return _net(shape, prices.slots, prices.caps, prices.groups)[0]


def _split(shape: Shape, prices: Floats) -> list[Floats]:
    slots = len(shape.capacity)
    return np.split(prices, [slots, slots + len(shape.cap_limits)])


def _within(shape: Shape, prices: Floats) -> Floats:
    most = max(shape.task.top_ups, default=0.0)
    slots, caps, groups = _split(shape, np.maximum(prices, 0.0))
    return np.concatenate([slots, caps, np.minimum(groups, most)])


def _rounded(shape: Shape, prices: Floats) -> Prices:
    """Round the prices as they are published, and bound by those, up for floating point."""
    rounded = np.round(prices, PRICE_DIGITS)
    value, _ = _value_and_slack(shape, rounded)
    slots, caps, groups = _split(shape, rounded)
    return Prices(slots, caps, groups, value * (1 + 1e-9) + 1e-3)


def _net(shape: Shape, slots: Floats, caps: Floats, groups: Floats) -> tuple[Floats, Ints]:
    """Give each placement's net worth, and for each set of reserves the one that pays most."""
    best = np.array([some[np.argmax(groups[some])] for some in shape.sets], dtype=np.int64)
    earned = np.append(groups[best], 0.0)[shape.set_of]
    charged = np.append(caps, 0.0)[shape.cap_of]
    sums = np.concatenate([[0.0], np.cumsum(slots)])
    task = shape.task
    paid = task.quantity * (sums[shape.last] - sums[shape.first])
    return task.points + task.credit * (earned - charged) - paid, best


def _value_and_slack(shape: Shape, prices: Floats) -> tuple[float, Floats]:
    """Bound by these prices; and how far what they choose leaves each limit unused."""
    slots, caps, groups = _split(shape, prices)
    net, best = _net(shape, slots, caps, groups)
    falls = np.array(shape.task.top_ups) - groups[:, None]
    worth = float(np.sum(slots * shape.capacity) + np.sum(caps * shape.cap_limits))
    worth += float(np.sum(shape.widths * np.maximum(falls, 0.0)))
    gained, chosen = _chosen(shape, net)
    steps = np.zeros(len(shape.capacity) + 1)
    np.add.at(steps, shape.first[chosen], shape.task.quantity[chosen])
    np.subtract.at(steps, shape.last[chosen], shape.task.quantity[chosen])
    credit = shape.task.credit[chosen]
    at_caps = np.bincount(shape.cap_of[chosen], credit, len(caps) + 1)[:-1]
    sets = shape.set_of[chosen]
    members = sets >= 0
    credited = np.bincount(best[sets[members]], credit[members], len(groups))
    wanted = np.sum(shape.widths * (falls > 0), axis=1)
    slack = [shape.capacity - np.cumsum(steps)[:-1], shape.cap_limits - at_caps]
    return worth + gained, np.concatenate([*slack, credited - wanted])


def _chosen(shape: Shape, net: Floats) -> tuple[float, Ints]:
    """Choose for each request the facility and placements that gain most, if any gain."""
    ordered = net[shape.order]
    best = np.maximum.reduceat(ordered, shape.sessions)
    there = np.add.reduceat(best, shape.places)
    most = np.maximum.reduceat(there, shape.requests)
    is_best = (there == most[shape.request_of]) & (there > 0)
    places = np.flatnonzero(is_best)
    _, once = np.unique(shape.request_of[places], return_index=True)
    taken = np.zeros(len(there), dtype=bool)
    taken[places[once]] = True
    at_best = (ordered == best[shape.session_of]) & taken[shape.place_of][shape.session_of]
    columns = np.flatnonzero(at_best)
    _, once = np.unique(shape.session_of[columns], return_index=True)
    return float(np.maximum(most, 0.0).sum()), shape.order[columns[once]]
