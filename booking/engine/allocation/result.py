"""Write a solved round as the object that is published, every figure re-evaluated exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, gcd, isfinite, lcm
from typing import Any, Final

import numpy as np

from booking.engine.allocation.certificate import Bound, bound_from_prices
from booking.engine.allocation.components import Component
from booking.engine.allocation.crediting import Crediting
from booking.engine.allocation.entities import Problem, exact
from booking.engine.allocation.explain import decisions
from booking.engine.allocation.model import Task
from booking.engine.allocation.problem import problem_sha256, sha256_of
from booking.engine.allocation.report import Merit, report, rounded
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.strict_result import price_of_reserved, strictly
from booking.engine.allocation.timetable import Timetable

RESULT_FORMAT: Final = "benchshare-allocation-result/1"
UNHASHED: Final = ("result_sha256", "work")
MILLION: Final = 1_000_000
COARSE: Final = Fraction(1, 1000)
"""Objectives further apart than this are told apart by a bound in floating point."""


@dataclass(frozen=True, slots=True)
class Solved:
    """The components with what was asked of the solver and what it answered."""

    components: tuple[Component, ...]
    tasks: tuple[Task, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """One component's exact objective, merit points and bounds."""

    component: Component
    objective: Fraction
    points: int
    bound: Fraction
    optimal: bool
    merit: int
    merit_bound: Fraction
    fallback: bool


def write_result(timetable: Timetable, solved: Solved) -> dict[str, Any]:
    """Write everything but `work`; the hash covers everything but `work` and itself."""
    problem = timetable.compiled.problem
    figures = _facility_figures(timetable, solved)
    prices = _prices(problem, solved)
    strict: dict[str, Any] = {}
    if problem.strict:
        strict["strict"] = strictly(timetable, solved.components, solved.outcomes)
    certificate = bound_from_prices(problem, {"prices": prices, "facilities": figures, **strict})
    proven = [_proven(timetable, solved, certificate, at) for at in range(len(solved.components))]
    objective = sum((one.objective for one in proven), Fraction(0))
    bound = sum((one.bound for one in proven), Fraction(0))
    result: dict[str, Any] = {
        "format": RESULT_FORMAT,
        "problem_sha256": problem_sha256(problem),
        "seed": problem.seed,
        "stopped": any(one.stopped for one in solved.outcomes),
        "objective": plain(objective),
        "bound": upward(bound) if bound > objective else rounded(bound),
        "certificate_bound": upward(certificate.total),
        "gap": _gap(objective, bound),
        "facilities": [_facility(timetable, one, figures) for one in _by_facility(proven)],
        "bookings": _bookings(timetable),
        "decisions": decisions(timetable),
        "prices": prices,
        "report": report(timetable, _merit(proven)),
        **strict,
    }
    result["result_sha256"] = result_sha256(result)
    return result


def result_sha256(result: Mapping[str, Any]) -> str:
    """Hash a result without its `work` and its own hash."""
    return sha256_of({key: value for key, value in result.items() if key not in UNHASHED})


def plain(value: Fraction) -> int | float:
    """Publish an objective: whole numbers as such, others to 1e-6."""
    return int(value) if value.denominator == 1 else rounded(value)


def upward(value: Fraction) -> float:
    """Publish a bound to 1e-6, rounded up so that it stays one."""
    return float(Fraction(ceil(value * MILLION), MILLION))


def _gap(objective: Fraction, bound: Fraction) -> float:
    return float((bound - objective) / bound) if bound else 0.0


def _merit(proven: list[Proven]) -> Merit:
    return Merit(
        points=sum(one.points for one in proven),
        most_found=sum(one.merit for one in proven),
        most_possible=sum((one.merit_bound for one in proven), Fraction(0)),
        slack=sum((one.bound - one.objective for one in proven), Fraction(0)),
    )


def _proven(timetable: Timetable, solved: Solved, certificate: Bound, at: int) -> Proven:
    component, task, outcome = solved.components[at], solved.tasks[at], solved.outcomes[at]
    problem = timetable.compiled.problem
    points = sum(timetable.points_at(one) for one in component.facilities)
    objective = points + sum((_top_up(timetable, one) for one in component.facilities), Fraction(0))
    names = [problem.facilities[one].id for one in component.facilities]
    asking = [problem.requests[one].id for one in sorted(set(task.request.tolist()))]
    bound = certificate.of(names, asking)
    if isfinite(outcome.bound):
        bound = min(bound, Fraction(outcome.bound))
    grain = _grain(timetable, component)
    if grain > COARSE:
        bound = floor((bound + Fraction(1, MILLION)) / grain) * grain
    optimal = outcome.optimal and bound - objective <= _tolerance(objective)
    optimal = optimal or bound - objective < Fraction(1, MILLION)
    bound = objective if optimal else bound
    merit_bound = Fraction(outcome.merit_bound) if isfinite(outcome.merit_bound) else bound
    merit = max(points, outcome.merit)
    return Proven(
        component=component,
        objective=objective,
        points=points,
        bound=bound,
        optimal=optimal,
        merit=merit,
        merit_bound=max(
            Fraction(merit), merit_bound if problem.strict else min(merit_bound, bound)
        ),
        fallback=outcome.fallback,
    )


