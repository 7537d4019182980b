"""Conflicts: which placements shut one another out, by themselves or by what requests need.

Two placements shut one another out where they do not fit one resource together, or are of one
request and are not chosen together. They also do where together they leave some session of
either's request no placement: requests are placed whole.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Ints, Mask
from booking.engine.allocation.seats import Options

MOST_OF_ONE: Final = 1500
"""Columns of one request at one facility among which hopeless ones are looked for."""


class Conflicts:
    """A task's conflicts, found among as many of its columns as are asked for.

    `hopeless` are columns that leave another session of their own request nowhere to go.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._options = Options(task)
        self._ends: Ints = np.append(self._options.starts[1:], len(self._options.first))
        self._several: Mask = self._ends - self._options.starts > 1
        self.hopeless: Mask = np.zeros(len(task), dtype=bool)
        for option in np.flatnonzero(self._several).tolist():
            self._give_up(option)

    def among(self, some: Ints) -> Mask:
        """Tell of each pair of some columns whether at most one of the two can be chosen.

        Takes a byte for each of them and each column of the task, a few times over.
        """
        order, option = self._options.order, self._options.of_column[some]
        direct = self.by_themselves(order, some)
        direct[self.hopeless[order]] = True
        place: Ints = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        mine = direct[place[some]] | self._ousted(direct, option)
        found: Mask = mine | mine.T
        for at in np.flatnonzero(self._several[option]).tolist():
            others = self._crowded_out(direct, at, int(some[at])) & (option != option[at])
            found[at] |= others
            found[:, at] |= others
        np.fill_diagonal(found, val=False)
        return found

    def by_themselves(self, mine: Ints, theirs: Ints) -> Mask:
        """Tell of some columns which of some others they shut out by themselves."""
        task, session = self._task, self._options.session
        found: Mask = np.zeros((len(mine), len(theirs)), dtype=bool)
        for resource, here, there in _shared(task.resource, mine, theirs):
            one, other = mine[here][:, None], theirs[there]
            together = task.start[one] < task.end[other]
            together &= task.start[other] < task.end[one]
            together &= task.quantity[one] > task.capacity[resource] - task.quantity[other]
            found[np.ix_(here, there)] = together
        for _, here, there in _shared(task.request, mine, theirs):
            one, other = mine[here][:, None], theirs[there]
            instead = session[one] == session[other]
            instead |= task.facility[one] != task.facility[other]
            found[np.ix_(here, there)] |= instead
        return found

    def _give_up(self, option: int) -> None:
        """Find the hopeless columns of one option, those of which others depend included."""
        first, last = self._options.starts[option], self._ends[option] - 1
        own = self._options.order[self._options.first[first] : self._options.ends[last]]
        if len(own) > MOST_OF_ONE:
            return
        going = ~self.by_themselves(own, own)
        sessions = self._options.session[own]
        hoping = np.ones(len(own), dtype=bool)
        for _ in own:
            ways = [
                (going & hoping & (sessions == one)).any(axis=1) | (sessions == one)
                for one in range(first, last + 1)
            ]
            still = hoping & np.logical_and.reduce(ways)
            if (still == hoping).all():
                break
            hoping = still
        self.hopeless[own] = ~hoping

    def _ousted(self, direct: Mask, option: Ints) -> Mask:
        """Tell of every column which columns leave a session of its option nowhere to go."""
        full = np.logical_and.reduceat(direct, self._options.first, axis=0)
        ousted: Mask = np.logical_or.reduceat(full, self._options.starts, axis=0)
        ousted[option, np.arange(len(option))] = False
        return ousted[option]

    def _crowded_out(self, direct: Mask, at: int, column: int) -> Mask:
        """Tell which columns shut out all that one leaves to another session of its option."""
        found: Mask = np.zeros(direct.shape[1], dtype=bool)
        option = self._options.of_column[column]
        for session in range(self._options.starts[option], self._ends[option]):
            rows = direct[self._options.first[session] : self._options.ends[session]]
            left = rows[~rows[:, at]]
            if session != self._options.session[column] and len(left) < len(rows):
                found |= left.all(axis=0)
        return found


def _shared(keys: Ints, mine: Ints, theirs: Ints) -> Iterator[tuple[int, Ints, Ints]]:
    """Give each key that is theirs, and where in both lists of columns it is."""
    own, other = keys[mine], keys[theirs]
    for key in np.unique(other).tolist():
        yield key, np.flatnonzero(own == key), np.flatnonzero(other == key)
