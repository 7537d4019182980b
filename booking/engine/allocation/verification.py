"""Verify a published result against its problem, with nothing of the compiler or the solver."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from booking.engine.allocation.certificate import Round, bound_from_prices
from booking.engine.allocation.entities import Problem
from booking.engine.allocation.problem import problem_sha256, sha256_of
from booking.engine.allocation.recount import Recount

TOLERANCE: Final = 2e-6
LAST_DIGITS: Final = Fraction(1, 2**50)
"""What a number in floating point may be off by, as a share of it."""

CODES: Final = frozenset(
    (
        "outbid",
        "above_cap",
        "cap_reached",
        "partner_session",
        "no_placement",
        "below_threshold",
    )
)


def verify(problem: Problem, result: Mapping[str, Any]) -> tuple[str, ...]:
    """Say everything that is wrong with a result; nothing where it is right.

    Feasible, worth what it says, credited at its best, bounded by its prices, explained,
    and hashed. A result that is not even in the right shape is one sentence.
    """
    try:
        return tuple(_Verifier(problem, result).faults())
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
        shape = f"{type(wrong).__name__}: {wrong}"
        return (f"The result is not in the published form ({shape}); write it anew.",)


class _Verifier:
    def __init__(self, problem: Problem, result: Mapping[str, Any]) -> None:
        self.problem = problem
        self.result = result
        self.round = Round(problem)
        self.recount = Recount(self.round, result["bookings"])
        self.found: list[str] = []
        self.right: set[tuple[str, float]] = set()

    def faults(self) -> list[str]:
        """Run every check; figures are only compared where the bookings make sense."""
        self._check_hashes()
        self.found += self.recount.faults
        self._check_decisions()
        if not self.recount.faults:
            self._check_facilities()
            self._check_totals()
            self._check_strict()
            self._check_report()
        self._check_bounds()
        return self.found

    def _check_hashes(self) -> None:
        unhashed = {"work", "result_sha256"}
        kept = {key: value for key, value in self.result.items() if key not in unhashed}
        self._same("problem_sha256", self.result["problem_sha256"], problem_sha256(self.problem))
        self._same("result_sha256", self.result["result_sha256"], sha256_of(kept))
        self._same("seed", self.result["seed"], self.problem.seed)
        self._same("format", self.result["format"], "benchshare-allocation-result/1")

    def _check_decisions(self) -> None:
        served = set(self.recount.held)
        decided: dict[str, int] = {}
        for one in self.result["decisions"]:
            name = one["request"]
            decided[name] = decided.get(name, 0) + 1
            if name not in self.round.requests:
                self.found.append(f"A decision names {name!r}, which the problem does not.")
            if one["granted"] != (name in served):
                self.found.append(f"The decision on {name!r} does not match its bookings.")
            if not one["granted"] and not one["reasons"]:
                self.found.append(f"The decision on {name!r} gives no reason.")
            for reason in one["reasons"]:
                self._check_reason(name, reason, served)
        for name in self.round.requests:
            if decided.get(name, 0) != 1 and (name not in served or decided.get(name, 0) > 1):
                times = decided.get(name, 0)
                self.found.append(f"Request {name!r} has {times} decisions; it needs exactly one.")

    def _check_reason(self, name: str, reason: Mapping[str, Any], served: set[str]) -> None:
        if reason["code"] not in CODES:
            self.found.append(f"The reason {reason['code']!r} given to {name!r} is not known.")
        for blocker in reason["blockers"]:
            other = blocker["request"]
            if other not in served:
                self.found.append(f"{other!r} is said to block {name!r}, but holds nothing.")
                continue
            published = blocker["points_per_hour"]
            if (other, published) not in self.right:
                self._check_worth(other, published)

    def _check_worth(self, other: str, published: float) -> None:
        """Compare points per hour; what is right once need not be looked at again."""
        worth = self.recount.worth(other)
        if abs(Fraction(str(published)) - worth) <= Fraction(6, 1000):
            self.right.add((other, published))
            return
        self.found.append(
            f"{other!r} is said to have {published} points per hour; it has {float(worth):.2f}."
        )

    def _check_facilities(self) -> None:
        named = [one["id"] for one in self.result["facilities"]]
        self._same("facilities", named, [one.id for one in self.problem.facilities])
        for one in self.result["facilities"]:
            facility = self.round.facilities.get(one["id"])
            if facility is None:
                continue
            where = f"facility {facility.id!r}"
            objective = self.recount.points_at(facility.id) + self.recount.top_up(facility.id)
            self._close(f"{where} objective", one["objective"], objective)
            reserved = self.round.reserved(facility)
            self._same(f"{where} groups", sorted(one["groups"]), sorted(reserved))
            self._check_groups(facility.id, one["groups"], reserved)
            self._check_gap(where, one)

    def _check_groups(
        self, facility: str, groups: Mapping[str, Any], reserved: Mapping[str, Fraction]
    ) -> None:
        credited = {group: Fraction(str(figures["credited"])) for group, figures in groups.items()}
        for group, figures in groups.items():
            where = f"facility {facility!r}, group {group!r}"
            held = reserved.get(group, Fraction(0))
            self._close(f"{where} reserved", figures["reserved"], held)
            share = credited[group] / held if held else Fraction(0)
            self._close(f"{where} attainment", figures["attainment"], share, 1e-5)
            if figures["credited"] > figures["reserved"] + TOLERANCE:
                self.found.append(f"{where} is credited more than is reserved.")
        self.found += self.recount.crediting_faults(facility, credited, TOLERANCE)

    def _check_gap(self, where: str, figures: Mapping[str, Any]) -> None:
        component = [
            one for one in self.result["facilities"] if one["component"] == figures["component"]
        ]
        objective = sum(one["objective"] for one in component)
        bound = figures["bound"]
        self._close(f"{where} gap", figures["gap"], (bound - objective) / bound if bound else 0)
        if bound < objective - TOLERANCE * len(component):
            self.found.append(f"{where} has a bound below its component's objective.")
        if figures["proved_optimal"] and bound > objective + TOLERANCE * len(component):
            self.found.append(f"{where} is called optimal, but its bound is above its objective.")
        if figures["component"] != min(one["id"] for one in component):
            self.found.append(f"{where}'s component is not named by its smallest facility.")

    def _check_totals(self) -> None:
        result = self.result
        objective = sum(
            (self.recount.points_at(name) + self.recount.top_up(name))
            for name in self.round.facilities
        )
        self._close("objective", result["objective"], Fraction(objective))
        bound = result["bound"]
        gap = (bound - result["objective"]) / bound if bound else 0
        self._close("gap", result["gap"], gap)
        bounds = {one["component"]: one["bound"] for one in result["facilities"]}
        slack = TOLERANCE * (1 + len(bounds))
        self._close("bound", bound, sum(bounds.values()), slack)

    def _check_strict(self) -> None:
        """Check that reserved credits came first, where they should, and how many did."""
        if not self.problem.strict:
            if "strict" in self.result:
                self.found.append("A strict part is published, but the policy is not strict.")
            return
        strict = self.result["strict"]
        parts = strict["components"]
        for one in parts:
            where = f"strict, facility {one['facilities'][0]!r}"
            found = sum(self.recount.credited(name) for name in one["facilities"])
            self._close(f"{where} credited", one["credited"], found)
            if one["credited_bound"] < one["credited"] - TOLERANCE:
                self.found.append(f"{where} is credited more than its bound.")
            if one["price"] < 0:
                self.found.append(f"{where} has a price below 0; prices are at least 0.")
        named = sorted(name for one in parts for name in one["facilities"])
        self._same("strict facilities", named, sorted(self.round.facilities))
        for key in ("credited", "credited_bound"):
            total = sum((Fraction(str(one[key])) for one in parts), Fraction(0))
            self._close(f"strict {key}", strict[key], total)

    def _check_bounds(self) -> None:
        result = self.result
        prices = result["prices"]
        priced = [*prices["slots"], *prices["caps"]]
        groups = [figures for one in result["facilities"] for figures in one["groups"].values()]
        if any(one["price"] < 0 for one in [*priced, *groups]):
            self.found.append("A price is below 0; prices are at least 0.")
            return
        if any(one["price"] == 0 for one in priced):
            self.found.append("A price of 0 is listed; leave zero prices out.")
        bound = bound_from_prices(self.problem, result).total
        self._close("certificate_bound", result["certificate_bound"], bound)
        if bound < Fraction(str(result["objective"])) - Fraction(1, 500_000):
            self.found.append("The bound from the published prices is below the objective.")
        if result["bound"] > result["certificate_bound"] + TOLERANCE:
            self.found.append("The bound is above the one that the published prices prove.")
        if result["bound"] < result["objective"] - TOLERANCE:
            self.found.append("The bound is below the objective.")

    def _check_report(self) -> None:
        published = self.result["report"]
        figures = self.recount.figures()
        for name, value in figures.items():
            self._close(f"report {name}", published[name], value)
        low, high = published["price_of_fairness_bounds"]
        if not low - TOLERANCE <= published["price_of_fairness"] <= high + TOLERANCE:
            self.found.append("The price of fairness is outside its own bounds.")

    def _same(self, what: str, published: object, recomputed: object) -> None:
        if published != recomputed:
            self.found.append(f"{what} is {published!r}; recomputed it is {recomputed!r}.")

    def _close(
        self, what: str, published: float, recomputed: Fraction | float, slack: float = TOLERANCE
    ) -> None:
        off = abs(Fraction(str(published)) - Fraction(recomputed))
        if off > Fraction(slack) + abs(Fraction(recomputed)) * LAST_DIGITS:
            self.found.append(f"{what} is {published}; recomputed it is {float(recomputed):.6f}.")
