"""Finish a timetable: load what the solver chose, fill what is left, swap where it pays."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from booking.engine.allocation.components import Component, split
from booking.engine.allocation.placements import Compiled, Ints
from booking.engine.allocation.schedule import Runner
from booking.engine.allocation.seating import Part, Seating, seating_part, worth_of
from booking.engine.allocation.swaps import Known, Swap, best_swap
from booking.engine.allocation.timetable import Timetable


def finish(
    compiled: Compiled, chosen: Iterable[int], components: tuple[Component, ...] | None = None
) -> Timetable:
    """Make the solver's choice a timetable that wastes nothing and envies nobody.

    No unserved request fits what is left, and none can take one served request's place
    and raise the objective by more than a point. What was proved optimal stays as it is.
    Components do not touch one another, so each is finished alone.
    """
    some = split(compiled) if components is None else components
    jobs = _jobs(compiled, chosen, some)
    return _loaded(compiled, some, map(_finish_job, jobs))


def finish_on(
    running: Runner, compiled: Compiled, chosen: Iterable[int], components: tuple[Component, ...]
) -> Timetable:
    """Finish as `finish` does, components side by side where there are workers for it.

    What a worker did not finish is finished here, so the outcome is the same.
    """
    jobs = _jobs(compiled, chosen, components)
    answers = running.map(_finish_job, jobs, [len(job.part.request) for job in jobs])
    found = (
        _finish_job(job) if answer is None else answer
        for job, answer in zip(jobs, answers, strict=True)
    )
    return _loaded(compiled, components, found)


@dataclass(frozen=True, slots=True)
class _Job:
    part: Part
    columns: Ints


def _jobs(
    compiled: Compiled, chosen: Iterable[int], components: tuple[Component, ...]
) -> list[_Job]:
    picked = np.zeros(len(compiled.placements), dtype=bool)
    picked[np.fromiter(chosen, dtype=np.int64)] = True
    return [
        _Job(seating_part(compiled, one), np.flatnonzero(picked[one.placements]))
        for one in components
    ]


def _finish_job(job: _Job, seconds: float | None = None) -> Ints:
    """Finish one component; a count of steps ends it, so that it needs no seconds."""
    del seconds
    return np.array(finish_part(job.part, job.columns.tolist()), dtype=np.int64)


def _loaded(
    compiled: Compiled, components: tuple[Component, ...], finished: Iterable[Ints]
) -> Timetable:
    timetable = Timetable(compiled)
    for component, columns in zip(components, finished, strict=True):
        timetable.load(component.placements[columns].tolist())
    return timetable


def finish_part(part: Part, chosen: Iterable[int]) -> tuple[int, ...]:
    """Finish one component; its columns in, its columns out, in order.

    Stateless and picklable, so that a worker may do it: the outcome is the one `finish`
    gives for the whole, and finishing what is finished changes nothing.
    """
    return _Finishing(part, chosen).run()


class _Finishing:
    """Fills and swaps in one component until neither raises the objective."""

    def __init__(self, part: Part, chosen: Iterable[int]) -> None:
        self.seating = Seating(part)
        by_request: dict[int, list[int]] = {}
        for column in chosen:
            by_request.setdefault(self.seating.seats[column].request, []).append(column)
        for request, columns in sorted(by_request.items()):
            _load(self.seating, request, columns)
        choices = self.seating.choices
        order = sorted(choices, key=lambda one: worth_of(self.seating, one))
        self.rank = {request: at for at, request in enumerate(order)}
        self.changes = dict.fromkeys(part.caps, 0)
        self.checked: dict[int, int] = {}
        self.known: Known = {}
        self.by_resource: dict[int, set[int]] = {at: set() for at in part.resources}
        for seat in self.seating.seats:
            self.by_resource[seat.resource].add(seat.request)
        self.by_organisation: dict[int, list[int]] = {}
        for request, organisation in part.organisations.items():
            self.by_organisation.setdefault(organisation, []).append(request)

    def run(self) -> tuple[int, ...]:
        """Fill first; then swap, and fill what each swap leaves, while something changes."""
        self._fill(self.rank)
        while waiting := [one for one in self.rank if self._is_open(one)]:
            for request in waiting:
                if self._is_open(request):
                    self._improve(request)
        return tuple(sorted(at for held in self.seating.held.values() for at in held.placements))

    def _is_open(self, request: int) -> bool:
        """Tell whether an unserved request's facilities changed since it was looked at."""
        if request in self.seating.held:
            return False
        return self.checked.get(request) != self._changes_around(request)

    def _changes_around(self, request: int) -> int:
        return sum(self.changes[facility] for facility in self.seating.choices[request])

    def _improve(self, request: int) -> None:
        found = best_swap(self.seating, request, self.known)
        if found is None:
            self.checked[request] = self._changes_around(request)
            return
        self._take(found)

    def _take(self, swap: Swap) -> None:
        left = self.seating.drop(swap.leaves)
        self.seating.hold(swap.enters, swap.placements)
        self.changes[left.facility] += 1
        resources = {self.seating.seats[one].resource for one in left.placements}
        organisation = self.seating.part.organisations[swap.leaves]
        near = {one for at in resources for one in self.by_resource[at]}
        near.update(self.by_organisation[organisation])
        self._fill(sorted(near, key=self.rank.__getitem__))

    def _fill(self, requests: Iterable[int]) -> None:
        """Place each unserved request that fits what is left, most points per credit first."""
        for request in requests:
            if request in self.seating.held:
                continue
            found = self.seating.fits(request)
            if found is not None:
                self.changes[self.seating.hold(request, found).facility] += 1


def _load(seating: Seating, request: int, columns: list[int]) -> None:
    """Check the solver's rounded choice exactly: whole requests that fit are held."""
    seats = [seating.seats[one] for one in columns]
    sessions = sorted(one.session for one in seats)
    if len({one.facility for one in seats}) != 1:
        return
    if sessions != list(range(seating.part.sessions[request])):
        return
    room = seating.room(request, seats[0].facility)
    if room is not None and sum(one.credit for one in seats) > room:
        return
    seating.hold(request, columns)
    if any(min(seating.free[one.resource][one.start : one.end]) < 0 for one in seats):
        seating.drop(request)
