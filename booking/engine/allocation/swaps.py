"""One-for-one swaps: may an unserved request take one served request's place, and gain by it?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from booking.engine.allocation.seating import MOST_TRIES, Seat, Seating


@dataclass(frozen=True, slots=True)
class Swap:
    """An unserved request's places, and the served one that leaves; `gain` in parts of a point."""

    gain: int
    leaves: int
    enters: int
    placements: tuple[int, ...]


Known: TypeAlias = dict[tuple[int, int], tuple[int, set[int]]]
"""Rivals by request and facility, with the count of changes around them when they were found."""


def best_swap(seating: Seating, request: int, known: Known) -> Swap | None:
    """Find the swap that raises the objective most, by more than a point; None if none does.

    Complete: a rival counts if each session has a place that is free or that the rival
    alone stands in. Ties go to the rival first in the round.
    """
    best: Swap | None = None
    for facility in seating.choices[request]:
        found = _Contest(seating, request, facility).best(known)
        if found is not None and (best is None or found.gain > best.gain):
            best = found
    return best


class _Contest:
    """One unserved request against those who hold places it could use at one facility."""

    def __init__(self, seating: Seating, request: int, facility: int) -> None:
        self.seating = seating
        self.request = request
        self.facility = facility
        self.sessions = seating.choices[request][facility]
        self.members = seating.part.members[request, facility]
        self.room = seating.room(request, facility)
        self.top_ups = seating.top_ups[facility]
        self.now = self.top_ups.worth()
        self.unit = self.top_ups.unit

    def best(self, known: Known) -> Swap | None:
        """Try the rivals that could give way by most to gain, until none can be better."""
        key, changes = (self.request, self.facility), self._changes()
        if key not in known or known[key][0] != changes:
            known[key] = (changes, self._rivals())
        every = sorted(
            ((self._most(rival), rival) for rival in known[key][1]),
            key=lambda one: (-one[0], one[1]),
        )
        best: Swap | None = None
        for most, rival in every:
            if most <= (best.gain if best else self.unit):
                break
            best = self._against(rival, best.gain if best else self.unit) or best
        return best

    def _changes(self) -> int:
        """Count the changes of the resources wanted and of the organisation's own places."""
        seats, seating = self.seating.seats, self.seating
        wanted = {seats[one].resource for some in self.sessions for one in some}
        own = (seating.part.organisations[self.request], self.facility)
        return sum(map(seating.changes.__getitem__, wanted)) + seating.changes_of.get(own, 0)

    def gain(self, points: int, credit: int, rival: int) -> int:
        """Give what points and credits in, and the rival out, change; in parts of a point."""
        held = self.seating.held[rival]
        lost = (self.seating.part.members[rival, self.facility], -held.credit)
        changes = ((self.members, credit), lost)
        after = self.top_ups.worth(*(one for one in changes if one[0]))
        return (points - held.points) * self.unit + after - self.now

    def _most(self, rival: int) -> int:
        """Bound the gain: the most points and the most credits of each session."""
        points = sum(self.seating.seats[some[0]].points for some in self.sessions)
        return self.gain(points, self._credits(max), rival)

    def _credits(self, choose: Callable[[Iterable[int]], int]) -> int:
        """Add up each session's least, or most, credits."""
        seats = self.seating.seats
        return sum(choose(seats[one].credit for one in some) for some in self.sessions)

    def _rivals(self) -> set[int]:
        """List who could give way: whoever leaves, each session has a place that is open."""
        open_to: list[tuple[bool, set[int]]] = []
        for some in self.sessions:
            alone: set[int] = set()
            free = False
            for placement in some:
                blockers = self._blockers(placement)
                if blockers is None:
                    free = True
                else:
                    alone |= blockers
            if not free and not alone:
                return set()
            open_to.append((free, alone))
        found = {one for _, alone in open_to for one in alone}
        found |= self._sharing() | self._own()
        found = {one for one in found if all(free or one in alone for free, alone in open_to)}
        return {one for one in found if self._leaves_room(one)}

    def _blockers(self, placement: int) -> set[int] | None:
        """List the requests each of which alone, leaving, opens a placement; None if it is free."""
        seat = self.seating.seats[placement]
        free, on = self.seating.free[seat.resource], self.seating.on[seat.resource]
        quantity = seat.quantity
        if min(free[seat.start : seat.end]) >= quantity:
            return None
        if self.seating.part.resources[seat.resource][0] == 1:
            alone = {one for here in on[seat.start : seat.end] for one in here}
            return alone if len(alone) == 1 else set()
        found: set[int] | None = None
        for step in range(seat.start, seat.end):
            short = quantity - free[step]
            if short > 0:
                holders = on[step]
                if found is None:
                    found = {one for one, units in holders.items() if units >= short}
                else:
                    found = {one for one in found if holders.get(one, 0) >= short}
                if not found:
                    break
        return found

    def _sharing(self) -> set[int]:
        """List who stands where the request's own sessions together lack units of a pool."""
        if len(self.sessions) == 1:
            return set()
        wanted: dict[int, dict[int, list[Seat]]] = {}
        for number, some in enumerate(self.sessions):
            for seat in map(self.seating.seats.__getitem__, some):
                wanted.setdefault(seat.resource, {}).setdefault(number, []).append(seat)
        found: set[int] = set()
        for resource, by_session in wanted.items():
            if len(by_session) > 1 and self.seating.part.resources[resource][0] > 1:
                found |= self._short_of(resource, list(by_session.values()))
        return found

    def _short_of(self, resource: int, sessions: list[list[Seat]]) -> set[int]:
        free, on = self.seating.free[resource], self.seating.on[resource]
        units = sum(some[0].quantity for some in sessions)
        first = min(one.start for some in sessions for one in some)
        last = max(one.end for some in sessions for one in some)
        return {one for step in range(first, last) if free[step] < units for one in on[step]}

    def _own(self) -> set[int]:
        """List the organisation's served requests here, where its cap may leave too little."""
        if self.room is None or self._credits(max) <= self.room:
            return set()
        organisations = self.seating.part.organisations
        own = organisations[self.request]
        return {
            one
            for one, held in self.seating.held.items()
            if held.facility == self.facility and organisations[one] == own
        }

    def _leaves_room(self, rival: int) -> bool:
        room = self.room_without(rival)
        return room is None or self._credits(min) <= room

    def room_without(self, rival: int) -> int | None:
        """Give what the cap leaves once the rival is gone; None where there is no cap."""
        organisations = self.seating.part.organisations
        if self.room is None or organisations[rival] != organisations[self.request]:
            return self.room
        return self.room + self.seating.held[rival].credit

    def _against(self, rival: int, least: int) -> Swap | None:
        """Seat the request at its best in the rival's absence; None if it gains no more."""
        self.seating.lift(rival)
        free = self.seating.open_places(self.sessions)
        found = _Search(self, rival, free).best(least) if all(free) else None
        self.seating.put_back(rival)
        return found


