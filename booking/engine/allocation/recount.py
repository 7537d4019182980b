"""Count a result's bookings again: are they possible, what are they worth, who is credited."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from booking.engine.allocation.certificate import Round
from booking.engine.allocation.entities import LadderStep, Number, Request, exact


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking found acceptable: its worth, credits in parts of the round's, and place."""

    session: int
    facility: str
    resource: str
    start: int
    steps: int
    quantity: int
    points: int
    parts: int


class Recount:
    """The bookings by request, with a sentence for each rule that they break."""

    def __init__(self, around: Round, bookings: Iterable[Mapping[str, Any]]) -> None:
        self.round = around
        self.faults: list[str] = []
        self.held: dict[str, list[Booked]] = {}
        for booking in bookings:
            self._read(booking)
        for name, booked in self.held.items():
            self._check_request(around.requests[name], booked)
        self._check_capacity()
        self._check_caps()
        self._points: dict[str, int] = {}
        self._supplies: dict[str, dict[frozenset[str], int]] = {}
        for name, booked in self.held.items():
            for one in booked:
                self._count(around.requests[name], one)

    def points_at(self, facility: str) -> int:
        """Add up the merit points placed at a facility."""
        return self._points.get(facility, 0)

    def worth(self, request: str) -> Fraction:
        """Give a served request's points per credit."""
        parts = sum(one.parts for one in self.held[request])
        return Fraction(sum(one.points for one in self.held[request]) * self.round.scale, parts)

    def top_up(self, facility: str) -> Fraction:
        """Give the best top-ups, by the least cut below each ladder step.

        Nothing where the policy is strict.
        What members can fill of the first k steps is the least, over sets of groups, of the
        room of the groups outside the set and the credits of requests with a group inside.
        """
        return Fraction(0) if self.round.problem.strict else self._earned(facility)

    def credited(self, facility: str) -> Fraction:
        """Give the most reserved credits that can be credited to those placed."""
        return most_filled(*self._supply(facility))

    def _rungs(self) -> tuple[LadderStep, ...]:
        return (LadderStep(1, 1),) if self.round.problem.strict else self.round.problem.ladder

    def _earned(self, facility: str) -> Fraction:
        supply, reserved = self._supply(facility)
        rungs = self._rungs()
        falls = [exact(rung.points) for rung in rungs]
        total = Fraction(0)
        for at, rung in enumerate(rungs):
            fall = falls[at] - (falls[at + 1] if at + 1 < len(falls) else 0)
            room = {group: exact(rung.up_to) * credit for group, credit in reserved.items()}
            total += fall * most_filled(supply, room)
        return total

    def crediting_faults(
        self, facility: str, credited: Mapping[str, Fraction], slack: float
    ) -> list[str]:
        """Check that the published crediting is possible, and earns the best top-ups."""
        supply, reserved = self._supply(facility)
        total = sum(credited.values(), Fraction(0))
        room = {group: credited.get(group, Fraction(0)) for group in reserved}
        margin = Fraction(slack) * (1 + len(room))
        found = []
        if most_filled(supply, room) < total - margin:
            found.append(f"facility {facility!r} credits an hour twice, or to a wrong group.")
        earned = Fraction(0)
        for group, credit in room.items():
            low = Fraction(0)
            for rung in self._rungs():
                high = exact(rung.up_to) * reserved[group]
                earned += exact(rung.points) * max(Fraction(0), min(credit, high) - low)
                low = high
        most = max((exact(rung.points) for rung in self._rungs()), default=Fraction(0))
        if abs(earned - self._earned(facility)) > margin * (1 + most):
            found.append(f"facility {facility!r} does not credit hours where they earn the most.")
        return found

    def figures(self) -> dict[str, Fraction]:
        """Work out the report's figures that the bookings alone decide."""
        total = sum(one.parts for one in self._all())
        offered = sum(self.round.offered.values(), Fraction(0)) * self.round.scale
        of_merit: dict[Number, int] = {}
        for name, booked in self.held.items():
            merit = self.round.requests[name].merit
            of_merit[merit] = of_merit.get(merit, 0) + sum(one.parts for one in booked)
        weighted = sum((exact(merit) * parts for merit, parts in of_merit.items()), Fraction(0))
        shares = self._shares()
        count, whole = len(shares), _added(shares)
        squares = _added(one * one for one in shares)
        apart = _apart(shares)
        return {
            "jain": whole * whole / (count * squares) if squares else Fraction(0),
            "gini": apart / (2 * count * whole) if whole else Fraction(0),
            "utilisation": total / offered if offered else Fraction(0),
            "mean_merit": weighted / total if total else Fraction(0),
        }

    def _read(self, booking: Mapping[str, Any]) -> None:
        name, number = booking["request"], booking["session"]
        request = self.round.requests.get(name)
        if request is None or number not in range(len(request.sessions)):
            self.faults.append(f"{booking} names a request or session that is not in the problem.")
            return
        session = request.sessions[number]
        for choice in self.round.choices(request, session):
            same = choice.resource == booking["resource"] and booking["start"] in choice.starts
            if same and booking["quantity"] == session.quantity:
                self.held.setdefault(name, []).append(
                    Booked(
                        session=number,
                        facility=choice.facility,
                        resource=choice.resource,
                        start=booking["start"],
                        steps=session.steps,
                        quantity=session.quantity,
                        points=choice.points,
                        parts=choice.parts,
                    )
                )
                return
        self.faults.append(f"{booking} is not among what {name!r} would accept in open windows.")

    def _check_request(self, request: Request, booked: list[Booked]) -> None:
        if sorted(one.session for one in booked) != list(range(len(request.sessions))):
            self.faults.append(f"{request.id!r} holds some of its sessions; all or none are held.")
        if len({one.facility for one in booked}) > 1:
            self.faults.append(f"{request.id!r} is at two facilities; one is the rule.")
        if not self.round.possible(request):
            self.faults.append(f"{request.id!r} is not eligible, or above its cap everywhere.")

    def _check_capacity(self) -> None:
        changes: dict[str, dict[int, int]] = {}
        for one in self._all():
            on = changes.setdefault(one.resource, {})
            on[one.start] = on.get(one.start, 0) + one.quantity
            on[one.start + one.steps] = on.get(one.start + one.steps, 0) - one.quantity
        for name, on in changes.items():
            used, capacity = 0, self.round.resources[name].capacity
            for step in sorted(on):
                used += on[step]
                if used > capacity:
                    self.faults.append(
                        f"{name!r} is booked {used} times at step {step}; it has {capacity}."
                    )

    def _check_caps(self) -> None:
        used: dict[tuple[str, str], int] = {}
        for name, booked in self.held.items():
            for one in booked:
                key = (self.round.requests[name].organisation, one.facility)
                used[key] = used.get(key, 0) + one.parts
        for (organisation, facility), parts in used.items():
            cap, credit = self.round.cap(facility), Fraction(parts, self.round.scale)
            if cap is not None and credit > cap:
                self.faults.append(
                    f"{organisation!r} holds {float(credit):g} credits at {facility!r};"
                    f" its cap is {float(cap):g}."
                )

    def _supply(self, facility: str) -> tuple[dict[frozenset[str], Fraction], dict[str, Fraction]]:
        reserved = self.round.reserved(self.round.facilities[facility])
        supply = self._supplies.get(facility, {}).items()
        return {groups: Fraction(parts, self.round.scale) for groups, parts in supply}, reserved

    def _count(self, request: Request, booked: Booked) -> None:
        facility = self.round.facilities[booked.facility]
        self._points[facility.id] = self._points.get(facility.id, 0) + booked.points
        groups = frozenset(request.groups) & frozenset(self.round.reserved(facility))
        supply = self._supplies.setdefault(facility.id, {})
        supply[groups] = supply.get(groups, 0) + booked.parts

    def _shares(self) -> list[Fraction]:
        asked: dict[str, int] = {}
        given: dict[str, int] = {}
        for request in self.round.problem.requests:
            name = request.organisation
            booked = self.held.get(request.id, [])
            given[name] = given.get(name, 0) + sum(one.parts for one in booked)
            for session in request.sessions:
                first = min([(one.rank, one.resource) for one in session.alternatives])[1]
                asked[name] = asked.get(name, 0) + self.round.parts(session, first)
        return [Fraction(given[name], asked[name]) for name in asked]

    def _all(self) -> Iterable[Booked]:
        return (one for booked in self.held.values() for one in booked)


