"""The best timetable of a tiny round by trying everything; shares no code with the engine."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import product
from typing import Any

Choice = tuple[str, str, int, int, int, int, Decimal]
"""Facility, resource, start, steps, quantity, points, credits."""


def best_objective(problem: dict[str, Any]) -> Decimal:
    """Search every choice of every request, leaving out what cannot beat the best so far."""
    search = _Search(problem)
    search.go(0, 0)
    return search.best


class _Search:
    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.resources = {one["id"]: one for one in problem["resources"]}
        self.fair = {one["id"]: str(one["fair_share"]) for one in problem["organisations"]}
        self.offered = {one["id"]: self._offered(one["id"]) for one in problem["facilities"]}
        self.options = [list(self._options(one)) for one in problem["requests"]]
        top = Decimal(max((rung["points"] for rung in problem["ladder"]), default=0))
        self.most = [
            max(
                (
                    sum(one[5] + (top * one[6] if request["groups"] else 0) for one in option)
                    for option in options
                ),
                default=Decimal(0),
            )
            for request, options in zip(problem["requests"], self.options, strict=True)
        ]
        self.best = Decimal(0)
        self.free: dict[tuple[str, int], int] = {}
        self.used: dict[tuple[str, str], Decimal] = {}
        self.taken: list[tuple[dict[str, Any], tuple[Choice, ...]]] = []

    def go(self, at: int, points: int) -> None:
        if at == len(self.options):
            self.best = max(self.best, points + self._top_ups())
            return
        reach = points + self._top_ups() + sum(self.most[at:])
        if reach <= self.best:
            return
        request = self.problem["requests"][at]
        for option in self.options[at]:
            if self._take(request, option, 1):
                self.taken.append((request, option))
                self.go(at + 1, points + sum(one[5] for one in option))
                self.taken.pop()
            self._take(request, option, -1)
        self.go(at + 1, points)

    def _take(self, request: dict[str, Any], option: tuple[Choice, ...], sign: int) -> bool:
        fits = True
        for facility, resource, start, steps, quantity, _, credit in option:
            for step in range(start, start + steps):
                key = (resource, step)
                self.free[key] = self.free.get(key, 0) + sign * quantity
                fits &= self.free[key] <= self.resources[resource]["capacity"]
            owner = (request["organisation"], facility)
            self.used[owner] = self.used.get(owner, Decimal(0)) + sign * credit
            share = next(one for one in self.problem["facilities"] if one["id"] == facility)
            if share["cap_share"] is not None:
                cap = Decimal(str(share["cap_share"])) * self.offered[facility]
                fits &= self.used[owner] <= cap
        return fits

    def _offered(self, facility: str) -> Decimal:
        return sum(
            (
                one["capacity"] * Decimal(str(one["rate"])) * (high - low)
                for one in self.problem["resources"]
                if one["facility"] == facility
                for low, high in one["windows"]
            ),
            Decimal(0),
        )

    def _options(self, request: dict[str, Any]) -> Iterator[tuple[Choice, ...]]:
        every = [list(self._choices(request, one)) for one in request["sessions"]]
        for option in product(*every):
            if len({one[0] for one in option}) == 1:
                yield option

    def _choices(self, request: dict[str, Any], session: dict[str, Any]) -> Iterator[Choice]:
        steps, quantity = session["steps"], session["quantity"]
        ranks: dict[tuple[str, int], int] = {}
        for one in session["alternatives"]:
            starts = one.get("starts") or range(one["from"], one["to"] - steps + 1)
            for start in starts:
                windows = self.resources[one["resource"]]["windows"]
                if any(low <= start and start + steps <= high for low, high in windows):
                    key = (one["resource"], start)
                    ranks[key] = min(one["rank"], ranks.get(key, 99))
        for (name, start), rank in ranks.items():
            resource = self.resources[name]
            credit = Decimal(str(resource["rate"])) * quantity * steps
            worth = request["merit"] * Decimal(self.fair[request["organisation"]]) * credit
            worth *= 1 - Decimal("0.005") * min(rank, 10)
            points = int(worth.quantize(Decimal(1), ROUND_HALF_EVEN))
            if quantity <= resource["capacity"]:
                yield (resource["facility"], name, start, steps, quantity, points, credit)

    def _top_ups(self) -> Decimal:
        return sum((self._top_up(one) for one in self.problem["facilities"]), Decimal(0))

    def _top_up(self, facility: dict[str, Any]) -> Decimal:
        """Top-ups of two groups: share the hours of those in both at every kink of the sum."""
        reserved = {
            name: Decimal(str(share)) * self.offered[facility["id"]]
            for name, share in facility["reserved_share"].items()
        }
        one, other = [*sorted(reserved), "", ""][:2]
        held = {(True, False): Decimal(0), (False, True): Decimal(0), (True, True): Decimal(0)}
        for request, option in self.taken:
            key = (one in request["groups"], other in request["groups"])
            if any(key) and option[0][0] == facility["id"]:
                held[key] += sum(choice[6] for choice in option)
        kinks = [Decimal(0), held[True, True]]
        for rung in self.problem["ladder"]:
            share = Decimal(str(rung["up_to"]))
            kinks.append(share * reserved.get(one, Decimal(0)) - held[True, False])
            room = share * reserved.get(other, Decimal(0)) - held[False, True]
            kinks.append(held[True, True] - room)
        return max(
            self._earned(reserved.get(one, Decimal(0)), held[True, False] + kink)
            + self._earned(
                reserved.get(other, Decimal(0)), held[False, True] + held[True, True] - kink
            )
            for kink in kinks
            if 0 <= kink <= held[True, True]
        )

    def _earned(self, reserved: Decimal, credit: Decimal) -> Decimal:
        total, low = Decimal(0), Decimal(0)
        for rung in self.problem["ladder"]:
            high = Decimal(str(rung["up_to"])) * reserved
            total += rung["points"] * max(Decimal(0), min(credit, high) - low)
            low = high
        return total