class _Search:
    """Branch and bound over the sessions' open places, the fewest places first."""

    def __init__(self, contest: _Contest, rival: int, free: list[list[int]]) -> None:
        seats = contest.seating.seats
        self.contest = contest
        self.rival = rival
        self.room = contest.room_without(rival)
        self.free = sorted(free, key=len)
        self.tries = MOST_TRIES
        self.gain = 0
        self.placements: tuple[int, ...] = ()
        ahead = [(0, 0)]
        for some in reversed(self.free):
            points, credit = ahead[-1]
            most = max(seats[one].credit for one in some)
            ahead.append((points + seats[some[0]].points, credit + most))
        self.ahead = ahead[::-1]

    def best(self, least: int) -> Swap | None:
        """Find the most gain above `least`."""
        self.gain = least
        self._go((), 0, 0)
        if not self.placements:
            return None
        return Swap(self.gain, self.rival, self.contest.request, self.placements)

    def _go(self, taken: tuple[int, ...], points: int, credit: int) -> None:
        more, most = self.ahead[len(taken)]
        if self.contest.gain(points + more, credit + most, self.rival) <= self.gain:
            return
        if len(taken) == len(self.free):
            if self.room is None or credit <= self.room:
                self.gain = self.contest.gain(points, credit, self.rival)
                self.placements = taken
            return
        seating = self.contest.seating
        for placement in self.free[len(taken)]:
            self.tries -= 1
            if self.tries < 0:
                return
            if seating.beside(placement, taken):
                seat = seating.seats[placement]
                self._go((*taken, placement), points + seat.points, credit + seat.credit)