def _grain(timetable: Timetable, component: Component) -> Fraction:
    """Find the number that divides every objective the component can have.

    Points are whole; a top-up is a sum of falls in points a credit times cuts, each of
    them credits placed and ladder widths added up.
    """
    compiled = timetable.compiled
    if compiled.problem.strict:
        return Fraction(1)
    points = [*(exact(rung.points) for rung in compiled.problem.ladder), Fraction(0)]
    falls = [high - low for high, low in pairwise(points)]
    here = np.isin(compiled.offers.facility, component.facilities)
    units = list(set(compiled.offers.credit[here].tolist()))
    for at in component.facilities:
        units += [width for reserve in compiled.reserves[at] for width in reserve.widths]
    common = Fraction(gcd(*units), compiled.scale)
    parts = [Fraction(1), *(fall * common for fall in falls)]
    scale = lcm(*(part.denominator for part in parts))
    return Fraction(gcd(*(int(part * scale) for part in parts)), scale)


def _tolerance(objective: Fraction) -> Fraction:
    """Give what a proof in floating point may be off by."""
    return Fraction(1, 10_000) + objective / 10**9


def _top_up(timetable: Timetable, facility: int) -> Fraction:
    """Give the top-ups that count; where the policy is strict, points alone do."""
    return Fraction(0) if timetable.compiled.problem.strict else timetable.top_up(facility)


def _by_facility(proven: list[Proven]) -> list[tuple[int, Proven]]:
    return sorted(
        ((at, one) for one in proven for at in one.component.facilities), key=lambda pair: pair[0]
    )


def _facility(
    timetable: Timetable, of: tuple[int, Proven], figures: list[dict[str, Any]]
) -> dict[str, Any]:
    at, proven = of
    facilities = timetable.compiled.problem.facilities
    return {
        "id": facilities[at].id,
        "component": facilities[proven.component.facilities[0]].id,
        "objective": plain(timetable.points_at(at) + _top_up(timetable, at)),
        "bound": rounded(proven.bound) if proven.optimal else upward(proven.bound),
        "gap": _gap(proven.objective, proven.bound),
        "proved_optimal": proven.optimal,
        "fallback": proven.fallback,
        "groups": figures[at]["groups"],
    }


def _facility_figures(timetable: Timetable, solved: Solved) -> list[dict[str, Any]]:
    """Write each facility's groups: reserved and credited credits, attainment, price.

    Where no member can be placed, a credit of the group would earn the whole top-up: that is
    its price.
    """
    compiled = timetable.compiled
    unasked = [float(max((one.points for one in compiled.ladder), default=0))] * len(
        timetable.supply
    )
    if compiled.problem.strict:
        unasked = price_of_reserved(solved.components, solved.outcomes)
    price = {(at, group): one for out in solved.outcomes for at, group, one in out.groups}
    written = []
    for at, facility in enumerate(compiled.problem.facilities):
        crediting = Crediting(compiled.reserves[at], timetable.supply[at])
        groups = {group: _group(Fraction(0), 0, 1, 0.0) for group, _ in facility.reserved_share}
        for which, reserve in enumerate(compiled.reserves[at]):
            credited = crediting.credited(which)
            groups[reserve.group] = _group(
                reserve.units, credited, compiled.scale, price.get((at, which), unasked[at])
            )
        written.append({"id": facility.id, "groups": groups})
    return written


def _group(units: Fraction, credited: int, scale: int, price: float) -> dict[str, float]:
    return {
        "reserved": rounded(units / scale),
        "credited": rounded(Fraction(credited, scale)),
        "attainment": rounded(credited / units) if units else 0.0,
        "price": price,
    }


def _bookings(timetable: Timetable) -> list[dict[str, Any]]:
    problem = timetable.compiled.problem
    booked = []
    for request in sorted(timetable.held):
        for placement in timetable.held[request]:
            offer = timetable.offer(placement)
            booked.append(
                {
                    "request": problem.requests[request].id,
                    "session": offer.session,
                    "resource": problem.resources[offer.resource].id,
                    "start": timetable.start(placement),
                    "quantity": offer.quantity,
                }
            )
    return sorted(booked, key=lambda one: (one["request"], one["session"]))


def _prices(problem: Problem, solved: Solved) -> dict[str, Any]:
    slots = sorted(one for outcome in solved.outcomes for one in outcome.slots)
    caps = sorted(one for outcome in solved.outcomes for one in outcome.caps)
    return {
        "slots": [
            {"resource": problem.resources[at].id, "step": step, "price": price}
            for at, step, price in slots
        ],
        "caps": [
            {
                "organisation": problem.organisations[one].id,
                "facility": problem.facilities[at].id,
                "price": price,
            }
            for one, at, price in caps
        ],
    }
