"""What is free while a component is being filled, and the ways in which a request can be served."""

from typing import Final

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Floats, Ints

ROUNDING: Final = 1e-9


class Options:
    """The ways to serve requests: an option is one request at one facility, all its sessions.

    `order` sorts a task's columns by option and session; `first` is where each session of an
    option begins in it, `of_session` the option of each session, `starts` an option's first;
    `session` numbers every column's session, so ordered.
    """

    def __init__(self, task: Task) -> None:
        self.order: Ints = np.lexsort((task.session, task.facility, task.request))
        request, facility, session = (
            one[self.order] for one in (task.request, task.facility, task.session)
        )
        fresh = np.ones(len(task), dtype=bool)
        fresh[1:] = (np.diff(request) != 0) | (np.diff(facility) != 0)
        of_column = np.cumsum(fresh) - 1
        parted = fresh.copy()
        parted[1:] |= np.diff(session) != 0
        self.session: Ints = np.empty(len(task), dtype=np.int64)
        self.session[self.order] = np.cumsum(parted) - 1
        self.first: Ints = np.flatnonzero(parted)
        self.of_session: Ints = of_column[self.first]
        self.starts: Ints = np.flatnonzero(np.diff(self.of_session, prepend=-1))
        self.request: Ints = request[fresh]
        self.of_column: Ints = np.empty(len(task), dtype=np.int64)
        self.of_column[self.order] = of_column
        self.ends: Ints = np.append(self.first[1:], len(task))

    def __len__(self) -> int:
        """Count the options."""
        return len(self.request)

    def best(self, values: Floats) -> Floats:
        """Give each option the least, over its sessions, of the highest value of a column."""
        highest = np.maximum.reduceat(values[self.order], self.first)
        least: Floats = np.minimum.reduceat(highest, self.starts)
        return least

    def sessions(self, option: int) -> list[Ints]:
        """List an option's columns by session."""
        low = self.starts[option]
        high = self.starts[option + 1] if option + 1 < len(self) else len(self.first)
        return [self.order[self.first[at] : self.ends[at]] for at in range(low, high)]


class Seats:
    """Free units of each resource and step, and what is left of each organisation's cap."""

    def __init__(self, task: Task) -> None:
        self.task = task
        steps = int(task.end.max()) + 1
        resources, place = np.unique(task.resource, return_inverse=True)
        self._free: Ints = np.repeat(task.capacity[resources], steps)
        self._low: Ints = place * steps + task.start
        self._high: Ints = place * steps + task.end
        self._spans: Ints = np.stack((self._low, self._high), axis=1).ravel()
        self._left = [cap.limit for cap in task.caps]
        self._cap: Ints = np.full(len(task), -1, dtype=np.int64)
        self._weight: Floats = np.zeros(len(task))
        for at, cap in enumerate(task.caps):
            self._cap[cap.columns] = at
            self._weight[cap.columns] = cap.weights

    def fitting(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell of every column whether it fits what is free and what its cap leaves."""
        least = np.minimum.reduceat(np.append(self._free, 0), self._spans)[::2]
        left = np.array([*self._left, np.inf])
        fits: np.ndarray[tuple[int], np.dtype[np.bool_]] = (least >= self.task.quantity) & (
            self._weight <= left[self._cap] + ROUNDING
        )
        return fits

    def seat(self, sessions: list[Ints], liking: Floats) -> list[int] | None:
        """Take for each session the column liked best among those that fit; None if one has none.

        Ties go to the earlier column. Nothing is taken where a session has none.
        """
        taken: list[int] = []
        for columns in sessions:
            ranked = columns[np.argsort(-liking[columns], kind="stable")]
            found = next((int(one) for one in ranked if self._fits(int(one))), None)
            if found is None:
                for one in taken:
                    self._move(one, -1)
                return None
            self._move(found, 1)
            taken.append(found)
        return taken

    def _fits(self, column: int) -> bool:
        span = self._free[self._low[column] : self._high[column]]
        if span.min() < self.task.quantity[column]:
            return False
        cap = int(self._cap[column])
        return cap < 0 or bool(self._weight[column] <= self._left[cap] + ROUNDING)

    def _move(self, column: int, sign: int) -> None:
        quantity = sign * int(self.task.quantity[column])
        self._free[self._low[column] : self._high[column]] -= quantity
        cap = int(self._cap[column])
        if cap >= 0:
            self._left[cap] -= sign * float(self._weight[column])
