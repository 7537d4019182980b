"""What the rows of a program cost: prices of slots, caps and groups, as they are published."""

from dataclasses import dataclass
from typing import Final

from booking.engine.allocation.model import Model, Task
from booking.engine.allocation.placements import Floats

PRICE_DIGITS: Final = 6

Price = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class Priced:
    """Prices, all at least 0; slots and caps that are not 0.

    Slots as (resource, step, price), caps as (organisation, facility, price), groups as
    (facility, reserve, price).
    """

    slots: tuple[Price, ...]
    caps: tuple[Price, ...]
    groups: tuple[Price, ...]


def priced_by(task: Task, model: Model, duals: Floats, *, most: float | None = None) -> Priced:
    """Round the rows' duals to published prices.

    A group's is at most `most`, or else at most what its first top-up is worth.
    """
    highest = task.top_ups[:1] if most is None else (most,)
    slots = ((at, step, price(duals[row])) for row, at, step in model.slots)
    caps = (
        (cap.organisation, cap.facility, price(duals[row] / cap.unit)) for row, cap in model.caps
    )
    return Priced(
        slots=tuple(one for one in slots if one[2]),
        caps=tuple(one for one in caps if one[2]),
        groups=tuple(
            (at, group, min(price(duals[row]), *highest)) for row, at, group in model.groups
        ),
    )


def price(dual: float) -> float:
    """Round a dual to a price, which is never below 0."""
    return max(0.0, round(float(dual), PRICE_DIGITS))
