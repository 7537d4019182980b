"""What a strict round publishes of its first aim: reserved credits credited, bound, price."""

from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any, Final

from booking.engine.allocation.components import Component
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.timetable import Timetable

MILLION: Final = 1_000_000


def strictly(
    timetable: Timetable, components: tuple[Component, ...], outcomes: tuple[Outcome, ...]
) -> dict[str, Any]:
    """Write credited credits, their bound and the price of one, by component and in all.

    The price is that of the second solve's row: what a reserved credit less would add in
    points. Credited is rounded down and its bound up, so that both stay true.
    """
    written = [
        _component(timetable, component, outcome)
        for component, outcome in zip(components, outcomes, strict=True)
    ]
    return {
        "credited": round(sum(one["credited"] for one in written), 6),
        "credited_bound": round(sum(one["credited_bound"] for one in written), 6),
        "components": written,
    }


def price_of_reserved(
    components: tuple[Component, ...], outcomes: tuple[Outcome, ...]
) -> list[float]:
    """Give each facility's price of a reserved credit, in the facilities' order."""
    priced = {
        facility: 0.0 if outcome.strict is None else outcome.strict[0]
        for component, outcome in zip(components, outcomes, strict=True)
        for facility in component.facilities
    }
    return [price for _, price in sorted(priced.items())]


def _component(timetable: Timetable, component: Component, outcome: Outcome) -> dict[str, Any]:
    compiled = timetable.compiled
    weight = compiled.ladder[0].points
    weighed = sum((timetable.top_up(at) for at in component.facilities), Fraction(0))
    credited = weighed / Fraction(weight)
    units = sum(reserve.units for at in component.facilities for reserve in compiled.reserves[at])
    bound = Fraction(units) / compiled.scale
    price, proved = outcome.strict or (0.0, float(bound))
    if isfinite(proved):
        bound = min(bound, Fraction(proved))
    bound = credited if outcome.optimal else max(bound, credited)
    return {
        "facilities": [compiled.problem.facilities[at].id for at in component.facilities],
        "credited": float(Fraction(floor(credited * MILLION), MILLION)),
        "credited_bound": float(Fraction(ceil(bound * MILLION), MILLION)),
        "price": price,
    }
