"""Conflicts: which placements shut one another out, by themselves or by what requests need.

Two placements shut one another out where they do not fit one resource together, or are of one
request and are not chosen together. They also do where together they leave some session of
either's request no placement: requests are placed whole.
"""

from dataclasses import dataclass

import numpy as np

from booking.engine.allocation.model import Task
from booking.engine.allocation.placements import Ints, Mask


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Of each pair of columns whether at most one is chosen; and which can never be."""

    excluding: Mask
    hopeless: Mask


def conflicts_of(task: Task) -> Conflicts:
    """Find the conflicts of a task of some thousand placements at most: pairs are many."""
    finding = _Finding(task)
    return Conflicts(finding.pairs(), finding.hopeless)


class _Finding:
    """A task's options (a request at a facility) and their sessions, columns grouped by these."""

    def __init__(self, task: Task) -> None:
        self._task = task
        order = np.lexsort((task.session, task.facility, task.request))
        self._order: Ints = order
        wishes = np.stack([task.request[order], task.facility[order], task.session[order]])
        begins = np.append(True, (wishes[:, 1:] != wishes[:, :-1]).any(axis=0))
        self._first: Ints = np.flatnonzero(begins)
        self._sizes: Ints = np.diff(np.append(self._first, len(order)))
        self._session: Ints = np.empty(len(order), dtype=np.int64)
        self._session[order] = np.cumsum(begins) - 1
        of_wish = wishes[:2, self._first]
        opens = np.append(True, (of_wish[:, 1:] != of_wish[:, :-1]).any(axis=0))
        self._opens: Ints = np.flatnonzero(opens)
        self._option: Ints = (np.cumsum(opens) - 1)[self._session]
        self._sessions = np.diff(np.append(self._opens, len(self._first)))
        self.hopeless: Mask = np.zeros(len(order), dtype=bool)
        """Columns that leave another session of their own request nowhere to go."""
        for option in np.flatnonzero(self._sessions > 1).tolist():
            self._give_up(option)

    def pairs(self) -> Mask:
        """Tell of each pair of columns whether at most one of the two can be chosen."""
        direct = self._directly(np.arange(len(self._order)))
        direct[self.hopeless] = True
        ousted = self._ousted(direct)
        found: Mask = direct | direct.T | ousted | ousted.T
        for column in np.flatnonzero(self._sessions[self._option] > 1).tolist():
            others = self._crowded_out(direct, column)
            others &= self._option != self._option[column]
            found[column] |= others
            found[:, column] |= others
        np.fill_diagonal(found, val=False)
        return found

    def _give_up(self, option: int) -> None:
        """Find the hopeless columns of one option, those of which others depend included."""
        last = self._opens[option] + self._sessions[option] - 1
        own = self._order[self._first[self._opens[option]] : self._first[last] + self._sizes[last]]
        going = ~self._directly(own)[own]
        sessions = self._session[own]
        hoping = np.ones(len(own), dtype=bool)
        for _ in own:
            ways = [
                (going & hoping & (sessions == one)).any(axis=1) | (sessions == one)
                for one in np.unique(sessions).tolist()
            ]
            still = hoping & np.logical_and.reduce(ways)
            if (still == hoping).all():
                break
            hoping = still
        self.hopeless[own] = ~hoping

    def _directly(self, some: Ints) -> Mask:
        task = self._task
        found: Mask = np.zeros((len(task), len(some)), dtype=bool)
        for resource in np.unique(task.resource[some]).tolist():
            here = np.flatnonzero(task.resource == resource)
            there = np.flatnonzero(task.resource[some] == resource)
            mine, theirs = here[:, None], some[there][None, :]
            together = (task.start[mine] < task.end[theirs]) & (task.start[theirs] < task.end[mine])
            together &= task.quantity[mine] + task.quantity[theirs] > task.capacity[resource]
            found[np.ix_(here, there)] = together
        for request in np.unique(task.request[some]).tolist():
            here = np.flatnonzero(task.request == request)
            there = np.flatnonzero(task.request[some] == request)
            mine, theirs = here[:, None], some[there][None, :]
            instead = self._session[mine] == self._session[theirs]
            instead |= task.facility[mine] != task.facility[theirs]
            found[np.ix_(here, there)] |= instead
        return found

    def _ousted(self, direct: Mask) -> Mask:
        """Tell of every column which columns leave a session of its option nowhere to go."""
        shut = np.add.reduceat(direct[self._order], self._first, axis=0, dtype=np.int32)
        full = shut == self._sizes[:, None]
        ousted: Mask = np.logical_or.reduceat(full, self._opens, axis=0)
        ousted[self._option, np.arange(len(self._option))] = False
        return ousted[self._option]

    def _crowded_out(self, direct: Mask, column: int) -> Mask:
        """Tell which columns shut out all that one leaves to another session of its option."""
        found: Mask = np.zeros(len(direct), dtype=bool)
        option = self._option[column]
        begin = self._opens[option]
        for session in range(begin, begin + self._sessions[option]):
            first = self._first[session]
            columns = self._order[first : first + self._sizes[session]]
            left = columns[~direct[columns, column]]
            if session != self._session[column] and len(left) < len(columns):
                found |= direct[left].all(axis=0)
        return found