def _added(values: Iterable[Fraction]) -> Fraction:
    """Add up pair by pair, so that large denominators meet only in the last sums."""
    row = list(values) or [Fraction(0)]
    while len(row) > 1:
        last = row[-1:] if len(row) % 2 else []
        row = [one + other for one, other in zip(row[::2], row[1::2], strict=False)] + last
    return row[0]


def _apart(shares: list[Fraction]) -> Fraction:
    """Add up the distances of all ordered pairs: a gap parts those below from those above."""
    many = len(shares)
    ordered = sorted(shares, key=lambda one: (one.numerator / one.denominator, one))
    gaps = pairwise(ordered)
    below = enumerate((high - low for low, high in gaps), 1)
    return 2 * _added(gap * at * (many - at) for at, gap in below if gap)


def most_filled(
    supply: Mapping[frozenset[str], Fraction], room: Mapping[str, Fraction]
) -> Fraction:
    """Give the most credits that can be credited, each once, by the least cut.

    Groups that nobody is in are left out. Cost: two to the number of groups with members.
    """
    asked = [group for group in sorted(room) if any(group in members for members in supply)]
    least = None
    for size in range(len(asked) + 1):
        for inside in combinations(asked, size):
            kept = frozenset(inside)
            outside = sum((room[group] for group in asked if group not in kept), Fraction(0))
            within = sum((some for members, some in supply.items() if members & kept), Fraction(0))
            least = outside + within if least is None else min(least, outside + within)
    return least or Fraction(0)
