"""The timetable by merit alone: how much it gives out, and for what merit."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from booking.engine.allocation.components import Component
from booking.engine.allocation.entities import Number, exact
from booking.engine.allocation.report import rounded
from booking.engine.allocation.result import Solved
from booking.engine.allocation.solver import Outcome
from booking.engine.allocation.timetable import Timetable


@dataclass(frozen=True, slots=True)
class MeritAlone:
    """The timetable of most merit points found were nothing reserved: V* of the price.

    `mean_merit` is weighted by the credits that it gives out; 0 where it gives out none.
    """

    credits: Fraction
    mean_merit: Fraction

    def as_json(self) -> dict[str, float]:
        """Write both to six digits, as a result's report does."""
        return {"credits": rounded(self.credits), "mean_merit": rounded(self.mean_merit)}


def merit_alone(timetable: Timetable, solved: Solved) -> MeritAlone:
    """Add up the timetable by merit alone; where the result has as many points, it is that."""
    requests = timetable.compiled.problem.requests
    of_merit: dict[Number, int] = {}
    for component, outcome in zip(solved.components, solved.outcomes, strict=True):
        for request, units in _placed(timetable, component, outcome):
            merit = requests[request].merit
            of_merit[merit] = of_merit.get(merit, 0) + units
    total = sum(of_merit.values())
    weighed = sum((exact(merit) * units for merit, units in of_merit.items()), Fraction(0))
    return MeritAlone(
        credits=Fraction(total, timetable.compiled.scale),
        mean_merit=weighed / total if total else Fraction(0),
    )


def _placed(
    timetable: Timetable, component: Component, outcome: Outcome
) -> Iterator[tuple[int, int]]:
    """Give requests with units of their places, by merit alone, in one component."""
    points = sum(timetable.points_at(one) for one in component.facilities)
    if points >= outcome.merit:
        for request in timetable.held:
            if timetable.facility(request) in component.facilities:
                yield request, timetable.credit(request)
        return
    for column in outcome.alone:
        offer = timetable.offer(int(component.placements[column]))
        yield offer.request, offer.credit
