"""The size of an enterprise on a date, with its working: Recommendation 2003/361/EC.

What counts: the figures of the enterprise itself, those of partners (25 to 50 % held)
in proportion, those of linked enterprises (above 50 %) in full; a holding below 25 %
does not count. Figures of a partner or linked enterprise already contain those of its own
partners. A size is gained or lost only when two accounting years in a row agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Final

PARTNER_FROM_PERCENT: Final = 25
LINKED_ABOVE_PERCENT: Final = 50
PUBLIC_CONTROL_FROM_PERCENT: Final = 25
OLDEST_YEAR_BACK: Final = 2
EUR_IN_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one size allows: staff below, and turnover or balance sheet at most; in euro."""

    size: str
    staff_below: int
    turnover_eur: int
    balance_sheet_eur: int


@dataclass(frozen=True, slots=True)
class YearFigures:
    """An accounting year's staff (annual work units) and amounts in euro, as declared.

    `closed_on` is when the accounts closed, by default the last of December. What is None
    was not declared.
    """

    year: int
    declared_on: date
    declared_by: str
    staff: int | None = None
    turnover_eur: int | None = None
    balance_sheet_eur: int | None = None
    verified_by: str | None = None
    closed_on: date | None = None

    def closed_by(self, on: date) -> bool:
        """Say whether the accounts were closed on that day."""
        return (self.closed_on or date(self.year, 12, 31)) <= on


@dataclass(frozen=True, slots=True)
class RelatedEnterprise:
    """Another enterprise, and the larger percentage of capital or votes held either way."""

    name: str
    percent: int
    figures: tuple[YearFigures, ...] = ()

    @property
    def counted(self) -> Fraction:
        """The part of its figures that counts: none, in proportion, or all."""
        if self.percent < PARTNER_FROM_PERCENT:
            return Fraction(0)
        return Fraction(100 if self.percent > LINKED_ABOVE_PERCENT else self.percent, 100)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether something holds, None where a figure is missing, and the working in lines."""

    holds: bool | None
    working: tuple[str, ...]
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Enterprise:
    """All figures and ties; `related` of None says that they were never declared.

    `ties_verified` says that somebody verified both the related and the public control.
    """

    figures: tuple[YearFigures, ...] = ()
    related: tuple[RelatedEnterprise, ...] | None = None
    public_control_percent: int | None = None
    ties_verified: bool = True


@dataclass(frozen=True, slots=True)
class _YearTotals:
    """One year's figures with those of partner and linked enterprises added."""

    year: int
    staff: Fraction | None
    turnover: Fraction | None
    balance: Fraction | None
    verified: bool
    missing: tuple[str, ...]


def within_size(
    enterprise: Enterprise, at_most: str, *, ceilings: Iterable[Ceiling], on: date
) -> Finding:
    """Decide whether the enterprise is of that size or smaller on a day.

    `ceilings` are those in force, smallest size first. Figures count from the day they
    were declared; where no accounts are closed yet, the newest estimate counts.
    Raises: ValueError if no ceiling is of the size.
    """
    allowed = _up_to(tuple(ceilings), at_most)
    tie = _barred_by_ties(enterprise)
    if tie is not None:
        return tie
    years = _years(enterprise, on)
    if not years or years[-1].year < on.year - OLDEST_YEAR_BACK:
        newest = f"those of {years[-1].year} are too old" if years else "none are declared"
        line = f"size: give staff, turnover and balance sheet of {on.year - 1}: {newest}"
        return Finding(None, (line,))
    found = [_by_ceiling(years, ceiling) for ceiling in allowed]
    best = next((each for each in found if each.holds), found[-1])
    return replace(best, verified=best.verified and enterprise.ties_verified)


def independence(enterprise: Enterprise) -> Finding:
    """Decide whether nobody holds, or is held by, the enterprise for 25 % or more."""
    tie = _barred_by_ties(enterprise)
    if tie is not None:
        return tie
    for each in enterprise.related or ():
        if each.counted:
            line = f"not independent: {each.percent} % tie with {each.name} >= 25 %"
            return Finding(holds=False, working=(line,))
    line = "independent: no tie of 25 % or more"
    return Finding(holds=True, working=(line,), verified=enterprise.ties_verified)


def _up_to(ceilings: tuple[Ceiling, ...], at_most: str) -> tuple[Ceiling, ...]:
    sizes = [each.size for each in ceilings]
    if at_most not in sizes:
        raise ValueError(f"No ceiling in force is of size {at_most!r}: there are {sizes}.")
    return ceilings[: sizes.index(at_most) + 1]


def _barred_by_ties(enterprise: Enterprise) -> Finding | None:
    """Find what in ownership already decides, or is not known."""
    percent = enterprise.public_control_percent
    if percent is None:
        return Finding(None, ("public control: give the percentage that public bodies hold",))
    if percent >= PUBLIC_CONTROL_FROM_PERCENT:
        line = f"public control: {percent} % >= 25 %, so neither small nor medium"
        return Finding(holds=False, working=(line,))
    if enterprise.related is None:
        return Finding(None, ("independence: give partner and linked enterprises, or say none",))
    return None


