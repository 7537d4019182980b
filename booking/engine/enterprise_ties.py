"""Which other enterprises count with one: partners and linked ones, Recommendation 2003/361/EC.

A holding below 25 % does not count. From 25 to 50 % the other is a partner and counts in
proportion; above 50 % it is linked and counts in full, and so does whatever is linked to it,
however long the chain. Partners count of the enterprise itself and of what is linked to it;
of a partner only what is linked to that partner counts, in the partner's proportion. Where
no ties of another enterprise are given, its figures are taken to contain them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

PARTNER_FROM_PERCENT: Final = 25
LINKED_ABOVE_PERCENT: Final = 50
PUBLIC_INVESTORS: Final = (
    "public_investment",
    "university",
    "regional_fund",
    "small_municipality",
)
# Who may hold up to half without being a partner: Article 3(2) of the annex.
INVESTORS: Final = (*PUBLIC_INVESTORS, "venture_capital", "business_angel", "institutional")


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
    """Another enterprise, and the larger percentage of capital or votes held either way.

    `related` are its own ties where its figures do not contain them. `investor` is a word
    of INVESTORS where it is one of those that may hold up to half.
    """

    name: str
    percent: int
    figures: tuple[YearFigures, ...] = ()
    related: tuple["RelatedEnterprise", ...] = ()
    investor: str | None = None


@dataclass(frozen=True, slots=True)
class CountedPart:
    """An enterprise that counts with another: which, and what part of its figures."""

    enterprise: RelatedEnterprise
    share: Fraction

    @property
    def words(self) -> str:
        """Name it with the part that counts."""
        if self.share == 1:
            return f"{self.enterprise.name} in full"
        percent = self.share * 100
        whole = percent.denominator == 1
        return f"{self.enterprise.name} at {percent if whole else f'{float(percent):.4g}'} %"


def counted_parts(related: Iterable[RelatedEnterprise]) -> tuple[CountedPart, ...]:
    """List what counts with an enterprise, each by name once, with its largest part."""
    found: dict[str, CountedPart] = {}
    for part in _walk(tuple(related), Fraction(1), own=True):
        key = folded(part.enterprise.name)
        if key not in found or found[key].share < part.share:
            found[key] = part
    return tuple(found.values())


def _walk(
    related: Sequence[RelatedEnterprise], share: Fraction, *, own: bool
) -> Iterator[CountedPart]:
    spared = {id(each) for each in autonomous(related)}
    for each in related:
        linked = each.percent > LINKED_ABOVE_PERCENT
        if linked:
            counts = share
        elif own and each.percent >= PARTNER_FROM_PERCENT and id(each) not in spared:
            counts = share * each.percent / 100
        else:
            continue
        yield CountedPart(each, counts)
        yield from _walk(each.related, counts, own=own and linked)


def autonomous(related: Iterable[RelatedEnterprise]) -> tuple[RelatedEnterprise, ...]:
    """List the investors that may hold what they hold without being partners.

    None may where together they hold more than half: they are then linked jointly.
    """
    found = tuple(each for each in related if each.investor in INVESTORS)
    jointly = sum(each.percent for each in found)
    return () if jointly > LINKED_ABOVE_PERCENT else found


@dataclass(frozen=True, slots=True)
class Cycle:
    """A chain of ties that comes back: its names, the first met again last, and where it does.

    `pointer` leads from the list of ties to the enterprise that closes it, as in JSON.
    """

    names: tuple[str, ...]
    pointer: str


def cycle(owner: str, related: Iterable[RelatedEnterprise]) -> Cycle | None:
    """Find the first chain of ties that comes back to where it has been."""
    return _cycle((owner,), related, "")


def _cycle(chain: tuple[str, ...], related: Iterable[RelatedEnterprise], at: str) -> Cycle | None:
    met = [folded(each) for each in chain]
    for number, each in enumerate(related):
        here = f"{at}/{number}"
        if folded(each.name) in met:
            return Cycle((*chain[met.index(folded(each.name)) :], each.name), here)
        found = _cycle((*chain, each.name), each.related, f"{here}/related")
        if found is not None:
            return found
    return None


def folded(name: str) -> str:
    """Reduce a name so that the same enterprise written twice is the same."""
    return " ".join(name.casefold().split())
