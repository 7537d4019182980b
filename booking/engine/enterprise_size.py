"""The size of an enterprise on a date, with its working: Recommendation 2003/361/EC.

What counts with the enterprise itself stands in enterprise_ties. An enterprise of which
public bodies control 25 % or more is of no size. A size is gained or lost only when two
accounting years in a row agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Final

from booking.engine.enterprise_ties import (
    PUBLIC_INVESTORS,
    CountedPart,
    RelatedEnterprise,
    YearFigures,
    autonomous,
    counted_parts,
)

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
    barred = _public_control(enterprise)
    if barred is not None:
        return barred
    by_figures = _by_figures(enterprise, allowed, on)
    unknown = _unknown_ties(enterprise)
    if unknown:
        missing = by_figures.working if by_figures.holds is None else ()
        return Finding(None, (*unknown, *missing))
    return replace(
        by_figures,
        working=(*by_figures.working, *_ties_in_words(enterprise)),
        verified=by_figures.verified and enterprise.ties_verified,
    )


def _by_figures(enterprise: Enterprise, allowed: tuple[Ceiling, ...], on: date) -> Finding:
    years = _years(enterprise, on)
    if not years or years[-1].year < on.year - OLDEST_YEAR_BACK:
        newest = f"those of {years[-1].year} are too old" if years else "none are declared"
        line = f"size: give staff, turnover and balance sheet of {on.year - 1}: {newest}"
        return Finding(None, (line,))
    found = [_by_ceiling(years, ceiling) for ceiling in allowed]
    return next((each for each in found if each.holds), found[-1])


def independence(enterprise: Enterprise) -> Finding:
    """Decide whether nobody holds, or is held by, the enterprise for 25 % or more.

    Investors that may hold up to half do not end its independence.
    """
    barred = _public_control(enterprise)
    if barred is not None:
        return barred
    for part in counted_parts(enterprise.related or ()):
        tie = part.enterprise
        line = f"not independent: {tie.percent} % tie with {tie.name} >= 25 %"
        return Finding(holds=False, working=(line,))
    unknown = _unknown_ties(enterprise)
    if unknown:
        return Finding(None, unknown)
    line = "independent: no tie of 25 % or more"
    if autonomous(enterprise.related or ()):
        line += " but with investors that may hold up to half"
    return Finding(holds=True, working=(line,), verified=enterprise.ties_verified)


def _up_to(ceilings: tuple[Ceiling, ...], at_most: str) -> tuple[Ceiling, ...]:
    sizes = [each.size for each in ceilings]
    if at_most not in sizes:
        raise ValueError(f"No ceiling in force is of size {at_most!r}: there are {sizes}.")
    return ceilings[: sizes.index(at_most) + 1]


def _public_control(enterprise: Enterprise) -> Finding | None:
    """Find that public bodies control too much; None where they do not, or nobody knows."""
    spared = _spared_public(enterprise)
    held = (enterprise.public_control_percent or 0) - sum(each.percent for each in spared)
    if held < PUBLIC_CONTROL_FROM_PERCENT:
        return None
    without = f", {', '.join(each.name for each in spared)} not counted," if spared else ""
    line = f"public control: {held} %{without} >= 25 %, so neither small nor medium"
    return Finding(holds=False, working=(line,))


def _spared_public(enterprise: Enterprise) -> tuple[RelatedEnterprise, ...]:
    """List the public investors whose holding is no public control: Article 3(4)."""
    return tuple(
        each for each in autonomous(enterprise.related or ()) if each.investor in PUBLIC_INVESTORS
    )


def _unknown_ties(enterprise: Enterprise) -> tuple[str, ...]:
    lines = []
    if enterprise.public_control_percent is None:
        lines.append("public control: give the percentage that public bodies hold")
    if enterprise.related is None:
        lines.append("independence: give partner and linked enterprises, or say none")
    return tuple(lines)


def _ties_in_words(enterprise: Enterprise) -> tuple[str, ...]:
    parts = [each.words for each in counted_parts(enterprise.related or ())]
    spared = [
        f"{each.name} {each.percent} % ({(each.investor or '').replace('_', ' ')})"
        for each in autonomous(enterprise.related or ())
    ]
    lines = [f"counted with it: {', '.join(parts)}"] * bool(parts)
    return (*lines, *[f"not counted, up to half: {', '.join(spared)}"] * bool(spared))


def _years(enterprise: Enterprise, on: date) -> tuple[_YearTotals, ...]:
    """Total the years in a row that end with the newest known on a day."""
    known = _declared(enterprise.figures, on)
    closed = {year: each for year, each in known.items() if each.closed_by(on)}
    if not closed and known:
        closed = {max(known): known[max(known)]}
    first = last = max(closed, default=0)
    while first - 1 in closed:
        first -= 1
    counted = counted_parts(enterprise.related or ())
    return tuple(
        _totals(closed[year], counted, on) for year in range(first, last + 1) if year in closed
    )


def _declared(figures: Iterable[YearFigures], on: date) -> dict[int, YearFigures]:
    """Take for each year what was declared last by that day."""
    by_day = sorted(figures, key=lambda each: each.declared_on)
    return {each.year: each for each in by_day if each.declared_on <= on}


def _totals(own: YearFigures, counted: tuple[CountedPart, ...], on: date) -> _YearTotals:
    parts = [("own", Fraction(1), own)]
    missing: list[str] = []
    for each in counted:
        name = each.enterprise.name
        theirs = _declared(each.enterprise.figures, on).get(own.year)
        parts.append((name, each.share, theirs or YearFigures(own.year, on, name)))
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
    deciding = outcomes[_first_deciding([within for _, within in outcomes]) :]
    lines = _lines([year for year, _ in deciding], ceiling)
    if outcomes[-1][1] != holds:
        lines.append(
            f"{ceiling.size}: {'kept' if holds else 'not yet gained'}, since a size changes "
            f"only when two years in a row agree"
        )
    return Finding(holds, tuple(lines), verified=all(year.verified for year, _ in deciding))


def _lines(years: list[_YearTotals], ceiling: Ceiling) -> list[str]:
    """Show years against a ceiling, those of the same figures in one line."""
    by_words: dict[str, list[str]] = {}
    for each in years:
        by_words.setdefault(_line(each, ceiling), []).append(str(each.year))
    return [f"{words} in {', '.join(each)}" for words, each in by_words.items()]


def _settled(outcomes: list[bool]) -> bool:
    """Follow the years: the first stands until two in a row say otherwise."""
    state = outcomes[0]
    for before, now in pairwise(outcomes):
        if before == now:
            state = now
    return state


def _first_deciding(outcomes: list[bool]) -> int:
    """Find the year from which on the years decide: the last two in a row that agree."""
    agree = (at for at in range(len(outcomes) - 1, 0, -1) if outcomes[at] == outcomes[at - 1])
    return next(agree, 1) - 1


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
        return f"{ceiling.size}: {int(staff)} staff, not < {ceiling.staff_below},"
    words = f"{ceiling.size}: {int(staff)} staff < {ceiling.staff_below} and"
    turnover, balance = year.turnover, year.balance
    if turnover is not None and turnover <= ceiling.turnover_eur:
        return f"{words} turnover {_millions(turnover, ceiling.turnover_eur)}"
    if balance is not None and balance <= ceiling.balance_sheet_eur:
        kept = _millions(balance, ceiling.balance_sheet_eur)
        return f"{words} balance sheet {kept}"
    over = _millions(turnover or Fraction(0), ceiling.turnover_eur)
    both = _millions(balance or Fraction(0), ceiling.balance_sheet_eur)
    return f"{words[:-4]}, but turnover {over} and balance sheet {both}"


def _millions(amount: Fraction, most: int) -> str:
    sign = "<=" if amount <= most else ">"
    return f"{in_millions(amount)} {sign} {in_millions(Fraction(most))}"


def in_millions(amount: Fraction) -> str:
    """Word an amount in million euro, to the euro, a part of one rounded up."""
    euro = -(-amount.numerator // amount.denominator)
    whole, rest = divmod(euro, EUR_IN_MILLION)
    return f"{whole}{f'.{rest:06d}'.rstrip('0') if rest else ''} M EUR"