def _years(enterprise: Enterprise, on: date) -> tuple[_YearTotals, ...]:
    """Total the years in a row that end with the newest known on a day."""
    known = _declared(enterprise.figures, on)
    closed = {year: each for year, each in known.items() if each.closed_by(on)}
    if not closed and known:
        closed = {max(known): known[max(known)]}
    first = last = max(closed, default=0)
    while first - 1 in closed:
        first -= 1
    related = enterprise.related or ()
    return tuple(
        _totals(closed[year], related, on) for year in range(first, last + 1) if year in closed
    )


def _declared(figures: Iterable[YearFigures], on: date) -> dict[int, YearFigures]:
    """Take for each year what was declared last by that day."""
    by_day = sorted(figures, key=lambda each: each.declared_on)
    return {each.year: each for each in by_day if each.declared_on <= on}


def _totals(own: YearFigures, related: tuple[RelatedEnterprise, ...], on: date) -> _YearTotals:
    parts = [("own", Fraction(1), own)]
    missing: list[str] = []
    for each in related:
        if not each.counted:
            continue
        theirs = _declared(each.figures, on).get(own.year)
        parts.append((each.name, each.counted, theirs or YearFigures(own.year, on, each.name)))
    for name in ("staff", "turnover_eur", "balance_sheet_eur"):
        missing += [
            f"{_word(name)} of {owner} in {own.year}" if owner != "own" else _own(name, own.year)
            for owner, _, part in parts
            if getattr(part, name) is None
        ]
    return _YearTotals(
        own.year,
        _sum([(share, part.staff) for _, share, part in parts]),
        _sum([(share, part.turnover_eur) for _, share, part in parts]),
        _sum([(share, part.balance_sheet_eur) for _, share, part in parts]),
        all(part.verified_by is not None for _, _, part in parts),
        tuple(missing),
    )


def _word(name: str) -> str:
    return {"staff": "staff", "turnover_eur": "turnover"}.get(name, "balance sheet")


def _own(name: str, year: int) -> str:
    return f"{_word(name)} in {year}"


def _sum(parts: list[tuple[Fraction, int | None]]) -> Fraction | None:
    total = Fraction(0)
    for share, amount in parts:
        if amount is None:
            return None
        total += share * amount
    return total


def _by_ceiling(years: tuple[_YearTotals, ...], ceiling: Ceiling) -> Finding:
    """Decide one ceiling by the newest years in a row for which it can be told."""
    outcomes: list[tuple[_YearTotals, bool]] = []
    for year in reversed(years):
        within = _within(year, ceiling)
        if within is None:
            break
        outcomes.insert(0, (year, within))
    if not outcomes:
        wanted = ", ".join(years[-1].missing)
        return Finding(None, (f"{ceiling.size}: give {wanted}",))
    holds = _settled([within for _, within in outcomes])
    newest, within = outcomes[-1]
    lines = [_line(newest, ceiling)]
    if within != holds:
        lines.append(
            f"{ceiling.size}: {'kept' if holds else 'not yet gained'}, since a size changes "
            f"only when two years in a row agree"
        )
    return Finding(holds, tuple(lines), verified=all(year.verified for year, _ in outcomes))


def _settled(outcomes: list[bool]) -> bool:
    """Follow the years: the first stands until two in a row say otherwise."""
    state = outcomes[0]
    for before, now in pairwise(outcomes):
        if before == now:
            state = now
    return state


def _within(year: _YearTotals, ceiling: Ceiling) -> bool | None:
    if year.staff is None:
        return None
    if year.staff >= ceiling.staff_below:
        return False
    amounts = (
        None if total is None else total <= most
        for total, most in (
            (year.turnover, ceiling.turnover_eur),
            (year.balance, ceiling.balance_sheet_eur),
        )
    )
    kept = tuple(amounts)
    if True in kept:
        return True
    return None if None in kept else False


def _line(year: _YearTotals, ceiling: Ceiling) -> str:
    """Show one year against a ceiling; only for a year in which it can be told."""
    staff = year.staff or Fraction(0)
    if staff >= ceiling.staff_below:
        return f"{ceiling.size}: {int(staff)} staff, not < {ceiling.staff_below}, in {year.year}"
    words = f"{ceiling.size}: {int(staff)} staff < {ceiling.staff_below} and"
    turnover, balance = year.turnover, year.balance
    if turnover is not None and turnover <= ceiling.turnover_eur:
        return f"{words} turnover {_millions(turnover, ceiling.turnover_eur)} in {year.year}"
    if balance is not None and balance <= ceiling.balance_sheet_eur:
        kept = _millions(balance, ceiling.balance_sheet_eur)
        return f"{words} balance sheet {kept} in {year.year}"
    over = _millions(turnover or Fraction(0), ceiling.turnover_eur)
    both = _millions(balance or Fraction(0), ceiling.balance_sheet_eur)
    return f"{words[:-4]}, but turnover {over} and balance sheet {both} in {year.year}"


def _millions(amount: Fraction, most: int) -> str:
    sign = "<=" if amount <= most else ">"
    return f"{in_millions(amount)} {sign} {in_millions(Fraction(most))}"


def in_millions(amount: Fraction) -> str:
    """Word an amount in million euro, to the euro, a part of one rounded up."""
    euro = -(-amount.numerator // amount.denominator)
    whole, rest = divmod(euro, EUR_IN_MILLION)
    return f"{whole}{f'.{rest:06d}'.rstrip('0') if rest else ''} M EUR"
