"""Size ceilings of small and medium enterprises as dated facts."""

from dataclasses import dataclass
from datetime import date
from typing import Final

SOURCE: Final = "Commission Recommendation 2003/361/EC, Annex, Article 2 (OJ L 124, 20.5.2003)"


@dataclass(frozen=True, slots=True)
class SizeThreshold:
    """The ceilings of one size class, from a day up to, not including, another.

    An enterprise is within when its staff (annual work units) is below `staff_below` and
    its turnover or its balance sheet is at most what stands here, in euro.
    """

    size: str
    staff_below: int
    turnover_eur: int
    balance_sheet_eur: int
    valid_from: date
    valid_to: date | None
    source: str


_SINCE: Final = date(2005, 1, 1)

SME_THRESHOLDS: Final = (
    SizeThreshold("micro", 10, 2_000_000, 2_000_000, _SINCE, None, SOURCE),
    SizeThreshold("small", 50, 10_000_000, 10_000_000, _SINCE, None, SOURCE),
    SizeThreshold("medium", 250, 50_000_000, 43_000_000, _SINCE, None, SOURCE),
)


def thresholds_on(on: date) -> tuple[SizeThreshold, ...]:
    """Give the ceilings in force on a day, smallest size first; none before 2005."""
    return tuple(
        each
        for each in SME_THRESHOLDS
        if each.valid_from <= on and (each.valid_to is None or on < each.valid_to)
    )
